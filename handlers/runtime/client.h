/* SPDX-License-Identifier: MIT */
/*
 * AWS Lambda's Runtime API, by which a function gets its events and gives its answers: HTTP to a server beside it, over
 * one connection that is kept. For one thread.
 */
#ifndef HANDLERS_RUNTIME_CLIENT_H
#define HANDLERS_RUNTIME_CLIENT_H

#include "../base/failure.h"

struct client;

/* `api` is AWS_LAMBDA_RUNTIME_API, a host and port. `stop` is a file descriptor that can be read from when to stop. */
bool client_new(struct client **out, const char *api, int stop, struct failure *failure);
void client_free(struct client *client);

struct invocation {
    char id[256];
    int64_t deadline;         /* milliseconds since 1970; INT64_MAX: none */
    struct tile_buffer event; /* the receiver's to free */
};

enum client_next {
    CLIENT_EVENT,
    CLIENT_NO_EVENT, /* there is an invocation to answer, but its event is too large or broke off: see `failure` */
    CLIENT_STOP,
    CLIENT_LOST /* no invocation could be had, after retries */
};

/*
 * Waits, as long as it takes, for an invocation. Sets _X_AMZN_TRACE_ID to its trace, or unsets it. What the server says
 * wrong is logged and asked for again, with pauses, a limited number of times in a row.
 */
enum client_next client_next(struct client *client, struct invocation *out, struct failure *failure);

enum client_post {
    CLIENT_POSTED,
    CLIENT_TOO_LARGE, /* the server says so; nothing is posted yet */
    CLIENT_NOT_POSTED /* logged */
};

/* Bytes of a response that are made while it is sent: up to `size` at `offset`, none at the end. Repeatable. */
struct client_stream {
    void *user;
    bool (*read)(void *user, uint64_t offset, void *buffer, size_t size, size_t *got, struct failure *failure);
};

/* What a connection lost is posted again; an answer of 4xx to that says that it had arrived, or never will. */
enum client_post client_respond(struct client *client, const char *id, const struct tile_buffer *body);
/* Chunked, an HTTP response with its prelude. Where reading fails the trailers say so. */
enum client_post client_stream(struct client *client, const char *id, const struct client_stream *stream);
/* `type` is "Function.Name" or "Runtime.Name"; `message` a clean line (line.h). `id` NULL: while starting. */
enum client_post client_report(struct client *client, const char *id, const char *type, const char *message);

#endif
