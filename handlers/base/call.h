/* SPDX-License-Identifier: MIT */
/*
 * A handler is a function from an event to a response. It knows neither Lambda nor the kind of storage, so that the
 * same code runs in a function and, with --local, on files.
 */
#ifndef HANDLERS_BASE_CALL_H
#define HANDLERS_BASE_CALL_H

#include "failure.h"

#include <jansson.h>

struct storage;
struct metrics;
struct profile;

/* One invocation. */
struct call {
    const char *id;   /* the request's; for logs */
    int64_t begun;    /* its begin, in milliseconds since 1970 */
    int64_t deadline; /* its end, in milliseconds since 1970; INT64_MAX: none */
    uint64_t memory;  /* bytes that the function has */
    struct storage *storage;
    struct metrics *metrics;
    struct profile *profile; /* the last "to-profile" that was read: see task/profile.h */
};

struct response {
    struct tile_buffer body; /* JSON, unless streamed */
    bool streamed;           /* body is a streamed response, its HTTP prelude included */
};

/* `event` is any JSON value. After a failure `response` is not used. */
typedef bool handle(struct call *call, const json_t *event, struct response *response, struct failure *failure);

#endif
