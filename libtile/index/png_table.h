/* SPDX-License-Identifier: MIT */
/* The content of a PNG's index, and the PNG's shape for both its writer and its reader. */
#ifndef TILE_INDEX_PNG_TABLE_H
#define TILE_INDEX_PNG_TABLE_H

#include "index.h"

/* Deflate refers back to at most this many bytes (RFC 1951, 2). */
enum { TILE_PNG_WINDOW = 32768 };

/*
 * The payload, little-endian:
 *
 *     0          8  XXH3-64 of the file's bytes up to the data of its first IDAT chunk
 *     8  92 x rows  the checkpoints
 *     .          8  tile_index_checksum, number 0, of all before
 *     .          .  windows and rows, compressed by zlib
 *
 * A checkpoint:
 *
 *     0  8  begin             40  8  window: offset in the payload      72  4  left
 *     8  8  end               48  8  window: checksum                   76  4  bits | byte << 8 | end_bits << 16
 *    16  8  checksum          56  8  row: offset in the payload         80  4  window: size
 *    24  8  inflated          64  8  row: checksum                      84  4  window: size compressed
 *    32  8  inflated_end                                                88  4  row: size compressed
 */
enum { TILE_PNG_ENTRY = 92 };

struct tile_png_blob {
    uint64_t offset, checksum;
    uint32_t size, packed; /* size 0: there is none */
};

/*
 * The part of the deflate stream to inflate for rows [k * step, (k + 1) * step). It begins at the last known block
 * boundary before the rows. It ends at the first block boundary at or behind their end, because libdeflate only
 * inflates whole blocks; if that boundary is too far (tile_png_is_near), it ends with the rows, because the inflater of
 * ours stops anywhere.
 */
struct tile_png_checkpoint {
    uint64_t begin;        /* offset in the file behind the byte that contains the first boundary */
    uint64_t end;          /* offset in the file behind the byte that contains the last boundary or the rows' end */
    uint64_t checksum;     /* XXH3-64 of the file's bytes [begin, end) */
    uint64_t inflated;     /* inflated bytes before the first boundary */
    uint64_t inflated_end; /* inflated bytes before the last boundary; 0: the part ends at none */
    uint32_t left;         /* bytes of the chunk's data from `begin` on */
    unsigned bits;         /* bits of `byte`, the one before `begin`, that follow the first boundary; 0 to 7 */
    unsigned char byte;
    unsigned end_bits;           /* bits of the byte before `end` that follow the last boundary; 0 to 7 */
    struct tile_png_blob window; /* the inflated bytes before the first boundary */
    struct tile_png_blob row;    /* the row above, unfiltered, then filtered with Sub, which compresses better */
};

void tile_png_put_checkpoint(unsigned char to[TILE_PNG_ENTRY], const struct tile_png_checkpoint *checkpoint);
struct tile_png_checkpoint tile_png_get_checkpoint(const unsigned char from[TILE_PNG_ENTRY]);

/* libdeflate needs memory for all inflated bytes at once. */
#define TILE_PNG_INFLATED_MOST ((uint64_t)16 << 20)

/*
 * Whether to inflate `all` bytes by libdeflate rather than the first `needed` of them by our own inflater.
 */
static inline bool tile_png_is_near(uint64_t needed, uint64_t all) {
    const uint64_t little = (uint64_t)1 << 20;
    return all <= TILE_PNG_INFLATED_MOST && (all <= little || (all - little) / 2 <= needed);
}

/* Bytes of the table with both of its checksums; 0 if it is too large. */
static inline size_t tile_png_table_size(uint32_t checkpoints) {
    uint64_t size = 8 + (uint64_t)TILE_PNG_ENTRY * checkpoints + 8;
    return size <= SIZE_MAX ? (size_t)size : 0;
}

/* A blob's number for tile_index_checksum. Checkpoints that share a boundary share a window. */
static inline uint64_t tile_png_window_number(const struct tile_png_checkpoint *checkpoint) {
    return (uint64_t)1 << 63 | checkpoint->inflated;
}
static inline uint64_t tile_png_row_number(uint32_t checkpoint) {
    return 1 + (uint64_t)checkpoint;
}

/* The content of IHDR. */
struct tile_png_shape {
    unsigned char ihdr[13];
    unsigned bits; /* of a pixel */
    size_t row;    /* bytes of a row, without its filter byte */
    unsigned step; /* bytes of a pixel, at least 1 */
};

/* SOURCE_CHANGED if IHDR does not match the subject, LIMIT_EXCEEDED if rows are too large. */
tile_status tile_png_shape_of(struct tile_png_shape *shape, const unsigned char ihdr[13],
                              const struct tile_subject *subject, struct tile_error *error);

/* The first byte of row `y` in the inflated data. */
static inline uint64_t tile_png_row_begin(const struct tile_png_shape *shape, uint64_t y) {
    return y * (shape->row + 1);
}

extern const unsigned char tile_png_signature[8];

tile_status tile_png_build(struct tile_pass *pass, struct tile_index_header *header, struct tile_buffer *payload,
                           struct tile_error *error);

#endif
