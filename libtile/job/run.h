/* SPDX-License-Identifier: MIT */
/* A run of a settled job: what one that makes a folder of tiles and one that makes a new image share. */
#ifndef TILE_JOB_RUN_H
#define TILE_JOB_RUN_H

#include "pipeline.h"
#include "settle.h"

#include <pthread.h>

/* What a thread works in; see make.h. */
struct tile_scratch {
    struct tile_buffer pixels, bytes;
};

struct tile_run {
    const struct tile_job *job;
    struct tile_scratch *scratch; /* one a thread */

    pthread_mutex_t lock; /* of what follows, while the pipeline runs */
    struct tile_job_result result;
    uint64_t done; /* tiles or strips, those of earlier runs included */
};

/* Both fill in the result, also on failure. */
tile_status tile_run_tiles(struct tile_run *run, struct tile_error *error);
tile_status tile_run_image(struct tile_run *run, struct tile_error *error);

/* The caller's hook. The lock is not held. */
bool tile_run_ask(struct tile_run *run);

/*
 * Reads the job's regions and works on them; that the source is the same at the end, too, is part of it. Of `pipeline`,
 * the work and its order are given; `scratch` bytes for it, a thread.
 */
tile_status tile_run_pipeline(struct tile_run *run, struct tile_pipeline *pipeline, struct tile_error *error);

#endif
