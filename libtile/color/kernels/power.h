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

struct curve_vectors {
    struct powers power;
    floats knee, slope, lift;
};

static inline struct curve_vectors curve_load(const struct tile_tail *tail) {
    const struct tile_curve *c = &tail->curve;
    return (struct curve_vectors){powers_load(&c->power), f_all(c->knee), f_all(c->slope), f_all(c->lift)};
}

/* What is below the knee, or NaN, takes the line, whose end the packing clips. */
static inline ints curve_code(const struct curve_vectors *c, floats light) {
    floats v = f_min(f_all(BELOW_ONE), light), scale, high = power_parts(&c->power, v, &scale);
    return i_truncated(f_choose(f_at_least(v, c->knee), f_fma(high, scale, c->lift), f_fma(v, c->slope, f_all(.5f))));
}

static inline void curve_codes(ints out[3], const floats v[3], const struct curve_vectors *c) {
    for (int j = 0; j < 3; j++)
        out[j] = curve_code(c, v[j]);
}

/* ---- No curve ---- */

struct linear_vectors {
    floats scale[3], lift[3];
};

static inline struct linear_vectors linear_load(const struct tile_tail *tail) {
    struct linear_vectors l;
    for (int j = 0; j < 3; j++) {
        l.scale[j] = f_all(tail->linear.scale[j]);
        l.lift[j] = f_all(tail->linear.lift[j]);
    }
    return l;
}

/* The lower bound first: NaN becomes 0. */
static inline void linear_codes(ints out[3], const floats v[3], const struct linear_vectors *l) {
    for (int j = 0; j < 3; j++)
        out[j] = i_truncated(f_min(f_max(f_fma(v[j], l->scale[j], l->lift[j]), f_all(0)), f_all(255)));
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

struct lab_vectors {
    struct quartics x, y, z;
};

static inline struct lab_vectors lab_load(const struct tile_tail *tail) {
    const struct tile_lab *lab = &tail->lab;
    return (struct lab_vectors){quartics_load(lab->x), quartics_load(lab->y), quartics_load(lab->z)};
}

/* L's codes and, with the 128.5 that the polynomials may have, a's and b's. */
static inline void lab_values(floats out[3], const floats v[3], const struct lab_vectors *lab) {
    floats fx = quartic_of(&lab->x, v[0]), fy = quartic_of(&lab->y, v[1]), fz = quartic_of(&lab->z, v[2]);
    out[0] = f_fma(fy, f_all(116 * 2.55f / 500), f_all(.5f - 16 * 2.55f));
    out[1] = f_sub(fx, fy);
    out[2] = f_fma(fy, f_all(.4f), fz);
}

static inline void lab_codes(ints out[3], const floats v[3], const struct lab_vectors *lab) {
    floats values[3];
    lab_values(values, v, lab);
    for (int j = 0; j < 3; j++)
        out[j] = i_truncated(values[j]);
}

struct luv_vectors {
    struct quartics l13;
    floats white_u, white_v;
};

static inline struct luv_vectors luv_load(const struct tile_tail *tail) {
    return (struct luv_vectors){quartics_load(tail->luv.l), f_all(-tail->luv.u), f_all(-tail->luv.v)};
}

static inline void luv_codes(ints out[3], const floats v[3], const struct luv_vectors *luv) {
    floats l13 = quartic_of(&luv->l13, v[1]);
    /* Black's sum is 0: anything else keeps its u and v from being NaN before L, which is 0, multiplies them. */
    floats sum = f_max(f_fma(v[1], f_all(15), f_fma(v[2], f_all(3), v[0])), f_all(1e-9f));
    floats share = f_div(f_all(1), sum);
    floats du = f_fma(f_mul(v[0], share), f_all(4), luv->white_u);
    floats dv = f_fma(f_mul(v[1], share), f_all(9), luv->white_v);
    out[0] = i_truncated(f_fma(l13, f_all(2.55f / 13), f_all(.5f)));
    out[1] = i_truncated(f_fma(f_mul(l13, f_all(255 / 354.f)), du, f_all(134 * 255 / 354.f + .5f)));
    out[2] = i_truncated(f_fma(f_mul(l13, f_all(255 / 262.f)), dv, f_all(140 * 255 / 262.f + .5f)));
}

/* Roots of what is not below `least`, else 0; then a matrix to codes. */
struct roots_vectors {
    struct powers root;
    floats least, m[12];
};

static inline struct roots_vectors roots_load(const struct tile_tail *tail) {
    struct roots_vectors r = {.root = powers_load(&tail->roots.root), .least = f_all(tail->roots.least)};
    for (int j = 0; j < 12; j++)
        r.m[j] = f_all(tail->roots.m[j]);
    return r;
}

static inline void roots_values(floats out[3], const floats v[3], const struct roots_vectors *r) {
    floats root[3];
    for (int j = 0; j < 3; j++) {
        floats scale, high = power_parts(&r->root, v[j], &scale);
        root[j] = f_choose(f_less(v[j], r->least), f_all(0), f_mul(high, scale));
    }
    for (int j = 0; j < 3; j++) {
        const floats *m = r->m + 4 * j;
        out[j] = f_fma(root[2], m[2], f_fma(root[1], m[1], f_fma(root[0], m[0], m[3])));
    }
}

static inline void roots_codes(ints out[3], const floats v[3], const struct roots_vectors *r) {
    floats values[3];
    roots_values(values, v, r);
    for (int j = 0; j < 3; j++)
        out[j] = i_truncated(values[j]);
}

#endif
