/* SPDX-License-Identifier: MIT */
/* Portable C, which any compiler can build. */
#define TILE_TABLE tile_kernels_scalar

#include "simd/scalar.h"
#include "table.h"
