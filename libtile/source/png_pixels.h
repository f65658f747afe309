/* SPDX-License-Identifier: MIT */
/*
 * The rows of a PNG behind its header, past libpng: for those that are not interlaced and whose samples are given as
 * they are stored. What is damaged to libpng is damaged here, and no row sooner.
 */
#ifndef TILE_SOURCE_PNG_PIXELS_H
#define TILE_SOURCE_PNG_PIXELS_H

#include "../deflate/choice.h"
#include "../deflate/png_stream.h"
#include "source.h"

struct tile_png_pixels {
    struct tile_png_stream stream; /* first: the hooks get it */
    tile_source *source;
    size_t row;    /* bytes of a row, without its filter's */
    unsigned step; /* bytes of a pixel */
    const struct tile_deflate_kernels *kernels;
    bool swap; /* samples have 2 bytes, and the machine has the lower one first */

    unsigned char *output; /* the latest bytes inflated, TILE_INFLATE_WINDOW of them and more */
    size_t filled, given;  /* bytes in it; those that rows have taken */
    uint64_t left;         /* bytes that are not inflated yet, of all rows */
    unsigned char *rows;   /* as they are stored: the one above the next, and those that nobody wants; three */

    const char *damage; /* found behind `filled`, at this place in the file; NULL: none */
    uint64_t damage_at;
};

/* Bytes of memory for rows of `row` bytes. */
uint64_t tile_png_pixels_memory(uint64_t row);
/*
 * Begins at the top: the data of an IDAT chunk of `chunk` bytes come next, the first `ready` of which are at `next`.
 * Allocates memory the first time only; tile_png_pixels_free is due, also after a failure.
 */
tile_status tile_png_pixels_begin(struct tile_png_pixels *pixels, tile_source *source, size_t row, uint32_t chunk,
                                  const unsigned char *next, size_t ready, struct tile_error *error);
/*
 * Reads the next rows, from `*y` on, as a decoder's `rows`, and adds to it. A lenient source's damage sets `*stopped`:
 * there are none from `*y` on. Calls the watch.
 */
tile_status tile_png_pixels_read(struct tile_png_pixels *pixels, uint32_t count, unsigned char *to, size_t stride,
                                 uint32_t *y, bool *stopped, struct tile_error *error);
void tile_png_pixels_free(struct tile_png_pixels *pixels);

#endif
