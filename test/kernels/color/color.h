/* SPDX-License-Identifier: MIT */
/* What the check, the digest and the benchmark do for color's kernels. */
#ifndef KERNELS_COLOR_H
#define KERNELS_COLOR_H

#include "check.h"

/* The functions of struct tile_color_kernels. */
void color_check_table(const struct options *options, struct tallies *tallies);
/* Whole conversions by tile_convert. */
void color_check_conversions(const struct options *options, struct tallies *tallies);

/* A line for each conversion: its name, and a hash of what it makes of the same input everywhere. */
void color_digest(const struct options *options);

void color_bench(const struct options *options);

#endif
