/* SPDX-License-Identifier: MIT */
/* An HTTP request's query, and its answer, in the format of function URLs and HTTP APIs (2.0). */
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

/* Makes the response; a streamed one if TILE_RESPONSE_MODE is "stream". */
bool answer_with(const struct answer *answer, struct response *response, struct failure *failure);
/* Answers with the failure `why` of the request; the invocation itself succeeds. */
bool answer_failure(const struct failure *why, int status, const char *allow, struct response *response,
                    struct failure *failure);
/* Whether a response has room for a binary body of `size` bytes. */
bool answer_fits(size_t size);

/* An event's "to=lab&region=0,0,256,256" as an object of texts, to be released. BAD_REQUEST if a name occurs twice. */
json_t *answer_query(const json_t *event, struct failure *failure);

#endif
