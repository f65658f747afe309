/* SPDX-License-Identifier: MIT */
#include "base/members.h"
#include "handler.h"
#include "image/again.h"
#include "image/plan_image.h"
#include "storage/storage.h"
#include "task/profile.h"
#include "text/paragraphs.h"

#include <strings.h>

/* As the event says, else as the store does. */
static bool is_text(const char *type, const struct object *object) {
    return strncasecmp(type ? type : storage_object_facts(object)->type, "text/", 5) == 0;
}

static bool plan(struct call *call, const json_t *event, struct response *response, struct failure *failure) {
    const char *source = NULL, *etag = NULL, *type = NULL, *job = NULL;
    static const char *const again[] = {"job", NULL};
    if (!json_object_get(event, "source") && json_object_get(event, "job"))
        return members_check(event, "a second run", again, failure) && member_text(event, "job", &job, failure) &&
               plan_again(call, job, response, failure);
    if (!json_object_get(event, "source"))
        return failure_set(
            failure, FAILURE_BAD_REQUEST,
            "plan: {\"source\":URL,\"output\":PREFIX, ...} is wanted, or {\"job\":URL} of a run that left "
            "tiles missing");
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

bool handle_plan(struct call *call, const json_t *event, struct response *response, struct failure *failure) {
    bool done = plan(call, event, response, failure);
    profile_forget(call);
    return done;
}
