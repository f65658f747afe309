/* SPDX-License-Identifier: MIT */
/* Going through the MCUs of entropy-coded data, over restart markers, and over the ends of what is in memory. */
#ifndef TILE_INDEX_WALK_H
#define TILE_INDEX_WALK_H

#include "scan.h"

struct tile_walk {
    const struct tile_scanner *scanner;
    struct tile_entropy *entropy;
    struct tile_scan_place place; /* of the next MCU */
    uint64_t mcu;                 /* the next one, counted from the image's first */
    uint64_t restarted;           /* the MCU before which a restart marker was last passed */
    /* Adds bytes to `entropy` until it ends; NULL: all are there. */
    tile_status (*more)(void *user, struct tile_entropy *entropy, struct tile_error *error);
    void *user;
};

/* Passes the restart marker that stands before the next MCU, if there is to be one. */
tile_status tile_walk_restart(struct tile_walk *walk, struct tile_error *error);
/*
 * Up to MCU `mcu`; a restart marker before that is not passed yet. BAD_DATA naming the byte where codes, restart
 * markers or the end are not where they must be.
 */
tile_status tile_walk_to(struct tile_walk *walk, uint64_t mcu, struct tile_error *error);
/* The next MCU alone, telling where its DCs are. All its data must be there. */
tile_status tile_walk_first(struct tile_walk *walk, struct tile_scan_dc_place dc[4], struct tile_error *error);

/* The MCU before which the next restart marker stands; UINT64_MAX if there is none. */
uint64_t tile_walk_next_restart(const struct tile_walk *walk);
/* The file's byte that the next MCU begins in; its bit from the highest; the end of the byte before the next MCU. */
uint64_t tile_walk_offset(const struct tile_walk *walk);
uint64_t tile_walk_end(const struct tile_walk *walk);

#endif
