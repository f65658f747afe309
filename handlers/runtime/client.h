/* SPDX-License-Identifier: MIT */
/*
 * A client of AWS Lambda's Runtime API, from which a function gets its events and to which it posts its responses: HTTP
 * to a local server, over one connection that is kept. For one thread.
 */
#ifndef HANDLERS_RUNTIME_CLIENT_H
#define HANDLERS_RUNTIME_CLIENT_H

#include "../base/failure.h"

struct client;

/* `api` is AWS_LAMBDA_RUNTIME_API, a host and port. `stop` is a file descriptor that becomes readable to stop. */
bool client_new(struct client **out, const char *api, int stop, struct failure *failure);
void client_free(struct client *client);

struct invocation {
    char id[256];
    int64_t deadline;         /* milliseconds since 1970; INT64_MAX: none */
    struct tile_buffer event; /* freed by the caller */
};

enum client_next {
    CLIENT_EVENT,
    CLIENT_NO_EVENT, /* there is an invocation to answer, but its event is too large or truncated: see `failure` */
    CLIENT_STOP,
    CLIENT_LOST /* no invocation came, after retries */
};

/*
 * Waits for an invocation without a limit of time. Sets _X_AMZN_TRACE_ID to its trace, or unsets it. A wrong answer of
 * the server is logged; the request is repeated, with pauses, a limited number of times in a row.
 */
enum client_next client_next(struct client *client, struct invocation *out, struct failure *failure);

enum client_post {
    CLIENT_POSTED,
    CLIENT_TOO_LARGE, /* the server says so; nothing is posted yet */
    CLIENT_NOT_POSTED /* logged */
};

/* A response that is made while it is sent: `read` returns up to `size` bytes at `offset`, none at the end. It may be
 * called again for the same bytes. */
struct client_stream {
    void *user;
    bool (*read)(void *user, uint64_t offset, void *buffer, size_t size, size_t *got, struct failure *failure);
};

/* Posts a response, again if the connection was lost. A 4xx to the second post means that the first one arrived, or
 * that none ever will. */
enum client_post client_respond(struct client *client, const char *id, const struct tile_buffer *body);
/* Posts an HTTP response with its prelude in chunks. If reading fails, the trailers report it. */
enum client_post client_stream(struct client *client, const char *id, const struct client_stream *stream);
/* `type` is "Function.Name" or "Runtime.Name"; `message` a clean line (line.h). `id` NULL: while starting. */
enum client_post client_report(struct client *client, const char *id, const char *type, const char *message);

#endif
