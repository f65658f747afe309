/* SPDX-License-Identifier: MIT */
/* A run of a settled job, which makes a folder of tiles or one new image. */
#ifndef TILE_JOB_RUN_H
#define TILE_JOB_RUN_H

#include "make.h"
#include "pipeline.h"
#include "settle.h"

#include <pthread.h>

/* A thread's scratch memory; see make.h. */
struct tile_scratch {
    struct tile_buffer pixels, bytes;
    struct tile_maker maker;
    struct tile_piece *piece; /* of one image; NULL: none so far */
};

struct tile_run {
    const struct tile_job *job;
    struct tile_scratch *scratch; /* one a thread */

    pthread_mutex_t lock; /* protects the fields below while the pipeline runs */
    struct tile_job_result result;
    uint64_t done; /* tiles or strips, those of earlier runs included */
};

/* Both fill in the result, also on failure. */
tile_status tile_run_tiles(struct tile_run *run, struct tile_error *error);
tile_status tile_run_image(struct tile_run *run, struct tile_error *error);

/* Calls the caller's progress hook. The lock must not be held. */
bool tile_run_ask(struct tile_run *run);

/*
 * Reads the job's regions and works on them, then checks that the source has not changed. The caller has set the hooks
 * and `in_order` of `pipeline`; this sets the other fields.
 */
tile_status tile_run_pipeline(struct tile_run *run, struct tile_pipeline *pipeline, struct tile_error *error);

#endif
