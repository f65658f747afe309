/* SPDX-License-Identifier: MIT */
/* Which kernels this machine can run. */
#include "cpu.h"

#include <string.h>

static const char *const names[TILE_CPU_COUNT] = {
    [TILE_CPU_BEST] = "best",   [TILE_CPU_SCALAR] = "scalar", [TILE_CPU_NEON] = "neon",
    [TILE_CPU_SSSE3] = "ssse3", [TILE_CPU_AVX2] = "avx2",     [TILE_CPU_AVX512] = "avx512",
};

tile_cpu tile_cpu_from_name(const char *name) {
    for (int i = 0; name && i < TILE_CPU_COUNT; i++)
        if (strcmp(name, names[i]) == 0)
            return (tile_cpu)i;
    return (tile_cpu)TILE_CPU_COUNT;
}

const char *tile_cpu_name(tile_cpu cpu) {
    return (unsigned)cpu < TILE_CPU_COUNT ? names[cpu] : NULL;
}

/* The compiler's function also asks whether the system saves the registers. */
const struct tile_kernels *tile_kernels_of(tile_cpu cpu) {
    switch (cpu) {
    case TILE_CPU_BEST: return tile_kernels_of(tile_cpu_best());
    case TILE_CPU_SCALAR: return &tile_kernels_scalar;
#ifdef TILE_HAVE_X86
    case TILE_CPU_SSSE3: return __builtin_cpu_supports("ssse3") ? &tile_kernels_ssse3 : NULL;
    case TILE_CPU_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &tile_kernels_avx2 : NULL;
    case TILE_CPU_AVX512:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                       __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vnni") &&
                       __builtin_cpu_supports("fma")
                   ? &tile_kernels_avx512
                   : NULL;
#endif
#ifdef TILE_HAVE_NEON
    case TILE_CPU_NEON: return &tile_kernels_neon;
#endif
    default: return NULL;
    }
}

bool tile_cpu_available(tile_cpu cpu) {
    return tile_kernels_of(cpu) != NULL;
}

tile_cpu tile_cpu_best(void) {
    int cpu = TILE_CPU_COUNT - 1;
    while (!tile_kernels_of((tile_cpu)cpu))
        cpu--;
    return (tile_cpu)cpu;
}
