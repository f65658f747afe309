/* SPDX-License-Identifier: MIT */
/*
 * What tasks read: one open object for each version of a source, which its tasks share, and one or more decoders over
 * it. A task that has its own part of an index has a decoder of its own; tasks that have none, or the same whole index,
 * share one.
 */
#ifndef HANDLERS_TASK_OPENED_H
#define HANDLERS_TASK_OPENED_H

#include "../storage/storage.h"
#include "task.h"

/* Tasks that are worked on together: a row of tiles, and a bound to what is open at a time. */
enum { OPENED_MOST = 64 };

struct pinned {
    const struct task *task; /* the first that reads it */
    struct object *object;
    uint64_t fetched; /* bytes from its beginning that are there */
};

struct opened {
    struct task *task;     /* the first that reads it */
    size_t tasks;          /* how many do */
    struct pinned *pinned; /* NULL: its bytes are in memory */
    tile_source *source;
    tile_index *index;
    struct object *index_object; /* where the index is, if that is an object */
};

struct opened_set {
    struct storage *storage;
    int64_t *deadline;
    uint64_t memory; /* bytes that a source may take */
    struct pinned pinned[OPENED_MOST];
    struct opened opened[OPENED_MOST];
    size_t pinned_count, opened_count;
};

/* What a task reads, shared with those that were asked for before, up to OPENED_MOST. Nothing is read. */
struct opened *opened_for(struct opened_set *set, struct task *task);
/* Opens the object and reads its first bytes: that it is there, and the one that is wanted, is known then. */
bool opened_pin(struct opened_set *set, struct pinned *pinned, struct failure *failure);
/* Opens the source and its index. */
bool opened_open(struct opened_set *set, struct opened *opened, struct failure *failure);
void opened_close(struct opened_set *set);
/* Of an error of the library's while it read the source or its index; false. */
bool opened_failure(const struct opened *opened, const struct tile_error *error, struct failure *failure);

/*
 * Fetches all of the ranges at once, which may overlap and are sorted here. Where they are more than `most` bytes
 * nothing is done: they are read when they are needed.
 */
bool opened_fetch(struct pinned *pinned, struct tile_range *ranges, size_t count, uint64_t most,
                  struct failure *failure);

#endif
