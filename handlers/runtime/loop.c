/* SPDX-License-Identifier: MIT */
#include "loop.h"

#include "../base/deadline.h"
#include "../base/event.h"
#include "../base/log.h"
#include "../base/metrics.h"
#include "../base/respond.h"
#include "client.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct loop {
    struct client *client;
    loop_serve *serve;
    void *user;
    const char *name; /* for metrics */
};

uint64_t loop_memory(void) {
    const char *text = getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE");
    char *end;
    unsigned long long mebibytes = text ? strtoull(text, &end, 10) : 0;
    if (text && *text >= '0' && *text <= '9' && *end == '\0' && mebibytes > 0 && mebibytes < 1 << 24)
        return (uint64_t)mebibytes << 20;
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGE_SIZE);
    return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : UINT64_MAX;
}

/* A tenth of the time that is left, up to a second, is for saying that it was not enough. */
static int64_t deadline_for_work(int64_t deadline) {
    int64_t left = deadline - deadline_now();
    return deadline == INT64_MAX || left <= 0 ? deadline : deadline - (left < 10000 ? left / 10 : 1000);
}

static bool handle_event(struct loop *loop, struct invocation *invocation, struct metrics *metrics,
                         struct response *response, struct failure *failure) {
    json_t *event = event_parse(invocation->event.data, invocation->event.size, failure);
    tile_buffer_free(&invocation->event); /* before the work that takes memory */
    if (!event)
        return false;
    struct call call = {.id = invocation->id,
                        .begun = deadline_now(),
                        .deadline = deadline_for_work(invocation->deadline),
                        .memory = loop_memory(),
                        .metrics = metrics};
    bool done = loop->serve(loop->user, &call, event, response, failure);
    json_decref(event);
    return done;
}

/* The body of a streamed response is made already: reading it cannot fail. */
static bool read_body(void *user, uint64_t offset, void *buffer, size_t size, size_t *got, struct failure *failure) {
    const struct tile_buffer *body = user;
    (void)failure;
    size_t left = body->size - (size_t)offset;
    *got = left < size ? left : size;
    if (*got)
        memcpy(buffer, body->data + offset, *got);
    return true;
}

/* False where it is too large. */
static bool respond(struct loop *loop, const char *id, struct response *response, struct failure *failure) {
    bool too_large = !response->streamed && response->body.size > RESPONSE_MOST;
    if (response->streamed) {
        struct client_stream stream = {.user = &response->body, .read = read_body};
        too_large = client_stream(loop->client, id, &stream) == CLIENT_TOO_LARGE;
    } else if (!too_large) {
        too_large = client_respond(loop->client, id, &response->body) == CLIENT_TOO_LARGE;
    }
    if (too_large)
        return failure_set(
            failure, FAILURE_RESPONSE_TOO_LARGE,
            "response: Lambda does not take its %zu bytes: give `output` so that the result is written to the "
            "store",
            response->body.size);
    return true;
}

/* The figures are written before the answer is given: the environment may be frozen right after it. */
static void serve_one(struct loop *loop, struct invocation *invocation, struct failure *failure, bool has_event) {
    struct response response = {0};
    struct metrics metrics;
    double begun = metrics_now();
    metrics_begin(&metrics);
    bool done = has_event && handle_event(loop, invocation, &metrics, &response, failure);
    metrics_add(&metrics, METRIC_TOTAL_MS, metrics_now() - begun);
    metrics_end(&metrics, loop->name, invocation->id);
    if (done)
        done = respond(loop, invocation->id, &response, failure);
    if (!done) {
        log_line(LOG_ERROR, invocation->id, "%s: %s", failure_type(failure->kind), failure->message);
        client_report(loop->client, invocation->id, failure_type(failure->kind), failure->message);
    }
    tile_buffer_free(&response.body);
}

static int serve_all(struct loop *loop) {
    for (;;) {
        struct invocation invocation;
        struct failure failure;
        enum client_next next = client_next(loop->client, &invocation, &failure);
        if (next == CLIENT_STOP || next == CLIENT_LOST) {
            if (next == CLIENT_LOST)
                log_line(LOG_FATAL, NULL, "%s", failure.message);
            return next == CLIENT_STOP ? EXIT_SUCCESS : EXIT_FAILURE;
        }
        serve_one(loop, &invocation, &failure, next == CLIENT_EVENT);
    }
}

/* SIGTERM waits until somebody looks at what this gives: between invocations, and while there is none. */
static int signal_to_stop(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* A client, whose every wait ends when the process is to stop. Logs why there is none. */
static bool begin(struct loop *loop, const char *api, int *stop) {
    struct failure failure;
    *stop = signal_to_stop();
    if (*stop < 0)
        failure_set(&failure, FAILURE_OUT_OF_MEMORY, "signalfd: %s", strerror(errno));
    else if (client_new(&loop->client, api, *stop, &failure))
        return true;
    log_line(LOG_FATAL, NULL, "%s", failure.message);
    return false;
}

static void end(struct loop *loop, int stop) {
    client_free(loop->client);
    if (stop >= 0)
        close(stop);
}

int loop_run(const char *api, const char *name, loop_serve *serve, void *user) {
    const char *deployed = getenv("AWS_LAMBDA_FUNCTION_NAME");
    struct loop loop = {.serve = serve, .user = user, .name = deployed ? deployed : name};
    int stop, status = begin(&loop, api, &stop) ? serve_all(&loop) : EXIT_FAILURE;
    end(&loop, stop);
    return status;
}

int loop_refuse(const char *api, const char *name, const char *names) {
    struct loop loop = {0};
    struct failure failure;
    int stop;
    if (begin(&loop, api, &stop)) {
        failure_set(&failure, FAILURE_BAD_REQUEST, "handler: there is none called \"%s\", but %s", name, names);
        log_line(LOG_FATAL, NULL, "%s", failure.message);
        client_report(loop.client, NULL, "Runtime.NoSuchHandler", failure.message);
    }
    end(&loop, stop);
    return EXIT_FAILURE;
}
