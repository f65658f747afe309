/* SPDX-License-Identifier: MIT */
#include "handler.h"
#include "members.h"
#include "paragraphs/paragraphs.h"
#include "run/plan_image.h"
#include "storage/storage.h"

#include <strings.h>

/* As the event says, else as the store does. */
static bool is_text(const char *type, const struct object *object) {
    return strncasecmp(type ? type : storage_object_facts(object)->type, "text/", 5) == 0;
}

bool handle_plan(struct call *call, const json_t *event, struct response *response, struct failure *failure) {
    const char *source = NULL, *etag = NULL, *type = NULL;
    if (!json_object_get(event, "source"))
        return fail(failure, FAILURE_BAD_REQUEST, "plan: {\"source\":URL,\"output\":PREFIX, ...} is wanted");
    if (!member_text(event, "source", &source, failure) || !member_text(event, "etag", &etag, failure) ||
        !member_text(event, "type", &type, failure))
        return false;
    struct object *object;
    if (!storage_open(&object, call->storage, source, &(struct storage_want){.etag = etag}, failure))
        return false;
    bool done = is_text(type, object) ? paragraphs_plan(call, event, object, response, failure)
                                      : plan_image(call, event, object, response, failure);
    storage_close(object);
    return done;
}
