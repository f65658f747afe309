/* SPDX-License-Identifier: MIT */
/* The rows of a PNG from a checkpoint on. */
#ifndef TILE_INDEX_PNG_ROWS_H
#define TILE_INDEX_PNG_ROWS_H

#include "../base/watch.h"
#include "../deflate/choice.h"
#include "../deflate/png_stream.h"
#include "png_table.h"

#include <libdeflate.h>
#include <xxhash.h>

struct tile_png_rows {
    struct tile_png_stream stream; /* first: the hooks get it */
    const struct tile_access *access;
    const struct tile_png_shape *shape;
    struct tile_png_checkpoint checkpoint;
    struct tile_watch *watch;
    const struct tile_deflate_kernels *kernels;
    uint64_t filled; /* offset in the file of the next byte to read */
    XXH3_state_t *hash;
    struct libdeflate_decompressor *inflater;
    unsigned char *input;

    unsigned char *inflated; /* libdeflate: all bytes; else some rows at a time, behind the window */
    unsigned char *window; /* the latest bytes inflated, which are unfiltered in `inflated`; NULL: libdeflate does it */
    size_t window_size;
    unsigned char *next; /* the next row in `inflated`, with its filter byte */
    uint32_t ready;      /* rows from `next` on */
    uint32_t left;       /* rows to inflate after these */
    unsigned char *above;
    const unsigned char *prior; /* the row above the next one, unfiltered */
};

/* The most bytes that libdeflate inflates at once, and the most that it inflates from, if memory has this limit. */
static inline uint64_t tile_png_inflated_most(uint64_t limit) {
    return limit / 32 < TILE_PNG_INFLATED_MOST ? limit / 32 : TILE_PNG_INFLATED_MOST;
}

/* Returns SOURCE_CHANGED: the file does not match its index at `offset`. */
tile_status tile_png_changed(uint64_t offset, const char *why, struct tile_error *error);

/* Begins to read `rows` rows from checkpoint `number` on. tile_png_end_rows is due, also after a failure. This and the
 * calls below call the watch. */
tile_status tile_png_begin_rows(struct tile_png_rows *r, const struct tile_access *access,
                                const struct tile_png_shape *shape, const struct tile_png_checkpoint *checkpoint,
                                uint32_t number, uint32_t rows, struct tile_watch *watch, struct tile_error *error);
/* The next row, unfiltered in its first `size` bytes. All rows must be read with the same size. */
tile_status tile_png_next_row(struct tile_png_rows *r, size_t size, const unsigned char **row,
                              struct tile_error *error);
/* Checks that all bytes of the checkpoint's rows are unchanged. Reads those that were not needed. */
tile_status tile_png_verify_rows(struct tile_png_rows *r, struct tile_error *error);
void tile_png_end_rows(struct tile_png_rows *r);

#endif
