/* SPDX-License-Identifier: MIT */
/* Portable C, which any compiler can build. */
#define TILE_TABLE(step) tile_##step##_kernels_scalar

#include "simd/scalar.h"
#include "table.h" /* of a step: see README.md */
