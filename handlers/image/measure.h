/* SPDX-License-Identifier: MIT */
/* Measuring the time for a plan's tiles by making a few of them. */
#ifndef HANDLERS_IMAGE_MEASURE_H
#define HANDLERS_IMAGE_MEASURE_H

#include "../base/call.h"
#include "../base/needs.h"
#include "../storage/storage.h"

/* A reader that reads by `reader` and adds up the time of waiting. For one thread. */
struct waiting {
    struct tile_reader reader;
    double seconds;
};
struct tile_reader measure_reader(struct waiting *waiting);

/* Processor time of the calling thread, in seconds. */
double measure_processor(void);

struct measuring {
    struct call *call;
    struct object *object;         /* the source's */
    tile_source *source;           /* with its index in use */
    const struct waiting *waiting; /* the source's reader */
    const tile_job *job;
    const struct tile_job_options *options; /* the job's */
    uint64_t largest;                       /* pixels of the largest tile */
    double open;                            /* processor time of opening the source, in seconds */
};

/*
 * Makes 3 to 8 tiles, spread over the plan, and drops them; only parts of large tiles. Once a tile is made, it stops
 * after a tenth of the call's remaining time, or after ten seconds. For a source without parts it makes three tiles,
 * from its top to its end. LIMIT_EXCEEDED if this function lacks the memory to decode that source. A tile that cannot
 * be made fails as its task would.
 */
bool measure_tiles(struct measured *out, const struct measuring *m, struct failure *failure);

#endif
