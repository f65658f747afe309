/* SPDX-License-Identifier: MIT */
/* The bits of floats, and the one operation that not every instruction set has. */
#ifndef TILE_KERNELS_BITS_H
#define TILE_KERNELS_BITS_H

#include <stdint.h>
#include <string.h>

static inline uint64_t bits_of_double(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline double double_of_bits(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline uint32_t bits_of_float(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float float_of_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/*
 * a b + c, rounded once. The product is exact in double precision; the sum, rounded to double and then to float, is the
 * sum rounded to float unless the double lies half way between two floats, or the float is subnormal.
 */
static inline float fma_of(float a, float b, float c) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
    return __builtin_fmaf(a, b, c);
#else
    double sum = (double)a * (double)b + (double)c;
    uint64_t bits = bits_of_double(sum);
    uint64_t exponent = bits >> 52 & 0x7FF;
    if ((bits & 0x1FFFFFFF) == 0x10000000 || (exponent < 1023 - 126 && exponent != 0))
        return __builtin_fmaf(a, b, c);
    return (float)sum;
#endif
}

#endif
