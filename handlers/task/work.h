/* SPDX-License-Identifier: MIT */
/* Doing tasks: those of the same source share its bytes, each of which is read once. */
#ifndef HANDLERS_TASK_WORK_H
#define HANDLERS_TASK_WORK_H

#include "task.h"

/*
 * Makes the tiles of `tasks` that have not failed already and stores each with its record as its note. With `all` it
 * ends at the first failure, which is of all; else every task tells of its own.
 *
 * More tiles are made at once than there are processors, as far as the function's memory goes: storing one waits for
 * the store. Tasks with a part of an index read no more than their own tile's bytes; tasks of one source without any
 * are done one after the other, so that it is decoded once.
 */
bool work_do(struct call *call, struct task *tasks, size_t count, bool all, struct failure *failure);

/* {"tiles":N,"bytes":N}: what was done. NULL without memory. */
json_t *work_sum(const struct task *tasks, size_t count);

#endif
