/* SPDX-License-Identifier: MIT */
/*
 * job.json: what a distributed run is of and what it makes, written by plan and read by assemble. It holds nothing that
 * differs between two plans of the same: no times, no names of invocations.
 */
#ifndef HANDLERS_RUN_JOB_H
#define HANDLERS_RUN_JOB_H

#include "../handler.h"

#define RUN_JOB_NAME "job.json"

/*
 * Two million: assemble asks the store twice about each tile, S3 answers 5,500 such requests a second for a prefix, and
 * a function has 900 s. Larger tiles make fewer.
 */
enum { RUN_TILES_MOST = 2000000 };

struct run_job {
    const char *source, *etag;
    uint64_t size;
    const char *output; /* prefix of the tiles */
    uint64_t tiles;
    json_t *options; /* as the event has them */
    struct tile_rect area;
    uint32_t tile_width, tile_height; /* 0: one tile, the area */
    const char *suffix;
    const char *head;   /* of the manifest */
    const char *image;  /* URL of one new image; NULL: none is wanted */
    const char *damage; /* what a lenient source lets pass; NULL: nothing */
};

/* The file's text, appended to `out`. */
bool run_job_write(const struct run_job *job, struct tile_buffer *out, struct failure *failure);

/*
 * Of a job.json of images, whose texts `job` points into. Every member is checked: BAD_REQUEST names `url`, the member
 * and what is wrong with it. `*plan` is the tiles' (for tile_plan_free).
 */
bool run_job_read(struct run_job *job, tile_plan **plan, struct call *call, const char *url, const json_t *json,
                  struct failure *failure);

#endif
