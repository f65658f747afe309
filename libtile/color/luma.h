/* SPDX-License-Identifier: MIT */
/* The kernels that take 8-bit codes to 8-bit codes by a matrix, and their numbers. */
#ifndef TILE_COLOR_LUMA_NUMBERS_H
#define TILE_COLOR_LUMA_NUMBERS_H

#include "../tile.h"
#include "kernels/kernels.h"

union tile_codes_numbers {
    struct tile_affine affine;
    struct tile_luma luma;
    struct tile_chroma chroma;
};

/* The fastest kernel that does what numbers->affine does, of u8 codes; changes the numbers to its own. */
tile_codes_op *tile_codes_of(union tile_codes_numbers *numbers, const struct tile_kernels *kernels, tile_space from,
                             tile_space to);

#endif
