/* SPDX-License-Identifier: MIT */
/*
 * What S3 tells of objects. What is to be made of them is not in its events but in the function's environment:
 * TILE_TASK, a task without its source whose "output" is a prefix, for the object's own key with the suffix of
 * "format", or one URL with an image's suffix.
 */
#include "../base/event.h"
#include "../base/respond.h"
#include "../storage/storage.h"
#include "../task/coding.h"
#include "../task/work.h"
#include "events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- An object's task ---- */

struct seen {
    const char *bucket;
    char *key;               /* decoded */
    const char *etag;        /* NULL: not told */
    const char *version;     /* NULL: not told, or the bucket keeps none */
    uint64_t size;           /* UINT64_MAX: not told */
    const json_t *arguments; /* what a job says of the task; NULL: nothing */
};

static json_t *read_environment(const json_t *arguments, struct failure *failure) {
    const char *text = getenv("TILE_TASK");
    if (arguments && (!text || !*text))
        text = "{}";
    if (!text || !*text) {
        failure_set(failure, FAILURE_BAD_REQUEST,
                    "TILE_TASK: is not set in the function's environment: it says what to make of an object, as in "
                    "{\"to\":\"lab\",\"format\":\"tif\",\"output\":\"s3://bucket/prefix/\"}");
        return NULL;
    }
    json_t *task = event_parse(text, strlen(text), failure);
    if (!task || json_is_object(task)) {
        if (!task)
            failure_set(failure, failure->kind, "TILE_TASK: %s", failure->message);
        return task;
    }
    json_decref(task);
    failure_set(failure, FAILURE_BAD_REQUEST, "TILE_TASK: a JSON object is wanted");
    return NULL;
}

