/* SPDX-License-Identifier: MIT */
#include "choice.h"

#include "../kernels/cpu.h"

extern const struct tile_color_kernels TILE_TABLES(color);

static const struct tile_color_kernels *const tables[TILE_CPU_COUNT] = TILE_TABLES_BY_CPU(color);

const struct tile_color_kernels *tile_color_kernels_of(tile_cpu cpu) {
    if (cpu == TILE_CPU_BEST)
        cpu = tile_cpu_best();
    return tile_cpu_available(cpu) ? tables[cpu] : NULL;
}
