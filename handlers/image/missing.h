/* SPDX-License-Identifier: MIT */
/*
 * missing.jsonl, beside the batches' records: the tasks of those tiles that are not there or not right, as plan.jsonl
 * has them. A second run takes this list in the plan's place.
 */
#ifndef HANDLERS_IMAGE_MISSING_H
#define HANDLERS_IMAGE_MISSING_H

#include "../storage/storage.h"
#include "run_job.h"

#define MISSING_NAME "missing.jsonl"

/* Cleared memory is an empty one. */
struct missing {
    uint64_t *tiles; /* their numbers in the plan, ascending */
    size_t count, capacity;
};

bool missing_add(struct missing *missing, uint64_t tile, struct failure *failure);
void missing_free(struct missing *missing);
/*
 * Copies the tasks' lines out of plan.jsonl to `url`, which is below `prefix`. BAD_REQUEST where they are not this
 * job's: another plan may have ended before its job was written.
 */
bool missing_write(const struct missing *missing, const struct run_job *job, const tile_plan *plan, const char *prefix,
                   struct call *call, char url[STORAGE_URL_MOST], struct failure *failure);

#endif
