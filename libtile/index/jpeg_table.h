/* SPDX-License-Identifier: MIT */
/* The content of a JPEG's index, and the JPEG's header for both its writer and its reader. */
#ifndef TILE_INDEX_JPEG_TABLE_H
#define TILE_INDEX_JPEG_TABLE_H

#include "splice.h"

/*
 * A row's MCUs fall into spans of `step` MCUs, one for each column of tiles. If a decoder uses neighbors (chroma is
 * subsampled), a span's checkpoint is one MCU to its left, and its bytes reach one MCU beyond its right end. So a tile
 * only needs the records of its own column.
 *
 * The payload is column after column, in each the rows from top to bottom, with a checksum behind every TILE_JPEG_GROUP
 * records. A record:
 *
 *     5 bytes  first bit of the checkpoint's MCU, counted from the file's first bit
 *     3 bytes  number of the file's bytes that the span's MCUs take
 *     2 bytes  for each component: its DC prediction
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

/* Number of neighboring MCUs that a decoder uses beside the MCUs of the pixels it returns. */
static inline uint32_t tile_jpeg_margin(const struct tile_jpeg_header *h) {
    return h->subsampled ? 1 : 0;
}

/* The first MCU of a column's span, and the one behind its last. */
static inline uint32_t tile_jpeg_span_begin(const struct tile_jpeg_header *h, uint32_t step, uint32_t column) {
    uint32_t at = column * step;
    return at > tile_jpeg_margin(h) ? at - tile_jpeg_margin(h) : 0;
}

static inline uint32_t tile_jpeg_span_end(const struct tile_jpeg_header *h, uint32_t step, uint32_t column) {
    uint64_t end = ((uint64_t)column + 1) * step + tile_jpeg_margin(h);
    return end < h->mcus ? (uint32_t)end : h->mcus;
}

/* Number of columns of checkpoints. */
static inline uint32_t tile_jpeg_columns(const struct tile_jpeg_header *h, uint32_t step) {
    return (h->mcus + step - 1) / step;
}

static inline size_t tile_jpeg_record_size(const struct tile_jpeg_header *h) {
    return 8 + 2 * (size_t)h->components;
}

/* Reads the file's header, not beyond `end`. tile_jpeg_header_free is due, also after a failure. */
tile_status tile_jpeg_prepare(struct tile_jpeg_access *a, const struct tile_subject *subject, uint64_t end,
                              struct tile_error *error);
/* `records`: header->rows of header->columns, row after row, `size` bytes each. */
tile_status tile_jpeg_write_payload(const struct tile_index_header *header, const unsigned char *records, size_t size,
                                    struct tile_buffer *payload, struct tile_error *error);
/* Reads the checkpoints of one column in the rows [top, top + count), counted in the whole image. The index must hold
 * them. */
tile_status tile_jpeg_checkpoints(const struct tile_access *access, uint32_t column, uint32_t top, uint32_t count,
                                  struct tile_jpeg_checkpoint *to, struct tile_error *error);

tile_status tile_jpeg_build(struct tile_pass *pass, struct tile_index_header *header, struct tile_buffer *payload,
                            struct tile_error *error);

#endif
