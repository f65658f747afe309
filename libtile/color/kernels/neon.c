/* SPDX-License-Identifier: MIT */
/* AArch64, every one of which has NEON. */
#define TILE_TABLE tile_kernels_neon

#include "simd/neon.h"
#include "table.h"
