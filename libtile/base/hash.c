/* SPDX-License-Identifier: MIT */
#include "hash.h"

#include "memory.h"

#include <string.h>
#include <xxhash.h>

static struct tile_hash canonical(XXH128_hash_t value) {
    XXH128_canonical_t bytes;
    struct tile_hash hash;
    XXH128_canonicalFromHash(&bytes, value);
    memcpy(hash.bytes, bytes.digest, sizeof hash.bytes);
    return hash;
}

tile_status tile_hasher_begin(struct tile_hasher *hasher, struct tile_error *error) {
    hasher->state = XXH3_createState();
    if (!hasher->state)
        return tile_no_memory(error, sizeof(XXH128_hash_t));
    XXH3_128bits_reset(hasher->state);
    return TILE_OK;
}

void tile_hasher_add(struct tile_hasher *hasher, const void *data, size_t size) {
    XXH3_128bits_update(hasher->state, data, size);
}

struct tile_hash tile_hasher_end(struct tile_hasher *hasher) {
    struct tile_hash hash = canonical(XXH3_128bits_digest(hasher->state));
    XXH3_freeState(hasher->state);
    hasher->state = NULL;
    return hash;
}

struct tile_hash tile_hash_of(const void *data, size_t size) {
    return canonical(XXH3_128bits(data, size));
}

struct tile_hash_text tile_hash_text(struct tile_hash hash) {
    struct tile_hash_text text = {{0}};
    for (int i = 0; i < 16; i++) {
        text.hex[2 * i] = "0123456789abcdef"[hash.bytes[i] >> 4];
        text.hex[2 * i + 1] = "0123456789abcdef"[hash.bytes[i] & 15];
    }
    return text;
}
