/* SPDX-License-Identifier: MIT */
/* A task makes one tile: it has the source, the region, the options and the output. */
#ifndef HANDLERS_TASK_TASK_H
#define HANDLERS_TASK_TASK_H

#include "options.h"

struct task {
    json_t *json;             /* owns the texts below */
    const char *source;       /* URL; NULL: the bytes of `image` */
    struct tile_buffer image; /* a file */
    const char *etag;         /* NULL: any content */
    const char *version;      /* S3's versionId; NULL: the newest */
    uint64_t size;            /* of the source; UINT64_MAX: not known */
    const char *index;        /* URL of a whole index; NULL: `part`, or none */
    struct tile_buffer part;  /* of an index, as a file */
    const char *output;       /* URL; NULL: the tile's file stays in `bytes` */
    const char *records;      /* prefix of its batch's records (image/records.h); NULL: none */
    uint64_t number;          /* of the tile in its plan */
    struct task_options options;
    struct tile_region region; /* source: see options.has_region; width 0: no larger than that */

    /* The result. */
    bool failed;
    struct failure failure;
    struct tile_buffer bytes;
    struct tile_buffer record; /* its line of the manifest, if `records` is set */
    uint64_t written;
    tile_codec codec;
};

/*
 * Reads a task's object. Members that it lacks are taken from `common` (may be NULL). Free `out` also after a failure.
 * BAD_REQUEST names the member.
 */
bool task_read(struct task *out, struct call *call, const json_t *task, const json_t *common, struct failure *failure);
/* Makes a task from options alone. `image`, which the task takes over, is the source; nothing is stored. No option may
 * name a URL. */
bool task_read_posted(struct task *out, struct call *call, const json_t *options, struct tile_buffer image,
                      struct failure *failure);
void task_free(struct task *task);

/* Up to TASKS_MOST (event.h). */
struct task_list {
    struct task *tasks;
    size_t count, capacity;
};

/* Adds a cleared task, which is valid until the next is added. NULL with OUT_OF_MEMORY or LIMIT_EXCEEDED. */
struct task *task_list_add(struct task_list *list, struct failure *failure);
void task_list_free(struct task_list *list);

#endif
