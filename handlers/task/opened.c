/* SPDX-License-Identifier: MIT */
#include "opened.h"

#include "../base/deadline.h"

#include <stdlib.h>
#include <string.h>

/* Most headers fit in: one request for it, then one for each of the pieces that all tasks need. */
#define HEADER_MOST ((uint64_t)64 << 10)
/* Between the rows of a small tile there is much more in the file than in the tile. */
#define COPY_GAP ((uint64_t)4 << 10)

/* ---- What is shared ---- */

static bool same_text(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_object(const struct task *a, const struct task *b) {
    return same_text(a->source, b->source) && same_text(a->etag, b->etag) && same_text(a->version, b->version) &&
           a->size == b->size;
}

static bool same_source(const struct task *a, const struct task *b) {
    const struct tile_source_options *p = &a->options.source, *q = &b->options.source;
    return !a->part.size && !b->part.size && same_text(a->index, b->index) &&
           p->ignore_orientation == q->ignore_orientation && p->ignore_profile == q->ignore_profile &&
           p->lenient == q->lenient && p->assume == q->assume && p->max_pixels == q->max_pixels &&
           p->max_side == q->max_side && p->max_memory == q->max_memory && p->max_metadata == q->max_metadata;
}

static struct pinned *pinned_of(struct opened_set *set, const struct task *task) {
    for (size_t i = 0; i < set->pinned_count; i++)
        if (same_object(set->pinned[i].task, task))
            return &set->pinned[i];
    set->pinned[set->pinned_count] = (struct pinned){.task = task};
    return &set->pinned[set->pinned_count++];
}

struct opened *opened_for(struct opened_set *set, struct task *task) {
    struct pinned *pinned = task->source ? pinned_of(set, task) : NULL;
    struct opened *opened = NULL;
    for (size_t i = 0; pinned && i < set->opened_count && !opened; i++)
        if (set->opened[i].pinned == pinned && same_source(set->opened[i].task, task))
            opened = &set->opened[i];
    if (!opened) {
        opened = &set->opened[set->opened_count++];
        *opened = (struct opened){.task = task, .pinned = pinned};
    }
    opened->tasks++;
    return opened;
}

/* ---- Opening ---- */

bool opened_pin(struct opened_set *set, struct pinned *pinned, struct failure *failure) {
    const struct task *task = pinned->task;
    const struct storage_want want = {.etag = task->etag, .version = task->version, .size = task->size};
    if (!storage_open(&pinned->object, set->storage, task->source, &want, failure))
        return false;
    uint64_t size = storage_object_facts(pinned->object)->size;
    pinned->fetched = size < HEADER_MOST ? size : HEADER_MOST;
    return pinned->fetched == 0 || storage_fetch(pinned->object, &(struct tile_range){0, pinned->fetched}, 1, failure);
}

bool opened_failure(const struct opened *opened, const struct tile_error *error, struct failure *failure) {
    storage_failure_from(opened->pinned ? opened->pinned->object : NULL, error, failure);
    return failure->kind == FAILURE_SOURCE_UNREADABLE && storage_failure_from(opened->index_object, error, failure);
}

/* On the way to an index that is in use; of a later version, it is the event's fault as a damaged one is. */
static bool fail_index(const struct opened *opened, const struct tile_error *error, struct failure *failure) {
    opened_failure(opened, error, failure);
    if (opened->task->index)
        failure_at(failure, opened->task->index);
    if (error->status == TILE_BAD_INDEX) /* which says so itself */
        return false;
    return failure_set(failure, error->status == TILE_UNSUPPORTED ? FAILURE_BAD_REQUEST : failure->kind, "index: %s",
                       failure->message);
}

static bool load_index(struct opened_set *set, struct opened *opened, struct failure *failure) {
    const struct task *task = opened->task;
    struct tile_error error;
    tile_status status;
    if (!task->index) {
        status = tile_index_load_memory(&opened->index, task->part.data, task->part.size, NULL, &error);
    } else {
        if (!storage_open(&opened->index_object, set->storage, task->index, NULL, failure))
            return failure_set(failure, failure->kind, "index: %s", failure->message);
        struct tile_reader reader = storage_reader(opened->index_object);
        /* Tiles jump about in it. Where this does not work, reading it will say so. */
        if (opened->tasks > 1 && reader.size <= set->memory / 8)
            storage_fetch(opened->index_object, &(struct tile_range){0, reader.size}, 1, failure);
        status = tile_index_load(&opened->index, &reader, NULL, &error);
    }
    return status == TILE_OK || fail_index(opened, &error, failure);
}

static bool is_small(const struct task *task) {
    const uint32_t most = 1024;
    return task->part.size && task->options.has_region && task->region.source.width <= most;
}

bool opened_open(struct opened_set *set, struct opened *opened, struct failure *failure) {
    struct task *task = opened->task;
    struct tile_source_options options = task->options.source;
    struct tile_error error;
    tile_status status;
    options.name = task->source ? task->source : "(image)";
    options.progress = deadline_ask;
    options.user = set->deadline;
    if (set->memory < (options.max_memory ? options.max_memory : (uint64_t)1 << 30))
        options.max_memory = set->memory;
    if (opened->pinned) {
        struct tile_reader reader = storage_reader(opened->pinned->object);
        if (is_small(task)) /* what it needs will have been fetched, and costs a copy */
            reader.gap = COPY_GAP;
        status = tile_source_open_reader(&opened->source, &reader, &options, &error);
    } else {
        status = tile_source_open_memory(&opened->source, task->image.data, task->image.size, &options, &error);
    }
    if (status != TILE_OK)
        return opened_failure(opened, &error, failure);
    if (!task->index && !task->part.size)
        return true;
    return load_index(set, opened, failure) &&
           (tile_source_use_index(opened->source, opened->index, &error) == TILE_OK ||
            fail_index(opened, &error, failure));
}

void opened_close(struct opened_set *set) {
    for (size_t i = 0; i < set->opened_count; i++) {
        tile_source_close(set->opened[i].source);
        tile_index_free(set->opened[i].index);
        storage_close(set->opened[i].index_object);
    }
    for (size_t i = 0; i < set->pinned_count; i++)
        storage_close(set->pinned[i].object);
}

/* ---- Fetching ---- */

static int by_offset(const void *a, const void *b) {
    const struct tile_range *p = a, *q = b;
    return p->offset < q->offset ? -1 : p->offset > q->offset;
}

bool opened_fetch(struct pinned *pinned, struct tile_range *ranges, size_t count, uint64_t most,
                  struct failure *failure) {
    uint64_t gap = storage_reader(pinned->object).gap, end = pinned->fetched, bytes = 0;
    size_t merged = 0;
    gap = gap ? gap : TILE_DEFAULT_GAP;
    qsort(ranges, count, sizeof *ranges, by_offset);
    for (size_t i = 0; i < count; i++) {
        uint64_t from = ranges[i].offset, to = from + ranges[i].size;
        if (to <= end)
            continue;
        if (from <= end || (merged && from - end <= gap))
            from = end;
        if (merged && from == end)
            ranges[merged - 1].size += to - end;
        else
            ranges[merged++] = (struct tile_range){from, to - from};
        bytes += to - from;
        end = to;
    }
    return merged == 0 || bytes > most || storage_fetch(pinned->object, ranges, merged, failure);
}
