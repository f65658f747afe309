/* SPDX-License-Identifier: MIT */
/* The tables of a step's kernels, one for each instruction set: see README.md. */
#ifndef TILE_KERNELS_CPU_H
#define TILE_KERNELS_CPU_H

#include "../tile.h"

/*
 * TILE_TABLES(color): the tables' names, for their declaration. TILE_TABLES_BY_CPU(color): their addresses, by
 * tile_cpu; NULL if this build has none.
 */
#if defined __x86_64__
#define TILE_TABLES(step)                                                                                              \
    tile_##step##_kernels_scalar, tile_##step##_kernels_ssse3, tile_##step##_kernels_avx2, tile_##step##_kernels_avx512
#define TILE_TABLES_BY_CPU(step)                                                                                       \
    {                                                                                                                  \
        [TILE_CPU_SCALAR] = &tile_##step##_kernels_scalar, [TILE_CPU_SSSE3] = &tile_##step##_kernels_ssse3,            \
        [TILE_CPU_AVX2] = &tile_##step##_kernels_avx2, [TILE_CPU_AVX512] = &tile_##step##_kernels_avx512,              \
    }
#elif defined __aarch64__
#define TILE_TABLES(step) tile_##step##_kernels_scalar, tile_##step##_kernels_neon
#define TILE_TABLES_BY_CPU(step)                                                                                       \
    { [TILE_CPU_SCALAR] = &tile_##step##_kernels_scalar, [TILE_CPU_NEON] = &tile_##step##_kernels_neon }
#else
#define TILE_TABLES(step) tile_##step##_kernels_scalar
#define TILE_TABLES_BY_CPU(step)                                                                                       \
    { [TILE_CPU_SCALAR] = &tile_##step##_kernels_scalar }
#endif

#endif
