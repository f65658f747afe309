/* SPDX-License-Identifier: MIT */
/* x86-64 with AVX2, FMA, BMI1 and BMI2: Haswell, Zen and later. */
#define TILE_TABLE(step) tile_##step##_kernels_avx2

#include "simd/avx2.h"
#include "table.h" /* of a step: see README.md */
