/* SPDX-License-Identifier: MIT */
#include "missing.h"

#include "../base/deadline.h"
#include "../task/options.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 1 << 20 };

bool missing_add(struct missing *missing, uint64_t tile, struct failure *failure) {
    if (missing->count == missing->capacity) {
        size_t capacity = missing->capacity ? 2 * missing->capacity : 64;
        uint64_t *tiles = realloc(missing->tiles, capacity * sizeof *tiles);
        if (!tiles)
            return failure_set(failure, FAILURE_OUT_OF_MEMORY, "out of memory for a list of %zu tiles", capacity);
        missing->tiles = tiles;
        missing->capacity = capacity;
    }
    missing->tiles[missing->count++] = tile;
    return true;
}

void missing_free(struct missing *missing) {
    free(missing->tiles);
}

/* ---- Lines of the plan ---- */

struct copying {
    const struct missing *missing;
    const struct run_job *job;
    const tile_plan *plan;
    size_t done;             /* of the missing ones */
    uint64_t tile;           /* whose line it is */
    struct tile_buffer line; /* a wanted one, as far as it was read */
    struct draft *out;
    const char *url; /* of the plan's tasks */
    struct failure *failure;
};

static bool is_wanted(const struct copying *c) {
    return c->done < c->missing->count && c->missing->tiles[c->done] == c->tile;
}

static bool is_number(const json_t *value, uint64_t number) {
    return json_is_integer(value) && json_integer_value(value) == (json_int_t)number;
}

static bool is_text(const json_t *value, const char *text) {
    return json_is_string(value) && strcmp(json_string_value(value), text) == 0;
}

static bool is_task_of(const struct copying *c, const json_t *task) {
    struct tile_rect r = tile_plan_region(c->plan, c->tile).source;
    const uint32_t rect[4] = {r.x, r.y, r.width, r.height};
    const json_t *region = json_object_get(task, "region");
    if (!is_number(json_object_get(task, "number"), c->tile) ||
        !is_text(json_object_get(task, "source"), c->job->source) ||
        !is_text(json_object_get(task, "etag"), c->job->etag))
        return false;
    for (size_t i = 0; i < 4; i++)
        if (!is_number(json_array_get(region, i), rect[i]))
            return false;
    json_t *options = task_options_json(task);
    bool same = json_equal(options, c->job->options);
    json_decref(options);
    return same;
}

/* A line is taken if it says itself that it is this tile's. */
static bool end_line(struct copying *c) {
    json_t *task = json_loadb((const char *)c->line.data, c->line.size, JSON_REJECT_DUPLICATES, NULL);
    bool is = is_task_of(c, task);
    json_decref(task);
    if (!is)
        return failure_set(c->failure, FAILURE_BAD_REQUEST,
                           "%s: line %" PRIu64 " is not of tile %" PRIu64 " of this job", c->url, c->tile + 1, c->tile);
    bool done = storage_write(c->out, c->line.data, c->line.size, c->failure);
    c->line.size = 0;
    c->done++;
    return done;
}

static bool take(struct copying *c, const char *text, size_t size) {
    struct tile_error error;
    for (const char *end = text + size; text < end;) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        size_t n = newline ? (size_t)(newline + 1 - text) : (size_t)(end - text);
        bool wanted = is_wanted(c);
        if (wanted && tile_buffer_append(&c->line, text, n, &error) != TILE_OK)
            return failure_from(c->failure, &error);
        if (wanted && newline && !end_line(c))
            return false;
        c->tile += newline != NULL;
        text += n;
    }
    return true;
}

static bool copy(struct copying *c, struct object *object, int64_t deadline) {
    uint64_t size = storage_object_facts(object)->size;
    struct tile_reader reader = storage_reader(object);
    struct tile_error error;
    char *piece = malloc(PIECE);
    bool done = piece || failure_set(c->failure, FAILURE_OUT_OF_MEMORY, "out of memory for the plan's tasks");
    for (uint64_t at = 0; done && at < size && c->done < c->missing->count; at += PIECE) {
        size_t n = size - at < PIECE ? (size_t)(size - at) : PIECE;
        if (deadline_over(deadline))
            done = failure_set(c->failure, FAILURE_OUT_OF_TIME,
                               "%s: the deadline came when %zu of %zu missing tiles were listed", c->url, c->done,
                               c->missing->count);
        else if (reader.read_at(reader.user, at, piece, n, &error) != TILE_OK)
            done = storage_failure_from(object, &error, c->failure);
        else
            done = take(c, piece, n);
    }
    free(piece);
    return done && (c->done == c->missing->count ||
                    failure_set(c->failure, FAILURE_BAD_REQUEST, "%s: has no line of tile %" PRIu64, c->url,
                                c->missing->tiles[c->done]));
}

bool missing_write(const struct missing *missing, const struct run_job *job, const tile_plan *plan, const char *prefix,
                   struct call *call, char url[STORAGE_URL_MOST], struct failure *failure) {
    static const struct storage_put_options as_lines = {.type = "application/jsonl"};
    char tasks[STORAGE_URL_MOST];
    struct copying c = {.missing = missing, .job = job, .plan = plan, .url = tasks, .failure = failure};
    struct object *object = NULL;
    bool done = storage_join(url, prefix, MISSING_NAME, failure) &&
                storage_join(tasks, job->output, RUN_PLAN_NAME, failure) &&
                storage_open(&object, call->storage, tasks, NULL, failure) &&
                storage_create(&c.out, call->storage, url, &as_lines, failure) && copy(&c, object, call->deadline);
    if (done)
        done = storage_commit(c.out, failure);
    else
        storage_discard(c.out);
    tile_buffer_free(&c.line);
    storage_close(object);
    return done;
}
