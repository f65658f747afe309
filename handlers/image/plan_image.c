/* SPDX-License-Identifier: MIT */
#include "plan_image.h"

#include "../base/hash.h"
#include "../base/needs.h"
#include "../base/respond.h"
#include "planning.h"
#include "records.h"
#include "tasks.h"

#include <math.h>

/* ---- The job ---- */

/*
 * What a lenient source lets pass is known when all was decoded, from the top, of what is wanted. One with an index is
 * sound.
 */
static bool find_damage(struct planning *p, struct tile_rect area, struct failure *failure) {
    const struct tile_info *info = tile_source_info(p->source);
    struct tile_image rows;
    struct tile_error error;
    const uint32_t most = 64;
    if (!info->lenient || info->indexed)
        return true;
    tile_status status = tile_image_alloc(&rows, info->format, area.width, most, NULL, &error);
    if (status != TILE_OK)
        return failure_from(failure, &error);
    for (uint32_t y = 0; y < area.height && status == TILE_OK; y += rows.height) {
        rows.height = area.height - y < most ? area.height - y : most;
        struct tile_rect strip = {area.x, area.y + y, area.width, rows.height};
        status = tile_source_read(p->source, strip, &rows, &error);
    }
    tile_image_free(&rows, NULL);
    return status == TILE_OK || storage_failure_from(p->object, &error, failure);
}

static bool begin_manifest(struct planning *p, struct failure *failure) {
    struct tile_error error;
    if (!find_damage(p, tile_plan_area(p->plan), failure))
        return false;
    if (tile_job_head(p->job, &p->head, &error) != TILE_OK)
        return storage_failure_from(p->object, &error, failure);
    p->run.head = (const char *)p->head.data;
    p->run.damage = tile_source_damage(p->source);
    return true;
}

/* ---- What a tile takes ---- */

/* As many tiles as a call is to make, unless the job has that of an earlier plan, and that still fits. */
static void choose_batch(struct planning *p, const struct tasks *tasks, const struct measured *measured,
                         const struct needs *function) {
    uint64_t batch = needs_batch(measured, function), most = tasks_batch_most(tasks);
    batch = batch < most ? batch : most;
    batch = batch < p->run.tiles ? batch : p->run.tiles;
    bool fits = p->run.batch > 0 && p->run.batch <= most && p->run.batch / 4 <= batch;
    if (!fits)
        p->run.batch = batch;
}

static bool measure(struct planning *p, const struct tasks *tasks, struct measured *measured, struct failure *failure) {
    struct measuring m = {.call = p->call,
                          .object = p->object,
                          .source = p->source,
                          .waiting = &p->waiting,
                          .job = p->job,
                          .options = &p->options.job,
                          .largest = tasks->largest,
                          .open = p->open};
    return measure_tiles(measured, &m, failure);
}

/* ---- All of it ---- */

/* Takes a reference, which may be NULL; NULL without memory. */
static json_t *with(json_t *json, const char *key, json_t *value) {
    if (json && json_object_set_new(json, key, value) == 0)
        return json;
    json_decref(json);
    return NULL;
}

/* What a person should know of the image; NULL without memory. */
static json_t *notes_of(const tile_source *source) {
    json_t *notes = json_array();
    const char *note;
    for (size_t i = 0; notes && (note = tile_source_note(source, i)); i++)
        if (json_array_append_new(notes, json_string(note)) != 0) {
            json_decref(notes);
            notes = NULL;
        }
    return notes;
}

static bool answer(const struct planning *p, uint64_t memory_mb, double seconds, struct response *response,
                   struct failure *failure) {
    json_t *json = json_pack("{ss ss ss sI sI sf sI ss}", "job", p->job_url, "plan", p->plan_url, "kind", "image",
                             "tiles", (json_int_t)p->run.tiles, "memory_mb", (json_int_t)memory_mb, "seconds",
                             ceil(seconds * 1e3) / 1e3, "batch", (json_int_t)p->run.batch, "records", p->records);
    if (p->no_index[0])
        json = with(json, "index", json_string(p->no_index));
    if (tile_source_note(p->source, 0))
        json = with(json, "notes", notes_of(p->source));
    return respond_json(&response->body, json, failure);
}

/* The job comes last: where it is, all is. */
static bool put(struct planning *p, struct tasks *tasks, struct failure *failure) {
    static const struct storage_put_options as_json = {.type = "application/json"};
    struct tile_buffer job = {0};
    char hash[33];
    bool done = run_job_write(&p->run, &job, failure);
    if (done) {
        hash_bytes(job.data, job.size, hash);
        done = records_prefix(p->records, p->run.output, hash, failure) && tasks_put(tasks, p->index, failure) &&
               storage_put(p->call->storage, p->job_url, job.data, job.size, &as_json, failure);
    }
    tile_buffer_free(&job);
    return done;
}

static bool write_plan(struct planning *p, struct response *response, struct failure *failure) {
    struct needs function;
    struct measured measured;
    uint64_t memory = 0;
    struct tasks tasks = {.storage = p->call->storage,
                          .deadline = p->call->deadline,
                          .job = p->job,
                          .source = p->source,
                          .options = p->task_options,
                          .url = p->run.source,
                          .facts = storage_object_facts(p->object),
                          .output = p->run.output,
                          .plan_url = p->plan_url,
                          .index_url = p->index_url};
    bool done = needs_function(&function, p->event, failure) && tasks_write(&tasks, failure);
    if (done) {
        memory = needs_memory(tile_job_memory(p->job, NULL), tasks.held);
        done = needs_fit(memory, 0, &function, failure) && measure(p, &tasks, &measured, failure);
    }
    if (done) {
        double seconds = needs_seconds(&measured, &function);
        choose_batch(p, &tasks, &measured, &function);
        done = needs_fit(memory, seconds, &function, failure) && put(p, &tasks, failure) &&
               answer(p, memory, seconds, response, failure);
    }
    tasks_free(&tasks);
    return done;
}

bool plan_image(struct call *call, const json_t *event, struct object *object, struct response *response,
                struct failure *failure) {
    struct planning p = {.call = call, .event = event, .object = object};
    bool done = planning_read(&p, failure) &&
                (storage_object_facts(object)->etag[0] ||
                 failure_set(failure, FAILURE_UNSUPPORTED, "%s: the store tells no version of it (ETag)",
                             planning_text(&p, "source"))) &&
                planning_settle(&p, failure) && begin_manifest(&p, failure) && planning_check_output(&p, failure) &&
                write_plan(&p, response, failure);
    json_decref(p.task_options);
    tile_buffer_free(&p.head);
    tile_job_free(p.job);
    tile_plan_free(p.plan);
    tile_source_close(p.source);
    tile_index_free(p.index);
    task_options_free(&p.options);
    return done;
}
