/* SPDX-License-Identifier: MIT */
#include "handler.h"
#include "paragraphs/paragraphs.h"
#include "run/plan_image.h"
#include "storage/storage.h"

#include <strings.h>

/* As the event says, else as the store does. */
static bool is_text(const json_t *event, const struct object *object) {
    const char *type = json_string_value(json_object_get(event, "type"));
    return strncasecmp(type ? type : storage_object_facts(object)->type, "text/", 5) == 0;
}

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
    bool done = is_text(event, object) ? paragraphs_plan(call, event, object, response, failure)
                                       : plan_image(call, event, object, response, failure);
    storage_close(object);
    return done;
}
