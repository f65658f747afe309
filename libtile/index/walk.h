/* SPDX-License-Identifier: MIT */
/* Iterates over the MCUs of entropy-coded data, across restart markers, and reads more data where memory ends. */
#ifndef TILE_INDEX_WALK_H
#define TILE_INDEX_WALK_H

#include "scan.h"

struct tile_walk {
    const struct tile_scanner *scanner;
    struct tile_entropy *entropy;
    struct tile_scan_place place; /* of the next MCU */
    uint64_t mcu;                 /* the next one, counted from the image's first */
    uint64_t restarted;           /* the MCU behind the last restart marker that was passed */
    /* Adds bytes to `entropy` until it ends; NULL: all are in memory. */
    tile_status (*more)(void *user, struct tile_entropy *entropy, struct tile_error *error);
    void *user;
};

/* Passes the restart marker before the next MCU, if there should be one. */
tile_status tile_walk_restart(struct tile_walk *walk, struct tile_error *error);
/*
 * Goes to MCU `mcu`, but does not pass a restart marker before it. BAD_DATA, with the byte, if a code is invalid, or a
 * restart marker or the end is not where it must be.
 */
tile_status tile_walk_to(struct tile_walk *walk, uint64_t mcu, struct tile_error *error);
/* Passes the next MCU alone and returns the positions of its DCs. All its data must be in memory. */
tile_status tile_walk_first(struct tile_walk *walk, struct tile_scan_dc_place dc[4], struct tile_error *error);

/* The MCU behind the next restart marker; UINT64_MAX if there is none. */
uint64_t tile_walk_next_restart(const struct tile_walk *walk);
/* The offset in the file of the byte in which the next MCU begins; the end of the byte before the next MCU. */
uint64_t tile_walk_offset(const struct tile_walk *walk);
uint64_t tile_walk_end(const struct tile_walk *walk);

#endif
