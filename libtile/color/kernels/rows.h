/* SPDX-License-Identifier: MIT */
/*
 * The operations on rows: matrices, curves and spaces. Every loop is plain, so that a compiler vectorizes it for the
 * ISA that it compiles for; what it makes of them must not change a bit (no contraction, no fast-math: see
 * meson.build).
 */
#ifndef TILE_COLOR_ROWS_H
#define TILE_COLOR_ROWS_H

#include "kernels.h"
#include "functions.h"

#include <math.h>
#include <stdbool.h>

/* For what a loop must contain to be vectorized. */
#define ALWAYS_INLINE inline __attribute__((always_inline))

/* ---- Light ---- */

/* Row `m` of a matrix with an offset. */
static inline double affine_of(const double *m, double x, double y, double z) {
    return m[0] * x + m[1] * y + m[2] * z + m[3];
}

/*
 * Sample `i` of `plane` becomes row `m` of a matrix times (x, y, z). In double where that is asked for: light of
 * saturated colors is a small difference of large products, whose rounding to float shows where a curve or a root is
 * steep, at black.
 */
static ALWAYS_INLINE void put_row(float *plane, size_t i, const double *m, double x, double y, double z,
                                  bool in_double) {
    plane[i] = in_double ? (float)affine_of(m, x, y, z)
                         : (float)m[0] * (float)x + (float)m[1] * (float)y + (float)m[2] * (float)z + (float)m[3];
}

static ALWAYS_INLINE void put_product(float *const *plane, size_t i, const double *m, double x, double y, double z,
                                      bool in_double) {
    put_row(plane[0], i, m, x, y, z, in_double);
    put_row(plane[1], i, m + 4, x, y, z, in_double);
    put_row(plane[2], i, m + 8, x, y, z, in_double);
}

/* Makes row_`name` of the loop in `name`, which is compiled for both. */
#define ROW_WITH_PRODUCT(name)                                                                                         \
    static void row_##name(float *const *plane, size_t count, const double *p) {                                       \
        if (p[TILE_IN_DOUBLE] != 0)                                                                                    \
            name(plane, count, p, true);                                                                               \
        else                                                                                                           \
            name(plane, count, p, false);                                                                              \
    }

static ALWAYS_INLINE void matrix(float *const *plane, size_t count, const double *p, bool in_double) {
    for (size_t i = 0; i < count; i++)
        put_product(plane, i, p, (double)plane[0][i], (double)plane[1][i], (double)plane[2][i], in_double);
}
ROW_WITH_PRODUCT(matrix)

static ALWAYS_INLINE void matrix1(float *const *plane, size_t count, const double *p, bool in_double) {
    for (size_t i = 0; i < count; i++)
        put_row(plane[0], i, p, (double)plane[0][i], (double)plane[1][i], (double)plane[2][i], in_double);
}
ROW_WITH_PRODUCT(matrix1)

/* In double: see compile.c. Codes are far below 2^31, whatever the matrix. */
static inline float affine_code(const double *p, double x, double y, double z) {
    double v = affine_of(p, x, y, z);
    return (float)(int32_t)(v > 0 ? v : 0);
}

static void row_affine(float *const *plane, size_t count, const double *p) {
    float *a = plane[0], *b = plane[1], *c = plane[2];
    for (size_t i = 0; i < count; i++) {
        double x = (double)a[i], y = (double)b[i], z = (double)c[i];
        a[i] = affine_code(p, x, y, z);
        b[i] = affine_code(p + 4, x, y, z);
        c[i] = affine_code(p + 8, x, y, z);
    }
}

static ALWAYS_INLINE double curve_of(const double *p, double x) {
    double v = fabs(x);
    double line = p[1] * v, power = p[2] * power_of(p[3] * v + p[4], p[5]) + p[6];
    return copysign(v <= p[0] ? line : power, x);
}

static void row_curve(float *const *plane, size_t count, const double *p) {
    for (int j = 0; j < 3; j++) {
        float *x = plane[j];
        for (size_t i = 0; i < count; i++)
            x[i] = (float)curve_of(p, (double)x[i]);
    }
}

