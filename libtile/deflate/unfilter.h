/* SPDX-License-Identifier: MIT */
/* The five filters of PNG (third edition), section 9. */
#ifndef TILE_DEFLATE_UNFILTER_H
#define TILE_DEFLATE_UNFILTER_H

#include <stdbool.h>
#include <stddef.h>

enum { TILE_PNG_NONE, TILE_PNG_SUB, TILE_PNG_UP, TILE_PNG_AVERAGE, TILE_PNG_PAETH };

/*
 * Reverses the filter of `row`, which has `size` bytes. `prior` is the unfiltered row above, zeros above the first;
 * `step` is the bytes of a pixel, at least 1. False for an unknown filter.
 */
bool tile_png_unfilter(unsigned filter, unsigned char *row, const unsigned char *prior, size_t size, unsigned step);

/* Applies the filter Sub. `to` and `row` must not overlap. */
void tile_png_filter_sub(unsigned char *to, const unsigned char *row, size_t size, unsigned step);

#endif
