/* SPDX-License-Identifier: MIT */
/* Samples to planes and planes to samples. Plain loops, as in rows.h. */
#ifndef TILE_COLOR_SAMPLES_H
#define TILE_COLOR_SAMPLES_H

#include "kernels.h"
#include "functions.h"

static void unpack_u8(float *out, const unsigned char *in, size_t step, size_t count, const float table[256]) {
    for (size_t i = 0; i < count; i++)
        out[i] = table[in[i * step]];
}

static void unpack_u16(float *out, const unsigned char *in, size_t step, size_t count, double scale, double offset) {
    for (size_t i = 0; i < count; i++) {
        uint16_t code;
        memcpy(&code, in + i * step, sizeof code);
        out[i] = (float)((code - offset) / scale);
    }
}

static void unpack_f32(float *out, const unsigned char *in, size_t step, size_t count) {
    for (size_t i = 0; i < count; i++)
        memcpy(&out[i], in + i * step, sizeof *out);
}

static void pack_u8(unsigned char *out, size_t step, const float *in, size_t count, float scale, float offset,
                    int wrap) {
    int32_t codes[TILE_STRIP];
    for (size_t i = 0; i < count; i++) {
        float v = scale * in[i] + offset;
        v = v > 0 ? v : 0; /* also of NaN */
        codes[i] = rounded(v < 255 ? v : 255);
    }
    for (size_t i = 0; i < count; i++)
        out[i * step] = (unsigned char)(codes[i] == wrap ? 0 : codes[i]);
}

static void pack_u16(unsigned char *out, size_t step, const float *in, size_t count, double scale, double offset) {
    int32_t codes[TILE_STRIP];
    for (size_t i = 0; i < count; i++) {
        /* In double: a float near 65535 has only 8 bits of fraction. */
        double v = scale * (double)in[i] + offset;
        v = v > 0 ? v : 0;
        v = v < 65535 ? v : 65535;
        int32_t whole = (int32_t)v;
        codes[i] = whole + (v - whole >= .5);
    }
    for (size_t i = 0; i < count; i++) {
        uint16_t code = (uint16_t)codes[i];
        memcpy(out + i * step, &code, sizeof code);
    }
}

static void pack_f32(unsigned char *out, size_t step, const float *in, size_t count) {
    for (size_t i = 0; i < count; i++)
        memcpy(out + i * step, &in[i], sizeof *in);
}

static void pack_thresholds(unsigned char *out, size_t step, const float *in, size_t count,
                            const struct tile_thresholds *t) {
    float low = float_of_bits(t->first);
    for (size_t i = 0; i < count; i++) {
        float v = in[i] > low ? in[i] : low; /* also of NaN */
        uint32_t bucket = (bits_of_float(v) - t->first) >> TILE_BUCKET_SHIFT;
        unsigned guess = t->guess[bucket < t->last ? bucket : t->last];
        out[i * step] = (unsigned char)(guess + (in[i] >= t->threshold[guess + 1]));
    }
}

static void copy(unsigned char *out, size_t out_step, const unsigned char *in, size_t in_step, size_t count,
                 size_t size) {
    if (size == 1)
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

static void affine_u8(unsigned char *x, unsigned char *y, unsigned char *z, int channels, size_t count,
                      const double *p) {
    for (size_t i = 0; i < count; i++) {
        double a = x[i], b = y[i], c = z[i];
        x[i] = code_of(p, a, b, c);
        if (channels == 1)
            continue;
        y[i] = code_of(p + 4, a, b, c);
        z[i] = code_of(p + 8, a, b, c);
    }
}

#endif
