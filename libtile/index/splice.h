/* SPDX-License-Identifier: MIT */
/*
 * Writing a JPEG that holds some columns of some rows of another one's MCUs.
 *
 * The bits of MCUs are copied as they are. Only DC is coded as a difference to the block before: where that is another
 * block now (at the left of each row, and where a restart marker was), the difference is coded anew.
 */
#ifndef TILE_INDEX_SPLICE_H
#define TILE_INDEX_SPLICE_H

#include "walk.h"

/* The codes of a DC table by category; length 0: it has none. */
struct tile_dc_codes {
    uint16_t code[16];
    uint8_t length[16];
};

/*
 * Gives each DC table codes for the categories up to 11 that it lacks (T.81, table F.1: all of 8-bit samples), and
 * lists them. Codes that are there stay what they are.
 */
tile_status tile_dc_codes_complete(struct tile_jpeg_header *header, struct tile_dc_codes codes[4],
                                   struct tile_error *error);

struct tile_splice {
    const struct tile_scanner *scanner;
    const struct tile_dc_codes *codes; /* of each table */
    struct tile_buffer *out;
    uint64_t pending; /* bits that are not written yet, the last one lowest */
    unsigned count;   /* of them; below 8 */
    int dc[4];        /* what the next block's difference is to */
};

/* Copies the walk's MCUs up to `mcu`. All their data must be there. */
tile_status tile_splice_copy(struct tile_splice *splice, struct tile_walk *walk, uint64_t mcu,
                             struct tile_error *error);
/* Writes the last bits and the end of the image. */
tile_status tile_splice_end(struct tile_splice *splice, struct tile_error *error);

#endif
