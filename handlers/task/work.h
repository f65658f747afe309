/* SPDX-License-Identifier: MIT */
/* Doing tasks. Tasks of the same source share its bytes, each of which is read once. */
#ifndef HANDLERS_TASK_WORK_H
#define HANDLERS_TASK_WORK_H

#include "task.h"

/*
 * Makes the tiles of `tasks` that have not failed already, and stores each with its record as its note. With `all` it
 * stops at the first failure and returns it; else every task has its own failure.
 *
 * More tiles are made at once than there are processors, if the function's memory allows, because storing a tile waits
 * for the store. Tasks with a part of an index read only their own tile's bytes. Tasks of one source without an index
 * are done one after the other, so that it is decoded once.
 */
bool work_do(struct call *call, struct task *tasks, size_t count, bool all, struct failure *failure);

/* The sum of the tasks' results: {"tiles":N,"bytes":N}. NULL without memory. */
json_t *work_sum(const struct task *tasks, size_t count);

#endif
