/* SPDX-License-Identifier: MIT */
/*
 * The fast ends of a program: operations that take u8 codes or give them, fused with what comes after or before them.
 */
#ifndef TILE_COLOR_FUSED_H
#define TILE_COLOR_FUSED_H

#include "compile.h"

/* From codes to the float planes on which the rest of the program runs. */
struct tile_head {
    enum {
        TILE_HEAD_NONE,
        TILE_HEAD_LIGHT,
        TILE_HEAD_LAB,
        TILE_HEAD_LUV,
        TILE_HEAD_CUBES,
        TILE_HEAD_LCH,
        TILE_HEAD_POLAR_CUBES
    } kind;
    struct tile_light light; /* also with the matrix of LAB and LCH */
    struct tile_unluv luv;
    struct tile_cubes cubes;
    struct tile_wheel wheel;
};

/* From float planes to codes. */
struct tile_tail {
    enum {
        TILE_TAIL_NONE,
        TILE_TAIL_CURVE,
        TILE_TAIL_LAB,
        TILE_TAIL_LUV,
        TILE_TAIL_ROOTS,
        TILE_TAIL_LCH,
        TILE_TAIL_POLAR_ROOTS
    } kind;
    struct tile_curve curve;
    struct tile_lab lab;
    struct tile_luv luv;
    struct tile_roots roots;
};

/*
 * Takes what it can from the program's begin, which is given the values of `from`; `table` has those of each channel's
 * codes.
 */
void tile_head_take(struct tile_head *head, struct tile_program *program, tile_space from, const float table[3][256]);
/* From the program's end, which gives the values of `to`, after `head`, which may be fitted to it. */
void tile_tail_take(struct tile_tail *tail, struct tile_program *program, tile_space to, struct tile_head *head);

void tile_head_run(const struct tile_head *head, const struct tile_kernels *k, float *const *out,
                   const uint8_t *const *in, size_t count);
void tile_tail_run(const struct tile_tail *tail, const struct tile_kernels *k, uint8_t *const *out, float *const *in,
                   size_t count, int channels);

#endif
