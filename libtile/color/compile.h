/* SPDX-License-Identifier: MIT */
/* Compiles a pair of spaces to a short list of row operations. */
#ifndef TILE_COLOR_COMPILE_H
#define TILE_COLOR_COMPILE_H

#include "../tile.h"
#include "kernels/kernels.h"

struct tile_op {
    tile_row_op *run; /* NULL: the converter's ICC transform */
    double p[TILE_IN_DOUBLE + 1];
};

/* The longest path, hwb to oklch, has 5 after matrices are merged; alpha adds 2, ICC 2. */
#define TILE_OPS 24

struct tile_program {
    const struct tile_color_kernels *kernels;
    bool in_double; /* matrices multiply in double precision */
    struct tile_op op[TILE_OPS];
    int count;
};

/* Appends the conversion of values of `from` to values of `to`. */
void tile_program_path(struct tile_program *program, tile_space from, tile_space to);
/* Appends an operation; `p` may be NULL. A matrix is multiplied into a matrix before it, or at that operation's end. */
void tile_program_add(struct tile_program *program, tile_row_op *run, const double p[TILE_NUMBERS]);
/*
 * Append the conversion from the ICC's connection space to xyz-d50, and back. Both have D50 white, which the ICC writes
 * with four digits and CSS derives from a chromaticity. Bradford's adaptations compose, so the other white on the way
 * changes no color.
 */
void tile_program_add_from_pcs(struct tile_program *program);
void tile_program_add_to_pcs(struct tile_program *program);
/* Inserts an operation at the beginning. */
void tile_program_add_first(struct tile_program *program, tile_row_op *run, const double p[TILE_NUMBERS]);

/* The white of the ICC's connection space. */
extern const double tile_white_pcs[3];

/* The numbers for affine and affine_codes, from integer codes to codes, if the program is one matrix. */
void tile_program_affine(double p[TILE_NUMBERS], const struct tile_program *program, struct tile_format from,
                         struct tile_format to);

#endif
