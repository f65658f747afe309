/* SPDX-License-Identifier: MIT */
#include "http_exchange.h"

#include "../deadline.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    ACTIVE_MOST = 32, /* requests at a time, a connection each; others wait for one of them */
    IDLE_MOST = 32,   /* connections that are kept */
    DELAY_MOST_MS = 20000
};

struct http {
    struct http_options options;
    struct http_counts *counts;
    CURLM *multi;
    char *bundle; /* of certificates; NULL: as the library was built */

    pthread_mutex_t lock; /* of the rest, and of each request's `finished` */
    pthread_t thread;
    bool started, stop, cancels;
    struct http_request *queue, **queue_end; /* to be begun, in this order */

    /* The thread's own. */
    struct http_request *running, *waiting;
    int running_count;
    CURL *idle[ACTIVE_MOST];
    int idle_count;
    uint64_t random;
};

static int64_t milliseconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- An attempt --------------------------------------------------------------------------------------------- */

static void finish(struct http *http, struct http_request *request, bool done) {
    pthread_mutex_lock(&http->lock);
    request->private.done = done;
    request->private.finished = true;
    pthread_cond_signal(&request->private.changed);
    pthread_mutex_unlock(&http->lock);
}

static void give_back(struct http *http, struct http_request *request) {
    if (request->private.easy) {
        curl_easy_reset(request->private.easy);
        http->idle[http->idle_count++] = request->private.easy; /* there are no more than may run */
    }
    curl_slist_free_all(request->private.headers);
    request->private.easy = NULL;
    request->private.headers = NULL;
}

static bool out_of_time(struct http_request *request) {
    return fail(&request->private.failure, FAILURE_OUT_OF_TIME, "the deadline came before the store's answer");
}

static void begin(struct http *http, struct http_request *request) {
    struct failure *failure = &request->private.failure;
    request->status = 0;
    request->transport = CURLE_OK;
    request->private.sent = 0;
    request->private.header_bytes = 0;
    CURL *easy = http->idle_count ? http->idle[--http->idle_count] : curl_easy_init();
    request->private.easy = easy;
    bool ready = easy ? true : fail(failure, FAILURE_OUT_OF_MEMORY, "no memory for a request");
    if (ready && request->deadline <= deadline_now())
        ready = out_of_time(request);
    ready = ready && request->hooks->prepare(request, failure);
    if (ready) {
        http_exchange_set(request, &http->options, http->bundle);
        if (curl_multi_add_handle(http->multi, easy) != CURLM_OK)
            ready = fail(failure, FAILURE_OUT_OF_MEMORY, "no memory for a request");
    }
    if (!ready) {
        give_back(http, request);
        finish(http, request, false);
        return;
    }
    http->counts->requests++;
    request->private.next = http->running;
    http->running = request;
    http->running_count++;
}

static void unlink_from(struct http_request **list, const struct http_request *request) {
    while (*list != request)
        list = &(*list)->private.next;
    *list = request->private.next;
}

/* xorshift64* */
static uint64_t next_random(struct http *http) {
    http->random ^= http->random >> 12;
    http->random ^= http->random << 25;
    http->random ^= http->random >> 27;
    return http->random * 2685821657736338717u;
}

/* "Full jitter": anything up to a bound that doubles, so that clients that failed together do not come again so. */
static void wait_to_retry(struct http *http, struct http_request *request) {
    int64_t most = http->options.delay_ms << (request->private.attempt - 1);
    most = most > DELAY_MOST_MS ? DELAY_MOST_MS : most;
    int64_t delay = (int64_t)(next_random(http) % (uint64_t)(most + 1));
    if (request->deadline != INT64_MAX && request->deadline - deadline_now() <= delay) {
        char why[sizeof request->private.failure.message];
        snprintf(why, sizeof why, "%s", request->private.failure.message);
        fail(&request->private.failure, FAILURE_OUT_OF_TIME, "the deadline left no time for another try: %s", why);
        finish(http, request, false);
        return;
    }
    http->counts->retries++;
    request->private.due = milliseconds(CLOCK_MONOTONIC) + delay;
    request->private.next = http->waiting;
    http->waiting = request;
}

