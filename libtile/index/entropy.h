/* SPDX-License-Identifier: MIT */
/*
 * Entropy-coded data without what a file puts between its bits: the zero behind each 0xFF, and restart markers (ITU-T
 * T.81, B.1.1.5). What is left can be read with plain loads; where each byte came from is noted where that is no longer
 * the one behind the byte before it.
 */
#ifndef TILE_INDEX_ENTROPY_H
#define TILE_INDEX_ENTROPY_H

#include "index.h"

/* Zeros behind the data: more than an MCU can have, so that a scanner looks once an MCU whether it went too far. */
#define TILE_ENTROPY_PAD 4096

struct tile_entropy_mark {
    size_t at;       /* this byte of the data and those behind it */
    uint64_t offset; /* lie here in the file and behind it */
    uint64_t before; /* where the byte before it ended, its stuffing included */
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
    bool after_ff;   /* the last byte given was a 0xFF, of which nothing is known */
    bool after_fill; /* and the one before it, too */
    bool ended;      /* by a marker other than restarts', or by fill bytes without a marker */
    int end_marker;  /* its second byte; 0: there is none */
    uint64_t offset; /* in the file, of the next byte to be given */
};

void tile_entropy_begin(struct tile_entropy *entropy, const struct tile_allocator *allocator);
void tile_entropy_free(struct tile_entropy *entropy);
/* Forgets all; the next byte given is the one at `offset` of the file. */
tile_status tile_entropy_reset(struct tile_entropy *entropy, uint64_t offset, struct tile_error *error);
/* Takes the next bytes of the file. Those behind the end marker are ignored. */
tile_status tile_entropy_add(struct tile_entropy *entropy, const unsigned char *bytes, size_t size,
                             struct tile_error *error);
/* Drops the data before byte `at`, which becomes byte 0. */
void tile_entropy_drop(struct tile_entropy *entropy, size_t at);

/* Where byte `at` of the data (at most `size`) came from; where the byte before it ended, with its stuffing. */
uint64_t tile_entropy_offset(const struct tile_entropy *entropy, size_t at);
uint64_t tile_entropy_end(const struct tile_entropy *entropy, size_t at);

#endif
