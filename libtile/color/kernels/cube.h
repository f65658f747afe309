/* SPDX-License-Identifier: MIT */
/* Codes of Lab, Oklab and Luv to light: power.h's way back. */
#ifndef TILE_COLOR_CUBE_H
#define TILE_COLOR_CUBE_H

#include "light.h"

static inline floats cube_of_floats(floats x) {
    return f_mul(f_mul(x, x), x);
}

/* CIE's inverse of f, as in rows.h. */
static inline floats cie_light(floats f) {
    return f_choose(f_at_least(f, f_all(6 / 29.f)), cube_of_floats(f),
                    f_fma(f, f_all(116 * 27 / 24389.f), f_all(-16 * 27 / 24389.f)));
}

/* ---- A matrix of codes, cubes, a matrix ---- */

struct cubes_vectors {
    floats first[12];
    struct rows3 second;
};

static inline struct cubes_vectors cubes_load(const struct tile_head *head) {
    struct cubes_vectors c = {.second = rows3_load(head->cubes.second)};
    for (int j = 0; j < 12; j++)
        c.first[j] = f_all(head->cubes.first[j]);
    return c;
}

static inline void cubes_light(floats out[3], floats x, floats y, floats z, const struct cubes_vectors *c) {
    floats cubes[3];
    for (int j = 0; j < 3; j++) {
        const floats *m = c->first + 4 * j;
        cubes[j] = cube_of_floats(f_fma(z, m[2], f_fma(y, m[1], f_fma(x, m[0], m[3]))));
    }
    rows3_multiply(out, &c->second, cubes[0], cubes[1], cubes[2]);
}

static inline void cubes_block(floats out[4][3], const uint8_t *x, const uint8_t *y, const uint8_t *z,
                               const struct cubes_vectors *c) {
    ints cx[4], cy[4], cz[4];
    codes_load(cx, x);
    codes_load(cy, y);
    codes_load(cz, z);
    for (int k = 0; k < 4; k++)
        cubes_light(out[k], f_of_ints(cx[k]), f_of_ints(cy[k]), f_of_ints(cz[k]), c);
}

/* ---- The same of Lab, whose matrix is mostly zeros ---- */

struct unlab_vectors {
    struct rows3 rows;
};

static inline struct unlab_vectors unlab_load(const struct tile_head *head) {
    return (struct unlab_vectors){rows3_load(head->light.m)};
}

/* Of the code of L, and a and b. */
static inline void lab_light(floats out[3], floats l, floats a, floats b, const struct rows3 *rows) {
    floats y = f_fma(l, f_all(100 / 255.f / 116), f_all(16 / 116.f));
    floats x = f_fma(a, f_all(1 / 500.f), y), z = f_fma(b, f_all(-1 / 200.f), y);
    rows3_multiply(out, rows, cie_light(x), cie_light(y), cie_light(z));
}

static inline void unlab_block(floats out[4][3], const uint8_t *l, const uint8_t *a, const uint8_t *b,
                               const struct unlab_vectors *u) {
    ints cl[4], ca[4], cb[4];
    codes_load(cl, l);
    codes_load(ca, a);
    codes_load(cb, b);
    for (int k = 0; k < 4; k++)
        lab_light(out[k], f_of_ints(cl[k]), f_of_ints(i_sub(ca[k], i_all(128))), f_of_ints(i_sub(cb[k], i_all(128))),
                  &u->rows);
}

/*
 * ---- Luv ----
 *
 * With U = 13 L u' and V = 13 L v': X = Y 9 U / 4 V, Z = Y (12 x 13 L - 3 U - 20 V) / 4 V. What has no lightness is
 * black, whatever its u and v.
 */

struct unluv_vectors {
    struct rows3 rows;
    floats white_u, white_v;
};

static inline struct unluv_vectors unluv_load(const struct tile_head *head) {
    return (struct unluv_vectors){rows3_load(head->luv.m), f_all(head->luv.u), f_all(head->luv.v)};
}

static inline void unluv_block(floats out[4][3], const uint8_t *l, const uint8_t *u, const uint8_t *v,
                               const struct unluv_vectors *w) {
    ints cl[4], cu[4], cv[4];
    codes_load(cl, l);
    codes_load(cu, u);
    codes_load(cv, v);
    for (int k = 0; k < 4; k++) {
        floats light = f_of_ints(cl[k]), l13 = f_mul(light, f_all(13 * 100 / 255.f)), zero = f_all(0);
        floats u13 = f_fma(f_of_ints(cu[k]), f_all(354 / 255.f), f_all(-134));
        floats v13 = f_fma(f_of_ints(cv[k]), f_all(262 / 255.f), f_all(-140));
        floats y = cie_light(f_fma(light, f_all(100 / 255.f / 116), f_all(16 / 116.f)));
        u13 = f_fma(l13, w->white_u, u13);
        v13 = f_fma(l13, w->white_v, v13);
        floats share = f_div(y, f_mul(v13, f_all(4)));
        floats x = f_mul(f_mul(u13, f_all(9)), share);
        floats z = f_mul(f_fma(v13, f_all(-20), f_fma(u13, f_all(-3), f_mul(l13, f_all(12)))), share);
        mask any = f_less(zero, light);
        rows3_multiply(out[k], &w->rows, f_choose(any, x, zero), f_choose(any, y, zero), f_choose(any, z, zero));
    }
}

#endif
