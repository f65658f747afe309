/* SPDX-License-Identifier: MIT */
/* Lab's and Oklab's a and b as chroma and hue, and back. */
#ifndef TILE_COLOR_POLAR_H
#define TILE_COLOR_POLAR_H

#include "cube.h"
#include "power.h"

/* ---- Codes of chroma and hue ---- */

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
static inline floats hue_of_ab(floats a, floats b, floats gray) {
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
    return f_choose(f_less(f_mul(gray, gray), f_fma(a, a, f_mul(b, b))), h, zero);
}

struct lch_vectors {
    struct lab_vectors lab;
    floats gray;
};

static inline struct lch_vectors lch_load(const struct tile_tail *tail) {
    return (struct lch_vectors){lab_load(tail), f_all(tail->lab.gray)};
}

static inline void lch_codes(ints out[3], const floats v[3], const struct lch_vectors *lch) {
    floats lab[3];
    lab_values(lab, v, &lch->lab);
    out[0] = i_truncated(lab[0]);
    out[1] = i_truncated(chroma_of(lab[1], lab[2]));
    out[2] = i_truncated(hue_of_ab(lab[1], lab[2], lch->gray));
}

struct polar_roots_vectors {
    struct roots_vectors roots;
    floats gray;
};

static inline struct polar_roots_vectors polar_roots_load(const struct tile_tail *tail) {
    return (struct polar_roots_vectors){roots_load(tail), f_all(tail->roots.gray)};
}

static inline void polar_roots_codes(ints out[3], const floats v[3], const struct polar_roots_vectors *polar) {
    floats lab[3];
    roots_values(lab, v, &polar->roots);
    out[0] = i_truncated(lab[0]);
    out[1] = i_truncated(chroma_of(lab[1], lab[2]));
    out[2] = i_truncated(hue_of_ab(lab[1], lab[2], polar->gray));
}

/* ---- Light of chroma and hue ---- */

/* A block of codes of lightness, chroma and hue; chroma and hue become a and b. */
static inline void lch_values(floats v[3][4], const uint8_t *l, const uint8_t *c, const uint8_t *h,
                              const table256 *cosine, const table256 *sine) {
    ints cl[4], cc[4];
    floats x[4], y[4];
    codes_load(cl, l);
    codes_load(cc, c);
    block_look(x, cosine, h);
    block_look(y, sine, h);
    for (int k = 0; k < 4; k++) {
        floats chroma = f_of_ints(cc[k]);
        v[0][k] = f_of_ints(cl[k]);
        v[1][k] = f_mul(x[k], chroma);
        v[2][k] = f_mul(y[k], chroma);
    }
}

struct unlch_vectors {
    struct rows3 rows;
    table256 cosine, sine;
};

static inline struct unlch_vectors unlch_load(const struct tile_head *head) {
    return (struct unlch_vectors){rows3_load(head->light.m), table256_load(head->wheel.cosine),
                                  table256_load(head->wheel.sine)};
}

static inline void unlch_block(floats out[4][3], const uint8_t *l, const uint8_t *c, const uint8_t *h,
                               const struct unlch_vectors *u) {
    floats v[3][4];
    lch_values(v, l, c, h, &u->cosine, &u->sine);
    for (int k = 0; k < 4; k++)
        lab_light(out[k], v[0][k], v[1][k], v[2][k], &u->rows);
}

struct polar_cubes_vectors {
    struct cubes_vectors cubes;
    table256 cosine, sine;
};

static inline struct polar_cubes_vectors polar_cubes_load(const struct tile_head *head) {
    return (struct polar_cubes_vectors){cubes_load(head), table256_load(head->wheel.cosine),
                                        table256_load(head->wheel.sine)};
}

static inline void polar_cubes_block(floats out[4][3], const uint8_t *l, const uint8_t *c, const uint8_t *h,
                                     const struct polar_cubes_vectors *p) {
    floats v[3][4];
    lch_values(v, l, c, h, &p->cosine, &p->sine);
    for (int k = 0; k < 4; k++)
        cubes_light(out[k], v[0][k], v[1][k], v[2][k], &p->cubes);
}

#endif
