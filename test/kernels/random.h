/* SPDX-License-Identifier: MIT */
/* Random numbers. */
#ifndef KERNELS_RANDOM_H
#define KERNELS_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

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

#endif
