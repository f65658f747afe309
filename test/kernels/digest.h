/* SPDX-License-Identifier: MIT */
#ifndef KERNELS_DIGEST_H
#define KERNELS_DIGEST_H

#include <stddef.h>
#include <stdint.h>

/* FNV-1a, of 64 bits (Fowler, Noll, Vo): the hash of nothing, and the hash with more bytes. */
#define DIGEST_OF_NOTHING UINT64_C(0xCBF29CE484222325)
uint64_t digest_add(uint64_t digest, const void *data, size_t size);

#endif
