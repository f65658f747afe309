/* SPDX-License-Identifier: MIT */
/* AArch64, every one of which has NEON. */
#define TILE_TABLE(step) tile_##step##_kernels_neon

#include "simd/neon.h"
#include "table.h" /* of a step: see README.md */
