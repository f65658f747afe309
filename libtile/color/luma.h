/* SPDX-License-Identifier: MIT */
/* The numbers of the kernels that take 8-bit RGB to luma, with or without color differences, and back. */
#ifndef TILE_COLOR_LUMA_NUMBERS_H
#define TILE_COLOR_LUMA_NUMBERS_H

#include "../tile.h"
#include "kernels/kernels.h"

/* Whether `rgb` is what the luma space `luma` is made of. */
bool tile_luma_is_of(tile_space luma, tile_space rgb);

/* From what tile_program_affine gives, as affine->p and p; with R, G and B in reverse, if wanted. */
void tile_luma_fill(struct tile_luma *luma, const struct tile_affine *affine, tile_space to, bool reversed);
void tile_chroma_fill(struct tile_chroma *chroma, const double p[TILE_NUMBERS], tile_space from, bool reversed);

#endif
