/* SPDX-License-Identifier: MIT */
#include "digest.h"

uint64_t digest_add(uint64_t digest, const void *data, size_t size) {
    const unsigned char *byte = data;
    while (size--)
        digest = (digest ^ *byte++) * UINT64_C(0x100000001B3);
    return digest;
}