static ALWAYS_INLINE void curve_matrix(float *const *plane, size_t count, const double *p, bool in_double) {
    for (size_t i = 0; i < count; i++)
        put_product(plane, i, p + TILE_THEN, curve_of(p, (double)plane[0][i]), curve_of(p, (double)plane[1][i]),
                    curve_of(p, (double)plane[2][i]), in_double);
}
ROW_WITH_PRODUCT(curve_matrix)

/* SMPTE ST 2084 and BT.2100, table 4. */
static const double pq_m1 = 2610 / 16384., pq_c1 = 3424 / 4096., pq_c2 = 2413 / 128., pq_c3 = 2392 / 128.;

static void row_pq(float *const *plane, size_t count, const double *p) {
    for (int j = 0; j < 3; j++) {
        float *x = plane[j];
        for (size_t i = 0; i < count; i++) {
            double y = power_of(p[0] * fabs((double)x[i]), pq_m1);
            x[i] = (float)copysign(power_of((pq_c1 + pq_c2 * y) / (1 + pq_c3 * y), p[1]), (double)x[i]);
        }
    }
}

/* Row `row` of the 3 x 3 matrix `m` times (x, y, z). */
static inline double product_of(const double *m, int row, double x, double y, double z) {
    return m[3 * row] * x + m[3 * row + 1] * y + m[3 * row + 2] * z;
}

static inline double pq_light(double signal, double scale, double exponent) {
    double v = fabs(signal);
    double e = power_of(v > 1 ? 1 : v, exponent); /* there is no light beyond a signal of 1 */
    double above = e < pq_c1 ? 0 : e - pq_c1;
    return copysign(power_of(above / (pq_c2 - pq_c3 * e), 1 / pq_m1) * scale, signal);
}

/* The light of the signals that the matrix p2..p10 makes of (x, y, z), times the matrix that follows. */
static ALWAYS_INLINE void put_pq_light(float *const *plane, size_t i, const double *p, double x, double y, double z) {
    const double scale = 1 / p[0], exponent = 1 / p[1];
    put_product(plane, i, p + TILE_THEN, pq_light(product_of(p + 2, 0, x, y, z), scale, exponent),
                pq_light(product_of(p + 2, 1, x, y, z), scale, exponent),
                pq_light(product_of(p + 2, 2, x, y, z), scale, exponent), true);
}

static void row_pq_inverse(float *const *plane, size_t count, const double *p) {
    for (size_t i = 0; i < count; i++)
        put_pq_light(plane, i, p, (double)plane[0][i], (double)plane[1][i], (double)plane[2][i]);
}

/* BT.2100, table 5; c = 1/2 - a ln 4a. */
static const double hlg_a = .17883277, hlg_b = 1 - 4 * .17883277, hlg_c = .55991072952956202;
static const double ln2 = .69314718055994531;

static void row_hlg(float *const *plane, size_t count, const double *p) {
    for (int j = 0; j < 3; j++) {
        float *x = plane[j];
        for (size_t i = 0; i < count; i++) {
            double v = p[0] * fabs((double)x[i]);
            double above = 12 * v - hlg_b;
            double high = hlg_a * ln2 * log2_of(above > .5 ? above : .5) + hlg_c;
            x[i] = (float)copysign(v <= 1 / 12. ? root_of(3 * v) : high + v * 0, (double)x[i]);
        }
    }
}

static inline double hlg_light(double signal, double scale) {
    double v = fabs(signal);
    double low = v * v / 3, high = (exp2_of((v - hlg_c) / (hlg_a * ln2)) + hlg_b) / 12;
    return copysign((v <= .5 ? low : high) * scale, signal);
}

static void row_hlg_inverse(float *const *plane, size_t count, const double *p) {
    const double scale = 1 / p[0];
    for (size_t i = 0; i < count; i++) {
        double x = (double)plane[0][i], y = (double)plane[1][i], z = (double)plane[2][i];
        put_product(plane, i, p + TILE_THEN, hlg_light(product_of(p + 2, 0, x, y, z), scale),
                    hlg_light(product_of(p + 2, 1, x, y, z), scale), hlg_light(product_of(p + 2, 2, x, y, z), scale),
                    true);
    }
}

