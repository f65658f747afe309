/* SPDX-License-Identifier: MIT */
/* The five filters of PNG (third edition), section 9. */
#ifndef TILE_DEFLATE_UNFILTER_H
#define TILE_DEFLATE_UNFILTER_H

#include "choice.h"

enum { TILE_PNG_NONE, TILE_PNG_SUB, TILE_PNG_UP, TILE_PNG_AVERAGE, TILE_PNG_PAETH };

/*
 * Reverses the filter of `row`, which has `size` bytes. `above` is the unfiltered row above, zeros above the first;
 * `step` is the bytes of a pixel, at least 1. False for an unknown filter.
 */
static inline bool tile_png_unfilter(const struct tile_deflate_kernels *kernels, unsigned filter, unsigned char *row,
                                     const unsigned char *above, size_t size, unsigned step) {
    if (filter > TILE_PNG_PAETH)
        return false;
    kernels->unfilter(row, above, size, step, (int)filter);
    return true;
}

#endif
