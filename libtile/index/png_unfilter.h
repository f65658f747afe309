/* SPDX-License-Identifier: MIT */
/* The five filters of PNG (third edition), section 9. */
#ifndef TILE_INDEX_PNG_UNFILTER_H
#define TILE_INDEX_PNG_UNFILTER_H

#include <stdbool.h>
#include <stddef.h>

enum { TILE_PNG_NONE, TILE_PNG_SUB, TILE_PNG_UP, TILE_PNG_AVERAGE, TILE_PNG_PAETH };

/*
 * Makes `row` of `size` bytes what it was before it was filtered. `prior` is the unfiltered row above, zeros above the
 * first; `step` the bytes of a pixel, at least 1. False for a filter that there is not.
 */
bool tile_png_unfilter(unsigned filter, unsigned char *row, const unsigned char *prior, size_t size, unsigned step);

/* The filter Sub, applied. `to` and `row` are not the same. */
void tile_png_filter_sub(unsigned char *to, const unsigned char *row, size_t size, unsigned step);

#endif
