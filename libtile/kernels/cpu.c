/* SPDX-License-Identifier: MIT */
/* Which instruction sets this machine has that kernels are compiled for. */
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
bool tile_cpu_available(tile_cpu cpu) {
    switch (cpu) {
    case TILE_CPU_BEST:
    case TILE_CPU_SCALAR: return true;
#if defined __x86_64__
    case TILE_CPU_SSSE3: return __builtin_cpu_supports("ssse3");
    case TILE_CPU_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
               __builtin_cpu_supports("bmi2");
    case TILE_CPU_AVX512:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vnni") &&
               __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
#elif defined __aarch64__
    case TILE_CPU_NEON: return true;
#endif
    default: return false;
    }
}

tile_cpu tile_cpu_best(void) {
    int cpu = TILE_CPU_COUNT - 1;
    while (!tile_cpu_available((tile_cpu)cpu))
        cpu--;
    return (tile_cpu)cpu;
}
