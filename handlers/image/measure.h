/* SPDX-License-Identifier: MIT */
/* What a plan's tiles take, by making a few of them. */
#ifndef HANDLERS_IMAGE_MEASURE_H
#define HANDLERS_IMAGE_MEASURE_H

#include "../base/call.h"
#include "../base/needs.h"
#include "../storage/storage.h"

/* Reads what `reader` does, and notes how long that was waited for. On one thread. */
struct waiting {
    struct tile_reader reader;
    double seconds;
};
struct tile_reader measure_reader(struct waiting *waiting);

/* Seconds of a processor that the calling thread has had. */
double measure_processor(void);

struct measuring {
    struct call *call;
    struct object *object;         /* the source's */
    tile_source *source;           /* with the index that the tiles are read by */
    const struct waiting *waiting; /* what it is read by */
    const tile_job *job;
    const struct tile_job_options *options; /* the job's */
    uint64_t largest;                       /* pixels of a tile */
    double open;                            /* seconds of a processor that opening the source took */
};

/*
 * Makes 3 to 8 tiles, spread over the plan, and forgets them; of large tiles, parts. That ends with a tenth of the time
 * that the call has left, or after ten seconds, as soon as one was made. Of a source without an index it is three, from
 * its top to its end. LIMIT_EXCEEDED where this function has not the memory to decode that source. A tile that cannot
 * be made fails as its task would.
 */
bool measure_tiles(struct measured *out, const struct measuring *m, struct failure *failure);

#endif
