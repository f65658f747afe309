/* SPDX-License-Identifier: MIT */
/*
 * Interleaved pixels to planes and back. What is left of a block goes through memory that has room for all of it. The
 * loops are compiled once for 3 channels and once for 4.
 */
#ifndef TILE_COLOR_BLOCKS_H
#define TILE_COLOR_BLOCKS_H

#include "kernels.h"

#include <string.h>

static inline void split_blocks(uint8_t *const *plane, const uint8_t *in, size_t count, int channels) {
    uint8_t rest[4 * BLOCK] = {0};
    for (size_t i = 0; i < count; i += BLOCK) {
        uint8_t *const to[4] = {plane[0] + i, plane[1] + i, plane[2] + i, channels == 3 ? NULL : plane[3] + i};
        const uint8_t *from = in + i * (size_t)channels;
        if (count - i < BLOCK)
            from = memcpy(rest, from, (count - i) * (size_t)channels);
        if (channels == 3)
            block_split3(to, from);
        else
            block_split4(to, from);
    }
}

static void split(uint8_t *const *plane, const uint8_t *in, size_t count, int channels) {
    if (channels == 3)
        split_blocks(plane, in, count, 3);
    else
        split_blocks(plane, in, count, 4);
}

static inline void join_blocks(uint8_t *out, const uint8_t *const *plane, size_t count, int channels) {
    uint8_t rest[4 * BLOCK];
    for (size_t i = 0; i < count; i += BLOCK) {
        const uint8_t *const from[4] = {plane[0] + i, plane[1] + i, plane[2] + i, channels == 3 ? NULL : plane[3] + i};
        uint8_t *to = count - i < BLOCK ? rest : out + i * (size_t)channels;
        if (channels == 3)
            block_join3(to, from);
        else
            block_join4(to, from);
        if (to == rest)
            memcpy(out + i * (size_t)channels, rest, (count - i) * (size_t)channels);
    }
}

static void join(uint8_t *out, const uint8_t *const *plane, size_t count, int channels) {
    if (channels == 3)
        join_blocks(out, plane, count, 3);
    else
        join_blocks(out, plane, count, 4);
}

#endif
