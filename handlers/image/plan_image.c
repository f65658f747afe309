/* SPDX-License-Identifier: MIT */
#include "plan_image.h"

#include "../base/deadline.h"
#include "../base/hash.h"
#include "../base/members.h"
#include "../base/respond.h"
#include "../storage/storage.h"
#include "../task/options.h"
#include "assemble_image.h"
#include "../base/needs.h"
#include "records.h"
#include "tasks.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All that a plan holds while it is made. */
struct planning {
    struct call *call;
    const json_t *event;
    struct object *object; /* the source */
    struct task_options options;
    tile_source *source;
    tile_index *index;
    char no_index[600]; /* why there is none; "" there is one */
    tile_plan *plan;    /* of one region; NULL: the job has its own */
    tile_job *job;
    struct waiting waiting;
    double open; /* seconds of a processor that opening the source took */
    struct run_job run;
    json_t *task_options;    /* of every task */
    struct tile_buffer head; /* of the manifest */
    char replaces[33];       /* what run.replaces points to */
    char job_url[STORAGE_URL_MOST], plan_url[STORAGE_URL_MOST], index_url[STORAGE_URL_MOST];
    char manifest_url[STORAGE_URL_MOST], records[STORAGE_URL_MOST];
};

static const char *text(const struct planning *p, const char *name) {
    return json_string_value(json_object_get(p->event, name));
}

/* ---- What is asked for ---- */

/* One new image is made of the same pixels, without tiles; whether it can be is found out when the source is open. */
static bool check_image(const struct planning *p, struct failure *failure) {
    const json_t *member = json_object_get(p->event, "image");
    const char *url = json_string_value(member);
    if (!member)
        return true;
    if (!url)
        return failure_set(failure, FAILURE_BAD_REQUEST, "image: the URL of one new image is wanted");
    if (!storage_check_url(p->call->storage, url, failure))
        return false;
    const char *slash = strrchr(url, '/'), *dot = strrchr(slash ? slash : url, '.');
    if (!dot || tile_codec_from_suffix(dot) == TILE_CODEC_UNSET)
        return failure_set(failure, FAILURE_BAD_REQUEST,
                           "image: %s: its suffix names no image format: jpg, png, tif, npy, "
                           "bmp, tga or hdr is wanted",
                           url);
    if (storage_is(p->object, url))
        return failure_set(failure, FAILURE_BAD_REQUEST, "image: is the source, %s", url);
    if (p->options.job.lossless)
        return failure_set(failure, FAILURE_BAD_REQUEST,
                           "image: one new image cannot be had without decoding: lossless does "
                           "not go with it");
    return true;
}

/* "prefix/r12_c3.png": it would be written over, or be taken for a tile. */
static bool is_tile(const char *url, const char *output) {
    size_t size = strlen(output);
    const char *name = url + size;
    if (strncmp(url, output, size) != 0)
        return false;
    if (output[size - 1] != '/' && *name++ != '/')
        return false;
    if (*name++ != 'r')
        return false;
    name += strspn(name, "0123456789");
    return strncmp(name, "_c", 2) == 0 && !strchr(name, '/');
}

static bool check_apart(const struct planning *p, struct failure *failure) {
    static const char *const names[] = {"source", "image"};
    for (size_t i = 0; i < 2; i++)
        if (text(p, names[i]) && is_tile(text(p, names[i]), text(p, "output")))
            return failure_set(failure, FAILURE_BAD_REQUEST, "%s: %s is where a tile may go: take another output",
                               names[i], text(p, names[i]));
    return true;
}

static bool read_event(struct planning *p, struct failure *failure) {
    static const char *const others[] = {"source", "etag", "type", "output", "image", "function", "verify", NULL};
    const char *output = text(p, "output");
    if (!output)
        return failure_set(failure, FAILURE_BAD_REQUEST,
                           "output: the folder or prefix that the tiles are to be written to is wanted");
    struct storage *storage = p->call->storage;
    return member_flag(p->event, "verify", &p->run.verify, failure) &&
           storage_join(p->job_url, output, RUN_JOB_NAME, failure) &&
           storage_join(p->plan_url, output, RUN_PLAN_NAME, failure) &&
           storage_join(p->index_url, output, "index.tix", failure) &&
           storage_join(p->manifest_url, output, "manifest.json", failure) &&
           storage_check_url(storage, p->job_url, failure) &&
           task_options_read(&p->options, p->call, p->event, others, failure) && check_image(p, failure) &&
           check_apart(p, failure);
}

/* ---- What can be done ---- */

static bool make_job(struct planning *p, struct failure *failure) {
    struct tile_job_options *o = &p->options.job;
    struct tile_error error;
    tile_job_free(p->job);
    p->job = NULL;
    o->plan = p->plan;
    return tile_job_new(&p->job, p->source, o, &error) == TILE_OK || failure_from(failure, &error);
}

