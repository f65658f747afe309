/* SPDX-License-Identifier: MIT */
/* x86-64 with SSSE3: Core 2, Bobcat and later. */
#define TILE_TABLE(step) tile_##step##_kernels_ssse3

#include "simd/ssse3.h"
#include "table.h" /* of a step: see README.md */
