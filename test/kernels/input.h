/* SPDX-License-Identifier: MIT */
/* Random numbers and samples that try a kernel. */
#ifndef KERNELS_INPUT_H
#define KERNELS_INPUT_H

#include "tile.h"

/* SplitMix64 (Steele, Lea, Flood, 2014): any state is as good as another. */
struct random {
    uint64_t state;
};
uint64_t random_next(struct random *random);
/* 0 to bound - 1. */
uint32_t random_below(struct random *random, uint32_t bound);
/* 0 up to 1. */
double random_unit(struct random *random);

/* NaN, infinities, zeros, the smallest and the largest, and the borders of usual ranges; without NaN if `finite`. */
float random_strange(struct random *random, bool finite);

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
