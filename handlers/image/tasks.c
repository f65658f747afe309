/* SPDX-License-Identifier: MIT */
#include "tasks.h"

#include "../base/deadline.h"
#include "../storage/storage.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/*
 * Express executions take 256 KiB of input for all tasks of a batch: a part of the index that makes 2 KiB of base64 is
 * carried along, a larger one is not. It is small where it holds but places, so that a source can be spliced by it;
 * where it also holds what was decoded before them, it is not looked at.
 */
enum { PART_MOST = 1536 };
/* Of those 262,144 bytes; the rest is for what stands around the tasks. */
enum { BATCH_BYTES = 240000 };
enum { READ_AHEAD = 64 << 20 }; /* bytes that the storage may hold of a source that is read from front to back */
/* Distributed Map reads no more than 10 GB. */
#define PLAN_MOST UINT64_C(10000000000)

static bool no_memory(struct failure *failure) {
    return failure_set(failure, FAILURE_OUT_OF_MEMORY, "out of memory for the plan's tasks");
}

static uint64_t max_u64(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

/* ---- The index ---- */

/* The part of the index that a region needs, in base64; NULL in `*out` where it is too large for a task. */
static bool part_of(const struct tasks *t, struct tile_rect rect, char **out, struct failure *failure) {
    tile_index *part = NULL;
    struct tile_buffer bytes = {0};
    struct tile_writer writer = tile_buffer_writer(&bytes);
    struct tile_error error;
    *out = NULL;
    if (!tile_source_info(t->source)->splices)
        return true;
    tile_status status = tile_index_part(&part, t->source, rect, NULL, &error);
    if (status == TILE_OK)
        status = tile_index_save(part, &writer, &error);
    tile_index_free(part);
    bool done = status == TILE_OK || failure_from(failure, &error);
    if (done && bytes.size <= PART_MOST) {
        *out = malloc(4 * ((size_t)PART_MOST / 3 + 1) + 1);
        if (*out)
            EVP_EncodeBlock((unsigned char *)*out, bytes.data, (int)bytes.size);
        done = *out || no_memory(failure);
    }
    tile_buffer_free(&bytes);
    return done;
}

static bool add_index(struct tasks *t, struct tile_rect rect, json_t *task, struct failure *failure) {
    char *part;
    if (!tile_source_info(t->source)->indexed)
        return true;
    if (!part_of(t, rect, &part, failure))
        return false;
    t->whole_index |= !part;
    bool done = json_object_set_new(task, "index", json_string(part ? part : t->index_url)) == 0;
    free(part);
    return done || no_memory(failure);
}

/* ---- What a tile takes ---- */

/* Bytes of the source that a region is read from, of one with parts. */
static bool count_fetched(struct tasks *t, struct tile_rect rect, uint64_t *bytes, struct failure *failure) {
    struct tile_error error;
    size_t count;
    for (;;) {
        if (tile_source_ranges(t->source, rect, t->ranges, t->range_capacity, &count, &error) != TILE_OK)
            return failure_from(failure, &error);
        if (count <= t->range_capacity)
            break;
        struct tile_range *more = realloc(t->ranges, count * sizeof *more);
        if (!more)
            return no_memory(failure);
        t->ranges = more;
        t->range_capacity = count;
    }
    *bytes = 0;
    for (size_t i = 0; i < count; i++)
        *bytes += t->ranges[i].size;
    return true;
}

static bool count_needs(struct tasks *t, const struct tile_region *region, struct failure *failure) {
    const struct tile_info *info = tile_source_info(t->source);
    uint64_t held = info->bytes < READ_AHEAD ? info->bytes : READ_AHEAD;
    if (info->parts && !count_fetched(t, region->source, &held, failure))
        return false;
    t->largest = max_u64(t->largest, (uint64_t)region->width * region->height);
    t->held = max_u64(t->held, held);
    return true;
}

/* ---- Tasks ---- */

static json_t *numbers(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
    return json_pack("[IIII]", (json_int_t)a, (json_int_t)b, (json_int_t)c, (json_int_t)d);
}

static json_t *task_of(const struct tasks *t, uint64_t number, const struct tile_region *region, const char *output) {
    struct tile_rect r = region->source;
    json_t *task = json_pack("{ss ss sI sI so sI sI}", "source", t->url, "etag", t->facts->etag, "size",
                             (json_int_t)t->facts->size, "number", (json_int_t)number, "region",
                             numbers(r.x, r.y, r.width, r.height), "row", (json_int_t)region->row, "column",
                             (json_int_t)region->column);
    bool done = task != NULL;
    if (region->width != r.width || region->height != r.height)
        done = done && json_object_set_new(task, "place",
                                           numbers(region->left, region->top, region->width, region->height)) == 0;
    done = done && json_object_update(task, (json_t *)t->options) == 0 &&
           json_object_set_new(task, "output", json_string(output)) == 0;
    if (done)
        return task;
    json_decref(task);
    return NULL;
}

static bool add_line(struct tasks *t, const json_t *task, struct failure *failure) {
    char *line = json_dumps(task, JSON_COMPACT);
    if (!line)
        return no_memory(failure);
    size_t size = strlen(line);
    line[size] = '\n'; /* in place of the NUL */
    t->longest = size + 1 > t->longest ? size + 1 : t->longest;
    bool done = storage_write(t->lines, line, size + 1, failure);
    free(line);
    return done && (storage_written(t->lines) <= PLAN_MOST ||
                    failure_set(failure, FAILURE_LIMIT_EXCEEDED,
                                "the plan of %" PRIu64 " tiles has more than %" PRIu64 " bytes: take larger tiles",
                                tile_plan_count(tile_job_plan(t->job)), PLAN_MOST));
}

static bool add(struct tasks *t, uint64_t number, struct failure *failure) {
    char name[TILE_NAME_SIZE], output[STORAGE_URL_MOST];
    struct tile_region region = tile_plan_region(tile_job_plan(t->job), number);
    tile_job_name(t->job, &region, name);
    if (!count_needs(t, &region, failure) || !storage_join(output, t->output, name, failure))
        return false;
    json_t *task = task_of(t, number, &region, output);
    bool done =
        (task || no_memory(failure)) && add_index(t, region.source, task, failure) && add_line(t, task, failure);
    json_decref(task);
    return done;
}

bool tasks_write(struct tasks *t, struct failure *failure) {
    const tile_plan *plan = tile_job_plan(t->job);
    static const struct storage_put_options as_lines = {.type = "application/jsonl"};
    if (!storage_create(&t->lines, t->storage, t->plan_url, &as_lines, failure))
        return false;
    for (uint64_t i = 0; i < tile_plan_count(plan); i++) {
        if (deadline_over(t->deadline))
            return failure_set(failure, FAILURE_OUT_OF_TIME,
                               "the deadline came when %" PRIu64 " of %" PRIu64
                               " tasks were written: larger tiles make fewer",
                               i, tile_plan_count(plan));
        if (!add(t, i, failure))
            return false;
    }
    return true;
}

static bool put_index(const struct tasks *t, const tile_index *index, struct failure *failure) {
    static const struct storage_put_options as_bytes = {.type = "application/octet-stream"};
    struct draft *draft;
    struct tile_error error;
    if (!storage_create(&draft, t->storage, t->index_url, &as_bytes, failure))
        return false;
    struct tile_writer writer = storage_writer(draft);
    if (tile_index_save(index, &writer, &error) == TILE_OK)
        return storage_commit(draft, failure);
    storage_failure_writing(draft, &error, failure);
    storage_discard(draft);
    return false;
}

bool tasks_put(struct tasks *t, const tile_index *index, struct failure *failure) {
    if (t->whole_index && !put_index(t, index, failure))
        return false;
    struct draft *lines = t->lines;
    t->lines = NULL;
    return storage_commit(lines, failure);
}

uint64_t tasks_batch_most(const struct tasks *t) {
    return t->longest < BATCH_BYTES ? BATCH_BYTES / t->longest : 1;
}

void tasks_free(struct tasks *t) {
    storage_discard(t->lines);
    free(t->ranges);
}
