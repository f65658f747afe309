/* SPDX-License-Identifier: MIT */
/* An index that a job makes for itself, where that is cheaper than decoding from the top. */
#ifndef TILE_JOB_OWN_INDEX_H
#define TILE_JOB_OWN_INDEX_H

#include "settle.h"

/*
 * Has the settled job's source read by an index where it pays and there is none; `*out` is NULL where not. Before
 * freeing it, the source must be told to use it no longer.
 */
tile_status tile_job_own_index(const struct tile_job *job, tile_index **out, struct tile_error *error);

#endif
