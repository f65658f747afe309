/* SPDX-License-Identifier: MIT */
/*
 * Light to codes: powers, roots and what is made of them.
 *
 * x^p of x = m 2^e, 1 <= m < 2, is m^p 2^(e p): one of 16 parabolas by the upper bits of m, times one of 16 scales by
 * the lower bits of e. A parabola is within 4e-7 of the cube root or of an RGB's curve.
 */
#ifndef TILE_COLOR_POWER_H
#define TILE_COLOR_POWER_H

#include "kernels.h"

struct powers {
    table16 c0, c1, c2, scale;
};

static inline struct powers powers_load(const struct tile_power *p) {
    return (struct powers){table16_load(p->c[0]), table16_load(p->c[1]), table16_load(p->c[2]), table16_load(p->scale)};
}

/* m^p, and 2^(e p) in *scale. */
static inline floats power_parts(const struct powers *p, floats x, floats *scale) {
    ints bits = i_bits(x);
    index16 segment = index16_of(bits, 19), exponent = index16_of(bits, 23);
    floats m = f_mantissa(x);
    *scale = f_look(p->scale, exponent);
    return f_fma(f_fma(f_look(p->c2, segment), m, f_look(p->c1, segment)), m, f_look(p->c0, segment));
}

/* ---- RGB's curves ---- */

/* Below 1 all exponents have a scale. */
#define BELOW_ONE 0x1.fffffep-1f

/* What is below the knee, or NaN, takes the line, whose end the packing clips. */
static void encode(uint8_t *const *out, float *const *in, size_t count, int channels, const struct tile_curve *curve) {
    const struct powers power = powers_load(&curve->power);
    const floats knee = f_all(curve->knee), slope = f_all(curve->slope), lift = f_all(curve->lift), half = f_all(.5f);
    for (int j = 0; j < channels; j++) {
        uint8_t *to = out[j];
        const float *from = in[j];
        for (size_t i = 0; i < count; i += BLOCK) {
            ints codes[4];
            for (size_t k = 0; k < 4; k++) {
                floats v = f_min(f_all(BELOW_ONE), f_load(from + i + k * LANES)), scale;
                floats high = power_parts(&power, v, &scale);
                codes[k] = i_truncated(f_choose(f_at_least(v, knee), f_fma(high, scale, lift), f_fma(v, slope, half)));
            }
            codes_store(to + i, codes);
        }
    }
}

/* ---- Polar coordinates ---- */

static inline floats f_abs(floats a) {
    return f_bits(i_and(i_bits(a), i_all(0x7FFFFFFF)));
}

/* Codes before the rounding, of a and b in units of chroma's codes. */
static inline floats chroma_of(floats a, floats b) {
    return f_add(f_sqrt(f_fma(a, a, f_mul(b, b))), f_all(.5f));
}

/*
 * The angle in 255ths of a turn, and 1/2; of a chroma of `gray` or less 0. From the nearest axis on, with the smaller
 * by the larger as tangent. The polynomial is within 1.1e-5 of atan t, |t| <= 1, in these units: Remez's, which has the
 * least largest error.
 */
static inline floats hue_of_ab(floats a, floats b, float gray) {
    const floats zero = f_all(0);
    mask up = f_less(f_abs(a), f_abs(b)), left = f_less(a, zero), down = f_less(b, zero);
    floats axis = f_choose(up, f_choose(down, f_all(191.75f), f_all(64.25f)),
                           f_choose(left, f_all(128), f_choose(down, f_all(255.5f), f_all(.5f))));
    floats t = f_div(f_choose(up, f_sub(zero, a), b), f_choose(up, b, a)), z = f_mul(t, t), zz = f_mul(z, z);
    floats low =
        f_fma(f_fma(z, f_all(-5.37068731f), f_all(8.03890504f)), zz, f_fma(z, f_all(-13.5216907f), f_all(40.5843527f)));
    floats high = f_fma(f_all(.276453395f), zz, f_fma(z, f_all(-1.36381115f), f_all(3.23148812f)));
    floats h = f_fma(f_fma(high, f_mul(zz, zz), low), t, axis);
    /* Where both are 0, t is NaN. */
    return f_choose(f_less(f_all(gray * gray), f_fma(a, a, f_mul(b, b))), h, zero);
}

/* ---- Roots ---- */

/*
 * CIE's f as in rows.h, of light that is scaled so that f's line ends at 2^-7 and white is below 1: a polynomial for
 * each half of seven binades, and the line for what is below them.
 */
struct quartics {
    table16 c[5];
};

static inline struct quartics quartics_load(const float c[5][16]) {
    struct quartics q;
    for (int i = 0; i < 5; i++)
        q.c[i] = table16_load(c[i]);
    return q;
}

static inline floats quartic_of(const struct quartics *q, floats x) {
    index16 half = index16_of(i_bits(f_max(x, f_all(0x1p-8f))), 22);
    floats sum = f_fma(f_look(q->c[4], half), x, f_look(q->c[3], half));
    for (int i = 2; i >= 0; i--)
        sum = f_fma(sum, x, f_look(q->c[i], half));
    return sum;
}

