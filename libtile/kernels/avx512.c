/* SPDX-License-Identifier: MIT */
/* x86-64 with AVX-512 F, BW, DQ, VL, VBMI and VNNI, and what AVX2 has: Ice Lake, Zen 4 and later. */
#define TILE_TABLE(step) tile_##step##_kernels_avx512

#include "simd/avx512.h"
#include "table.h" /* of a step: see README.md */