/* A job's arguments go before what the environment says; which object it is, is not theirs to say. */
static bool add_arguments(json_t *task, const json_t *arguments, struct failure *failure) {
    static const char *const own[] = {"source", "image", "etag", "version", "size", "index"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (json_object_get(arguments, own[i]))
            return failure_set(failure, FAILURE_BAD_REQUEST, "userArguments: %s: is each object's own", own[i]);
    if (arguments && json_object_update(task, (json_t *)arguments) != 0)
        return failure_set(failure, FAILURE_BAD_REQUEST, "userArguments: an object of texts is wanted");
    return true;
}

/* "prefix/" and "in/cat.jpg" -> "prefix/in/cat.tif"; what has an image's suffix itself stays as it is. */
static bool name_output(char out[STORAGE_URL_MOST], const json_t *task, const char *key, struct failure *failure) {
    char name[STORAGE_URL_MOST];
    const char *output, *format = NULL;
    if (!member_text_needed(task, "output", &output, failure) || !member_text(task, "format", &format, failure))
        return failure_set(failure, failure->kind, "TILE_TASK: %s", failure->message);
    if (tile_codec_of_path(output) != TILE_CODEC_UNSET && output[strlen(output) - 1] != '/') {
        snprintf(out, STORAGE_URL_MOST, "%s", output);
        return true;
    }
    tile_codec codec = format ? tile_codec_from_suffix(format) : TILE_CODEC_UNSET;
    if (!tile_codec_can_write(codec))
        return failure_set(failure, FAILURE_BAD_REQUEST,
                           "TILE_TASK: format: %s is wanted: it makes the outputs' suffix",
                           tile_codec_names((char[TILE_CODEC_NAMES]){0}, TILE_CODEC_NAMES));
    size_t stem = strlen(key);
    if (tile_codec_of_path(key) != TILE_CODEC_UNSET)
        stem = (size_t)(strrchr(key, '.') - key);
    if (stem >= sizeof name - 8)
        return failure_set(failure, FAILURE_BAD_REQUEST, "%.60s...: is longer than a name can be", key);
    snprintf(name, sizeof name, "%.*s.%s", (int)stem, key, tile_codec_name(codec));
    return storage_join(out, output, name, failure);
}

/*
 * An output in the bucket and the top folder of its source would be told of in turn, and again, without an end; what a
 * notification is limited to cannot be seen from here.
 */
static bool check_loop(const struct seen *seen, const char *output, struct failure *failure) {
    char top[STORAGE_URL_MOST];
    const char *slash = strchr(seen->key, '/');
    snprintf(top, sizeof top, "s3://%s/%.*s", seen->bucket, slash ? (int)(slash + 1 - seen->key) : 0, seen->key);
    return strncmp(output, top, strlen(top)) != 0 ||
           failure_set(
               failure, FAILURE_BAD_REQUEST,
               "TILE_TASK: output: %s is below %s, where its source is: it would call this function again; take "
               "another bucket or top folder",
               output, top);
}

static bool read_task(struct task *out, struct call *call, const struct seen *seen, bool told,
                      struct failure *failure) {
    char source[STORAGE_URL_MOST], output[STORAGE_URL_MOST];
    json_t *task = read_environment(seen->arguments, failure);
    if (!task)
        return false;
    bool done = snprintf(source, sizeof source, "s3://%s/%s", seen->bucket, seen->key) < STORAGE_URL_MOST ||
                failure_set(failure, FAILURE_BAD_REQUEST, "%.60s...: is longer than a key can be", seen->key);
    done = done && add_arguments(task, seen->arguments, failure) && name_output(output, task, seen->key, failure) &&
           (!told || check_loop(seen, output, failure));
    if (done) {
        bool set = json_object_set_new(task, "source", json_string(source)) == 0 &&
                   json_object_set_new(task, "output", json_string(output)) == 0;
        if (seen->etag)
            set = set && json_object_set_new(task, "etag", json_string(seen->etag)) == 0;
        if (seen->version)
            set = set && json_object_set_new(task, "version", json_string(seen->version)) == 0;
        if (seen->etag && seen->size != UINT64_MAX)
            set = set && json_object_set_new(task, "size", json_integer((json_int_t)seen->size)) == 0;
        done = set || failure_set(failure, FAILURE_BAD_REQUEST, "key: is not UTF-8");
    }
    done = done && task_read(out, call, task, NULL, failure);
    json_decref(task);
    return done;
}

/* Null or empty where the bucket keeps no versions. */
static bool read_version(const json_t *object, const char *name, const char **out, struct failure *failure) {
    const json_t *value = json_object_get(object, name);
    bool none = json_is_null(value) || (json_is_string(value) && json_string_length(value) == 0);
    return none || member_text(object, name, out, failure);
}

/* ---- Notifications ---- */

#define TAKEN_INSTEAD                                                                                                  \
    "taken are S3's own notifications {\"Records\":[{\"eventSource\":\"aws:s3\",...}]}, alone or in messages of SQS: " \
    "name the function or its queue in the bucket's notifications"

bool event_is_direct(const json_t *event, struct failure *failure) {
    const json_t *first = json_array_get(json_object_get(event, "Records"), 0);
    const char *source = json_string_value(json_object_get(first, "EventSource"));
    if (json_object_get(event, "detail-type"))
        return failure_set(failure, FAILURE_BAD_REQUEST, "event: is one of EventBridge; " TAKEN_INSTEAD);
    /* To a function, and to a queue without raw delivery. */
    if ((source && strcmp(source, "aws:sns") == 0) || json_object_get(event, "TopicArn"))
        return failure_set(failure, FAILURE_BAD_REQUEST,
                           "event: is one of SNS; " TAKEN_INSTEAD ", or let the topic deliver raw messages to a queue");
    return true;
}

bool event_is_s3_test(const json_t *event) {
    const char *name = json_string_value(json_object_get(event, "Event"));
    return name && strcmp(name, "s3:TestEvent") == 0;
}

/* Of objects that come to be, apart from those that stand for folders. */
static bool is_wanted(const json_t *record, const char *key) {
    const char *name = json_string_value(json_object_get(record, "eventName"));
    size_t size = strlen(key);
    return (!name || strncmp(name, "ObjectCreated:", strlen("ObjectCreated:")) == 0) &&
           !(size > 0 && key[size - 1] == '/');
}

static bool add_record(struct task_list *list, struct call *call, const json_t *record, struct failure *failure) {
    const json_t *s3 = json_object_get(record, "s3"), *object = json_object_get(s3, "object");
    struct seen seen = {.size = UINT64_MAX};
    const char *key;
    if (!member_text_needed(json_object_get(s3, "bucket"), "name", &seen.bucket, failure) ||
        !member_text_needed(object, "key", &key, failure) || !member_text(object, "eTag", &seen.etag, failure) ||
        !read_version(object, "versionId", &seen.version, failure) ||
        !member_number(object, "size", 0, INT64_MAX, &seen.size, failure))
        return failure_set(failure, failure->kind, "S3 notification: %s", failure->message);
    if (!form_decode("key", key, strlen(key), &seen.key, failure))
        return false;
    bool done = true;
    if (is_wanted(record, seen.key)) {
        struct task *task = task_list_add(list, failure);
        done = task && read_task(task, call, &seen, true, failure);
    }
    free(seen.key);
    return done;
}

bool event_s3_tasks(struct task_list *list, struct call *call, const json_t *event, struct failure *failure) {
    const json_t *records = json_object_get(event, "Records");
    for (size_t i = 0; i < json_array_size(records); i++) {
        const json_t *record = json_array_get(records, i);
        const char *source = json_string_value(json_object_get(record, "eventSource"));
        if (!source || strcmp(source, "aws:s3") != 0)
            return failure_set(failure, FAILURE_BAD_REQUEST,
                               "record %zu: is no S3 notification: eventSource is not aws:s3", i);
        if (!add_record(list, call, record, failure))
            return false;
    }
    return true;
}

bool event_s3(struct call *call, const json_t *event, struct response *response, struct failure *failure) {
    struct task_list list = {0};
    bool done = event_s3_tasks(&list, call, event, failure) && work_do(call, list.tasks, list.count, true, failure) &&
                respond_json(&response->body, work_sum(list.tasks, list.count), failure);
    task_list_free(&list);
    return done;
}

/* ---- Batch Operations ---- */

/* "arn:aws:s3:::bucket" of schema 1.0, "bucket" of 2.0. */
static bool read_bucket(const json_t *task, const char **bucket, struct failure *failure) {
    const char *arn = NULL;
    if (!member_text(task, "s3Bucket", bucket, failure) || !member_text(task, "s3BucketArn", &arn, failure))
        return false;
    if (*bucket)
        return true;
    const char *last = arn ? strrchr(arn, ':') : NULL;
    *bucket = last ? last + 1 : NULL;
    return last || failure_set(failure, FAILURE_BAD_REQUEST, "s3Bucket: is missing, and so is s3BucketArn");
}

static bool read_batch_task(struct task *out, struct call *call, const json_t *task, const json_t *arguments,
                            struct failure *failure) {
    struct seen seen = {.size = UINT64_MAX, .arguments = arguments};
    const char *key;
    if (!read_bucket(task, &seen.bucket, failure) || !member_text_needed(task, "s3Key", &key, failure) ||
        !read_version(task, "s3VersionId", &seen.version, failure) ||
        !form_decode("s3Key", key, strlen(key), &seen.key, failure))
        return false;
    bool done = read_task(out, call, &seen, false, failure);
    free(seen.key);
    return done;
}

/* Whether another try may work. */
static bool is_temporary(enum failure_kind kind) {
    return kind == FAILURE_SOURCE_UNREADABLE || kind == FAILURE_OUTPUT_UNWRITABLE || kind == FAILURE_OUT_OF_TIME ||
           kind == FAILURE_OUT_OF_MEMORY || kind == FAILURE_SOURCE_CHANGED;
}

static json_t *batch_results(const json_t *tasks, const struct task_list *list) {
    json_t *results = json_array();
    bool done = true;
    for (size_t i = 0; i < list->count; i++) {
        const struct task *task = &list->tasks[i];
        const char *code = !task->failed                      ? "Succeeded"
                           : is_temporary(task->failure.kind) ? "TemporaryFailure"
                                                              : "PermanentFailure";
        json_t *id = json_object_get(json_array_get(tasks, i), "taskId");
        json_t *result = json_pack("{sO ss ss}", "taskId", id, "resultCode", code, "resultString",
                                   task->failed ? task->failure.message : task->output);
        done = json_array_append_new(results, result) == 0 && done;
    }
    if (done)
        return results;
    json_decref(results);
    return NULL;
}

static bool read_batch(struct task_list *list, struct call *call, const json_t *tasks, const json_t *arguments,
                       struct failure *failure) {
    for (size_t i = 0; i < json_array_size(tasks); i++) {
        const json_t *one = json_array_get(tasks, i);
        const char *id;
        if (!member_text_needed(one, "taskId", &id, failure))
            return failure_set(failure, failure->kind, "S3 Batch Operations: tasks: %s", failure->message);
        struct task *task = task_list_add(list, failure);
        if (!task)
            return false;
        task->failed = !read_batch_task(task, call, one, arguments, failure);
        if (task->failed)
            task->failure = *failure;
    }
    return true;
}

bool event_s3_batch(struct call *call, const json_t *event, struct response *response, struct failure *failure) {
    const json_t *tasks = json_object_get(event, "tasks");
    const json_t *arguments = json_object_get(json_object_get(event, "job"), "userArguments"); /* of schema 2.0 */
    arguments = json_is_null(arguments) ? NULL : arguments;
    struct task_list list = {0};
    const char *schema, *id;
    if (!member_text_needed(event, "invocationSchemaVersion", &schema, failure) ||
        !member_text_needed(event, "invocationId", &id, failure))
        return failure_set(failure, failure->kind, "S3 Batch Operations: %s", failure->message);
    if (!json_array_size(tasks))
        return failure_set(failure, FAILURE_BAD_REQUEST, "S3 Batch Operations: tasks: an array with a task is wanted");
    bool done = read_batch(&list, call, tasks, arguments, failure) &&
                work_do(call, list.tasks, list.count, false, failure) &&
                respond_json(&response->body,
                             json_pack("{ss ss ss so}", "invocationSchemaVersion", schema, "treatMissingKeysAs",
                                       "PermanentFailure", "invocationId", id, "results", batch_results(tasks, &list)),
                             failure);
    task_list_free(&list);
    return done;
}
