/* SPDX-License-Identifier: MIT */
/* An HTTP request's query, and what the request is answered with, as function URLs and HTTP APIs (2.0) put them. */
#ifndef HANDLERS_EVENTS_ANSWER_H
#define HANDLERS_EVENTS_ANSWER_H

#include "../base/call.h"

struct answer {
    int status;
    const char *type, *allow; /* headers; `allow` may be NULL */
    const void *body;
    size_t size;
    bool text; /* the body is UTF-8 */
};

/* With TILE_RESPONSE_MODE "stream": as a streamed response. */
bool answer_with(const struct answer *answer, struct response *response, struct failure *failure);
/* Tells `why` the request failed; the invocation did not. */
bool answer_failure(const struct failure *why, int status, const char *allow, struct response *response,
                    struct failure *failure);
/* Whether a response has room for a body of `size` bytes that are no text. */
bool answer_fits(size_t size);

/* An event's "to=lab&region=0,0,256,256" as an object of texts, to be released. BAD_REQUEST where a name is twice. */
json_t *answer_query(const json_t *event, struct failure *failure);

#endif
