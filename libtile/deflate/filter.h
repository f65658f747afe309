/* SPDX-License-Identifier: MIT */
/* Rows of pixels to what PNG deflates: each row filtered, behind the number of its filter. */
#ifndef TILE_DEFLATE_FILTER_H
#define TILE_DEFLATE_FILTER_H

#include "../tile.h"
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
};

/* How many bytes of memory tile_filter takes for such rows; 0: none. SIZE_MAX if that does not fit. */
size_t tile_filter_memory(size_t size, bool words);
/*
 * Writes height * (1 + size) bytes. Each row has the filter by which it would take the fewest bits. But where pixels
 * recur rather than their differences, as they do in text and icons, no row is filtered.
 */
void tile_filter(uint8_t *out, const struct tile_filter_rows *rows, void *memory,
                 const struct tile_deflate_kernels *kernels);

/*
 * The same for whoever has time: each row's filter is found by deflating the row, by each, behind the two before it.
 * Eight photographs got 0.6 % smaller together, one of them 3 % larger; a dithered slope 13 % smaller. 3 megapixels a
 * second, about. Takes its memory from `allocator`, and libdeflate from malloc. Errors: NO_MEMORY.
 */
tile_status tile_filter_smallest(uint8_t *out, const struct tile_filter_rows *rows, void *memory,
                                 const struct tile_deflate_kernels *kernels, const struct tile_allocator *allocator,
                                 struct tile_error *error);

/*
 * Chooses the filter of row `y`, among the first so many: the number of the best one. `out` is where it goes, and
 * right before that are the rows before it. For tile_filter_by.
 */
struct tile_filter_choice {
    int (*choose)(void *user, int filters, uint8_t *out, const uint8_t *row, const uint8_t *above, uint32_t y);
    void *user;
};
/* What both make of their choices. */
void tile_filter_by(struct tile_filter_choice choice, uint8_t *out, const struct tile_filter_rows *rows, void *memory,
                    const struct tile_deflate_kernels *kernels);

#endif
