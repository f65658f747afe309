/* SPDX-License-Identifier: MIT */
#include "../base/event.h"
#include "../base/log.h"
#include "../base/respond.h"
#include "../task/coding.h"
#include "../task/work.h"
#include "events.h"

#include <stdlib.h>
#include <string.h>

struct message {
    const char *id;
    size_t first, count; /* tasks */
    bool failed;
    struct failure failure;
};

static bool read_body(struct task_list *list, struct call *call, const char *body, struct failure *failure) {
    json_t *json = event_parse(body, strlen(body), failure);
    bool done = json && event_is_direct(json, failure);
    if (done && json_object_get(json, "Records"))
        done = event_s3_tasks(list, call, json, failure);
    else if (done && !event_is_s3_test(json)) {
        struct task *task = task_list_add(list, failure);
        done = task && task_read(task, call, json, NULL, failure);
    }
    json_decref(json);
    return done;
}

/* A message that is no task fails as one whose tile cannot be made: SQS keeps it, for a dead-letter queue at last. */
static bool read_message(struct message *out, struct task_list *list, struct call *call, const json_t *record,
                         struct failure *failure) {
    const char *source = json_string_value(json_object_get(record, "eventSource")), *body;
    if (!source || strcmp(source, "aws:sqs") != 0)
        return failure_set(failure, FAILURE_BAD_REQUEST, "SQS: a record's eventSource is not aws:sqs");
    if (!member_text_needed(record, "messageId", &out->id, failure))
        return failure_set(failure, failure->kind, "SQS: %s", failure->message);
    out->first = list->count;
    out->failed =
        !member_text_needed(record, "body", &body, &out->failure) || !read_body(list, call, body, &out->failure);
    out->count = list->count - out->first;
    for (size_t i = out->first; out->failed && i < list->count; i++) {
        task_free(&list->tasks[i]); /* of whatever size: what all messages hold is bounded by what tasks can have */
        list->tasks[i] = (struct task){.failed = true}; /* nothing of it is done */
    }
    return true;
}

static json_t *failed_messages(struct call *call, struct message *messages, size_t count,
                               const struct task_list *list) {
    json_t *failures = json_array();
    bool told = true;
    for (size_t i = 0; i < count; i++) {
        struct message *m = &messages[i];
        for (size_t j = m->first; j < m->first + m->count && !m->failed; j++)
            if (list->tasks[j].failed) {
                m->failed = true;
                m->failure = list->tasks[j].failure;
            }
        if (!m->failed)
            continue;
        log_line(LOG_ERROR, call->id, "message %.100s: %s: %s", m->id, failure_type(m->failure.kind),
                 m->failure.message);
        told = json_array_append_new(failures, json_pack("{ss}", "itemIdentifier", m->id)) == 0 && told;
    }
    if (told)
        return json_pack("{so}", "batchItemFailures", failures);
    json_decref(failures); /* one that is not named would count as done */
    return NULL;
}

bool event_sqs(struct call *call, const json_t *event, struct response *response, struct failure *failure) {
    const json_t *records = json_object_get(event, "Records");
    size_t count = json_array_size(records);
    struct task_list list = {0};
    struct message *messages = calloc(count, sizeof *messages);
    if (!messages)
        return failure_set(failure, FAILURE_OUT_OF_MEMORY, "%zu messages: no memory", count);
    bool done = true;
    for (size_t i = 0; i < count && done; i++)
        done = read_message(&messages[i], &list, call, json_array_get(records, i), failure);
    done = done && work_do(call, list.tasks, list.count, false, failure) &&
           respond_json(&response->body, failed_messages(call, messages, count, &list), failure);
    task_list_free(&list);
    free(messages);
    return done;
}
