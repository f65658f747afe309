/* SPDX-License-Identifier: MIT */
/*
 * The fast ends of a program: operations that take u8 codes or give them, fused with what comes after or before them.
 */
#ifndef TILE_COLOR_FUSED_H
#define TILE_COLOR_FUSED_H

#include "compile.h"

/*
 * Takes the curve that the program begins with, if it does, and puts each channel's table of values through it; `to` is
 * what the program ends in.
 */
void tile_curve_take(float table[3][256], struct tile_program *program, tile_sample to);
/*
 * Takes what it can from the program's begin, which is given the values of `from`; `table` has those of each channel's
 * codes.
 */
void tile_head_take(struct tile_head *head, struct tile_program *program, tile_space from, const float table[3][256]);
/* From the program's end, which gives the values of `to`, after `head`, which may be fitted to it. */
void tile_tail_take(struct tile_tail *tail, struct tile_program *program, tile_space to, struct tile_head *head);

#endif
