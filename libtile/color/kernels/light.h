/* SPDX-License-Identifier: MIT */
/* Codes to light: each channel by a table of 256 floats, then all by a matrix. */
#ifndef TILE_COLOR_LIGHT_H
#define TILE_COLOR_LIGHT_H

#include "kernels.h"

#ifdef LANES_LOOK

/* Where a table of 256 does not fit the registers, the lookups are loads, and nothing is gained from a table's block.
 */
static void light(float *const *out, const uint8_t *const *in, size_t count, const struct tile_light *light) {
    float *const x = out[0], *const y = out[1], *const z = out[2];
    const uint8_t *const r = in[0], *const g = in[1], *const b = in[2];
    floats m[9];
    for (int j = 0; j < 9; j++)
        m[j] = f_all(light->m[j]);
    for (size_t i = 0; i < count; i += LANES) {
        floats vr = lanes_look(light->table[0], r + i), vg = lanes_look(light->table[1], g + i),
               vb = lanes_look(light->table[2], b + i);
        f_store(x + i, f_fma(vb, m[2], f_fma(vg, m[1], f_mul(vr, m[0]))));
        f_store(y + i, f_fma(vb, m[5], f_fma(vg, m[4], f_mul(vr, m[3]))));
        f_store(z + i, f_fma(vb, m[8], f_fma(vg, m[7], f_mul(vr, m[6]))));
    }
}

#else

static inline void multiply_block(float *x, float *y, float *z, const floats m[9]) {
    for (size_t i = 0; i < BLOCK; i += LANES) {
        floats r = f_load(x + i), g = f_load(y + i), b = f_load(z + i);
        f_store(x + i, f_fma(b, m[2], f_fma(g, m[1], f_mul(r, m[0]))));
        f_store(y + i, f_fma(b, m[5], f_fma(g, m[4], f_mul(r, m[3]))));
        f_store(z + i, f_fma(b, m[8], f_fma(g, m[7], f_mul(r, m[6]))));
    }
}

static inline void look_block(float *out, const uint8_t *in, table256 table) {
    floats v[4];
    block_look(v, &table, in);
    for (size_t k = 0; k < 4; k++)
        f_store(out + k * LANES, v[k]);
}

static void light(float *const *out, const uint8_t *const *in, size_t count, const struct tile_light *light) {
    float *const x = out[0], *const y = out[1], *const z = out[2];
    const uint8_t *const r = in[0], *const g = in[1], *const b = in[2];
    floats m[9];
    for (int j = 0; j < 9; j++)
        m[j] = f_all(light->m[j]);
    if (light->same) { /* one table stays in registers; looking up and multiplying overlap */
        const table256 table = table256_load(light->table[0]);
        for (size_t i = 0; i < count; i += BLOCK) {
            floats vr[4], vg[4], vb[4];
            block_look(vr, &table, r + i);
            block_look(vg, &table, g + i);
            block_look(vb, &table, b + i);
            for (size_t k = 0; k < 4; k++) {
                f_store(x + i + k * LANES, f_fma(vb[k], m[2], f_fma(vg[k], m[1], f_mul(vr[k], m[0]))));
                f_store(y + i + k * LANES, f_fma(vb[k], m[5], f_fma(vg[k], m[4], f_mul(vr[k], m[3]))));
                f_store(z + i + k * LANES, f_fma(vb[k], m[8], f_fma(vg[k], m[7], f_mul(vr[k], m[6]))));
            }
        }
        return;
    }
    for (int j = 0; j < 3; j++) {
        const table256 table = table256_load(light->table[j]);
        for (size_t i = 0; i < count; i += BLOCK)
            look_block(out[j] + i, in[j] + i, table);
    }
    for (size_t i = 0; i < count; i += BLOCK)
        multiply_block(x + i, y + i, z + i, m);
}

#endif

#endif
