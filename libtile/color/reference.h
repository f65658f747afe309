/* SPDX-License-Identifier: MIT */
/*
 * The exact result of every conversion: the published formulas in double precision, slow and plain. It shares nothing
 * with the converter, which is measured against it.
 */
#ifndef TILE_COLOR_REFERENCE_H
#define TILE_COLOR_REFERENCE_H

#include "../tile.h"

/* Converts values as f32 samples hold them, one per channel; `in` may be `out`. */
void tile_reference_convert(tile_space from, tile_space to, const double *in, double *out);
/* From values to codes before rounding and clipping; from codes to values. */
void tile_reference_encode(tile_space space, tile_sample sample, const double *values, double *codes);
void tile_reference_decode(tile_space space, tile_sample sample, const double *codes, double *values);
/* Rounds to nearest, ties away from zero, and clips; u8 and u16 only. */
double tile_reference_round(tile_space space, tile_sample sample, int channel, double code);

#endif
