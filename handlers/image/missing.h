/* SPDX-License-Identifier: MIT */
/*
 * missing.jsonl, beside the batches' records: the tasks of missing or wrong tiles, as in plan.jsonl. A second run takes
 * this list in the plan's place.
 */
#ifndef HANDLERS_IMAGE_MISSING_H
#define HANDLERS_IMAGE_MISSING_H

#include "../storage/storage.h"
#include "run_job.h"

#define MISSING_NAME "missing.jsonl"

/* Cleared memory is an empty list. */
struct missing {
    uint64_t *tiles; /* their numbers in the plan, ascending */
    size_t count, capacity;
};

bool missing_add(struct missing *missing, uint64_t tile, struct failure *failure);
void missing_free(struct missing *missing);
/*
 * Copies the tasks' lines from plan.jsonl to `url`, which is below `prefix`. BAD_REQUEST if they are not this job's:
 * another plan may have ended before it wrote its job.
 */
bool missing_write(const struct missing *missing, const struct run_job *job, const tile_plan *plan, const char *prefix,
                   struct call *call, char url[STORAGE_URL_MOST], struct failure *failure);

#endif
