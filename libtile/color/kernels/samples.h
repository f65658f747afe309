/* SPDX-License-Identifier: MIT */
/* Samples to planes and planes to samples. */
#ifndef TILE_COLOR_SAMPLES_H
#define TILE_COLOR_SAMPLES_H

#include "functions.h"
#include "kernels.h"

static void unpack_u8(float *out, const uint8_t *in, size_t count, const float table[256]) {
    const table256 t = table256_load(table);
    for (size_t i = 0; i < count; i += BLOCK) {
        floats v[4];
        block_look(v, &t, in + i);
        for (size_t k = 0; k < 4; k++)
            f_store(out + i + k * LANES, v[k]);
    }
}

static void pack_u8(uint8_t *out, const float *in, size_t count, float scale, float offset, int wrap) {
    const floats by = f_all(scale), lift = f_all(offset + .5f), zero = f_all(0), top = f_all(255);
    for (size_t i = 0; i < count; i += BLOCK) {
        ints codes[4];
        for (size_t k = 0; k < 4; k++) /* the lower bound first: NaN becomes 0 */
            codes[k] = i_truncated(f_min(f_max(f_fma(f_load(in + i + k * LANES), by, lift), zero), top));
        codes_store(out + i, codes);
    }
    if (wrap < 256)
        for (size_t i = 0; i < count; i++)
            out[i] = out[i] == wrap ? 0 : out[i];
}

static void unpack_u16(float *out, const uint16_t *in, size_t count, float scale, float offset) {
    const floats by = f_all(scale), lift = f_all(offset);
    for (size_t i = 0; i < count; i += LANES)
        f_store(out + i, f_div(f_sub(f_of_ints(words_load(in + i)), lift), by));
}

static void pack_u16(uint16_t *out, const float *in, size_t count, float scale, float offset) {
    const floats by = f_all(scale), lift = f_all(offset + .5f), zero = f_all(0), top = f_all(65535);
    for (size_t i = 0; i < count; i += LANES)
        words_store(out + i, i_truncated(f_min(f_max(f_fma(f_load(in + i), by, lift), zero), top)));
}

static void copy(unsigned char *out, size_t out_step, const unsigned char *in, size_t in_step, size_t count,
                 size_t size) {
    if (out_step == size && in_step == size)
        memcpy(out, in, count * size);
    else if (size == 1)
        for (size_t i = 0; i < count; i++)
            out[i * out_step] = in[i * in_step];
    else if (size == 2)
        for (size_t i = 0; i < count; i++)
            memcpy(out + i * out_step, in + i * in_step, 2);
    else
        for (size_t i = 0; i < count; i++)
            memcpy(out + i * out_step, in + i * in_step, 4);
}

static inline unsigned char code_of(const double *p, double x, double y, double z) {
    double v = p[0] * x + p[1] * y + p[2] * z + p[3];
    v = v > 0 ? v : 0;
    return (unsigned char)(int32_t)(v < 255 ? v : 255);
}

static void affine_codes(uint8_t *const *plane, size_t count, const void *numbers) {
    const struct tile_affine *affine = numbers;
    const double *p = affine->p;
    uint8_t *x = plane[0], *y = plane[1], *z = plane[2];
    for (size_t i = 0; i < count; i++) {
        double a = x[i], b = y[i], c = z[i];
        x[i] = code_of(p, a, b, c);
        if (affine->channels == 1)
            continue;
        y[i] = code_of(p + 4, a, b, c);
        z[i] = code_of(p + 8, a, b, c);
    }
}

#endif
