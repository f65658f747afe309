/* SPDX-License-Identifier: MIT */
#include "run_job.h"

#include "../base/event.h"
#include "../base/hash.h"
#include "../storage/storage.h"
#include "../task/options.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- Writing ---- */

/* NULL without memory. */
static json_t *plan_json(const tile_plan *plan) {
    struct tile_buffer text = {0};
    json_t *json = NULL;
    if (tile_plan_describe(plan, &text, NULL) == TILE_OK)
        json = json_loadb((const char *)text.data, text.size, 0, NULL);
    tile_buffer_free(&text);
    return json;
}

bool run_job_write(const struct run_job *job, struct tile_buffer *out, struct failure *failure) {
    json_t *json =
        json_pack("{si ss ss ss sI ss sI sI sO so}", "job", 1, "kind", "image", "source", job->source, "etag",
                  job->etag, "size", (json_int_t)job->size, "output", job->output, "tiles", (json_int_t)job->tiles,
                  "batch", (json_int_t)job->batch, "options", job->options, "plan", plan_json(job->plan));
    bool done = json && (!job->verify || json_object_set_new(json, "verify", json_true()) == 0);
    const char *texts[][2] = {{"suffix", job->suffix},
                              {"head", job->head},
                              {"image", job->image},
                              {"damage", job->damage},
                              {"replaces", job->replaces}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i][1])
            done = done && json_object_set_new(json, texts[i][0], json_string(texts[i][1])) == 0;
    char *text = done ? json_dumps(json, JSON_INDENT(1)) : NULL;
    json_decref(json);
    if (!text)
        return failure_set(failure, FAILURE_OUT_OF_MEMORY, "out of memory for the job's description");
    struct tile_error error;
    size_t size = strlen(text);
    text[size] = '\n'; /* in place of the NUL */
    tile_status status = tile_buffer_append(out, text, size + 1, &error);
    free(text);
    return status == TILE_OK || failure_from(failure, &error);
}

/* ---- Reading ---- */

bool run_file_read(struct run_file *file, struct call *call, const char *url, struct failure *failure) {
    enum { JOB_MOST = 16 << 20 }; /* bytes */
    struct tile_buffer text = {0};
    json_error_t error;
    *file = (struct run_file){.url = url};
    if (!storage_get(call->storage, url, JOB_MOST, &text, NULL, failure))
        return false;
    file->json = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, &error);
    hash_bytes(text.data, text.size, file->hash);
    tile_buffer_free(&text);
    return file->json ||
           failure_set(failure, FAILURE_BAD_REQUEST, "%s: line %d, column %d: is no job of a plan, or not all of one",
                       url, error.line, error.column);
}

struct reading {
    const char *url;
    const json_t *json;
    struct failure *failure;
};

static bool wrong(const struct reading *r, const char *name, const char *wanted) {
    return failure_set(r->failure, FAILURE_BAD_REQUEST, "%s: is no job of an image: %s: %s", r->url, name, wanted);
}

static bool wrong_suffix(const struct reading *r) {
    char names[TILE_CODEC_NAMES], wanted[TILE_CODEC_NAMES + 16];
    snprintf(wanted, sizeof wanted, "%s is wanted", tile_codec_names(names, sizeof names));
    return wrong(r, "suffix", wanted);
}

static bool read_text(const struct reading *r, const char *name, bool needed, const char **out) {
    const json_t *value = json_object_get(r->json, name);
    *out = json_string_value(value);
    if (!value && !needed)
        return true;
    return (*out && **out && strlen(*out) == json_string_length(value)) || wrong(r, name, "a text is wanted");
}

static bool read_count(const struct reading *r, const char *name, uint64_t *out) {
    const json_t *value = json_object_get(r->json, name);
    json_int_t number = json_integer_value(value);
    *out = (uint64_t)number;
    return (json_is_integer(value) && number > 0) || wrong(r, name, "a number above 0 is wanted");
}

static bool read_flag(const struct reading *r, const char *name, bool *out) {
    const json_t *value = json_object_get(r->json, name);
    *out = json_is_true(value);
    return !value || json_is_boolean(value) || wrong(r, name, "true or false is wanted");
}

