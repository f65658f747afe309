/* SPDX-License-Identifier: MIT */
/* What an index of a JPEG holds, and what both its maker and its reader know of the JPEG. */
#ifndef TILE_INDEX_JPEG_TABLE_H
#define TILE_INDEX_JPEG_TABLE_H

#include "splice.h"

/*
 * A row's MCUs fall into spans of `step`, one a column of tiles. A span's checkpoint stands one MCU to the left of it
 * where a decoder wants to see neighbors (chroma is subsampled), and its bytes reach one MCU beyond its right end: so
 * the records of one column are all that a tile of that column needs.
 *
 * The payload is column after column, in each the rows from top to bottom, a checksum behind every TILE_JPEG_GROUP
 * records:
 *
 *     5 bytes  where the checkpoint's MCU begins: bits from the file's first
 *     3 bytes  bytes of the file that the span's MCUs take
 *     2 bytes  of each component: what its DC is predicted from
 */
enum { TILE_JPEG_GROUP = 64, TILE_JPEG_RECORD = 5 + 3 + 2 * 4 };

struct tile_jpeg_access {
    struct tile_jpeg_header header;
    struct tile_scanner scanner;
    struct tile_dc_codes codes[4];
};

struct tile_jpeg_checkpoint {
    uint64_t bit;    /* in the file */
    uint64_t length; /* bytes */
    int dc[4];
};

/* MCUs that a decoder wants to see beside those whose pixels it is to give. */
static inline uint32_t tile_jpeg_margin(const struct tile_jpeg_header *h) {
    return h->subsampled ? 1 : 0;
}

/* Of a column's span: its first MCU, and the one behind its last. */
static inline uint32_t tile_jpeg_span_begin(const struct tile_jpeg_header *h, uint32_t step, uint32_t column) {
    uint32_t at = column * step;
    return at > tile_jpeg_margin(h) ? at - tile_jpeg_margin(h) : 0;
}

static inline uint32_t tile_jpeg_span_end(const struct tile_jpeg_header *h, uint32_t step, uint32_t column) {
    uint64_t end = ((uint64_t)column + 1) * step + tile_jpeg_margin(h);
    return end < h->mcus ? (uint32_t)end : h->mcus;
}

/* Of checkpoints. */
static inline uint32_t tile_jpeg_columns(const struct tile_jpeg_header *h, uint32_t step) {
    return (h->mcus + step - 1) / step;
}

static inline size_t tile_jpeg_record_size(const struct tile_jpeg_header *h) {
    return 8 + 2 * (size_t)h->components;
}

/* Reads the file's header, not beyond `end`. tile_jpeg_header_free is due also after a failure. */
tile_status tile_jpeg_prepare(struct tile_jpeg_access *a, const struct tile_subject *subject, uint64_t end,
                              struct tile_error *error);
/* `records`: header->rows of header->columns, row after row, `size` bytes each. */
tile_status tile_jpeg_write_payload(const struct tile_index_header *header, const unsigned char *records, size_t size,
                                    struct tile_buffer *payload, struct tile_error *error);
/* Of one column, the rows [top, top + count) (both counted in the whole image, and held by the index). */
tile_status tile_jpeg_checkpoints(const struct tile_access *access, uint32_t column, uint32_t top, uint32_t count,
                                  struct tile_jpeg_checkpoint *to, struct tile_error *error);

tile_status tile_jpeg_build(struct tile_pass *pass, struct tile_index_header *header, struct tile_buffer *payload,
                            struct tile_error *error);

#endif
