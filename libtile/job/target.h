/* SPDX-License-Identifier: MIT */
#ifndef TILE_JOB_TARGET_H
#define TILE_JOB_TARGET_H

#include "settle.h"

/*
 * Checks the existing files under the names that the job writes, before it begins. INVALID_ARGUMENT if the job would
 * replace its own source, WRITE_FAILED if it would replace a FIFO, a folder or the like.
 */
tile_status tile_job_check_targets(const struct tile_job *job, struct tile_error *error);

#endif
