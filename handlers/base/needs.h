/* SPDX-License-Identifier: MIT */
/* What a tile function must have for a plan's tiles: figures that a plan states and is refused by. */
#ifndef HANDLERS_BASE_NEEDS_H
#define HANDLERS_BASE_NEEDS_H

#include "failure.h"

#include <jansson.h>

/* Seconds of one processor, and those that were waited for the store. */
struct spent {
    double processor, wait;
};

/* What a plan's tiles took where some were made (image/measure.h). */
struct measured {
    struct spent tile;    /* making a tile of the largest size: the mean */
    struct spent slowest; /* and the most */
    /*
     * To come to the last tile's pixels from the top of a source without parts: tiles of a batch share this, and
     * are made one after the other. Of one with parts it is none.
     */
    struct spent once;
    bool parts;
};

/* What a function has. */
struct needs {
    uint64_t memory_mb; /* 2^20 bytes, as Lambda's are */
    uint64_t seconds;
};

/*
 * MB that a function needs to make one tile at a time: of the tile's `memory` (tile_job_memory) and of what is `held`
 * of the source (fetched beforehand, or read ahead), in bytes. A batch whose tiles are made by several threads takes
 * as much, less the process's own 64 MB, for each of them.
 */
uint64_t needs_memory(uint64_t memory, uint64_t held);

/*
 * Seconds that one tile takes a function, the slowest that was measured, when it is called for that alone and has
 * started. `measured` was on a processor as the function's are; the function has as much of them as Lambda gives for
 * its memory. On the safe side, by a half.
 */
double needs_seconds(const struct measured *measured, const struct needs *function);
/* How many tiles take half a minute, but no more than half of the function's time if all were as slow as the slowest.
 */
uint64_t needs_batch(const struct measured *measured, const struct needs *function);

/*
 * What the tile function has: of the event's member "function", {"memory_mb":N,"seconds":N}, else of the environment
 * (TILE_FUNCTION_MEMORY_MB, TILE_FUNCTION_SECONDS), else the most that Lambda gives. BAD_REQUEST where it is no such.
 */
bool needs_function(struct needs *out, const json_t *event, struct failure *failure);
/* LIMIT_EXCEEDED where the function has less than a tile takes, its own start included. */
bool needs_fit(uint64_t memory_mb, double seconds, const struct needs *function, struct failure *failure);

#endif
