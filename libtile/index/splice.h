/* SPDX-License-Identifier: MIT */
/*
 * Writes a JPEG from a rectangle of another JPEG's MCUs.
 *
 * The bits of MCUs are copied unchanged, except for some DCs. A DC is coded as a difference to the block before; where
 * that is another block now (at the left of each row, and where a restart marker was), the difference is coded anew.
 */
#ifndef TILE_INDEX_SPLICE_H
#define TILE_INDEX_SPLICE_H

#include "walk.h"

/* The codes of a DC table by category; length 0: no code. */
struct tile_dc_codes {
    uint16_t code[16];
    uint8_t length[16];
};

/*
 * Adds codes to each DC table for missing categories up to 11, which are all of 8-bit samples (T.81, table F.1), and
 * lists the table's codes. Existing codes do not change.
 */
tile_status tile_dc_codes_complete(struct tile_jpeg_header *header, struct tile_dc_codes codes[4],
                                   struct tile_error *error);

struct tile_splice {
    const struct tile_scanner *scanner;
    const struct tile_dc_codes *codes; /* one for each table */
    struct tile_buffer *out;
    uint64_t pending; /* bits that are not written yet, the last one lowest */
    unsigned count;   /* number of pending bits, below 8 */
    int dc[4];        /* DC predictions for the next block */
};

/* Copies the walk's MCUs up to `mcu`. All their data must be in memory. */
tile_status tile_splice_copy(struct tile_splice *splice, struct tile_walk *walk, uint64_t mcu,
                             struct tile_error *error);
/* Writes the last bits and the end of the image. */
tile_status tile_splice_end(struct tile_splice *splice, struct tile_error *error);

#endif
