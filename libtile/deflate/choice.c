/* SPDX-License-Identifier: MIT */
#include "choice.h"

#include "../kernels/cpu.h"

extern const struct tile_deflate_kernels TILE_TABLES(deflate);

static const struct tile_deflate_kernels *const tables[TILE_CPU_COUNT] = TILE_TABLES_BY_CPU(deflate);

const struct tile_deflate_kernels *tile_deflate_kernels_of(tile_cpu cpu) {
    if (cpu == TILE_CPU_BEST)
        cpu = tile_cpu_best();
    return tile_cpu_available(cpu) ? tables[cpu] : NULL;
}
