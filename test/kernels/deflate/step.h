/* SPDX-License-Identifier: MIT */
/* What the check, the digest and the benchmark do for deflate's kernels. */
#ifndef KERNELS_DEFLATE_STEP_H
#define KERNELS_DEFLATE_STEP_H

#include "check.h"

/* The functions of struct tile_deflate_kernels. */
void deflate_check_table(const struct options *options, struct tallies *tallies);

/* A line for each thing that is made of them: its name, and a hash of what it makes of the same input everywhere. */
void deflate_digest(const struct options *options);

void deflate_bench(const struct options *options);

#endif