static inline void lab_tail(uint8_t *const *out, float *const *in, size_t count, const struct tile_lab *lab,
                            bool polar) {
    const float *const x = in[0], *const y = in[1], *const z = in[2];
    uint8_t *const l = out[0], *const a = out[1], *const b = out[2];
    const struct quartics qx = quartics_load(lab->x), qy = quartics_load(lab->y), qz = quartics_load(lab->z);
    for (size_t i = 0; i < count; i += BLOCK) {
        ints codes[3][4];
        for (size_t k = 0; k < 4; k++) {
            size_t at = i + k * LANES;
            floats fy = quartic_of(&qy, f_load(y + at));
            codes[0][k] = i_truncated(f_fma(fy, f_all(116 * 2.55f / 500), f_all(.5f - 16 * 2.55f)));
            floats va = f_sub(quartic_of(&qx, f_load(x + at)), fy);
            floats vb = f_fma(fy, f_all(.4f), quartic_of(&qz, f_load(z + at)));
            codes[1][k] = i_truncated(polar ? chroma_of(va, vb) : va);
            codes[2][k] = i_truncated(polar ? hue_of_ab(va, vb, lab->gray) : vb);
        }
        codes_store(l + i, codes[0]);
        codes_store(a + i, codes[1]);
        codes_store(b + i, codes[2]);
    }
}

static void lab_codes(uint8_t *const *out, float *const *in, size_t count, const struct tile_lab *lab) {
    lab_tail(out, in, count, lab, false);
}

static void lch_codes(uint8_t *const *out, float *const *in, size_t count, const struct tile_lab *lab) {
    lab_tail(out, in, count, lab, true);
}

static void luv_codes(uint8_t *const *out, float *const *in, size_t count, const struct tile_luv *luv) {
    const float *const x = in[0], *const y = in[1], *const z = in[2];
    uint8_t *const l = out[0], *const u = out[1], *const v = out[2];
    const struct quartics q = quartics_load(luv->l);
    const floats white_u = f_all(-luv->u), white_v = f_all(-luv->v);
    for (size_t i = 0; i < count; i += BLOCK) {
        ints codes[3][4];
        for (size_t k = 0; k < 4; k++) {
            floats vx = f_load(x + i + k * LANES), vy = f_load(y + i + k * LANES), vz = f_load(z + i + k * LANES);
            floats l13 = quartic_of(&q, vy); /* 13 L */
            /* Black's sum is 0: anything else keeps its u and v from being NaN before L, which is 0, multiplies them.
             */
            floats sum = f_max(f_fma(vy, f_all(15), f_fma(vz, f_all(3), vx)), f_all(1e-9f));
            floats share = f_div(f_all(1), sum);
            floats du = f_fma(f_mul(vx, share), f_all(4), white_u), dv = f_fma(f_mul(vy, share), f_all(9), white_v);
            codes[0][k] = i_truncated(f_fma(l13, f_all(2.55f / 13), f_all(.5f)));
            codes[1][k] = i_truncated(f_fma(f_mul(l13, f_all(255 / 354.f)), du, f_all(134 * 255 / 354.f + .5f)));
            codes[2][k] = i_truncated(f_fma(f_mul(l13, f_all(255 / 262.f)), dv, f_all(140 * 255 / 262.f + .5f)));
        }
        codes_store(l + i, codes[0]);
        codes_store(u + i, codes[1]);
        codes_store(v + i, codes[2]);
    }
}

/* Roots of what is not below `least`, else 0; then a matrix to codes. */
static inline void roots_tail(uint8_t *const *out, float *const *in, size_t count, const struct tile_roots *roots,
                              bool polar) {
    const struct powers root = powers_load(&roots->root);
    const floats least = f_all(roots->least), zero = f_all(0);
    floats m[12];
    for (int j = 0; j < 12; j++)
        m[j] = f_all(roots->m[j]);
    const float *const from[3] = {in[0], in[1], in[2]};
    for (size_t i = 0; i < count; i += BLOCK) {
        ints codes[3][4];
        for (size_t k = 0; k < 4; k++) {
            floats r[3], v[3];
            for (int j = 0; j < 3; j++) {
                floats x = f_load(from[j] + i + k * LANES), scale, high = power_parts(&root, x, &scale);
                r[j] = f_choose(f_less(x, least), zero, f_mul(high, scale));
            }
            for (int j = 0; j < 3; j++)
                v[j] = f_fma(r[2], m[4 * j + 2], f_fma(r[1], m[4 * j + 1], f_fma(r[0], m[4 * j], m[4 * j + 3])));
            codes[0][k] = i_truncated(v[0]);
            codes[1][k] = i_truncated(polar ? chroma_of(v[1], v[2]) : v[1]);
            codes[2][k] = i_truncated(polar ? hue_of_ab(v[1], v[2], roots->gray) : v[2]);
        }
        for (int j = 0; j < 3; j++)
            codes_store(out[j] + i, codes[j]);
    }
}

static void roots_codes(uint8_t *const *out, float *const *in, size_t count, const struct tile_roots *roots) {
    roots_tail(out, in, count, roots, false);
}

static void polar_roots_codes(uint8_t *const *out, float *const *in, size_t count, const struct tile_roots *roots) {
    roots_tail(out, in, count, roots, true);
}

#endif
