/* SPDX-License-Identifier: MIT */
#include "handler.h"
#include "run/plan_image.h"
#include "storage/storage.h"

bool handle_plan(struct call *call, const json_t *event, struct response *response, struct failure *failure) {
    const char *source = json_string_value(json_object_get(event, "source"));
    const json_t *etag = json_object_get(event, "etag");
    if (!source)
        return fail(failure, FAILURE_BAD_REQUEST, "plan: {\"source\":URL,\"output\":PREFIX, ...} is wanted");
    if (etag && !json_is_string(etag))
        return fail(failure, FAILURE_BAD_REQUEST, "etag: the version of the source is wanted, a text");
    struct object *object;
    if (!storage_open(&object, call->storage, source, json_string_value(etag), UINT64_MAX, failure))
        return false;
    bool done = plan_image(call, event, object, response, failure);
    storage_close(object);
    return done;
}
