/* SPDX-License-Identifier: MIT */
/*
 * Any bytes inflate as zlib inflates them, or are refused as it refuses them, whatever pieces they come in: as zlib's
 * stream and as bare deflate, and a file's as what their first IDAT chunk has.
 */
#include "fuzz.h"

#include "inflated.h"

#include <xxhash.h>

enum { MOST = 1 << 18, DATA = 41 }; /* where the first IDAT's data are in a PNG with no chunks before */

static void check(const uint8_t *data, size_t size, bool is_zlib, uint64_t seed) {
    const char *what = inflated_differs(data, size, is_zlib, seed % 4 ? MOST : seed % 1000, seed);
    if (what)
        fprintf(stderr, "%s: other than zlib's\n", what);
    require(!what);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint64_t seed = XXH3_64bits(data, size);
    check(data, size, true, seed);
    check(data, size, false, seed);
    if (size > DATA)
        check(data + DATA, size - DATA, true, seed);
    return 0;
}
