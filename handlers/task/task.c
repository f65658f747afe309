/* SPDX-License-Identifier: MIT */
#include "task.h"

#include "../base/event.h"
#include "../storage/storage.h"
#include "coding.h"

#include <stdlib.h>
#include <string.h>

/* How an index file begins, in base64: what begins otherwise is a URL. */
static const char part_begins[] = "iVRJWA0K";

static bool read_source(struct task *out, struct failure *failure) {
    const char *image = NULL;
    if (!member_text(out->json, "source", &out->source, failure) || !member_text(out->json, "image", &image, failure) ||
        !member_text(out->json, "etag", &out->etag, failure) ||
        !member_text(out->json, "version", &out->version, failure) ||
        !member_number(out->json, "size", 0, INT64_MAX, &out->size, failure))
        return false;
    if (!out->source == !image)
        return failure_set(failure, FAILURE_BAD_REQUEST,
                           "source: %s: a task has the URL of an image as \"source\", or base64 of one as \"image\"",
                           image ? "and image are both there" : "is missing");
    if (image && out->version)
        return failure_set(failure, FAILURE_BAD_REQUEST, "version: is of a source, which is missing");
    return !image || base64_decode("image", image, &out->image, failure);
}

static bool read_index(struct task *out, struct failure *failure) {
    if (!member_text(out->json, "index", &out->index, failure))
        return false;
    if (!out->index || strncmp(out->index, part_begins, strlen(part_begins)) != 0)
        return true;
    const char *part = out->index;
    out->index = NULL;
    return base64_decode("index", part, &out->part, failure);
}

/* "place": [left,top,width,height]: where the region is in its tile. */
static bool read_place(struct task *out, struct failure *failure) {
    uint64_t row = 0, column = 0;
    const json_t *place = json_object_get(out->json, "place");
    uint32_t v[4] = {0, 0, 0, 0};
    bool right = json_array_size(place) == 4;
    for (size_t i = 0; i < 4 && right; i++) {
        const json_t *value = json_array_get(place, i);
        json_int_t number = json_integer_value(value);
        right = json_is_integer(value) && number >= (i < 2 ? 0 : 1) && number <= UINT32_MAX;
        v[i] = (uint32_t)number;
    }
    if (place && (!right || !out->options.has_region))
        return failure_set(failure, FAILURE_BAD_REQUEST,
                           right ? "place: is of a region, which is missing"
                                 : "place: [LEFT,TOP,WIDTH,HEIGHT] is wanted");
    if (!member_number(out->json, "row", 0, UINT32_MAX, &row, failure) ||
        !member_number(out->json, "column", 0, UINT32_MAX, &column, failure))
        return false;
    out->region = (struct tile_region){.row = (uint32_t)row,
                                       .column = (uint32_t)column,
                                       .source = out->options.region,
                                       .left = v[0],
                                       .top = v[1],
                                       .width = v[2],
                                       .height = v[3]};
    return true;
}

static bool read_output(struct task *out, struct call *call, struct failure *failure) {
    if (!member_text_needed(out->json, "output", &out->output, failure) ||
        !storage_check_url(call->storage, out->output, failure))
        return false;
    if (out->options.job.codec == TILE_CODEC_UNSET)
        out->options.job.codec = tile_codec_of_path(out->output);
    return true;
}

/* A tile size would be of a plan: that it does nothing here should not be found out by its result. */
static bool refuse_tile(const json_t *json, struct failure *failure) {
    return !json_object_get(json, "tile") ||
           failure_set(failure, FAILURE_BAD_REQUEST, "tile: a task is one tile, whose pixels are its \"region\"");
}

/* "records" comes with a batch, "number" is the task's own, which may also be done without leaving a record. */
static bool read_number(struct task *out, struct failure *failure) {
    if (!member_text(out->json, "records", &out->records, failure) ||
        !member_number(out->json, "number", 0, INT64_MAX, &out->number, failure))
        return false;
    return !out->records || json_object_get(out->json, "number") ||
           failure_set(failure, FAILURE_BAD_REQUEST, "number: is missing: which tile of its plan it is");
}

bool task_read(struct task *out, struct call *call, const json_t *task, const json_t *common, struct failure *failure) {
    static const char *const others[] = {"source", "image",  "etag",  "version", "size",    "row", "column",
                                         "place",  "output", "index", "number",  "records", NULL};
    *out = (struct task){.size = UINT64_MAX};
    if (!json_is_object(task))
        return failure_set(failure, FAILURE_BAD_REQUEST, "task: a JSON object is wanted");
    out->json = json_copy((json_t *)task);
    if (!out->json || (common && json_object_update_missing(out->json, (json_t *)common) != 0))
        return failure_set(failure, FAILURE_OUT_OF_MEMORY, "task: no memory");
    return read_source(out, failure) && refuse_tile(out->json, failure) &&
           task_options_read(&out->options, call, out->json, others, failure) && read_index(out, failure) &&
           read_place(out, failure) && read_number(out, failure) && read_output(out, call, failure);
}

bool task_read_posted(struct task *out, struct call *call, const json_t *options, struct tile_buffer image,
                      struct failure *failure) {
    static const char *const others[] = {NULL};
    *out = (struct task){.size = UINT64_MAX, .image = image};
    if (json_object_get(options, "to-profile"))
        return failure_set(failure, FAILURE_BAD_REQUEST,
                           "to-profile: a request cannot name what this function may read");
    if (!refuse_tile(options, failure) || !task_options_read(&out->options, call, options, others, failure) ||
        !task_options_bound(&out->options, call, failure))
        return false;
    out->region.source = out->options.region;
    return true;
}

void task_free(struct task *task) {
    task_options_free(&task->options);
    tile_buffer_free(&task->image);
    tile_buffer_free(&task->part);
    tile_buffer_free(&task->bytes);
    tile_buffer_free(&task->record);
    json_decref(task->json);
}

struct task *task_list_add(struct task_list *list, struct failure *failure) {
    if (list->count == TASKS_MOST) {
        failure_set(failure, FAILURE_LIMIT_EXCEEDED, "tasks: more than %d at a time", TASKS_MOST);
        return NULL;
    }
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 8;
        struct task *tasks = realloc(list->tasks, capacity * sizeof *tasks);
        if (!tasks) {
            failure_set(failure, FAILURE_OUT_OF_MEMORY, "%zu tasks: no memory", capacity);
            return NULL;
        }
        list->tasks = tasks;
        list->capacity = capacity;
    }
    struct task *task = &list->tasks[list->count++];
    memset(task, 0, sizeof *task);
    return task;
}

void task_list_free(struct task_list *list) {
    for (size_t i = 0; i < list->count; i++)
        task_free(&list->tasks[i]);
    free(list->tasks);
}
