/* SPDX-License-Identifier: MIT */
/* The numbers for the kernels that convert 8-bit RGB to luma, with or without color differences, and back. */
#ifndef TILE_COLOR_LUMA_NUMBERS_H
#define TILE_COLOR_LUMA_NUMBERS_H

#include "../tile.h"
#include "kernels/kernels.h"

/* Whether `rgb` is the RGB space from which `luma` is computed. */
bool tile_luma_is_of(tile_space luma, tile_space rgb);

/* Fill in the numbers from those of tile_program_affine (affine->p and p). `reversed`: R, G and B in reverse. */
void tile_luma_fill(struct tile_luma *luma, const struct tile_affine *affine, tile_space to, bool reversed);
void tile_chroma_fill(struct tile_chroma *chroma, const double p[TILE_NUMBERS], tile_space from, bool reversed);

#endif
