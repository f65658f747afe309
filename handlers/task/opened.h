/* SPDX-License-Identifier: MIT */
/*
 * Open sources: one open object per source version, shared by its tasks, with one or more decoders on top. A task with
 * its own part of an index has its own decoder; tasks without an index, or with the same whole index, share one.
 */
#ifndef HANDLERS_TASK_OPENED_H
#define HANDLERS_TASK_OPENED_H

#include "../storage/storage.h"
#include "task.h"

/* The most tasks that are worked on together: a row of tiles; it also limits the open objects. */
enum { OPENED_MOST = 64 };

struct pinned {
    const struct task *task; /* the first that reads it */
    struct object *object;
    uint64_t fetched; /* bytes from its beginning that are in memory */
};

struct opened {
    struct task *task;     /* the first that reads it */
    size_t tasks;          /* number of tasks that read it */
    struct pinned *pinned; /* NULL: the task has the source's bytes */
    tile_source *source;
    tile_index *index;
    struct object *index_object; /* the object of a whole index; NULL: none */
};

struct opened_set {
    struct storage *storage;
    int64_t *deadline;
    uint64_t memory; /* bytes that a source may take */
    struct pinned pinned[OPENED_MOST];
    struct opened opened[OPENED_MOST];
    size_t pinned_count, opened_count;
};

/* The task's entry, shared with earlier tasks of the set, up to OPENED_MOST. Nothing is read. */
struct opened *opened_for(struct opened_set *set, struct task *task);
/* Opens the object and reads its first bytes, which checks that it exists in the wanted version. */
bool opened_pin(struct opened_set *set, struct pinned *pinned, struct failure *failure);
/* Opens the source and its index. */
bool opened_open(struct opened_set *set, struct opened *opened, struct failure *failure);
void opened_close(struct opened_set *set);
/* Fills in `failure` from an error of the library while it read the source or its index; returns false. */
bool opened_failure(const struct opened *opened, const struct tile_error *error, struct failure *failure);

/*
 * Sorts the ranges, which may overlap, and fetches them all at once. If they have more than `most` bytes, nothing is
 * fetched: they are read when they are needed.
 */
bool opened_fetch(struct pinned *pinned, struct tile_range *ranges, size_t count, uint64_t most,
                  struct failure *failure);

#endif