/* As tile-convert: a region is one tile, unless a tile's size is given. */
static bool make_plan(struct planning *p, struct failure *failure) {
    const struct tile_job_options *o = &p->options.job;
    struct tile_error error;
    tile_status status = TILE_OK;
    if (p->options.has_region)
        status = o->grid.tile_width ? tile_plan_grid(&p->plan, p->options.region, o->grid, NULL, &error)
                                    : tile_plan_rects(&p->plan, &p->options.region, 1, NULL, &error);
    if (status != TILE_OK)
        failure_from(failure, &error);
    return status == TILE_OK || failure_set(failure, failure->kind, "region: %s", failure->message);
}

static bool check_count(const struct planning *p, struct failure *failure) {
    uint64_t count = tile_plan_count(tile_job_plan(p->job));
    return count <= RUN_TILES_MOST ||
           failure_set(failure, FAILURE_LIMIT_EXCEEDED,
                       "%s: makes %" PRIu64 " tiles; a run has at most %d: take larger tiles, such as [1024,1024]",
                       tile_source_info(p->source)->name, count, RUN_TILES_MOST);
}

static uint32_t max_u32(uint32_t a, uint32_t b) {
    return a > b ? a : b;
}

/* The index tells where tiles begin: more often than every 64 pixels (in a PNG: 256 rows) costs more than it gives. */
static bool build_index(struct planning *p, struct failure *failure) {
    const struct tile_info *info = tile_source_info(p->source);
    struct tile_grid grid = p->options.job.grid;
    struct tile_index_options o = TILE_OPTIONS(struct tile_index_options);
    uint32_t height = grid.tile_height ? grid.tile_height : grid.tile_width;
    bool turned = info->orientation >= 5;
    o.tile_width = max_u32(turned ? height : grid.tile_width, 64);
    o.tile_height = max_u32(turned ? grid.tile_width : height, 256);
    if (grid.tile_width == 0)
        o.tile_width = 0;
    o.progress = deadline_ask;
    o.user = &p->call->deadline;
    struct tile_error error;
    if (info->no_index) {
        snprintf(p->no_index, sizeof p->no_index, "none: %s", info->no_index);
        return true;
    }
    tile_status status = tile_index_build(&p->index, p->source, &o, &error);
    if (status == TILE_OK)
        status = tile_source_use_index(p->source, p->index, &error);
    if (status == TILE_OK)
        return true;
    /* Decoding may still give what is wanted of it, as the library's own jobs find. */
    bool bad = status == TILE_BAD_DATA || status == TILE_UNSUPPORTED || status == TILE_LIMIT_EXCEEDED;
    if (!bad || p->options.job.lossless)
        return storage_failure_from(p->object, &error, failure);
    snprintf(p->no_index, sizeof p->no_index, "none: %s", error.message);
    return true;
}

/* The options as every task and the job have them; what is there already is not theirs to say. All have one profile. */
static json_t *common_options(const struct planning *p) {
    json_t *options = task_options_json(p->event);
    json_object_del(options, "overwrite");
    json_t *format = json_string(tile_codec_name(tile_job_codec(p->job)));
    const struct profile *profile = p->options.to_profile;
    if (json_object_set_new(options, "format", format) == 0 &&
        (!profile || json_object_set_new(options, "to-profile-etag", json_string(profile->etag)) == 0))
        return options;
    json_decref(options);
    return NULL;
}

static struct tile_rect area_of(const tile_plan *plan) {
    struct tile_rect first = tile_plan_region(plan, 0).source;
    struct tile_rect last = tile_plan_region(plan, tile_plan_count(plan) - 1).source;
    return (struct tile_rect){first.x, first.y, last.x + last.width - first.x, last.y + last.height - first.y};
}

static bool open_source(struct planning *p, struct failure *failure) {
    struct tile_reader reader;
    struct tile_error error;
    p->waiting.reader = storage_reader(p->object);
    reader = measure_reader(&p->waiting);
    reader.modified = 0; /* the ETag says more, and an index holds the time only of what was written long ago */
    p->options.source.name = text(p, "source");
    p->options.source.progress = p->options.job.progress = deadline_ask;
    p->options.source.user = p->options.job.user = &p->call->deadline;
    double begun = measure_processor();
    tile_status status = tile_source_open_reader(&p->source, &reader, &p->options.source, &error);
    p->open = measure_processor() - begun;
    return status == TILE_OK || storage_failure_from(p->object, &error, failure);
}

