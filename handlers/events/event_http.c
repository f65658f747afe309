/* SPDX-License-Identifier: MIT */
#include "../base/respond.h"
#include "../base/event.h"
#include "../task/coding.h"
#include "events.h"
#include "../task/work.h"

#include <stdlib.h>
#include <string.h>

/* Lambda takes no larger response than this, which is JSON with base64 in it. */
enum { ANSWER_MOST = 6291556, AROUND_BODY = 512 };

struct answer {
    int status;
    const char *type, *allow; /* headers; `allow` may be NULL */
    const void *body;
    size_t size;
    bool text; /* the body is UTF-8 */
};

/* ---- Answers ---- */

static json_t *head_of(const struct answer *answer) {
    json_t *headers = json_pack("{ss}", "content-type", answer->type);
    if (answer->allow)
        json_object_set_new(headers, "allow", json_string(answer->allow));
    return json_pack("{si so}", "statusCode", answer->status, "headers", headers);
}

/* What a streamed response of an HTTP integration begins with: the head as JSON, then 8 NULs. */
static bool stream(const struct answer *answer, struct response *response, struct failure *failure) {
    static const char delimiter[8];
    struct tile_buffer *body = &response->body;
    struct tile_error error;
    response->streamed = true;
    if (!respond_json(body, head_of(answer), failure))
        return false;
    tile_status status = tile_buffer_append(body, delimiter, sizeof delimiter, &error);
    if (status == TILE_OK)
        status = tile_buffer_append(body, answer->body, answer->size, &error);
    return status == TILE_OK || failure_from(failure, &error);
}

static bool is_streamed(void) {
    const char *mode = getenv("TILE_RESPONSE_MODE");
    return mode && strcmp(mode, "stream") == 0;
}

static bool answer_with(const struct answer *answer, struct response *response, struct failure *failure) {
    if (is_streamed())
        return stream(answer, response, failure);
    json_t *json = head_of(answer);
    json_t *body = answer->text ? json_stringn(answer->body, answer->size) : base64_encode(answer->body, answer->size);
    bool done = json && json_object_set_new(json, "body", body) == 0 &&
                json_object_set_new(json, "isBase64Encoded", json_boolean(!answer->text)) == 0;
    if (done)
        return respond_json(&response->body, json, failure);
    json_decref(json);
    return failure_set(failure, FAILURE_OUT_OF_MEMORY, "the answer: no memory");
}

/* The request failed; the invocation did not. */
static bool send_failure(const struct failure *why, int status, const char *allow, struct response *response,
                         struct failure *failure) {
    char text[FAILURE_TEXT_MOST];
    failure_text(text, failure_type(why->kind), why->message);
    return answer_with(&(struct answer){status, "application/json", allow, text, strlen(text), true}, response,
                       failure);
}

/* ---- Requests ---- */

static bool add_pair(json_t *options, const char *pair, size_t size, struct failure *failure) {
    const char *equals = memchr(pair, '=', size);
    size_t length = equals ? (size_t)(equals - pair) : size;
    char *name = NULL, *value = NULL;
    bool done =
        form_decode("query", pair, length, &name, failure) &&
        form_decode("query", pair + length + (equals != NULL), size - length - (equals != NULL), &value, failure);
    if (done && json_object_get(options, name))
        done = failure_set(failure, FAILURE_BAD_REQUEST, "query: %.60s is there twice", name);
    if (done && json_object_set_new(options, name, json_string(value)) != 0)
        done = failure_set(failure, FAILURE_BAD_REQUEST, "query: is not UTF-8");
    free(name);
    free(value);
    return done;
}

/* "to=lab&region=0,0,256,256" */
static json_t *read_query(const json_t *event, struct failure *failure) {
    const char *query = json_string_value(json_object_get(event, "rawQueryString"));
    json_t *options = json_object();
    bool done = options || failure_set(failure, FAILURE_OUT_OF_MEMORY, "query: no memory");
    for (query = query ? query : ""; *query && done;) {
        size_t size = strcspn(query, "&");
        done = size == 0 || add_pair(options, query, size, failure);
        query += size + (query[size] == '&');
    }
    if (done)
        return options;
    json_decref(options);
    return NULL;
}

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
    json_t *options = read_query(event, failure);
    struct tile_buffer image = {0};
    bool done = options && read_body(event, &image, failure) && task_read_posted(task, call, options, image, failure);
    if (!task->image.data)
        tile_buffer_free(&image);
    json_decref(options);
    return done;
}

static bool check_size(const struct task *task, struct failure *failure) {
    return is_streamed() || task->bytes.size / 3 * 4 + AROUND_BODY <= ANSWER_MOST ||
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
        return send_failure(&why, 405, "POST", response, failure);
    }
    struct task task = {0};
    bool done =
        read_request(&task, call, event, &why) && work_do(call, &task, 1, true, &why) && check_size(&task, &why);
    if (done)
        done = answer_with(
            &(struct answer){
                .status = 200, .type = work_media_type(task.codec), .body = task.bytes.data, .size = task.bytes.size},
            response, failure);
    else
        done = send_failure(&why, failure_http_status(why.kind), NULL, response, failure);
    task_free(&task);
    return done;
}
