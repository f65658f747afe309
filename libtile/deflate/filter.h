/* SPDX-License-Identifier: MIT */
/* Rows of pixels to what PNG deflates: before each row the number of its filter, the cheapest of five. */
#ifndef TILE_DEFLATE_FILTER_H
#define TILE_DEFLATE_FILTER_H

#include "kernels/kernels.h"

#include <stdbool.h>

/* Rows of a piece. Its first one is filtered as if nothing were above, so that pieces do not depend on each other. */
struct tile_filter_rows {
    const uint8_t *pixels; /* the first row; the others follow by `stride` bytes */
    ptrdiff_t stride;
    uint32_t height;
    size_t size;   /* bytes of a row */
    unsigned step; /* bytes of a pixel, 1 to 8 */
    bool words;    /* the samples are 16 bits in the order of this machine; PNG's has the upper byte first */
    bool none;     /* no filter but None: palette indices have nothing to do with their neighbors */
};

/* How many bytes of memory tile_filter takes for such rows; 0: none. SIZE_MAX if that does not fit. */
size_t tile_filter_memory(size_t size, bool words);
/* Writes height * (1 + size) bytes. */
void tile_filter(uint8_t *out, const struct tile_filter_rows *rows, void *memory,
                 const struct tile_deflate_kernels *kernels);

#endif