/* ---- CIE ---- */

static void row_cube_root(float *const *plane, size_t count, const double *p) {
    (void)p;
    for (int j = 0; j < 3; j++) {
        float *x = plane[j];
        for (size_t i = 0; i < count; i++) {
            float v = fabsf(x[i]);
            float r = cube_root_of(v);
            x[i] = copysignf(v > 1e-37f ? r : v * 0, x[i]);
        }
    }
}

static inline double cube_of(double v) {
    return v * v * v;
}

static ALWAYS_INLINE void cube(float *const *plane, size_t count, const double *p, bool in_double) {
    for (size_t i = 0; i < count; i++) {
        double x = (double)plane[0][i], y = (double)plane[1][i], z = (double)plane[2][i];
        put_product(plane, i, p + TILE_THEN, cube_of(product_of(p + 2, 0, x, y, z)),
                    cube_of(product_of(p + 2, 1, x, y, z)), cube_of(product_of(p + 2, 2, x, y, z)), in_double);
    }
}
ROW_WITH_PRODUCT(cube)

/* CIE 15:2018, with the rationals of CSS Color 4: f(t) = t^(1/3) above 216/24389, else (24389/27 t + 16) / 116. */
#define EPSILON (216 / 24389.f)
#define KAPPA   (24389 / 27.f)

static inline float lab_f(float t) {
    float root = cube_root_of(t > EPSILON ? t : EPSILON);
    return t > EPSILON ? root : (KAPPA / 116) * t + 16 / 116.f;
}

/* In double: small light is a small difference of what are large codes of it. */
static inline double lab_f_inverse(double f) {
    double t = f * f * f;
    return t > 216 / 24389. ? t : (116 * f - 16) * (27 / 24389.);
}

static void row_lab(float *const *plane, size_t count, const double *p) {
    (void)p;
    float *a = plane[0], *b = plane[1], *c = plane[2];
    for (size_t i = 0; i < count; i++) {
        float x = lab_f(a[i]), y = lab_f(b[i]), z = lab_f(c[i]);
        a[i] = 116 * y - 16;
        b[i] = 500 * (x - y);
        c[i] = 200 * (y - z);
    }
}

static ALWAYS_INLINE void lab_inverse(float *const *plane, size_t count, const double *p, bool in_double) {
    for (size_t i = 0; i < count; i++) {
        double y = ((double)plane[0][i] + 16) * (1 / 116.);
        double x = y + (double)plane[1][i] * (1 / 500.), z = y - (double)plane[2][i] * (1 / 200.);
        put_product(plane, i, p + TILE_THEN, lab_f_inverse(x), lab_f_inverse(y), lab_f_inverse(z), in_double);
    }
}
ROW_WITH_PRODUCT(lab_inverse)

static void row_luv(float *const *plane, size_t count, const double *p) {
    float *a = plane[0], *b = plane[1], *c = plane[2];
    float un = (float)p[0], vn = (float)p[1];
    for (size_t i = 0; i < count; i++) {
        float sum = a[i] + 15 * b[i] + 3 * c[i];
        float lightness = 116 * lab_f(b[i]) - 16;
        float u = 4 * a[i] / sum - un, v = 9 * b[i] / sum - vn;
        a[i] = lightness;
        b[i] = sum == 0 ? 0 : 13 * lightness * u;
        c[i] = sum == 0 ? 0 : 13 * lightness * v;
    }
}

static ALWAYS_INLINE void luv_inverse(float *const *plane, size_t count, const double *p, bool in_double) {
    const double un = p[0], vn = p[1];
    for (size_t i = 0; i < count; i++) {
        double l = (double)plane[0][i], y = lab_f_inverse((l + 16) * (1 / 116.));
        double u = (double)plane[1][i] / (13 * l) + un, v = (double)plane[2][i] / (13 * l) + vn;
        double x = y * 9 * u / (4 * v), z = y * (12 - 3 * u - 20 * v) / (4 * v);
        put_product(plane, i, p + TILE_THEN, l == 0 ? 0 : x, l == 0 ? 0 : y, l == 0 ? 0 : z, in_double);
    }
}
ROW_WITH_PRODUCT(luv_inverse)

