/* SPDX-License-Identifier: MIT */
/* Interleaved pixels to planes and back. What is left of a block goes through memory that has room for all of it. */
#ifndef TILE_COLOR_BLOCKS_H
#define TILE_COLOR_BLOCKS_H

#include "kernels.h"

#include <string.h>

/* Samples of more than a byte, for which plain loops do. */
static inline void split_wide(uint8_t *const *plane, const uint8_t *restrict in, size_t count, size_t channels,
                              size_t size) {
    uint8_t *restrict a = plane[0], *restrict b = plane[1], *restrict c = plane[2], *restrict d = plane[3];
    for (size_t i = 0; i < count; i++) {
        const uint8_t *pixel = in + i * channels * size;
        memcpy(a + i * size, pixel, size);
        memcpy(b + i * size, pixel + size, size);
        memcpy(c + i * size, pixel + 2 * size, size);
        if (channels == 4)
            memcpy(d + i * size, pixel + 3 * size, size);
    }
}

static inline void join_wide(uint8_t *restrict out, const uint8_t *const *plane, size_t count, size_t channels,
                             size_t size) {
    const uint8_t *restrict a = plane[0], *restrict b = plane[1], *restrict c = plane[2], *restrict d = plane[3];
    for (size_t i = 0; i < count; i++) {
        uint8_t *pixel = out + i * channels * size;
        memcpy(pixel, a + i * size, size);
        memcpy(pixel + size, b + i * size, size);
        memcpy(pixel + 2 * size, c + i * size, size);
        if (channels == 4)
            memcpy(pixel + 3 * size, d + i * size, size);
    }
}

static inline void split_bytes(uint8_t *const *plane, const uint8_t *in, size_t count, int channels) {
    uint8_t rest[4 * BLOCK] = {0};
    for (size_t i = 0; i < count; i += BLOCK) {
        bytes codes[4];
        const uint8_t *from = in + i * (size_t)channels;
        if (count - i < BLOCK)
            from = memcpy(rest, from, (count - i) * (size_t)channels);
        if (channels == 3)
            b_split3(codes, from);
        else
            b_split4(codes, from);
        for (int j = 0; j < channels; j++)
            b_store(plane[j] + i, codes[j]);
    }
}

static inline void join_bytes(uint8_t *out, const uint8_t *const *plane, size_t count, int channels) {
    uint8_t rest[4 * BLOCK];
    for (size_t i = 0; i < count; i += BLOCK) {
        bytes codes[4];
        uint8_t *to = count - i < BLOCK ? rest : out + i * (size_t)channels;
        for (int j = 0; j < channels; j++)
            codes[j] = b_load(plane[j] + i);
        if (channels == 3)
            b_join3(to, codes);
        else
            b_join4(to, codes);
        if (to == rest)
            memcpy(out + i * (size_t)channels, rest, (count - i) * (size_t)channels);
    }
}

static void split(uint8_t *const *plane, const uint8_t *in, size_t count, int channels, size_t size) {
    if (size == 1)
        channels == 3 ? split_bytes(plane, in, count, 3) : split_bytes(plane, in, count, 4);
    else if (size == 2)
        channels == 3 ? split_wide(plane, in, count, 3, 2) : split_wide(plane, in, count, 4, 2);
    else
        channels == 3 ? split_wide(plane, in, count, 3, 4) : split_wide(plane, in, count, 4, 4);
}

static void join(uint8_t *out, const uint8_t *const *plane, size_t count, int channels, size_t size) {
    if (size == 1)
        channels == 3 ? join_bytes(out, plane, count, 3) : join_bytes(out, plane, count, 4);
    else if (size == 2)
        channels == 3 ? join_wide(out, plane, count, 3, 2) : join_wide(out, plane, count, 4, 2);
    else
        channels == 3 ? join_wide(out, plane, count, 3, 4) : join_wide(out, plane, count, 4, 4);
}

/* Pixels of 3 codes in reverse. */
static void reverse_pixels(uint8_t *out, const uint8_t *in, size_t count, const void *numbers) {
    uint8_t rest[3 * BLOCK] = {0};
    (void)numbers;
    for (size_t i = 0; i < count; i += BLOCK, in += 3 * BLOCK, out += 3 * BLOCK) {
        bytes codes[3];
        size_t left = count - i;
        b_split3(codes, left < BLOCK ? memcpy(rest, in, 3 * left) : in);
        b_join3(left < BLOCK ? rest : out, (const bytes[]){codes[2], codes[1], codes[0]});
        if (left < BLOCK)
            memcpy(out, rest, 3 * left);
    }
}

#endif
