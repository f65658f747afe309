/* SPDX-License-Identifier: MIT */
/* An index that a job builds itself if that is cheaper than decoding from the top. */
#ifndef TILE_JOB_OWN_INDEX_H
#define TILE_JOB_OWN_INDEX_H

#include "settle.h"

/*
 * Builds an index for the settled job's source and lets the source use it, if that pays and the source has no parts;
 * else `*out` is NULL. Before the index is freed, the source must be set to use none.
 */
tile_status tile_job_own_index(const struct tile_job *job, tile_index **out, struct tile_error *error);

#endif