/* A kept connection that its other end has given up meanwhile; no fault of this request. */
static bool was_dead(const struct http_request *request) {
    long connections = 1;
    bool lost = request->transport == CURLE_SEND_ERROR || request->transport == CURLE_RECV_ERROR ||
                request->transport == CURLE_GOT_NOTHING || request->transport == CURLE_OPERATION_TIMEDOUT;
    curl_easy_getinfo(request->private.easy, CURLINFO_NUM_CONNECTS, &connections);
    return lost && !request->private.fresh && connections == 0 && request->private.header_bytes == 0;
}

static void end(struct http *http, struct http_request *request, CURLcode transport) {
    unlink_from(&http->running, request);
    http->running_count--;
    request->transport = transport;
    curl_easy_getinfo(request->private.easy, CURLINFO_RESPONSE_CODE, &request->status);
    curl_multi_remove_handle(http->multi, request->private.easy);
    bool dead = was_dead(request);
    give_back(http, request);
    enum http_verdict verdict;
    if (transport == CURLE_OPERATION_TIMEDOUT && deadline_now() >= request->deadline)
        verdict = out_of_time(request) ? HTTP_DONE : HTTP_FAILED;
    else if (dead)
        verdict = HTTP_AGAIN;
    else
        verdict = request->hooks->judge(request, &request->private.failure);
    request->private.fresh = dead;
    if (verdict == HTTP_RETRY && ++request->private.attempt < http->options.attempts)
        wait_to_retry(http, request);
    else if (verdict == HTTP_AGAIN)
        begin(http, request);
    else
        finish(http, request, verdict == HTTP_DONE);
}

/* ---- The thread --------------------------------------------------------------------------------------------- */

static void drop_cancelled(struct http *http, struct http_request **list) {
    while (*list) {
        struct http_request *request = *list;
        if (!request->private.cancelled) {
            list = &request->private.next;
            continue;
        }
        *list = request->private.next;
        if (request->private.easy) {
            curl_multi_remove_handle(http->multi, request->private.easy);
            http->running_count--;
        }
        give_back(http, request);
        fail(&request->private.failure, FAILURE_OUT_OF_TIME, "the request was given up");
        request->private.finished = true;
        pthread_cond_signal(&request->private.changed);
    }
}

/* Under the lock. */
static struct http_request *take_queued(struct http *http) {
    struct http_request *request = http->queue;
    if (!request || http->running_count >= ACTIVE_MOST)
        return NULL;
    http->queue = request->private.next;
    if (!http->queue)
        http->queue_end = &http->queue;
    return request;
}

static void begin_queued(struct http *http) {
    pthread_mutex_lock(&http->lock);
    if (http->cancels) {
        drop_cancelled(http, &http->queue);
        for (http->queue_end = &http->queue; *http->queue_end;)
            http->queue_end = &(*http->queue_end)->private.next;
        drop_cancelled(http, &http->running);
        drop_cancelled(http, &http->waiting);
        http->cancels = false;
    }
    for (struct http_request *request; (request = take_queued(http));) {
        pthread_mutex_unlock(&http->lock);
        begin(http, request);
        pthread_mutex_lock(&http->lock);
    }
    pthread_mutex_unlock(&http->lock);
}

/* Begins what is due; milliseconds until more is. */
static int begin_due(struct http *http) {
    int64_t now = milliseconds(CLOCK_MONOTONIC), next = now + 60000;
    for (struct http_request **at = &http->waiting; *at;) {
        struct http_request *request = *at;
        if (request->private.due <= now && http->running_count < ACTIVE_MOST) {
            *at = request->private.next;
            begin(http, request);
            continue;
        }
        if (request->private.due > now)
            next = request->private.due < next ? request->private.due : next;
        at = &request->private.next;
    }
    return (int)(next - now);
}

/* Here, where no signal comes to: closing a connection may write to one that is closed already. */
static void close_connections(struct http *http) {
    while (http->idle_count)
        curl_easy_cleanup(http->idle[--http->idle_count]);
    curl_multi_cleanup(http->multi);
}

