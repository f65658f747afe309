/* SPDX-License-Identifier: MIT */
/* Whether a run's tiles are all there, and each what its task reported of it; and the manifest that tells so. */
#ifndef HANDLERS_RUN_CHECK_H
#define HANDLERS_RUN_CHECK_H

#include "../storage/storage.h"
#include "job.h"

/*
 * Writes the manifest to a draft. Each tile is read and held against its record, which is its note, and that against
 * the plan: some thousand at a time, so that memory does not grow with their number. INCOMPLETE says how many are
 * missing or wrong, and names the first; OUT_OF_TIME how many were looked at.
 */
bool check_tiles(const struct run_job *job, const tile_plan *plan, struct call *call, struct draft *manifest,
                 struct failure *failure);

#endif
