/* SPDX-License-Identifier: MIT */
/* x86-64 with AVX-512 F, BW, DQ, VL, VBMI and VNNI: Ice Lake, Zen 4 and later. */
#define TILE_TABLE tile_kernels_avx512

#include "simd/avx512.h"
#include "table.h"
