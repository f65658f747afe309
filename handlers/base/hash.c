/* SPDX-License-Identifier: MIT */
#include "hash.h"

static void write_digits(XXH128_hash_t digest, char hex[33]) {
    XXH128_canonical_t hash;
    XXH128_canonicalFromHash(&hash, digest);
    for (size_t i = 0; i < sizeof hash.digest; i++) {
        hex[2 * i] = "0123456789abcdef"[hash.digest[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[hash.digest[i] & 15];
    }
    hex[32] = '\0';
}

void hash_text(const XXH3_state_t *state, char hex[33]) {
    write_digits(XXH3_128bits_digest(state), hex);
}

void hash_bytes(const void *data, size_t size, char hex[33]) {
    write_digits(XXH3_128bits(data, size), hex);
}