/* Of every task, whose profile is not read: no tile is made here. */
static bool check_options(const struct reading *r, struct call *call, json_t *options) {
    static const char *const others[] = {"to-profile", "to-profile-etag", NULL};
    struct task_options read;
    if (!json_is_object(options))
        return wrong(r, "options", "an object is wanted");
    struct failure *failure = r->failure;
    if (!task_options_read(&read, call, options, others, failure))
        return failure_set(failure, failure->kind, "%s: is no job of an image: options: %s", r->url, failure->message);
    task_options_free(&read);
    return true;
}

/* The head is as plan wrote it: about this source and this plan, but for its end a JSON object on one line. */
static bool check_head(const struct reading *r, const struct run_job *job) {
    size_t size = strlen(job->head);
    char *text = malloc(size + 2);
    if (!text)
        return failure_set(r->failure, FAILURE_OUT_OF_MEMORY, "out of memory for the manifest's head");
    memcpy(text, job->head, size);
    memcpy(text + size, "}", 2);
    json_t *head = strchr(text, '\n') ? NULL : json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    free(text);
    bool same = json_integer_value(json_object_get(head, "manifest")) == 1 &&
                json_integer_value(json_object_get(json_object_get(head, "source"), "bytes")) == (json_int_t)job->size;
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(r->json, "plan"), name, value) {
        same = same && json_equal(json_object_get(head, name), value);
    }
    json_decref(head);
    return same || wrong(r, "head", "the beginning of this job's manifest is wanted");
}

static bool read_plan(const struct reading *r, struct run_job *job, tile_plan **plan) {
    struct tile_error error;
    char *text = json_dumps(json_object_get(r->json, "plan"), JSON_COMPACT);
    if (!text)
        return wrong(r, "plan", "an object is wanted");
    tile_status status = tile_plan_from_json(plan, text, strlen(text), NULL, &error);
    free(text);
    if (status != TILE_OK)
        return wrong(r, "plan", error.message);
    job->plan = *plan;
    uint64_t count = tile_plan_count(*plan);
    return (count == job->tiles && count <= RUN_TILES_MOST) || wrong(r, "tiles", "is not how many the plan has");
}

/* Where the job itself is decides where its manifest goes. */
static bool check_output(const struct reading *r, const struct run_job *job, struct call *call) {
    char url[STORAGE_URL_MOST];
    if (!storage_check_url(call->storage, job->output, r->failure) ||
        !storage_join(url, job->output, RUN_JOB_NAME, r->failure))
        return failure_set(r->failure, FAILURE_BAD_REQUEST, "%s: is no job of an image: output: %s", r->url,
                           r->failure->message);
    return strcmp(url, r->url) == 0 ||
           failure_set(r->failure, FAILURE_BAD_REQUEST,
                       "%s: is no job of an image: output: its tiles and itself would be at "
                       "%s, where it is to be read then",
                       r->url, job->output);
}

bool run_job_read(struct run_job *job, tile_plan **plan, struct call *call, const struct run_file *file,
                  struct failure *failure) {
    const json_t *json = file->json;
    const struct reading r = {file->url, json, failure};
    *plan = NULL;
    *job = (struct run_job){.options = json_object_get(json, "options")};
    if (json_integer_value(json_object_get(json, "job")) != 1)
        return wrong(&r, "job", "1 is wanted");
    if (!read_text(&r, "source", true, &job->source) || !read_text(&r, "etag", true, &job->etag) ||
        !read_count(&r, "size", &job->size) || !read_text(&r, "output", true, &job->output) ||
        !read_count(&r, "tiles", &job->tiles) || !read_text(&r, "suffix", true, &job->suffix) ||
        !read_text(&r, "head", true, &job->head) || !read_text(&r, "image", false, &job->image) ||
        !read_text(&r, "damage", false, &job->damage) || !read_text(&r, "replaces", false, &job->replaces) ||
        !read_count(&r, "batch", &job->batch) || !read_flag(&r, "verify", &job->verify))
        return false;
    if (job->batch > TASKS_MOST)
        return wrong(&r, "batch", "is more than a call takes");
    tile_codec codec = tile_codec_from_suffix(job->suffix);
    if (!tile_codec_can_write(codec) || strcmp(tile_codec_name(codec), job->suffix) != 0)
        return wrong_suffix(&r);
    if (check_options(&r, call, job->options) && check_output(&r, job, call) && read_plan(&r, job, plan) &&
        check_head(&r, job))
        return true;
    tile_plan_free(*plan);
    *plan = NULL;
    return false;
}
