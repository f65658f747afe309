/* SPDX-License-Identifier: MIT */
/* XXH3-128, which identifies tiles, files and sources. */
#ifndef TILE_BASE_HASH_H
#define TILE_BASE_HASH_H

#include "../tile.h"

struct tile_hash {
    unsigned char bytes[16]; /* canonical: big-endian */
};

/* 32 lower-case hexadecimal digits. */
struct tile_hash_text {
    char hex[33];
};

struct tile_hasher {
    void *state;
};

tile_status tile_hasher_begin(struct tile_hasher *hasher, struct tile_error *error);
void tile_hasher_add(struct tile_hasher *hasher, const void *data, size_t size);
/* Returns the hash and frees the hasher's state. */
struct tile_hash tile_hasher_end(struct tile_hasher *hasher);

struct tile_hash tile_hash_of(const void *data, size_t size);
struct tile_hash_text tile_hash_text(struct tile_hash hash);

#endif
