/* SPDX-License-Identifier: MIT */
/* Writing bits, the first the lowest. */
#ifndef TILE_DEFLATE_BITS_H
#define TILE_DEFLATE_BITS_H

#include "kernels.h"

#include <string.h>

/* Bits that fit the buffer, at most 56 since the last flush. `value` has no other bits. */
static inline void tile_bits_add(struct tile_bits *bits, uint64_t value, unsigned count) {
    bits->buffer |= value << bits->count;
    bits->count += count;
}

/* Whole bytes leave the buffer. */
static inline void tile_bits_flush(struct tile_bits *bits) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    uint64_t low = __builtin_bswap64(bits->buffer);
#else
    uint64_t low = bits->buffer;
#endif
    memcpy(bits->out, &low, sizeof low);
    unsigned whole = bits->count & ~7U;
    bits->out += whole >> 3;
    bits->buffer = whole < 64 ? bits->buffer >> whole : 0;
    bits->count &= 7;
}

#endif
