/* SPDX-License-Identifier: MIT */
/* Samples that try a conversion. */
#ifndef KERNELS_COLOR_INPUT_H
#define KERNELS_COLOR_INPUT_H

#include "random.h"

#include "tile.h"

/* The color channel that is at `position` among the samples of a pixel; -1 for alpha. */
int channel_at(struct tile_format format, int position);

/*
 * Samples of `pixels` pixels, without gaps: random, all equal, a ramp or extremes; floats in and around the range of
 * their space, some of them strange unless `finite`.
 */
void input_fill(unsigned char *out, struct tile_format format, size_t pixels, bool finite, struct random *random);

/* "u8". */
const char *sample_name(tile_sample sample);

#endif
