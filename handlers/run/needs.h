/* SPDX-License-Identifier: MIT */
/* What a tile function must have for a plan's tiles: figures that a plan states and is refused by. */
#ifndef HANDLERS_RUN_NEEDS_H
#define HANDLERS_RUN_NEEDS_H

#include "../handler.h"

/* Of the tile that takes most. */
struct needs_of {
    uint64_t memory; /* bytes: tile_job_memory */
    uint64_t held;   /* bytes of the source that are fetched beforehand, or read ahead */
    uint64_t read;   /* bytes of the source that are read */
    uint64_t decode; /* pixels that are decoded */
    uint64_t write;  /* bytes of its pixels, as they are encoded */
    int compression; /* of the encoder; 0: its default */
};

/*
 * Of one tile at a time on one virtual processor (a function of 1,769 MB). A batch whose tiles are made by several
 * threads takes `memory_mb`, less the process's own 64 MB, for each of them.
 */
struct needs {
    uint64_t memory_mb; /* 2^20 bytes, as Lambda's are */
    uint64_t seconds;
};

struct needs needs_count(const struct needs_of *tile);

/*
 * What the tile function has: of the event's member "function", {"memory_mb":N,"seconds":N}, else of the environment
 * (TILE_FUNCTION_MEMORY_MB, TILE_FUNCTION_SECONDS), else the most that Lambda gives. BAD_REQUEST where it is no such.
 */
bool needs_function(struct needs *out, const json_t *event, struct failure *failure);
/* LIMIT_EXCEEDED where the function has less than is needed. */
bool needs_fit(const struct needs *needed, const struct needs *function, struct failure *failure);

#endif
