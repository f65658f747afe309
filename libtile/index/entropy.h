/* SPDX-License-Identifier: MIT */
/*
 * Entropy-coded data without the zero behind each 0xFF and without restart markers (ITU-T T.81, B.1.1.5), so that it
 * can be read with plain loads. A mark notes a byte's offset in the file wherever it does not follow the byte before
 * it.
 */
#ifndef TILE_INDEX_ENTROPY_H
#define TILE_INDEX_ENTROPY_H

#include "index.h"

/* Zeros behind the data: more than an MCU can have, so that a scanner checks its position only once an MCU. */
#define TILE_ENTROPY_PAD 4096

struct tile_entropy_mark {
    size_t at;       /* a byte of the data */
    uint64_t offset; /* its offset in the file; the bytes behind it follow, up to the next mark */
    uint64_t before; /* the end of the byte before it in the file, its stuffing included */
};

struct tile_entropy_restart {
    size_t at; /* the marker stood before this byte */
    int number;
};

struct tile_entropy {
    const struct tile_allocator *allocator;
    unsigned char *data;
    size_t size, capacity;
    struct tile_entropy_mark *marks; /* the first is for byte 0 */
    size_t mark_count, mark_capacity;
    struct tile_entropy_restart *restarts;
    size_t restart_count, restart_capacity, next_restart;
    bool after_ff;   /* the last byte given was a 0xFF, whose meaning depends on the next one */
    bool after_fill; /* the byte before that was a 0xFF, too */
    bool ended;      /* by a marker other than RST, or by fill bytes without a marker */
    int end_marker;  /* the second byte of that marker; 0: none */
    uint64_t offset; /* in the file, of the next byte to be given */
};

void tile_entropy_begin(struct tile_entropy *entropy, const struct tile_allocator *allocator);
void tile_entropy_free(struct tile_entropy *entropy);
/* Drops all data; the next byte given is the one at `offset` of the file. */
tile_status tile_entropy_reset(struct tile_entropy *entropy, uint64_t offset, struct tile_error *error);
/* Takes the next bytes of the file. Bytes behind the end marker are ignored. */
tile_status tile_entropy_add(struct tile_entropy *entropy, const unsigned char *bytes, size_t size,
                             struct tile_error *error);
/* Drops the data before byte `at`, which becomes byte 0. */
void tile_entropy_drop(struct tile_entropy *entropy, size_t at);

/* The offset of byte `at` of the data (at most `size`) in the file; the end of the byte before it, with its stuffing.
 */
uint64_t tile_entropy_offset(const struct tile_entropy *entropy, size_t at);
uint64_t tile_entropy_end(const struct tile_entropy *entropy, size_t at);

#endif
