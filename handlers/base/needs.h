/* SPDX-License-Identifier: MIT */
/* The memory and time that a function needs for a plan's tiles. The plan states them, and is refused if they are too
 * large. */
#ifndef HANDLERS_BASE_NEEDS_H
#define HANDLERS_BASE_NEEDS_H

#include "failure.h"

#include <jansson.h>

/* Seconds of one processor, and seconds of waiting for the store. */
struct spent {
    double processor, wait;
};

/* The time that some of a plan's tiles took (image/measure.h). */
struct measured {
    struct spent tile;    /* making a tile of the largest size: the mean */
    struct spent slowest; /* the same: the maximum */
    /*
     * Decoding a source without parts from its top to the last tile's pixels. The tiles of a batch share this and are
     * made one after the other. 0 for a source with parts.
     */
    struct spent once;
    bool parts;
};

/* A function's memory and time. */
struct needs {
    uint64_t memory_mb; /* of 2^20 bytes, as in Lambda */
    uint64_t seconds;
};

/*
 * MB that a function needs to make one tile at a time. `memory`: bytes for the tile (tile_job_memory); `held`: bytes of
 * the source that are fetched beforehand or read ahead. Each further thread of a batch takes as much again, less 64 MB
 * for the process itself.
 */
uint64_t needs_memory(uint64_t memory, uint64_t held);

/*
 * Seconds that a function needs for the slowest measured tile alone, without its own start. It assumes that `measured`
 * ran on the same kind of processor, of which Lambda gives a share by memory, and adds a half for safety.
 */
double needs_seconds(const struct measured *measured, const struct needs *function);
/* Number of tiles that take half a minute; fewer if they could take more than half of the function's time, each being
 * as slow as the slowest. */
uint64_t needs_batch(const struct measured *measured, const struct needs *function);

/*
 * The tile function's memory and time, from the event's member "function", {"memory_mb":N,"seconds":N}, else from the
 * environment (TILE_FUNCTION_MEMORY_MB, TILE_FUNCTION_SECONDS), else the most that Lambda gives. BAD_REQUEST if they
 * are invalid.
 */
bool needs_function(struct needs *out, const json_t *event, struct failure *failure);
/* LIMIT_EXCEEDED if the function has less than a tile needs, its own start included. */
bool needs_fit(uint64_t memory_mb, double seconds, const struct needs *function, struct failure *failure);

#endif
