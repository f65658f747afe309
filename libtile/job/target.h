/* SPDX-License-Identifier: MIT */
#ifndef TILE_JOB_TARGET_H
#define TILE_JOB_TARGET_H

#include "settle.h"

/*
 * Looks, before anything is done, at what is there under the names that the job writes. INVALID_ARGUMENT where it would
 * replace the file that it reads, WRITE_FAILED where it would have to replace a FIFO, a folder or the like.
 */
tile_status tile_job_check_targets(const struct tile_job *job, struct tile_error *error);

#endif
