/* SPDX-License-Identifier: MIT */
#include "handler.h"
#include "members.h"
#include "paragraphs/paragraphs.h"
#include "run/assemble_image.h"
#include "storage/storage.h"

#include <string.h>

enum { JOB_MOST = 16 << 20 }; /* bytes of a job.json */

static bool read_job(struct call *call, const char *url, json_t **out, struct failure *failure) {
    struct tile_buffer text = {0};
    json_error_t error;
    if (!storage_get(call->storage, url, JOB_MOST, &text, NULL, failure))
        return false;
    *out = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, &error);
    tile_buffer_free(&text);
    return *out || fail(failure, FAILURE_BAD_REQUEST, "%s: line %d, column %d: is no job of a plan, or not all of one",
                        url, error.line, error.column);
}

bool handle_assemble(struct call *call, const json_t *event, struct response *response, struct failure *failure) {
    const char *url = json_string_value(json_object_get(event, "job"));
    json_t *job;
    static const char *const names[] = {"job", "plan", "kind", "tiles", "memory_mb", "seconds", "index", NULL};
    if (!url)
        return fail(failure, FAILURE_BAD_REQUEST, "assemble: {\"job\":URL} is wanted, as plan answers");
    if (!members_check(event, "what plan answers", names, failure)) /* what is to be made is up to the job */
        return false;
    if (!read_job(call, url, &job, failure))
        return false;
    const char *kind = json_string_value(json_object_get(job, "kind"));
    bool done;
    if (kind && strcmp(kind, "image") == 0)
        done = assemble_image(call, url, job, response, failure);
    else if (kind && strcmp(kind, "text") == 0)
        done = paragraphs_assemble(call, job, response, failure);
    else
        done = fail(failure, FAILURE_BAD_REQUEST, "%s: kind: \"image\" or \"text\" is wanted", url);
    json_decref(job);
    return done;
}
