/* SPDX-License-Identifier: MIT */
/* A task: one tile, of which source, what is to be made of it, and where it goes. */
#ifndef HANDLERS_TASK_TASK_H
#define HANDLERS_TASK_TASK_H

#include "options.h"

struct task {
    json_t *json;             /* what the texts are of */
    const char *source;       /* URL; NULL: the bytes of `image` */
    struct tile_buffer image; /* a file */
    const char *etag;         /* NULL: whichever content is there */
    const char *version;      /* S3's versionId; NULL: the newest */
    uint64_t size;            /* of the source; UINT64_MAX: not known */
    const char *index;        /* URL of a whole index; NULL: `part`, or none */
    struct tile_buffer part;  /* of an index, as a file */
    const char *output;       /* URL; NULL: the tile's file stays in `bytes` */
    const char *records;      /* where its batch leaves their records (image/records.h); NULL: nowhere */
    uint64_t number;          /* of the tile in its plan */
    struct task_options options;
    struct tile_region region; /* source: see options.has_region; width 0: no larger than that */

    /* What came of it. */
    bool failed;
    struct failure failure;
    struct tile_buffer bytes;
    struct tile_buffer record; /* its line of the manifest, where `records` wants it */
    uint64_t written;
    tile_codec codec;
};

/*
 * A task's object. What it has not itself is taken from `common` (may be NULL). On failure, too, `out` is to be freed.
 * BAD_REQUEST names the member.
 */
bool task_read(struct task *out, struct call *call, const json_t *task, const json_t *common, struct failure *failure);
/* Of options alone: `image`, which is taken, is the source, and nothing is stored. No option names a URL. */
bool task_read_posted(struct task *out, struct call *call, const json_t *options, struct tile_buffer image,
                      struct failure *failure);
void task_free(struct task *task);

/* Up to TASKS_MOST (event.h). */
struct task_list {
    struct task *tasks;
    size_t count, capacity;
};

/* A place for one more, cleared; valid until the next is added. NULL with OUT_OF_MEMORY or LIMIT_EXCEEDED. */
struct task *task_list_add(struct task_list *list, struct failure *failure);
void task_list_free(struct task_list *list);

#endif
