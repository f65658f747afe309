/* SPDX-License-Identifier: MIT */
/* A task of a text, alone or in a batch: what comes is told apart here, and done in text/. */
#include "base/members.h"
#include "base/parallel.h"
#include "base/respond.h"
#include "handler.h"
#include "text/paragraphs.h"

#include <inttypes.h>

enum { BATCH_MOST = 10000 }; /* tasks; a line a part of a batch's event makes fewer */

static bool one(struct call *call, const json_t *task, struct response *response, struct failure *failure) {
    json_t *result;
    if (!paragraphs_part(call, task, &result, failure))
        return false;
    json_object_set(result, "output", json_object_get(task, "output"));
    return respond_json(&response->body, result, failure);
}

struct batch {
    struct call *call;
    const json_t *items, *common;
    _Atomic uint64_t bytes;
};

static bool item(void *user, uint64_t index, struct failure *failure) {
    struct batch *batch = user;
    const json_t *own = json_array_get(batch->items, (size_t)index);
    json_t *task = json_object(), *result = NULL;
    bool done = json_is_object(own) || failure_set(failure, FAILURE_BAD_REQUEST, "must be a task, a JSON object");
    if (done && ((batch->common && json_object_update(task, (json_t *)batch->common) != 0) ||
                 json_object_update(task, (json_t *)own) != 0))
        done = failure_set(failure, FAILURE_OUT_OF_MEMORY, "out of memory for a task");
    done = done && paragraphs_part(batch->call, task, &result, failure);
    if (done)
        batch->bytes += (uint64_t)json_integer_value(json_object_get(result, "bytes"));
    json_decref(task);
    json_decref(result);
    return done || failure_set(failure, failure->kind, "Items[%" PRIu64 "]: %s", index, failure->message);
}

static bool several(struct call *call, const json_t *event, struct response *response, struct failure *failure) {
    static const char *const names[] = {"BatchInput", "Items", NULL};
    struct batch batch = {call, json_object_get(event, "Items"), json_object_get(event, "BatchInput"), 0};
    if (!members_check(event, "a batch", names, failure))
        return false;
    size_t count = json_array_size(batch.items);
    if (count == 0 || count > BATCH_MOST)
        return failure_set(failure, FAILURE_BAD_REQUEST, "Items: must be an array of 1 to %d tasks", BATCH_MOST);
    if (batch.common && !json_is_object(batch.common))
        return failure_set(failure, FAILURE_BAD_REQUEST, "BatchInput: must be a JSON object");
    return parallel_run(count, parallel_processors(), item, &batch, failure) &&
           respond_json(&response->body,
                        json_pack("{s:I,s:I}", "tiles", (json_int_t)count, "bytes", (json_int_t)batch.bytes), failure);
}

bool handle_text(struct call *call, const json_t *event, struct response *response, struct failure *failure) {
    if (json_object_get(event, "Items"))
        return several(call, event, response, failure);
    if (json_object_get(event, "source"))
        return one(call, event, response, failure);
    return failure_set(
        failure, FAILURE_BAD_REQUEST,
        "text: takes a task {\"source\":URL,\"range\":[offset,size],\"output\":URL,...} or a batch of them "
        "{\"BatchInput\":{...},\"Items\":[...]}");
}
