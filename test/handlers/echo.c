/* SPDX-License-Identifier: MIT */
/*
 * A function that does what its event says, so that the runtime can be tried without what handlers do:
 *   {"size": N}            a JSON string of N bytes, its quotes included      {"stream": N}  N bytes, streamed
 *   {"fail": TEXT}         BAD_REQUEST with this message
 *   {"sleep": SECONDS}     then answers                                       {"late": true} OUT_OF_TIME when it is
 * and answers {"trace":…,"deadline":…,"memory":…,"id":…}.
 * `echo broken-stream N` serves one event with a stream that fails after N bytes, and ends.
 */
#include "base/metrics.h"
#include "runtime/client.h"
#include "runtime/loop.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static bool append(struct tile_buffer *out, const void *data, size_t size, struct failure *failure) {
    struct tile_error error;
    return tile_buffer_append(out, data, size, &error) == TILE_OK || failure_from(failure, &error);
}

/* `size` bytes that tell their place: a letter that depends on it. */
static bool append_letters(struct tile_buffer *out, size_t size, struct failure *failure) {
    char *letters = malloc(size + 1);
    if (!letters)
        return failure_set(failure, FAILURE_OUT_OF_MEMORY, "out of memory");
    for (size_t i = 0; i < size; i++)
        letters[i] = (char)('a' + i % 23);
    bool done = append(out, letters, size, failure);
    free(letters);
    return done;
}

static void sleep_until(int64_t milliseconds) {
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &time, NULL);
}

static bool echo(void *user, struct call *call, const json_t *event, struct response *response,
                 struct failure *failure) {
    (void)user;
    const char *text = json_string_value(json_object_get(event, "fail"));
    size_t size = (size_t)json_integer_value(json_object_get(event, "size"));
    size_t stream = (size_t)json_integer_value(json_object_get(event, "stream"));
    double seconds = json_number_value(json_object_get(event, "sleep"));
    metrics_add(call->metrics, METRIC_TILES, 1);
    nanosleep(&(struct timespec){(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)}, NULL);
    if (json_is_true(json_object_get(event, "late"))) {
        sleep_until(call->deadline);
        return failure_set(failure, FAILURE_OUT_OF_TIME, "it was late");
    }
    if (text)
        return failure_set(failure, FAILURE_BAD_REQUEST, "%s", text);
    if (stream) {
        response->streamed = true;
        return append_letters(&response->body, stream, failure);
    }
    if (size)
        return append(&response->body, "\"", 1, failure) && append_letters(&response->body, size - 2, failure) &&
               append(&response->body, "\"", 1, failure);
    const char *trace = getenv("_X_AMZN_TRACE_ID");
    char out[8192];
    int length = snprintf(out, sizeof out, "{\"trace\":%s%.4096s%s,\"deadline\":%lld,\"memory\":%llu,\"id\":\"%s\"}",
                          trace ? "\"" : "", trace ? trace : "null", trace ? "\"" : "", (long long)call->deadline,
                          (unsigned long long)call->memory, call->id);
    return append(&response->body, out, (size_t)length, failure);
}

static bool read_broken(void *user, uint64_t offset, void *buffer, size_t size, size_t *got, struct failure *failure) {
    uint64_t end = strtoull(user, NULL, 10);
    if (offset == end)
        return failure_set(failure, FAILURE_SOURCE_UNREADABLE, "the source \"broke off\" \xE2\x82\xAC");
    *got = end - offset < size ? (size_t)(end - offset) : size;
    memset(buffer, 'x', *got);
    return true;
}

static int serve_broken_stream(const char *api, char *size) {
    struct client *client;
    struct invocation invocation;
    struct failure failure;
    struct client_stream stream = {.user = size, .read = read_broken};
    if (!client_new(&client, api, -1, &failure))
        return 1;
    bool done = client_next(client, &invocation, &failure) == CLIENT_EVENT &&
                client_stream(client, invocation.id, &stream) == CLIENT_POSTED;
    tile_buffer_free(&invocation.event);
    client_free(client);
    return done ? 0 : 1;
}

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN);
    const char *api = getenv("AWS_LAMBDA_RUNTIME_API");
    if (argc == 3 && strcmp(argv[1], "broken-stream") == 0)
        return serve_broken_stream(api, argv[2]);
    return loop_run(api, "echo", echo, NULL);
}
