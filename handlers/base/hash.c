/* SPDX-License-Identifier: MIT */
#include "hash.h"

void hash_hex(const unsigned char *bytes, size_t size, char *hex) {
    for (size_t i = 0; i < size; i++) {
        *hex++ = "0123456789abcdef"[bytes[i] >> 4];
        *hex++ = "0123456789abcdef"[bytes[i] & 15];
    }
    *hex = '\0';
}

static void write_digits(XXH128_hash_t digest, char hex[33]) {
    XXH128_canonical_t hash;
    XXH128_canonicalFromHash(&hash, digest);
    hash_hex(hash.digest, sizeof hash.digest, hex);
}

void hash_text(const XXH3_state_t *state, char hex[33]) {
    write_digits(XXH3_128bits_digest(state), hex);
}

void hash_bytes(const void *data, size_t size, char hex[33]) {
    write_digits(XXH3_128bits(data, size), hex);
}
