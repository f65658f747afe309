/* SPDX-License-Identifier: MIT */
#include "http_exchange.h"

#include "../base/deadline.h"
#include "sockets.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
    struct sockets sockets;
    char *bundle; /* of certificates; NULL: as the library was built */

    pthread_mutex_t lock; /* of the rest */
    pthread_t thread;
    bool started, stop, cancels;
    struct http_request *queue, **queue_end; /* to be begun, in this order */

    /* The thread's own. */
    struct http_request *running[ACTIVE_MOST], *waiting;
    int running_count;
    CURL *idle[ACTIVE_MOST];
    int idle_count;
    int spare; /* attempts, of http_options.spare */
    uint64_t random;
};

/* ---- An attempt --------------------------------------------------------------------------------------------- */

static void finish(struct http_request *request, bool done) {
    request->private.done = done;
    sem_post(&request->private.finished); /* after which it is not there any more */
}

static void give_back(struct http *http, struct http_request *request) {
    if (request->private.easy) {
        http_exchange_clear(request->private.easy);
        http->idle[http->idle_count++] = request->private.easy; /* there are no more than may run */
    }
    curl_slist_free_all(request->private.headers);
    request->private.easy = NULL;
    request->private.headers = NULL;
}

static bool out_of_time(struct http_request *request) {
    return failure_set(&request->private.failure, FAILURE_OUT_OF_TIME, "the deadline came before the store's answer");
}

static void begin(struct http *http, struct http_request *request) {
    struct failure *failure = &request->private.failure;
    request->status = 0;
    request->transport = CURLE_OK;
    request->private.sent = 0;
    request->private.header_bytes = 0;
    CURL *easy = http->idle_count ? http->idle[--http->idle_count] : http_exchange_new(&http->options, http->bundle);
    request->private.easy = easy;
    bool ready = easy ? true : failure_set(failure, FAILURE_OUT_OF_MEMORY, "no memory for a request");
    if (ready && request->deadline <= deadline_now())
        ready = out_of_time(request);
    ready = ready && request->hooks->prepare(request, failure);
    if (ready) {
        http_exchange_set(request);
        if (curl_multi_add_handle(http->multi, easy) != CURLM_OK)
            ready = failure_set(failure, FAILURE_OUT_OF_MEMORY, "no memory for a request");
    }
    if (!ready) {
        give_back(http, request);
        finish(request, false);
        return;
    }
    http->counts->requests++;
    request->private.slot = http->running_count;
    http->running[http->running_count++] = request;
}

/* Its place is taken by the last one. */
static void stop(struct http *http, const struct http_request *request) {
    struct http_request *last = http->running[--http->running_count];
    http->running[request->private.slot] = last;
    last->private.slot = request->private.slot;
    curl_multi_remove_handle(http->multi, request->private.easy);
}

/* xorshift64* */
static uint64_t next_random(struct http *http) {
    http->random ^= http->random >> 12;
    http->random ^= http->random << 25;
    http->random ^= http->random >> 27;
    return http->random * 2685821657736338717u;
}

/* Whether the request, whose last attempt failed, has another one. */
static bool may_retry(struct http *http, struct http_request *request) {
    /* The common attempts are for a store that is there, and refuses for now or breaks off. */
    bool answers =
        request->status >= 500 || request->status == 429 || (request->status >= 200 && request->status < 300);
    if (++request->private.attempt < http->options.attempts)
        return true;
    if (!answers || request->private.attempt >= http->options.most || http->spare == 0)
        return false;
    http->spare--;
    return true;
}

/*
 * "Full jitter": anything up to a bound that doubles, so that clients that failed together do not come again so. Of the
 * common attempts there are only more while others have success: then there is no need to wait for ever longer.
 */
static void wait_to_retry(struct http *http, struct http_request *request) {
    int attempt = request->private.attempt, own = http->options.attempts;
    int64_t most = http->options.delay_ms << ((attempt < own ? attempt : own - 1) - 1);
    most = most > DELAY_MOST_MS ? DELAY_MOST_MS : most;
    int64_t delay = (int64_t)(next_random(http) % (uint64_t)(most + 1));
    if (request->deadline != INT64_MAX && request->deadline - deadline_now() <= delay) {
        char why[sizeof request->private.failure.message];
        snprintf(why, sizeof why, "%s", request->private.failure.message);
        failure_set(&request->private.failure, FAILURE_OUT_OF_TIME, "the deadline left no time for another try: %s",
                    why);
        finish(request, false);
        return;
    }
    http->counts->retries++;
    request->private.due = sockets_now() + delay;
    request->private.next = http->waiting;
    http->waiting = request;
}

/* A kept connection that its other end has given up meanwhile; no fault of this request. */
static bool was_dead(const struct http_request *request) {
    long connections = 1;
    CURLcode transport = request->transport;
    bool lost = transport == CURLE_SEND_ERROR || transport == CURLE_RECV_ERROR || transport == CURLE_GOT_NOTHING ||
                transport == CURLE_OPERATION_TIMEDOUT;
    curl_easy_getinfo(request->private.easy, CURLINFO_NUM_CONNECTS, &connections);
    /* The latter: curl has seen that by itself, and would have sent the body again. */
    return !request->private.fresh && request->private.header_bytes == 0 &&
           ((lost && connections == 0) || transport == CURLE_SEND_FAIL_REWIND);
}

