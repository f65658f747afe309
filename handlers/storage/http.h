/* SPDX-License-Identifier: MIT */
/*
 * HTTP/1.1 requests, many at a time: one thread runs them all, callers hand them over from any thread and wait. It is
 * started by the first one. What a request is made of and what its answer means is its owner's, by hooks.
 */
#ifndef HANDLERS_STORAGE_HTTP_H
#define HANDLERS_STORAGE_HTTP_H

#include "../base/failure.h"

#include <curl/curl.h>
#include <semaphore.h>
#include <stdatomic.h>

struct http_options {
    long connect_ms;    /* until a connection stands */
    long stall_seconds; /* without a byte */
    int attempts;       /* that each request has of its own */
    int most;           /* that it has with those that all requests have together, */
    int spare;          /* which are so many: see http_start */
    int64_t delay_ms;   /* at most before the second attempt; doubled until a request's own attempts are over */
};
/* As S3's own clients do, but for `most`: where half is refused, three attempts fail for one request in eight. */
#define HTTP_OPTIONS                                                                                                   \
    ((struct http_options){                                                                                            \
        .connect_ms = 5000, .stall_seconds = 20, .attempts = 3, .most = 16, .spare = 100, .delay_ms = 1000})

struct http_counts {
    _Atomic uint64_t bytes_read, bytes_written, requests, retries;
};

struct http;
struct http_request;

enum http_verdict {
    HTTP_DONE,
    HTTP_FAILED, /* for good */
    HTTP_RETRY,  /* later, if there are attempts left */
    HTTP_AGAIN   /* at once, and not counted: the owner knows why it ends */
};

/* All are called on the transport's thread. */
struct http_hooks {
    /* Before each attempt: the URL and headers by http_set_*, and method, body and whatever holds the answer. */
    bool (*prepare)(struct http_request *request, struct failure *failure);
    /* Of the answer: name and value without what is around them. */
    void (*header)(struct http_request *request, const char *name, const char *value);
    /* A part of the body; false: no more of it is wanted. */
    bool (*body)(struct http_request *request, const void *data, size_t size);
    /* After each attempt, which may have ended early (`transport` is not CURLE_OK). Fills in `failure` unless done. */
    enum http_verdict (*judge)(struct http_request *request, struct failure *failure);
};

/* The memory is the owner's, and untouched by him from http_start to http_wait. */
struct http_request {
    /* Set before http_start. */
    const struct http_hooks *hooks;
    void *user;
    int64_t deadline; /* milliseconds since 1970 */

    /* Set by `prepare`. */
    const char *method; /* "GET", "HEAD" or "DELETE"; "PUT" or "POST" with a body: */
    const void *data;
    size_t size;

    /* The answer. */
    long status; /* 0: none came */
    CURLcode transport;
    char error[CURL_ERROR_SIZE];

    struct http_private {
        struct http *http;
        struct http_counts *counts;
        struct http_request *next;
        CURL *easy;
        struct curl_slist *headers;
        size_t sent, header_bytes;
        int64_t due; /* of the next attempt, monotonic milliseconds */
        int attempt, slot;
        bool fresh, cancelled, done;
        sem_t finished;
        struct failure failure;
    } private;
};

bool http_new(struct http **out, const struct http_options *options, struct http_counts *counts,
              struct failure *failure);
/* All requests must have been waited for. */
void http_free(struct http *http);

/*
 * False: the thread could not be started, and there is nothing to wait for.
 *
 * A request that the store has answered goes on after its own attempts with those that all have in common. Each answer
 * of success gives one of these back: a store that refuses half of all requests gets each of them done in the end, one
 * that refuses all is soon left alone.
 */
bool http_start(struct http *http, struct http_request *request, struct failure *failure);
/* True if it is done. To be called once for each request that was started. */
bool http_wait(struct http_request *request, struct failure *failure);
/* Ends it early; http_wait is still to be called. */
void http_cancel(struct http_request *request);

/* For `prepare`. False where there is no memory. */
bool http_set_url(struct http_request *request, const char *url);
bool http_set_header(struct http_request *request, const char *name, const char *value);

#endif