static void row_polar(float *const *plane, size_t count, const double *p) {
    float *a = plane[1], *b = plane[2];
    for (size_t i = 0; i < count; i++) {
        double x = (double)a[i], y = (double)b[i];
        double chroma = root_of(x * x + y * y), hue = degrees_of(y, x);
        a[i] = (float)chroma;
        b[i] = (float)(chroma <= p[0] ? 0 : hue);
    }
}

static void row_polar_inverse(float *const *plane, size_t count, const double *p) {
    (void)p;
    float *a = plane[1], *b = plane[2];
    for (size_t i = 0; i < count; i++) {
        double cosine, sine, chroma = (double)a[i];
        cosine_sine_of((double)b[i], &cosine, &sine);
        a[i] = (float)(chroma * cosine);
        b[i] = (float)(chroma * sine);
    }
}

/* Safdar 2017, equation 12. */
static const double jz_d = -.56, jz_d0 = 1.6295499532821566e-11;

static void row_jz(float *const *plane, size_t count, const double *p) {
    (void)p;
    for (size_t i = 0; i < count; i++) {
        double iz = (double)plane[0][i];
        plane[0][i] = (float)((1 + jz_d) * iz / (1 + jz_d * iz) - jz_d0);
    }
}

static void row_jz_inverse(float *const *plane, size_t count, const double *p) {
    for (size_t i = 0; i < count; i++) {
        double z = (double)plane[0][i] + jz_d0;
        put_pq_light(plane, i, p, z / (1 + jz_d - jz_d * z), (double)plane[1][i], (double)plane[2][i]);
    }
}

/* ---- Of coded RGB ---- */

static inline double larger(double a, double b) {
    return a > b ? a : b;
}

static inline double smaller(double a, double b) {
    return a < b ? a : b;
}

/*
 * Colors whose channels differ by no more than this count as achromatic, h and s 0 (CSS Color 4 has it for hwb).
 * The smallest step of 16 bits is larger.
 */
#define ACHROMATIC 1e-5

/* The hue in sixths of a turn, 0 to 6, of colors with the largest channel `high`, `d` above the smallest. */
static inline double sixths_of(double r, double g, double b, double high, double d) {
    double h = high == r ? (g - b) / d : high == g ? 2 + (b - r) / d : 4 + (r - g) / d;
    return h < 0 ? h + 6 : h;
}

/* x modulo n, 0 to n. */
static inline double turned(double x, double n) {
    return x - n * lower(x / n);
}

static void row_hsv(float *const *plane, size_t count, const double *p) {
    float *x = plane[0], *y = plane[1], *z = plane[2];
    for (size_t i = 0; i < count; i++) {
        double r = (double)x[i], g = (double)y[i], b = (double)z[i];
        double high = larger(larger(r, g), b), d = high - smaller(smaller(r, g), b);
        bool gray = d <= ACHROMATIC * p[0];
        double h = sixths_of(r, g, b, high, d), s = d / high;
        x[i] = (float)(gray ? 0 : h * (p[4] / 6));
        y[i] = (float)(gray || high <= 0 ? 0 : s * p[5]);
        z[i] = (float)(high * (p[6] / p[0]));
    }
}

/* What `h` sixths of a turn take from the channel with n = 5 (red), 3 or 1. */
static inline double taken(double h, double n) {
    double k = turned(h + n, 6);
    return larger(0, smaller(smaller(k, 4 - k), 1));
}

static void row_hsv_inverse(float *const *plane, size_t count, const double *p) {
    float *x = plane[0], *y = plane[1], *z = plane[2];
    for (size_t i = 0; i < count; i++) {
        double h = (double)x[i] / (p[0] / 6), s = (double)y[i] / p[1], v = (double)z[i] / p[2];
        x[i] = (float)((v - v * s * taken(h, 5)) * p[4]);
        y[i] = (float)((v - v * s * taken(h, 3)) * p[5]);
        z[i] = (float)((v - v * s * taken(h, 1)) * p[6]);
    }
}

