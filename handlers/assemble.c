/* SPDX-License-Identifier: MIT */
#include "base/members.h"
#include "handler.h"
#include "image/assemble_image.h"
#include "task/profile.h"
#include "text/paragraphs.h"

#include <string.h>

static bool assemble(struct call *call, const struct run_file *file, bool verify, struct response *response,
                     struct failure *failure) {
    const char *kind = json_string_value(json_object_get(file->json, "kind"));
    if (kind && strcmp(kind, "image") == 0)
        return assemble_image(call, file, verify, response, failure);
    if (kind && strcmp(kind, "text") == 0)
        return paragraphs_assemble(call, file->json, response, failure);
    return failure_set(failure, FAILURE_BAD_REQUEST, "%s: kind: \"image\" or \"text\" is wanted", file->url);
}

bool handle_assemble(struct call *call, const json_t *event, struct response *response, struct failure *failure) {
    const char *url = json_string_value(json_object_get(event, "job"));
    struct run_file file;
    bool verify = false;
    static const char *const names[] = {"job",   "plan",    "kind",  "tiles", "memory_mb", "seconds",
                                        "batch", "records", "index", "notes", "verify",    NULL};
    if (!url)
        return failure_set(failure, FAILURE_BAD_REQUEST, "assemble: {\"job\":URL} is wanted, as plan answers");
    /* What is to be made is up to the job. */
    if (!members_check(event, "what plan answers", names, failure) || !member_flag(event, "verify", &verify, failure) ||
        !run_file_read(&file, call, url, failure))
        return false;
    bool done = assemble(call, &file, verify, response, failure);
    json_decref(file.json);
    profile_forget(call);
    return done;
}
