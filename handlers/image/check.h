/* SPDX-License-Identifier: MIT */
/* Whether a run's tiles are all there; and the manifest that tells so. */
#ifndef HANDLERS_IMAGE_CHECK_H
#define HANDLERS_IMAGE_CHECK_H

#include "../storage/storage.h"
#include "run_job.h"

/*
 * Writes the manifest to a draft. What the batches left of their tiles (see records.h) is believed. Where a batch left
 * nothing, and with job->verify everywhere, each tile is held against its own record, which is its note, and that
 * against the plan; if all of a batch's are right, its records are written, so that another call finds them. All that
 * goes by some thousand tiles at a time: memory does not grow with their number.
 *
 * INCOMPLETE says how many tiles are missing or wrong, names the first, and where their tasks are listed (see
 * missing.h); OUT_OF_TIME how many were looked at.
 */
bool check_tiles(const struct run_job *job, const struct run_file *file, const tile_plan *plan, struct call *call,
                 struct draft *manifest, struct failure *failure);

#endif