static void row_hsl(float *const *plane, size_t count, const double *p) {
    float *x = plane[0], *y = plane[1], *z = plane[2];
    for (size_t i = 0; i < count; i++) {
        double r = (double)x[i], g = (double)y[i], b = (double)z[i];
        double high = larger(larger(r, g), b), low = smaller(smaller(r, g), b), d = high - low;
        bool gray = d <= ACHROMATIC * p[0];
        double h = sixths_of(r, g, b, high, d);
        double room = p[0] - fabs(high + low - p[0]);
        double s = room == 0 ? 0 : d / room;
        /* Colors beyond black or white have a negative saturation: CSS Color 4 turns their hue around instead. */
        h = s < 0 ? turned(h + 3, 6) : h;
        x[i] = (float)(gray ? 0 : h * (p[4] / 6));
        y[i] = (float)(gray ? 0 : fabs(s) * p[5]);
        z[i] = (float)((high + low) * (p[6] / p[0] / 2));
    }
}

static inline double hsl_channel(double l, double a, double h, double n) {
    double k = turned(n + h, 12);
    return l - a * larger(-1, smaller(smaller(k - 3, 9 - k), 1));
}

static void row_hsl_inverse(float *const *plane, size_t count, const double *p) {
    float *x = plane[0], *y = plane[1], *z = plane[2];
    for (size_t i = 0; i < count; i++) {
        double h = (double)x[i] / (p[0] / 12), l = (double)z[i] / p[2];
        double a = (double)y[i] / p[1] * smaller(l, 1 - l);
        x[i] = (float)(hsl_channel(l, a, h, 0) * p[4]);
        y[i] = (float)(hsl_channel(l, a, h, 8) * p[5]);
        z[i] = (float)(hsl_channel(l, a, h, 4) * p[6]);
    }
}

static void row_hwb(float *const *plane, size_t count, const double *p) {
    float *x = plane[0], *y = plane[1], *z = plane[2];
    for (size_t i = 0; i < count; i++) {
        double r = (double)x[i], g = (double)y[i], b = (double)z[i];
        double high = larger(larger(r, g), b), low = smaller(smaller(r, g), b), d = high - low;
        double h = sixths_of(r, g, b, high, d);
        x[i] = (float)(d <= ACHROMATIC * p[0] ? 0 : h * (p[4] / 6));
        y[i] = (float)(low * (p[5] / p[0]));
        z[i] = (float)((p[0] - high) * (p[6] / p[0]));
    }
}

static void row_hwb_inverse(float *const *plane, size_t count, const double *p) {
    float *x = plane[0], *y = plane[1], *z = plane[2];
    for (size_t i = 0; i < count; i++) {
        double h = (double)x[i] / (p[0] / 6), w = (double)y[i] / p[1], b = (double)z[i] / p[2];
        /* More than all is scaled down to all, which leaves a gray. */
        double sum = larger(w + b, 1);
        double d = 1 - (w + b) / sum;
        w /= sum;
        x[i] = (float)((w + d * (1 - taken(h, 5))) * p[4]);
        y[i] = (float)((w + d * (1 - taken(h, 3))) * p[5]);
        z[i] = (float)((w + d * (1 - taken(h, 1))) * p[6]);
    }
}

/* CSS Color 5, 10.2: the naive conversion. k = 1 - max, c = (1 - r - k) / (1 - k) = (max - r) / max. */
static void row_cmyk(float *const *plane, size_t count, const double *p) {
    float *x = plane[0], *y = plane[1], *z = plane[2], *w = plane[3];
    for (size_t i = 0; i < count; i++) {
        double r = (double)x[i], g = (double)y[i], b = (double)z[i];
        double high = larger(larger(r, g), b);
        double part = high > 0 ? high : 1, any = high > 0 ? 1 : 0;
        x[i] = (float)(any * (high - r) / part * p[4]);
        y[i] = (float)(any * (high - g) / part * p[5]);
        z[i] = (float)(any * (high - b) / part * p[6]);
        w[i] = (float)((p[0] - high) * (p[7] / p[0]));
    }
}

