/* SPDX-License-Identifier: MIT */
/*
 * HTTP/1.1 requests, many at a time. One thread, which the first request starts, runs them all; callers hand over
 * requests from any thread and wait. Hooks of a request's owner make the request and judge its answer.
 */
#ifndef HANDLERS_STORAGE_HTTP_H
#define HANDLERS_STORAGE_HTTP_H

#include "../base/failure.h"

#include <curl/curl.h>
#include <semaphore.h>
#include <stdatomic.h>

struct http_options {
    long connect_ms;    /* the most time for a connection */
    long stall_seconds; /* the most time without a byte */
    int attempts;       /* each request's own attempts */
    int most;           /* the most attempts of a request, shared ones included */
    int spare;          /* attempts that all requests share: see http_start */
    int64_t delay_ms;   /* the most time before the second attempt; doubles until a request's own attempts are over */
};
/* As S3's own clients, except `most`: if half is refused, three attempts fail for one request in eight. */
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
    HTTP_FAILED, /* finally */
    HTTP_RETRY,  /* later, if there are attempts left */
    HTTP_AGAIN   /* at once, not counted as an attempt; the owner must see to an end */
};

/* All are called on the transport's thread. */
struct http_hooks {
    /* Before each attempt: sets URL and headers by http_set_*, method and body, and prepares for the answer. */
    bool (*prepare)(struct http_request *request, struct failure *failure);
    /* Takes a header of the answer: name and value without the white space around them. */
    void (*header)(struct http_request *request, const char *name, const char *value);
    /* Takes a part of the answer's body; false: no more is wanted. */
    bool (*body)(struct http_request *request, const void *data, size_t size);
    /* After each attempt, which may have ended early (`transport` is not CURLE_OK). Fills in `failure` unless done. */
    enum http_verdict (*judge)(struct http_request *request, struct failure *failure);
};

/* The owner keeps the memory and does not touch it from http_start to http_wait. */
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
 * After its own attempts, a request that the store has answered goes on with shared attempts. Each successful answer
 * gives one shared attempt back: every request succeeds in the end at a store that refuses half of them, and a store
 * that refuses all is soon left alone.
 */
bool http_start(struct http *http, struct http_request *request, struct failure *failure);
/* Waits; true if the request succeeded. Must be called once for each request that was started. */
bool http_wait(struct http_request *request, struct failure *failure);
/* Ends the request early; http_wait must still be called. */
void http_cancel(struct http_request *request);

/* For `prepare`. False if there is no memory. */
bool http_set_url(struct http_request *request, const char *url);
bool http_set_header(struct http_request *request, const char *name, const char *value);

#endif
