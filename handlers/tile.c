/* SPDX-License-Identifier: MIT */
#include "base/respond.h"
#include "events/events.h"
#include "handler.h"
#include "image/records.h"
#include "task/coding.h"
#include "task/work.h"

#include <stdlib.h>
#include <string.h>

/* What the tasks tell of their tiles, in one object, once all are there. */
static bool leave_records(struct call *call, const struct task_list *list, struct failure *failure) {
    const char *prefix = list->tasks[0].records;
    if (!prefix)
        return true;
    struct record *records = malloc(list->count * sizeof *records);
    if (!records)
        return failure_set(failure, FAILURE_OUT_OF_MEMORY, "out of memory for the records of %zu tiles", list->count);
    for (size_t i = 0; i < list->count; i++) {
        const struct task *task = &list->tasks[i];
        records[i] = (struct record){task->number, (const char *)task->record.data, task->record.size};
    }
    bool done = records_write(call->storage, prefix, records, list->count, failure);
    free(records);
    return done;
}

static bool do_tasks(struct call *call, struct task_list *list, struct response *response, struct failure *failure) {
    return work_do(call, list->tasks, list->count, true, failure) && leave_records(call, list, failure) &&
           respond_json(&response->body, work_sum(list->tasks, list->count), failure);
}

/* All tasks of a call leave their records together. */
static bool check_records(const struct task *task, const struct task *first, struct failure *failure) {
    bool same = task->records && first->records ? strcmp(task->records, first->records) == 0
                                                : !task->records && !first->records;
    if (!same)
        return failure_set(failure, FAILURE_BAD_REQUEST, "records: are elsewhere than those of the first task");
    return !task->records || records_check_prefix(task->records, failure);
}

static bool one_task(struct call *call, const json_t *event, struct response *response, struct failure *failure) {
    struct task_list list = {0};
    struct task *task = task_list_add(&list, failure);
    bool done = task && task_read(task, call, event, NULL, failure) && check_records(task, task, failure) &&
                do_tasks(call, &list, response, failure);
    task_list_free(&list);
    return done;
}

/* A batch of Distributed Map's ItemBatcher: any failure is of the whole, which is tried again. */
static bool batch(struct call *call, const json_t *event, struct response *response, struct failure *failure) {
    const json_t *items = json_object_get(event, "Items"), *common = json_object_get(event, "BatchInput");
    static const char *const names[] = {"BatchInput", "Items", NULL};
    struct task_list list = {0};
    bool done = true;
    if (!members_check(event, "a batch", names, failure))
        return false;
    if (!json_array_size(items))
        return failure_set(failure, FAILURE_BAD_REQUEST, "Items: an array of tasks is wanted");
    if (common && !json_is_object(common))
        return failure_set(failure, FAILURE_BAD_REQUEST, "BatchInput: a JSON object is wanted");
    for (size_t i = 0; i < json_array_size(items) && done; i++) {
        struct task *task = task_list_add(&list, failure);
        done = task && ((task_read(task, call, json_array_get(items, i), common, failure) &&
                         check_records(task, &list.tasks[0], failure)) ||
                        failure_set(failure, failure->kind, "Items: task %zu: %s", i, failure->message));
    }
    done = done && do_tasks(call, &list, response, failure);
    task_list_free(&list);
    return done;
}

static handle *event_of_records(const json_t *records) {
    const char *source = json_string_value(json_object_get(json_array_get(records, 0), "eventSource"));
    return !source                          ? NULL
           : strcmp(source, "aws:sqs") == 0 ? event_sqs
           : strcmp(source, "aws:s3") == 0  ? event_s3
                                            : NULL;
}

static bool nothing(struct call *call, const json_t *event, struct response *response, struct failure *failure) {
    (void)call, (void)event;
    return respond_json(&response->body, json_object(), failure);
}

static handle *shape_of(const json_t *event) {
    static const struct {
        const char *member;
        handle *handle;
    } shapes[] = {
        {"Items", batch}, {"invocationSchemaVersion", event_s3_batch}, {"source", one_task}, {"image", one_task}};
    const char *version = json_string_value(json_object_get(event, "version"));
    if (json_object_get(event, "Records"))
        return event_of_records(json_object_get(event, "Records"));
    if (version && strcmp(version, "2.0") == 0 && json_object_get(event, "requestContext"))
        return event_http;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (json_object_get(event, shapes[i].member))
            return shapes[i].handle;
    return event_is_s3_test(event) ? nothing : NULL;
}

bool handle_tile(struct call *call, const json_t *event, struct response *response, struct failure *failure) {
    if (!event_is_direct(event, failure))
        return false;
    handle *shape = shape_of(event);
    bool done =
        shape ? shape(call, event, response, failure)
              : failure_set(failure, FAILURE_BAD_REQUEST,
                            "event: is none that is known here: a task {\"source\" or \"image\",\"output\",...}, a "
                            "batch {\"BatchInput\",\"Items\":[task,...]}, messages of SQS or a notification of S3 "
                            "{\"Records\":[...]}, an HTTP request {\"version\":\"2.0\",\"requestContext\",\"body\"}, "
                            "or S3 Batch Operations {\"invocationSchemaVersion\",\"tasks\"}");
    profile_forget(call);
    return done;
}
