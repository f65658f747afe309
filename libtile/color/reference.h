/* SPDX-License-Identifier: MIT */
/*
 * What every conversion should give: the published formulas in double precision, slow and plain. Shares nothing with
 * the converter, which is measured against it.
 */
#ifndef TILE_COLOR_REFERENCE_H
#define TILE_COLOR_REFERENCE_H

#include "../tile.h"

/* Values as f32 samples hold them, one per channel; `in` may be `out`. */
void tile_reference_convert(tile_space from, tile_space to, const double *in, double *out);
/* Codes before they are rounded and clipped; and what codes stand for. */
void tile_reference_encode(tile_space space, tile_sample sample, const double *values, double *codes);
void tile_reference_decode(tile_space space, tile_sample sample, const double *codes, double *values);
/* To nearest, ties away from zero, clipped; u8 and u16 only. */
double tile_reference_round(tile_space space, tile_sample sample, int channel, double code);

#endif
