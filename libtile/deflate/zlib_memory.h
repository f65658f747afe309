/* SPDX-License-Identifier: MIT */
/* zlib's streams in the caller's memory. */
#ifndef TILE_DEFLATE_ZLIB_MEMORY_H
#define TILE_DEFLATE_ZLIB_MEMORY_H

#include "../base/memory.h"

#include <zlib.h>

static inline void *tile_zlib_alloc(void *user, unsigned items, unsigned size) {
    size_t all;
    return tile_mul(&all, items, size) ? tile_alloc(user, all) : NULL;
}

static inline void tile_zlib_free(void *user, void *memory) {
    tile_free(user, memory);
}

/* A stream to be begun. The allocator must stay valid as long as it is in use. */
static inline z_stream tile_zlib_stream(const struct tile_allocator *allocator) {
    return (z_stream){.zalloc = tile_zlib_alloc, .zfree = tile_zlib_free, .opaque = (void *)allocator};
}

#endif
