/* SPDX-License-Identifier: MIT */
#ifndef HANDLERS_BASE_HASH_H
#define HANDLERS_BASE_HASH_H

#include <stddef.h>
#include <xxhash.h>

/* Two lower-case digits a byte, and a NUL. */
void hash_hex(const unsigned char *bytes, size_t size, char *hex);

/* XXH3-128 in its canonical form: 32 lower-case digits and a NUL. */
void hash_text(const XXH3_state_t *state, char hex[33]);
/* XXH3-128 of `size` bytes at `data`, in the same form. */
void hash_bytes(const void *data, size_t size, char hex[33]);

#endif