/* What the job is: what its file says of it, and what assemble makes of it. */
static bool describe(struct planning *p, struct failure *failure) {
    const tile_plan *plan = tile_job_plan(p->job);
    struct tile_grid grid = tile_plan_grid_of(plan);
    const struct storage_facts *facts = storage_object_facts(p->object);
    struct run_job *run = &p->run;
    json_decref(p->task_options);
    p->task_options = common_options(p);
    if (!p->task_options)
        return failure_set(failure, FAILURE_OUT_OF_MEMORY, "out of memory for the plan");
    run->source = text(p, "source");
    run->etag = facts->etag;
    run->size = facts->size;
    run->output = text(p, "output");
    run->tiles = tile_plan_count(plan);
    run->options = p->task_options;
    run->area = area_of(plan);
    run->tile_width = grid.tile_width;
    run->tile_height = grid.tile_height;
    run->suffix = tile_codec_name(tile_job_codec(p->job));
    run->image = text(p, "image");
    return !run->image || assemble_can_make(p->call, run, p->source, failure);
}

/* What cannot be done is refused before the source is read, but for what wants an index first. */
static bool settle(struct planning *p, struct failure *failure) {
    if (!open_source(p, failure))
        return false;
    bool early = !p->options.job.lossless || tile_source_info(p->source)->no_index;
    return make_plan(p, failure) &&
           (!early || (make_job(p, failure) && check_count(p, failure) && describe(p, failure))) &&
           build_index(p, failure) && make_job(p, failure) && check_count(p, failure) && describe(p, failure);
}

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
    if (!find_damage(p, p->run.area, failure))
        return false;
    if (tile_job_head(p->job, &p->head, &error) != TILE_OK)
        return storage_failure_from(p->object, &error, failure);
    p->run.head = (const char *)p->head.data;
    p->run.damage = tile_source_damage(p->source);
    return true;
}

/* Without a job there is nothing that another run, or a run of another program, made. */
static bool check_free(const struct planning *p, struct failure *failure) {
    struct storage_facts facts;
    const char *urls[] = {p->manifest_url, text(p, "image")};
    for (size_t i = 0; i < 2 && urls[i]; i++) {
        if (storage_stat(p->call->storage, urls[i], &facts, failure))
            return failure_set(failure, FAILURE_OUTPUT_DENIED,
                               "%s: is there already; take another, or \"overwrite\": true", urls[i]);
        if (failure->kind != FAILURE_SOURCE_NOT_FOUND)
            return false;
    }
    return true;
}

/* Whether a job.json is of this job, whose batch is then as large as it was, so that what was done of it is found. */
static bool take_up(struct planning *p, const struct tile_buffer *old, bool *same, struct failure *failure) {
    json_t *json = json_loadb((const char *)old->data, old->size, JSON_REJECT_DUPLICATES, NULL);
    const char *replaces = json_string_value(json_object_get(json, "replaces"));
    struct tile_buffer text = {0};
    p->run.batch = (uint64_t)json_integer_value(json_object_get(json, "batch"));
    if (replaces && strlen(replaces) < sizeof p->replaces)
        p->run.replaces = strcpy(p->replaces, replaces);
    json_decref(json);
    bool done = run_job_write(&p->run, &text, failure);
    *same = done && text.size == old->size && memcmp(text.data, old->data, old->size) == 0;
    tile_buffer_free(&text);
    return done;
}

/* Another job's tiles have the same names: what its batches told of them must not be taken for this one's. */
static void replace(struct planning *p, const struct tile_buffer *old) {
    hash_bytes(old->data, old->size, p->replaces);
    p->run.replaces = p->replaces;
    p->run.batch = 0;
}

/* What is there already is of this job, or is to be replaced. */
static bool check_output(struct planning *p, struct failure *failure) {
    enum { JOB_MOST = 16 << 20 };
    struct tile_buffer old = {0};
    bool overwrite = p->options.job.overwrite, same = false;
    if (!storage_get(p->call->storage, p->job_url, JOB_MOST, &old, NULL, failure)) {
        if (failure->kind == FAILURE_SOURCE_NOT_FOUND)
            return overwrite || check_free(p, failure);
        if (failure->kind != FAILURE_LIMIT_EXCEEDED)
            return false;
    } else if (!take_up(p, &old, &same, failure)) {
        tile_buffer_free(&old);
        return false;
    }
    if (!same)
        replace(p, &old);
    tile_buffer_free(&old);
    return same || overwrite ||
           failure_set(
               failure, FAILURE_OUTPUT_DENIED,
               "%s: is of another job (another source or other options); take another output, or \"overwrite\": true",
               p->job_url);
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
        memory = needs_memory(tile_job_memory(p->job), tasks.held);
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
    bool done = read_event(&p, failure) &&
                (storage_object_facts(object)->etag[0] ||
                 failure_set(failure, FAILURE_UNSUPPORTED, "%s: the store tells no version of it (ETag)",
                             text(&p, "source"))) &&
                settle(&p, failure) && begin_manifest(&p, failure) && check_output(&p, failure) &&
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