static void row_cmyk_inverse(float *const *plane, size_t count, const double *p) {
    float *x = plane[0], *y = plane[1], *z = plane[2], *w = plane[3];
    for (size_t i = 0; i < count; i++) {
        double light = 1 - (double)w[i] / p[3];
        x[i] = (float)((1 - (double)x[i] / p[0]) * light * p[4]);
        y[i] = (float)((1 - (double)y[i] / p[1]) * light * p[5]);
        z[i] = (float)((1 - (double)z[i] / p[2]) * light * p[6]);
    }
}

static void row_clip(float *const *plane, size_t count, const double *p) {
    (void)p;
    for (int j = 0; j < 3; j++) {
        float *x = plane[j];
        for (size_t i = 0; i < count; i++) {
            float v = x[i] > 0 ? x[i] : 0;
            x[i] = v < 1 ? v : 1;
        }
    }
}

/* 255 v rounded and clipped to low..255. */
static inline int32_t integer_of(float v, int32_t low) {
    float code = 255 * v - (float)low;
    code = code > 0 ? code : 0;
    return rounded(code < (float)(255 - low) ? code : (float)(255 - low)) + low;
}

/* floor(x / 2) of x >= -512; a right shift of a negative int is the implementation's choice. */
static inline int32_t half_of(int32_t x) {
    return (x + 512) / 2 - 256;
}

/* Malvar and Sullivan, JVT-I014r3. */
static void row_ycocg(float *const *plane, size_t count, const double *p) {
    (void)p;
    float *x = plane[0], *y = plane[1], *z = plane[2];
    for (size_t i = 0; i < count; i++) {
        int32_t r = integer_of(x[i], 0), g = integer_of(y[i], 0), b = integer_of(z[i], 0);
        int32_t co = r - b, t = b + half_of(co), cg = g - t;
        x[i] = (float)(t + half_of(cg)) / 255;
        y[i] = (float)co / 255;
        z[i] = (float)cg / 255;
    }
}

static void row_ycocg_inverse(float *const *plane, size_t count, const double *p) {
    (void)p;
    float *x = plane[0], *y = plane[1], *z = plane[2];
    for (size_t i = 0; i < count; i++) {
        int32_t luma = integer_of(x[i], 0), co = integer_of(y[i], -255), cg = integer_of(z[i], -255);
        int32_t t = luma - half_of(cg), b = t - half_of(co);
        x[i] = (float)(b + co) / 255;
        y[i] = (float)(cg + t) / 255;
        z[i] = (float)b / 255;
    }
}

static void row_wrap_hue(float *const *plane, size_t count, const double *p) {
    float *h = plane[(int)p[0]];
    for (size_t i = 0; i < count; i++) {
        double v = (double)h[i];
        h[i] = v < 0 || v > 360 ? (float)turned(v, 360) : h[i];
    }
}

/* ---- Alpha ---- */

static void row_unpremultiply(float *const *plane, size_t count, const double *p) {
    const float *alpha = plane[TILE_ALPHA_PLANE];
    for (int j = 0; j < TILE_ALPHA_PLANE; j++)
        for (size_t i = 0; i < count; i++) {
            float whole = (int)p[0] >> j & 1 ? alpha[i] : 1;
            plane[j][i] = alpha[i] > 0 ? plane[j][i] / whole : 0;
        }
}

static void row_premultiply(float *const *plane, size_t count, const double *p) {
    const float *alpha = plane[TILE_ALPHA_PLANE];
    for (int j = 0; j < TILE_ALPHA_PLANE; j++)
        if ((int)p[0] >> j & 1)
            for (size_t i = 0; i < count; i++)
                plane[j][i] *= alpha[i];
}

/* Exactly the color where alpha is 1, exactly the background where it is 0. */
static void row_over(float *const *plane, size_t count, const double *p) {
    const float *alpha = plane[TILE_ALPHA_PLANE];
    for (int j = 0; j < TILE_ALPHA_PLANE; j++) {
        float below = (float)p[j];
        for (size_t i = 0; i < count; i++)
            plane[j][i] = plane[j][i] * alpha[i] + below * (1 - alpha[i]);
    }
}

#endif
