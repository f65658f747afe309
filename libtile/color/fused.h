/* SPDX-License-Identifier: MIT */
/*
 * The fast ends of a program: decoding or encoding of u8 codes, fused with the operation after or before it.
 */
#ifndef TILE_COLOR_FUSED_H
#define TILE_COLOR_FUSED_H

#include "compile.h"

/*
 * If the program begins with a curve, removes the curve and applies it to each channel's table of values; `to` is the
 * sample type of the program's result.
 */
void tile_curve_take(float table[3][256], struct tile_program *program, tile_sample to);
/*
 * Moves operations from the program's beginning into `head` where possible; the program's input is values of `from`,
 * and `table` has the values of each channel's codes.
 */
void tile_head_take(struct tile_head *head, struct tile_program *program, tile_space from, const float table[3][256]);
/* Moves operations from the program's end, whose results are values of `to`, into `tail`; may adapt `head` to it. */
void tile_tail_take(struct tile_tail *tail, struct tile_program *program, tile_space to, struct tile_head *head);

#endif
