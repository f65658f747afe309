/* SPDX-License-Identifier: MIT */
/* Codes to light: each channel by a table of 256 floats, then all by a matrix. */
#ifndef TILE_COLOR_LIGHT_H
#define TILE_COLOR_LIGHT_H

#include "kernels.h"

/* The end of a block: a tail reads light up to it. */
static inline size_t whole_blocks(size_t count) {
    return (count + BLOCK - 1) / BLOCK * BLOCK;
}

struct rows3 {
    floats m[9];
};

static inline struct rows3 rows3_load(const float m[9]) {
    struct rows3 rows;
    for (int j = 0; j < 9; j++)
        rows.m[j] = f_all(m[j]);
    return rows;
}

static inline void rows3_multiply(floats out[3], const struct rows3 *rows, floats x, floats y, floats z) {
    for (int j = 0; j < 3; j++)
        out[j] = f_fma(z, rows->m[3 * j + 2], f_fma(y, rows->m[3 * j + 1], f_mul(x, rows->m[3 * j])));
}

#ifdef LANES_LOOK

/* Tables of 256 do not fit the registers: lookups are loads, and the lanes of a vector are enough at once. */
static void light_by_lanes(float *const *out, const uint8_t *const *in, size_t count, const struct tile_light *light) {
    const struct rows3 rows = rows3_load(light->m);
    float *const x = out[0], *const y = out[1], *const z = out[2];
    const uint8_t *const r = in[0], *const g = in[1], *const b = in[2];
    for (size_t i = 0; i < whole_blocks(count); i += LANES) {
        floats v[3];
        rows3_multiply(v, &rows, lanes_look(light->table[0], r + i), lanes_look(light->table[1], g + i),
                       lanes_look(light->table[2], b + i));
        f_store(x + i, v[0]);
        f_store(y + i, v[1]);
        f_store(z + i, v[2]);
    }
}

#else

struct light_vectors {
    table256 table;
    struct rows3 rows;
};

/* Of one table for all channels. */
static inline struct light_vectors light_load(const struct tile_head *head) {
    return (struct light_vectors){table256_load(head->light.table[0]), rows3_load(head->light.m)};
}

static inline void light_block(floats out[4][3], const uint8_t *r, const uint8_t *g, const uint8_t *b,
                               const struct light_vectors *l) {
    floats vr[4], vg[4], vb[4];
    block_look(vr, &l->table, r);
    block_look(vg, &l->table, g);
    block_look(vb, &l->table, b);
    for (int k = 0; k < 4; k++)
        rows3_multiply(out[k], &l->rows, vr[k], vg[k], vb[k]);
}

/* Three tables: one after the other in the registers. */
static void light_by_channels(float *const *out, const uint8_t *const *in, size_t count,
                              const struct tile_light *light) {
    const struct rows3 rows = rows3_load(light->m);
    for (int j = 0; j < 3; j++) {
        const table256 table = table256_load(light->table[j]);
        for (size_t i = 0; i < count; i += BLOCK) {
            floats v[4];
            block_look(v, &table, in[j] + i);
            for (size_t k = 0; k < 4; k++)
                f_store(out[j] + i + k * LANES, v[k]);
        }
    }
    for (size_t i = 0; i < whole_blocks(count); i += LANES) {
        floats v[3];
        rows3_multiply(v, &rows, f_load(out[0] + i), f_load(out[1] + i), f_load(out[2] + i));
        for (int j = 0; j < 3; j++)
            f_store(out[j] + i, v[j]);
    }
}

#endif

#endif
