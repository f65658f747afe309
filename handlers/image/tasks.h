/* SPDX-License-Identifier: MIT */
/* plan.jsonl: one task a line, each the event for a tile function. */
#ifndef HANDLERS_IMAGE_TASKS_H
#define HANDLERS_IMAGE_TASKS_H

#include "../base/call.h"
#include "../storage/storage.h"

struct tasks {
    struct storage *storage;
    int64_t deadline;
    const tile_job *job;
    const tile_source *source;
    const json_t *options; /* of every task */
    const char *url;       /* of the source */
    const struct storage_facts *facts;
    const char *output; /* prefix */
    const char *plan_url;
    const char *index_url; /* of the whole index, which may not be written yet */

    uint64_t largest; /* pixels of a tile, the most */
    uint64_t held;    /* bytes of the source that are fetched for a tile, or read ahead, the most */
    size_t longest;   /* line, with its newline */
    bool whole_index; /* some tasks name it */
    struct draft *lines;
    struct tile_range *ranges; /* of one tile */
    size_t range_capacity;
};

/* Writes all tasks to a draft, in the plan's order. OUT_OF_TIME has the number of tasks written. */
bool tasks_write(struct tasks *tasks, struct failure *failure);
/* Stores the draft, and the whole index if a task needs it. */
bool tasks_put(struct tasks *tasks, const tile_index *index, struct failure *failure);
/* Number of tasks that always fit in a batch of Distributed Map. */
uint64_t tasks_batch_most(const struct tasks *tasks);
void tasks_free(struct tasks *tasks);

#endif