static void *run(void *argument) {
    struct http *http = argument;
    for (;;) {
        pthread_mutex_lock(&http->lock);
        bool stop = http->stop;
        pthread_mutex_unlock(&http->lock);
        if (stop) {
            close_connections(http);
            return NULL;
        }
        begin_queued(http);
        int timeout = begin_due(http), count;
        curl_multi_perform(http->multi, &count);
        bool ended = false;
        for (CURLMsg *message; (message = curl_multi_info_read(http->multi, &count));) {
            struct http_request *request;
            CURLcode result = message->data.result;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&request);
            end(http, request, result);
            ended = true;
        }
        if (!ended)
            curl_multi_poll(http->multi, NULL, 0, timeout, NULL);
    }
}

/* ---- What callers call -------------------------------------------------------------------------------------- */

static void start_library(void) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static char *find_bundle(void) {
    static const char *const places[] = {"/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt"};
    const char *named = getenv("AWS_CA_BUNDLE");
    if (named && *named)
        return strdup(named);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (access(places[i], R_OK) == 0)
            return strdup(places[i]);
    return NULL;
}

bool http_new(struct http **out, const struct http_options *options, struct http_counts *counts,
              struct failure *failure) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start_library);
    struct http *http = calloc(1, sizeof *http);
    *out = http;
    if (!http || !(http->multi = curl_multi_init())) {
        free(http);
        *out = NULL;
        return fail(failure, FAILURE_OUT_OF_MEMORY, "no memory for requests");
    }
    curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)IDLE_MOST);
    http->options = *options;
    http->counts = counts;
    http->bundle = find_bundle();
    http->queue_end = &http->queue;
    http->random = (uint64_t)milliseconds(CLOCK_REALTIME) << 20 ^ (uint64_t)getpid() ^ (uintptr_t)http;
    pthread_mutex_init(&http->lock, NULL);
    return true;
}

void http_free(struct http *http) {
    if (!http)
        return;
    pthread_mutex_lock(&http->lock);
    bool started = http->started;
    http->stop = true;
    curl_multi_wakeup(http->multi);
    pthread_mutex_unlock(&http->lock);
    if (started)
        pthread_join(http->thread, NULL);
    else
        close_connections(http);
    pthread_mutex_destroy(&http->lock);
    free(http->bundle);
    free(http);
}

/* Under the lock. Signals are for the process's own threads. */
static bool start_thread(struct http *http) {
    sigset_t all, before;
    if (http->started)
        return true;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    http->started = pthread_create(&http->thread, NULL, run, http) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return http->started;
}

bool http_start(struct http *http, struct http_request *request, struct failure *failure) {
    request->private = (struct http_private){.http = http, .counts = http->counts};
    pthread_cond_init(&request->private.changed, NULL);
    pthread_mutex_lock(&http->lock);
    bool started = start_thread(http);
    if (started) {
        *http->queue_end = request;
        http->queue_end = &request->private.next;
    }
    pthread_mutex_unlock(&http->lock);
    if (!started) {
        pthread_cond_destroy(&request->private.changed);
        return fail(failure, FAILURE_OUT_OF_MEMORY, "no thread for requests could be started");
    }
    curl_multi_wakeup(http->multi);
    return true;
}

bool http_wait(struct http_request *request, struct failure *failure) {
    struct http *http = request->private.http;
    pthread_mutex_lock(&http->lock);
    while (!request->private.finished)
        pthread_cond_wait(&request->private.changed, &http->lock);
    pthread_mutex_unlock(&http->lock);
    pthread_cond_destroy(&request->private.changed);
    if (!request->private.done)
        *failure = request->private.failure;
    return request->private.done;
}

void http_cancel(struct http_request *request) {
    struct http *http = request->private.http;
    pthread_mutex_lock(&http->lock);
    request->private.cancelled = true;
    http->cancels = true;
    pthread_mutex_unlock(&http->lock);
    curl_multi_wakeup(http->multi);
}
