/* SPDX-License-Identifier: MIT */
/*
 * job.json: the source and the outputs of a distributed run, written by plan and read by assemble. Two plans of the
 * same event write the same bytes: it has no times or names of invocations, and a second plan keeps the first one's
 * batch.
 */
#ifndef HANDLERS_IMAGE_RUN_JOB_H
#define HANDLERS_IMAGE_RUN_JOB_H

#include "../base/call.h"

#define RUN_JOB_NAME  "job.json"
#define RUN_PLAN_NAME "plan.jsonl"

/*
 * Ten million: assemble reads and writes some 300 bytes for each tile, which takes a processor 6 microseconds. At 25 MB
 * a second, all of it takes half of the 900 s that a function has.
 */
enum { RUN_TILES_MOST = 10000000 };

/* An output's job.json, for an image or a text. */
struct run_file {
    const char *url;
    json_t *json;
    char hash[33]; /* XXH3-128 of its bytes, which identifies the job */
};

/* BAD_REQUEST if it is not JSON. Free file->json by json_decref. */
bool run_file_read(struct run_file *file, struct call *call, const char *url, struct failure *failure);

struct run_job {
    const char *source, *etag;
    uint64_t size;
    const char *output; /* prefix of the tiles */
    uint64_t tiles;
    uint64_t batch;       /* tiles for each call of the tile function: see records.h */
    const char *replaces; /* hash of another job's job.json that this one replaced; NULL: none */
    bool verify;          /* assemble checks each tile */
    json_t *options;      /* the event's */
    const tile_plan *plan;
    const char *suffix;
    const char *head;   /* of the manifest */
    const char *image;  /* URL of one new image; NULL: none */
    const char *damage; /* the damage that a lenient source let pass; NULL: none */
};

/* Appends the text of job.json to `out`. */
bool run_job_write(const struct run_job *job, struct tile_buffer *out, struct failure *failure);

/*
 * Reads the job.json of an image; `job` points into its texts. Every member is checked: BAD_REQUEST names the file, the
 * member and the mistake. The caller frees `*plan` by tile_plan_free.
 */
bool run_job_read(struct run_job *job, tile_plan **plan, struct call *call, const struct run_file *file,
                  struct failure *failure);

#endif
