/* SPDX-License-Identifier: MIT */
/* The rows of a PNG from a checkpoint on. */
#ifndef TILE_INDEX_PNG_ROWS_H
#define TILE_INDEX_PNG_ROWS_H

#include "../base/watch.h"
#include "png_stream.h"
#include "png_table.h"

#include <libdeflate.h>
#include <xxhash.h>

struct tile_png_rows {
    struct tile_png_stream stream; /* first: the hooks get it */
    const struct tile_access *access;
    const struct tile_png_shape *shape;
    struct tile_png_checkpoint checkpoint;
    struct tile_watch *watch;
    uint64_t filled; /* of the file, up to here */
    XXH3_state_t *hash;
    struct libdeflate_decompressor *inflater;
    unsigned char *input;

    unsigned char *inflated; /* by libdeflate: all; by zlib: some, from row to row */
    unsigned char *next;     /* of them, a row behind its filter's byte */
    uint32_t ready;          /* rows there */
    uint32_t left;           /* rows to come after these */
    unsigned char *above;
    const unsigned char *prior; /* the row above the next one, unfiltered */
};

/* Bytes that libdeflate may inflate at once, and those that it inflates them from, each, under this limit of memory. */
static inline uint64_t tile_png_inflated_most(uint64_t limit) {
    return limit / 32 < TILE_PNG_INFLATED_MOST ? limit / 32 : TILE_PNG_INFLATED_MOST;
}

/* SOURCE_CHANGED: the file is not what its index says of it at `offset`. */
tile_status tile_png_changed(uint64_t offset, const char *why, struct tile_error *error);

/* For `rows` rows from the checkpoint `number` on. tile_png_end_rows is due, also after a failure. The watch is asked
 * by all of these calls. */
tile_status tile_png_begin_rows(struct tile_png_rows *r, const struct tile_access *access,
                                const struct tile_png_shape *shape, const struct tile_png_checkpoint *checkpoint,
                                uint32_t number, uint32_t rows, struct tile_watch *watch, struct tile_error *error);
/* The next of the rows, unfiltered as far as its first `size` bytes: all rows are read with one size. */
tile_status tile_png_next_row(struct tile_png_rows *r, size_t size, const unsigned char **row,
                              struct tile_error *error);
/* Whether all bytes that the checkpoint's rows take are what they were: those not needed now are read for that. */
tile_status tile_png_verify_rows(struct tile_png_rows *r, struct tile_error *error);
void tile_png_end_rows(struct tile_png_rows *r);

#endif
