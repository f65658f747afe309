/* SPDX-License-Identifier: MIT */
#include "answer.h"

#include "../base/event.h"
#include "../base/respond.h"
#include "../task/coding.h"

#include <stdlib.h>
#include <string.h>

enum { AROUND_BODY = 512 }; /* bytes of a response beside the body, at most */

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

bool answer_with(const struct answer *answer, struct response *response, struct failure *failure) {
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

bool answer_failure(const struct failure *why, int status, const char *allow, struct response *response,
                    struct failure *failure) {
    char text[FAILURE_TEXT_MOST];
    failure_text(text, failure_type(why->kind), why->message);
    return answer_with(&(struct answer){status, "application/json", allow, text, strlen(text), true}, response,
                       failure);
}

bool answer_fits(size_t size) {
    return is_streamed() || size / 3 * 4 + AROUND_BODY <= RESPONSE_MOST;
}

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

json_t *answer_query(const json_t *event, struct failure *failure) {
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
