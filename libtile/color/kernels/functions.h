/* SPDX-License-Identifier: MIT */
/*
 * The functions that color's kernels need, of our own, so that their last bit is the same with every C library. Without
 * branches, so that loops over them vectorize. The series are Taylor's, long enough for a relative error below 1e-11:
 * what is rounded to float afterwards is nearly always the nearest float.
 */
#ifndef TILE_COLOR_FUNCTIONS_H
#define TILE_COLOR_FUNCTIONS_H

#include "../../kernels/bits.h"

/* Adding and subtracting 1.5 x 2^52 leaves no bits for a fraction: |x| < 2^51 is rounded to nearest even. */
#define TILE_ROUNDER 6755399441055744.0

static inline double nearest(double x) {
    return x + TILE_ROUNDER - TILE_ROUNDER;
}

static inline double lower(double x) {
    double r = nearest(x);
    return r > x ? r - 1 : r;
}

/* To nearest, ties away from zero, of v >= 0: v - (int)v is exact, v + .5 would not be. */
static inline int32_t rounded(float v) {
    int32_t whole = (int32_t)v;
    return whole + (v - (float)whole >= .5f);
}

/* log2 of a positive normal number: exponent + log2 m, m in [sqrt 1/2, sqrt 2), by 2 atanh((m - 1) / (m + 1)). */
static inline double log2_of(double x) {
    /* Subtracting the bits of sqrt 1/2 first makes the exponent field step there instead of at 1. */
    const uint64_t root = UINT64_C(0x3FE6A09E667F3BCD);
    uint64_t bits = bits_of_double(x) - root;
    /* The exponent, sign extended by hand, as a double: there is no packed 64-bit shift or conversion in SSE2. */
    double e = double_of_bits((bits >> 52 ^ 0x800) + UINT64_C(0x4330000000000000)) - (4503599627370496.0 + 0x800);
    double m = double_of_bits((bits & UINT64_C(0xFFFFFFFFFFFFF)) + root);
    double s = (m - 1) / (m + 1); /* |s| < .1716: s^16 / 17 < 4e-14 */
    double z = s * s;
    double series = 1 / 15.;
    series = series * z + 1 / 13.;
    series = series * z + 1 / 11.;
    series = series * z + 1 / 9.;
    series = series * z + 1 / 7.;
    series = series * z + 1 / 5.;
    series = series * z + 1 / 3.;
    series = series * z + 1;
    return e + 2.8853900817779268 /* 2 / ln 2 */ * s * series;
}

/* 2^y by 2^n e^(f ln 2), |f| <= 1/2. Saturates far outside of what a float can be. */
static inline double exp2_of(double y) {
    y = y < -1000 ? -1000 : y > 1000 ? 1000 : y;
    double shifted = y + TILE_ROUNDER;
    double t = (y - (shifted - TILE_ROUNDER)) * .69314718055994530942; /* |t| < .3466: t^11 / 11! < 3e-13 */
    double series = 1 / 3628800.;
    series = series * t + 1 / 362880.;
    series = series * t + 1 / 40320.;
    series = series * t + 1 / 5040.;
    series = series * t + 1 / 720.;
    series = series * t + 1 / 120.;
    series = series * t + 1 / 24.;
    series = series * t + 1 / 6.;
    series = series * t + 1 / 2.;
    series = series * t + 1;
    series = series * t + 1;
    /* The low bits of `shifted` are n. */
    return series * double_of_bits((bits_of_double(shifted) + 1023) << 52);
}

/* x^p for x >= 0, p > 0. The smallest float is 1e-45, so the bound only makes zero harmless. */
static inline double power_of(double x, double p) {
    double r = exp2_of(p * log2_of(x > 1e-300 ? x : 1e-300));
    return x > 0 ? r : x * 0; /* keeps NaN */
}

/*
 * The cube root of x > 0. An exponent field divided by three, with two thirds of its bias added back, is within 4 %;
 * the constant also centers the error. Each of Halley's steps cubes it: 3e-5, then below float's precision; written as
 * a correction, so that only its last addition rounds.
 */
static inline float cube_root_of(float x) {
    float y = float_of_bits((uint32_t)((int32_t)((float)(int32_t)bits_of_float(x) * (1 / 3.f)) + 0x2A5137A0));
    float c = y * y * y;
    y = y + y * (x - c) / (2 * c + x);
    c = y * y * y;
    return y + y * (x - c) / (2 * c + x);
}

/* Radians, of |t| <= 1; further reduced to |t| <= tan(pi / 8): t^31 / 31 < 5e-14. */
static inline double arc_tangent_of(double t) {
    double base = t > .41421356237309505 ? .78539816339744831 : 0;
    double u = t > .41421356237309505 ? (t - 1) / (t + 1) : t;
    double z = u * u;
    double series = 0;
    for (int k = 29; k >= 1; k -= 2)
        series = (k % 4 == 1 ? 1. : -1.) / k + series * z;
    return base + u * series;
}

/* The angle of (x, y) in degrees, 0 to 360; of (0, 0): 0. */
static inline double degrees_of(double y, double x) {
    double ax = x < 0 ? -x : x, ay = y < 0 ? -y : y;
    double large = ax > ay ? ax : ay, small = ax > ay ? ay : ax;
    double angle = arc_tangent_of(large > 0 ? small / large : 0) * 57.295779513082321;
    angle = ay > ax ? 90 - angle : angle;
    angle = x < 0 ? 180 - angle : angle;
    return y < 0 ? 360 - angle : angle;
}

/* Cosine and sine of degrees: the quadrant, and the series within +-45 degrees: t^16 / 16! < 1e-15. */
static inline void cosine_sine_of(double degrees, double *cosine, double *sine) {
    double quarter = degrees * (1 / 90.);
    quarter = quarter > -1e9 && quarter < 1e9 ? quarter : 0; /* nobody's hue; and NaN */
    double q = nearest(quarter);
    double t = (quarter - q) * 1.5707963267948966;
    double z = t * t;
    double s = t * (1 - z / 6 * (1 - z / 20 * (1 - z / 42 * (1 - z / 72 * (1 - z / 110 * (1 - z / 156))))));
    double c = 1 - z / 2 * (1 - z / 12 * (1 - z / 30 * (1 - z / 56 * (1 - z / 90 * (1 - z / 132 * (1 - z / 182))))));
    double r = q - 4 * lower(q * .25); /* 0, 1, 2 or 3 */
    double x = r == 0 || r == 2 ? c : s, y = r == 0 || r == 2 ? s : c;
    *cosine = r == 1 || r == 2 ? -x : x;
    *sine = r >= 2 ? -y : y;
}

static inline double root_of(double x) {
    return __builtin_sqrt(x); /* correctly rounded everywhere */
}

#endif
