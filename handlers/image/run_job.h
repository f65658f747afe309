/* SPDX-License-Identifier: MIT */
/*
 * job.json: what a distributed run is of and what it makes, written by plan and read by assemble. It holds nothing that
 * differs between two plans of the same: no times, no names of invocations; a second plan takes the first one's batch.
 */
#ifndef HANDLERS_IMAGE_RUN_JOB_H
#define HANDLERS_IMAGE_RUN_JOB_H

#include "../base/call.h"

#define RUN_JOB_NAME  "job.json"
#define RUN_PLAN_NAME "plan.jsonl"

/*
 * Ten million: assemble reads some 300 bytes of each tile, and writes them; a processor takes 6 microseconds for it,
 * and at 25 MB a second all that is over in half of the 900 s that a function has.
 */
enum { RUN_TILES_MOST = 10000000 };

/* What is in an output: job.json, of images or texts. */
struct run_file {
    const char *url;
    json_t *json;
    char hash[33]; /* XXH3-128 of its bytes: which job it is */
};

/* BAD_REQUEST where it is no JSON. To be freed by json_decref. */
bool run_file_read(struct run_file *file, struct call *call, const char *url, struct failure *failure);

struct run_job {
    const char *source, *etag;
    uint64_t size;
    const char *output; /* prefix of the tiles */
    uint64_t tiles;
    uint64_t batch;       /* tiles that are made by one call of the function for them: see records.h */
    const char *replaces; /* hash of the job.json that was there before, of another job; NULL: there was none */
    bool verify;          /* assemble looks at each tile */
    json_t *options;      /* as the event has them */
    const tile_plan *plan;
    const char *suffix;
    const char *head;   /* of the manifest */
    const char *image;  /* URL of one new image; NULL: none is wanted */
    const char *damage; /* what a lenient source lets pass; NULL: nothing */
};

/* The file's text, appended to `out`. */
bool run_job_write(const struct run_job *job, struct tile_buffer *out, struct failure *failure);

/*
 * Of a job.json of images, whose texts `job` points into. Every member is checked: BAD_REQUEST names the file, the
 * member and what is wrong with it. `*plan` is the tiles' (for tile_plan_free).
 */
bool run_job_read(struct run_job *job, tile_plan **plan, struct call *call, const struct run_file *file,
                  struct failure *failure);

#endif
