/* SPDX-License-Identifier: MIT */
/* Codes of Lab, Oklab and Luv to light: power.h's way back. */
#ifndef TILE_COLOR_CUBE_H
#define TILE_COLOR_CUBE_H

#include "kernels.h"

static inline floats cube_of_floats(floats x) {
    return f_mul(f_mul(x, x), x);
}

/* CIE's inverse of f, as in rows.h. */
static inline floats cie_light(floats f) {
    return f_choose(f_at_least(f, f_all(6 / 29.f)), cube_of_floats(f),
                    f_fma(f, f_all(116 * 27 / 24389.f), f_all(-16 * 27 / 24389.f)));
}

static inline void light_store(float *const *out, size_t at, const floats m[9], floats x, floats y, floats z) {
    for (int j = 0; j < 3; j++)
        f_store(out[j] + at, f_fma(z, m[3 * j + 2], f_fma(y, m[3 * j + 1], f_mul(x, m[3 * j]))));
}

struct wheel {
    table256 cosine, sine;
};

/* A block of codes; with a wheel their chroma and hue become a and b. */
static inline void values_load(floats v[3][4], const uint8_t *const in[3], size_t at, const struct wheel *wheel) {
    ints codes[3][4];
    for (int j = 0; j < (wheel ? 2 : 3); j++) {
        codes_load(codes[j], in[j] + at);
        for (int k = 0; k < 4; k++)
            v[j][k] = f_of_ints(codes[j][k]);
    }
    if (!wheel)
        return;
    floats cosine[4];
    block_look(cosine, &wheel->cosine, in[2] + at);
    block_look(v[2], &wheel->sine, in[2] + at);
    for (int k = 0; k < 4; k++) {
        v[2][k] = f_mul(v[2][k], v[1][k]);
        v[1][k] = f_mul(cosine[k], v[1][k]);
    }
}

/* A matrix of codes, cubes, a matrix. */
static inline void cubes_head(float *const *out, const uint8_t *const *in, size_t count, const struct tile_cubes *cubes,
                              const struct wheel *wheel) {
    floats first[12], second[9];
    for (int j = 0; j < 12; j++)
        first[j] = f_all(cubes->first[j]);
    for (int j = 0; j < 9; j++)
        second[j] = f_all(cubes->second[j]);
    float *const to[3] = {out[0], out[1], out[2]};
    const uint8_t *const from[3] = {in[0], in[1], in[2]};
    for (size_t i = 0; i < count; i += BLOCK) {
        floats v[3][4];
        values_load(v, from, i, wheel);
        for (size_t k = 0; k < 4; k++) {
            floats c[3];
            for (int j = 0; j < 3; j++)
                c[j] = cube_of_floats(
                    f_fma(v[2][k], first[4 * j + 2],
                          f_fma(v[1][k], first[4 * j + 1], f_fma(v[0][k], first[4 * j], first[4 * j + 3]))));
            light_store(to, i + k * LANES, second, c[0], c[1], c[2]);
        }
    }
}

static void cubes_light(float *const *out, const uint8_t *const *in, size_t count, const struct tile_cubes *cubes) {
    cubes_head(out, in, count, cubes, NULL);
}

static void polar_cubes_light(float *const *out, const uint8_t *const *in, size_t count, const struct tile_cubes *cubes,
                              const struct tile_wheel *wheel) {
    const struct wheel w = {table256_load(wheel->cosine), table256_load(wheel->sine)};
    cubes_head(out, in, count, cubes, &w);
}

/* The same of Lab, whose matrix is mostly zeros. */
static inline void lab_head(float *const *out, const uint8_t *const *in, size_t count, const float matrix[9],
                            const struct wheel *wheel) {
    floats m[9];
    for (int j = 0; j < 9; j++)
        m[j] = f_all(matrix[j]);
    float *const to[3] = {out[0], out[1], out[2]};
    const uint8_t *const from[3] = {in[0], in[1], in[2]};
    for (size_t i = 0; i < count; i += BLOCK) {
        floats v[3][4];
        values_load(v, from, i, wheel);
        for (size_t k = 0; k < 4; k++) {
            floats a = wheel ? v[1][k] : f_sub(v[1][k], f_all(128)), b = wheel ? v[2][k] : f_sub(v[2][k], f_all(128));
            floats y = f_fma(v[0][k], f_all(100 / 255.f / 116), f_all(16 / 116.f));
            floats x = f_fma(a, f_all(1 / 500.f), y), z = f_fma(b, f_all(-1 / 200.f), y);
            light_store(to, i + k * LANES, m, cie_light(x), cie_light(y), cie_light(z));
        }
    }
}

static void lab_light(float *const *out, const uint8_t *const *in, size_t count, const float matrix[9]) {
    lab_head(out, in, count, matrix, NULL);
}

static void lch_light(float *const *out, const uint8_t *const *in, size_t count, const float matrix[9],
                      const struct tile_wheel *wheel) {
    const struct wheel w = {table256_load(wheel->cosine), table256_load(wheel->sine)};
    lab_head(out, in, count, matrix, &w);
}

/*
 * With U = 13 L u' and V = 13 L v': X = Y 9 U / 4 V, Z = Y (12 x 13 L - 3 U - 20 V) / 4 V. What has no lightness is
 * black, whatever its u and v.
 */
static void luv_light(float *const *out, const uint8_t *const *in, size_t count, const struct tile_unluv *luv) {
    floats m[9];
    for (int j = 0; j < 9; j++)
        m[j] = f_all(luv->m[j]);
    float *const to[3] = {out[0], out[1], out[2]};
    const uint8_t *const from[3] = {in[0], in[1], in[2]};
    for (size_t i = 0; i < count; i += BLOCK) {
        ints codes[3][4];
        for (int j = 0; j < 3; j++)
            codes_load(codes[j], from[j] + i);
        for (size_t k = 0; k < 4; k++) {
            floats l = f_of_ints(codes[0][k]), l13 = f_mul(l, f_all(13 * 100 / 255.f));
            floats u = f_fma(f_of_ints(codes[1][k]), f_all(354 / 255.f), f_all(-134));
            floats v = f_fma(f_of_ints(codes[2][k]), f_all(262 / 255.f), f_all(-140));
            floats y = cie_light(f_fma(l, f_all(100 / 255.f / 116), f_all(16 / 116.f)));
            u = f_fma(l13, f_all(luv->u), u);
            v = f_fma(l13, f_all(luv->v), v);
            floats share = f_div(y, f_mul(v, f_all(4)));
            floats x = f_mul(f_mul(u, f_all(9)), share);
            floats z = f_mul(f_fma(v, f_all(-20), f_fma(u, f_all(-3), f_mul(l13, f_all(12)))), share);
            mask any = f_less(f_all(0), l);
            light_store(to, i + k * LANES, m, f_choose(any, x, f_all(0)), f_choose(any, y, f_all(0)),
                        f_choose(any, z, f_all(0)));
        }
    }
}

#endif
