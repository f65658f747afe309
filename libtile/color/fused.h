/* SPDX-License-Identifier: MIT */
/*
 * The fast ends of a program: operations that take u8 codes or give them, fused with what comes after or before them.
 */
#ifndef TILE_COLOR_FUSED_H
#define TILE_COLOR_FUSED_H

#include "compile.h"

/* From codes to the float planes on which the rest of the program runs. */
struct tile_head {
    enum { TILE_HEAD_NONE, TILE_HEAD_LIGHT } kind;
    struct tile_light light;
};

/* From float planes to codes. */
struct tile_tail {
    enum { TILE_TAIL_NONE, TILE_TAIL_CURVE, TILE_TAIL_LAB } kind;
    struct tile_curve curve;
    struct tile_lab lab;
};

/*
 * Takes what it can from the program's begin. `table` has the values of each channel's codes; the program must begin
 * with them.
 */
void tile_head_take(struct tile_head *head, struct tile_program *program, const float table[3][256]);
/* From the program's end, which must give the values of `to`; `from` codes of u8 have a bounded light. */
void tile_tail_take(struct tile_tail *tail, struct tile_program *program, bool bounded);

void tile_head_run(const struct tile_head *head, const struct tile_kernels *k, float *const *out,
                   const uint8_t *const *in, size_t count);
void tile_tail_run(const struct tile_tail *tail, const struct tile_kernels *k, uint8_t *const *out, float *const *in,
                   size_t count, int channels);

#endif