static void end(struct http *http, struct http_request *request, CURLcode transport) {
    request->transport = transport;
    curl_easy_getinfo(request->private.easy, CURLINFO_RESPONSE_CODE, &request->status);
    stop(http, request);
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
    if (verdict == HTTP_DONE && http->spare < http->options.spare)
        http->spare++;
    if (verdict == HTTP_RETRY && may_retry(http, request))
        wait_to_retry(http, request);
    else if (verdict == HTTP_AGAIN)
        begin(http, request);
    else
        finish(request, verdict == HTTP_DONE);
}

/* ---- The thread --------------------------------------------------------------------------------------------- */

static void drop(struct http *http, struct http_request *request) {
    give_back(http, request);
    failure_set(&request->private.failure, FAILURE_OUT_OF_TIME, "the request was given up");
    finish(request, false);
}

static void drop_cancelled(struct http *http, struct http_request **list) {
    while (*list) {
        struct http_request *request = *list;
        if (!request->private.cancelled) {
            list = &request->private.next;
            continue;
        }
        *list = request->private.next;
        drop(http, request);
    }
}

/* Under the lock. */
static void drop_all_cancelled(struct http *http) {
    drop_cancelled(http, &http->queue);
    for (http->queue_end = &http->queue; *http->queue_end;)
        http->queue_end = &(*http->queue_end)->private.next;
    drop_cancelled(http, &http->waiting);
    for (int i = http->running_count; i-- > 0;) {
        struct http_request *request = http->running[i];
        if (request->private.cancelled) {
            stop(http, request);
            drop(http, request);
        }
    }
    http->cancels = false;
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
    if (http->cancels)
        drop_all_cancelled(http);
    for (struct http_request *request; (request = take_queued(http));) {
        pthread_mutex_unlock(&http->lock);
        begin(http, request);
        pthread_mutex_lock(&http->lock);
    }
    pthread_mutex_unlock(&http->lock);
}

/* Begins what is due; when more is. */
static int64_t begin_due(struct http *http) {
    int64_t now = sockets_now(), next = INT64_MAX;
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
    return next;
}

/* Here, where no signal comes to: closing a connection may write to one that is closed already. */
static void close_connections(struct http *http) {
    while (http->idle_count)
        curl_easy_cleanup(http->idle[--http->idle_count]);
    sockets_close(&http->sockets);
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
        sockets_wait(&http->sockets, begin_due(http));
        int count;
        for (CURLMsg *message; (message = curl_multi_info_read(http->multi, &count));) {
            struct http_request *request;
            CURLcode result = message->data.result;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&request);
            end(http, request, result);
        }
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
    if (!http || !(http->multi = curl_multi_init()) || !sockets_open(&http->sockets, http->multi)) {
        if (http)
            curl_multi_cleanup(http->multi);
        free(http);
        *out = NULL;
        return failure_set(failure, FAILURE_OUT_OF_MEMORY, "no memory for requests");
    }
    curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)IDLE_MOST);
    http->options = *options;
    http->spare = options->spare;
    http->counts = counts;
    http->bundle = find_bundle();
    http->queue_end = &http->queue;
    http->random = (uint64_t)deadline_now() << 20 ^ (uint64_t)getpid() ^ (uintptr_t)http;
    pthread_mutex_init(&http->lock, NULL);
    return true;
}

void http_free(struct http *http) {
    if (!http)
        return;
    pthread_mutex_lock(&http->lock);
    bool started = http->started;
    http->stop = true;
    sockets_wake(&http->sockets);
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
    sem_init(&request->private.finished, 0, 0);
    pthread_mutex_lock(&http->lock);
    bool started = start_thread(http);
    bool asleep = started && !http->queue; /* or about to look at the queue, or at what ends */
    if (started) {
        *http->queue_end = request;
        http->queue_end = &request->private.next;
    }
    pthread_mutex_unlock(&http->lock);
    if (!started) {
        sem_destroy(&request->private.finished);
        return failure_set(failure, FAILURE_OUT_OF_MEMORY, "no thread for requests could be started");
    }
    if (asleep)
        sockets_wake(&http->sockets);
    return true;
}

bool http_wait(struct http_request *request, struct failure *failure) {
    while (sem_wait(&request->private.finished) != 0)
        ; /* a signal came */
    sem_destroy(&request->private.finished);
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
    sockets_wake(&http->sockets);
}

bool http_set_url(struct http_request *request, const char *url) {
    return curl_easy_setopt(request->private.easy, CURLOPT_URL, url) == CURLE_OK;
}

bool http_set_header(struct http_request *request, const char *name, const char *value) {
    char *line = NULL;
    if (asprintf(&line, *value ? "%s: %s" : "%s%s", name, *value ? value : ";") < 0)
        return false;
    struct curl_slist *more = curl_slist_append(request->private.headers, line);
    free(line);
    if (more)
        request->private.headers = more;
    return more != NULL;
}
