/* SPDX-License-Identifier: MIT */
/* Checking that all tiles of a run are there, and writing the manifest. */
#ifndef HANDLERS_IMAGE_CHECK_H
#define HANDLERS_IMAGE_CHECK_H

#include "../storage/storage.h"
#include "run_job.h"

/*
 * Writes the manifest to a draft. The records that a batch left (see records.h) are trusted. If a batch left none, and
 * for all batches with job->verify, each tile is compared with its own record, which is its note, and the record with
 * the plan. If all tiles of such a batch are right, its records are written for the next call. This takes some thousand
 * tiles at a time, so memory does not grow with their number.
 *
 * INCOMPLETE has the number of missing or wrong tiles, the first one, and the URL of their tasks' list (see missing.h);
 * OUT_OF_TIME has the number of tiles that were checked.
 */
bool check_tiles(const struct run_job *job, const struct run_file *file, const tile_plan *plan, struct call *call,
                 struct draft *manifest, struct failure *failure);

#endif
