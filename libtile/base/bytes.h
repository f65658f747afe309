/* SPDX-License-Identifier: MIT */
/* Numbers in files: little- or big-endian, of any number of bytes, at any address. */
#ifndef TILE_BASE_BYTES_H
#define TILE_BASE_BYTES_H

#include <stdint.h>

static inline void tile_put_le(unsigned char *to, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; i++)
        to[i] = (unsigned char)(value >> (8 * i));
}

static inline uint64_t tile_get_le(const unsigned char *from, int bytes) {
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++)
        value |= (uint64_t)from[i] << (8 * i);
    return value;
}

static inline void tile_put_be(unsigned char *to, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; i++)
        to[i] = (unsigned char)(value >> (8 * (bytes - 1 - i)));
}

static inline uint64_t tile_get_be(const unsigned char *from, int bytes) {
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++)
        value = value << 8 | from[i];
    return value;
}

#endif
