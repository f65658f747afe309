/* SPDX-License-Identifier: MIT */
/* What reading a rectangle holds beside its pixels, in bytes; sums that do not fit are UINT64_MAX. */
#ifndef TILE_JOB_READING_H
#define TILE_JOB_READING_H

#include "../tile.h"

/* Through the source's index, under this limit of memory. */
uint64_t tile_piece_memory(const tile_source *source, struct tile_rect rect, struct tile_format format,
                           uint64_t memory);
/* Alone, with an index or from the top. */
uint64_t tile_reading_memory(const tile_source *source, struct tile_rect rect, struct tile_format format,
                             uint64_t memory);

static inline uint64_t tile_u64_add(uint64_t a, uint64_t b) {
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static inline uint64_t tile_u64_mul(uint64_t a, uint64_t b) {
    uint64_t product;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

#endif
