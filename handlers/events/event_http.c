/* SPDX-License-Identifier: MIT */
#include "../task/coding.h"
#include "../task/work.h"
#include "answer.h"
#include "events.h"

#include <string.h>

static bool read_body(const json_t *event, struct tile_buffer *out, struct failure *failure) {
    const char *body = json_string_value(json_object_get(event, "body"));
    struct tile_error error;
    if (!body || !*body)
        return failure_set(failure, FAILURE_BAD_REQUEST, "body: is missing: post an image");
    if (json_is_true(json_object_get(event, "isBase64Encoded")))
        return base64_decode("body", body, out, failure);
    return tile_buffer_append(out, body, strlen(body), &error) == TILE_OK || failure_from(failure, &error);
}

static bool read_request(struct task *task, struct call *call, const json_t *event, struct failure *failure) {
    json_t *options = answer_query(event, failure);
    struct tile_buffer image = {0};
    bool done = options && read_body(event, &image, failure) && task_read_posted(task, call, options, image, failure);
    if (!task->image.data)
        tile_buffer_free(&image);
    json_decref(options);
    return done;
}

static bool check_size(const struct task *task, struct failure *failure) {
    return answer_fits(task->bytes.size) ||
           failure_set(
               failure, FAILURE_RESPONSE_TOO_LARGE,
               "the answer has %zu bytes, more than a response can carry: take a smaller region or another format, or "
               "send a task with an \"output\"",
               task->bytes.size);
}

bool event_http(struct call *call, const json_t *event, struct response *response, struct failure *failure) {
    const json_t *http = json_object_get(json_object_get(event, "requestContext"), "http");
    const char *method = json_string_value(json_object_get(http, "method"));
    struct failure why;
    if (!method || strcmp(method, "POST") != 0) {
        failure_set(&why, FAILURE_BAD_REQUEST, "method: POST is wanted, with an image as its body");
        return answer_failure(&why, 405, "POST", response, failure);
    }
    struct task task = {0};
    bool done =
        read_request(&task, call, event, &why) && work_do(call, &task, 1, true, &why) && check_size(&task, &why);
    if (done)
        done = answer_with(&(struct answer){.status = 200,
                                            .type = tile_codec_media_type(task.codec),
                                            .body = task.bytes.data,
                                            .size = task.bytes.size},
                           response, failure);
    else
        done = answer_failure(&why, failure_http_status(why.kind), NULL, response, failure);
    task_free(&task);
    return done;
}
