/* SPDX-License-Identifier: MIT */
#include "client.h"

#include "../base/event.h"
#include "../base/log.h"

#include <curl/curl.h>
#include <openssl/evp.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    NEXT_TRIES = 8, /* in a row, with pauses of 10 to 640 ms: 1.3 s in all */
    POST_TRIES = 4,
    FIRST_PAUSE = 10,    /* milliseconds, doubled each time */
    CONNECT_MOST = 5000, /* milliseconds */
    SILENCE_MOST = 30, /* seconds in which nothing of a post or its answer moves; an event takes as long as it takes */
    TRACE_MOST = 4096, /* bytes; real ones have some hundred */
    URL_ROOM = 1024 + 768, /* an id of 255 bytes, each escaped, fits */
};

struct client {
    CURLM *multi;
    CURL *easy;
    int stop;
    char base[512];
    char error[CURL_ERROR_SIZE];
};

/* What is being posted, in order to be read by libcurl and, where the connection is lost, again. */
struct upload {
    const struct client_stream *stream;
    uint64_t offset;
    bool failed;
    struct failure failure;
};

bool client_new(struct client **out, const char *api, int stop, struct failure *failure) {
    struct client *client = calloc(1, sizeof *client);
    *out = client;
    if (!client)
        return failure_set(failure, FAILURE_OUT_OF_MEMORY, "out of memory");
    client->stop = stop;
    int length = snprintf(client->base, sizeof client->base, "http://%s/2018-06-01/runtime", api);
    bool fits = length > 0 && (size_t)length < sizeof client->base;
    if (fits && curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) {
        client->multi = curl_multi_init();
        client->easy = curl_easy_init();
    }
    if (client->multi && client->easy)
        return true;
    client_free(client);
    *out = NULL;
    return fits ? failure_set(failure, FAILURE_OUT_OF_MEMORY, "libcurl does not start")
                : failure_set(failure, FAILURE_BAD_REQUEST, "AWS_LAMBDA_RUNTIME_API is too long");
}

void client_free(struct client *client) {
    if (!client)
        return;
    curl_easy_cleanup(client->easy);
    curl_multi_cleanup(client->multi);
    curl_global_cleanup();
    free(client);
}

static void pause_before(int attempt) {
    long milliseconds = FIRST_PAUSE << attempt;
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&time, NULL);
}

/* A request that has nothing of the last one's, but its connection. */
static void begin(struct client *client, const char *url) {
    CURL *easy = client->easy;
    client->error[0] = '\0';
    curl_easy_reset(easy);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L); /* an id of dots is one */
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, client->error);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* whatever the environment says for others */
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MOST);
}

/* As curl_easy_perform; CURLE_ABORTED_BY_CALLBACK when to stop, which `stop` (or -1) tells. */
static CURLcode perform(struct client *client, int stop) {
    struct curl_waitfd wait = {.fd = stop, .events = CURL_WAIT_POLLIN};
    CURLcode result = CURLE_FAILED_INIT;
    if (stop >= 0 && poll(&(struct pollfd){.fd = stop, .events = POLLIN}, 1, 0) == 1)
        return CURLE_ABORTED_BY_CALLBACK;
    if (curl_multi_add_handle(client->multi, client->easy) != CURLM_OK)
        return result;
    for (int running = 1; running;) {
        if (curl_multi_perform(client->multi, &running) != CURLM_OK)
            break;
        if (running && curl_multi_poll(client->multi, &wait, stop >= 0, 60000, NULL) != CURLM_OK)
            break;
        if (wait.revents) {
            result = CURLE_ABORTED_BY_CALLBACK;
            break;
        }
    }
    int left;
    CURLMsg *message = curl_multi_info_read(client->multi, &left);
    if (message && message->msg == CURLMSG_DONE)
        result = message->data.result;
    curl_multi_remove_handle(client->multi, client->easy);
    return result;
}

static long status_of(struct client *client) {
    long status = 0;
    curl_easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static const char *cause(const struct client *client, CURLcode result) {
    return client->error[0] ? client->error : curl_easy_strerror(result);
}

/* ---- The next invocation ---- */

/* By whatever case; of several, the first. False: it is missing, empty or does not fit. */
static bool header(struct client *client, const char *name, char *out, size_t room) {
    struct curl_header *found;
    if (curl_easy_header(client->easy, name, 0, CURLH_HEADER, -1, &found) != CURLHE_OK)
        return false;
    const char *begin = found->value + strspn(found->value, "\r\n \t"); /* libcurl leaves some where it is folded */
    size_t size = strlen(begin);
    if (size == 0 || size >= room)
        return false;
    memcpy(out, begin, size);
    out[size] = '\0';
    return true;
}

/* One that does not fit strtoll's type never comes, either. */
static int64_t deadline_of(struct client *client) {
    char text[24], *end;
    long long value = header(client, "Lambda-Runtime-Deadline-Ms", text, sizeof text) ? strtoll(text, &end, 10) : 0;
    return value > 0 && *end == '\0' ? value : INT64_MAX;
}

static size_t receive(char *bytes, size_t one, size_t count, void *user) {
    struct tile_buffer *event = user;
    if (event->size + count > EVENT_MOST)
        return 0;
    return tile_buffer_append(event, bytes, count, NULL) == TILE_OK ? one * count : 0;
}

static size_t ignore(char *bytes, size_t one, size_t count, void *user) {
    (void)bytes, (void)user;
    return one * count;
}

static void set_trace(struct client *client) {
    char trace[TRACE_MOST];
    if (header(client, "Lambda-Runtime-Trace-Id", trace, sizeof trace))
        setenv("_X_AMZN_TRACE_ID", trace, 1);
    else
        unsetenv("_X_AMZN_TRACE_ID");
}

/* One question. CLIENT_LOST: there was no invocation in the answer, as `failure` says. */
static enum client_next ask(struct client *client, struct invocation *out, struct failure *failure) {
    char url[URL_ROOM];
    snprintf(url, sizeof url, "%s/invocation/next", client->base);
    begin(client, url);
    curl_easy_setopt(client->easy, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(client->easy, CURLOPT_WRITEDATA, &out->event);
    CURLcode result = perform(client, client->stop);
    if (result == CURLE_ABORTED_BY_CALLBACK)
        return CLIENT_STOP;
    bool has_id = header(client, "Lambda-Runtime-Aws-Request-Id", out->id, sizeof out->id);
    if (result != CURLE_OK && !has_id)
        failure_set(failure, FAILURE_SOURCE_UNREADABLE, "next invocation: %s", cause(client, result));
    else if (status_of(client) != 200)
        failure_set(failure, FAILURE_SOURCE_UNREADABLE, "next invocation: HTTP status %ld", status_of(client));
    else if (!has_id)
        failure_set(failure, FAILURE_SOURCE_UNREADABLE,
                    "next invocation: it has no request id, and cannot be answered");
    else {
        out->deadline = deadline_of(client);
        set_trace(client);
        if (result == CURLE_OK)
            return CLIENT_EVENT;
        if (result == CURLE_WRITE_ERROR) /* receive's */
            failure_set(failure, FAILURE_LIMIT_EXCEEDED, "event: more than %d bytes", EVENT_MOST);
        else
            failure_set(failure, FAILURE_SOURCE_UNREADABLE, "event: it broke off: %s", cause(client, result));
        return CLIENT_NO_EVENT;
    }
    return CLIENT_LOST;
}

enum client_next client_next(struct client *client, struct invocation *out, struct failure *failure) {
    enum client_next next = CLIENT_LOST;
    *out = (struct invocation){.deadline = INT64_MAX};
    for (int attempt = 0; attempt < NEXT_TRIES && next == CLIENT_LOST; attempt++) {
        if (attempt)
            pause_before(attempt - 1);
        next = ask(client, out, failure);
        if (next != CLIENT_EVENT)
            tile_buffer_free(&out->event);
        if (next == CLIENT_LOST)
            log_line(LOG_WARN, NULL, "%s", failure->message);
    }
    return next;
}

/* ---- Answers ---- */

static size_t upload_read(char *bytes, size_t one, size_t count, void *user) {
    struct upload *upload = user;
    size_t got = 0;
    if (upload->failed ||
        !upload->stream->read(upload->stream->user, upload->offset, bytes, one * count, &got, &upload->failure)) {
        upload->failed = true; /* the trailers tell */
        return 0;
    }
    upload->offset += got;
    return got;
}

static int trailers(struct curl_slist **list, void *user) {
    const struct upload *upload = user;
    if (!upload->failed)
        return CURL_TRAILERFUNC_OK;
    enum { NAME_ROOM = 64, BASE64_ROOM = (FAILURE_TEXT_MOST + 2) / 3 * 4 + 1 };
    char text[FAILURE_TEXT_MOST], type[NAME_ROOM + 64], body[NAME_ROOM + BASE64_ROOM];
    const char *name = failure_type(upload->failure.kind);
    failure_text(text, name, upload->failure.message);
    snprintf(type, sizeof type, "Lambda-Runtime-Function-Error-Type: %s", name);
    int length = snprintf(body, sizeof body, "Lambda-Runtime-Function-Error-Body: ");
    EVP_EncodeBlock((unsigned char *)body + length, (const unsigned char *)text, (int)strlen(text));
    const char *const lines[] = {type, body};
    for (size_t i = 0; i < 2; i++) {
        struct curl_slist *longer = curl_slist_append(*list, lines[i]);
        if (!longer)
            return CURL_TRAILERFUNC_ABORT;
        *list = longer;
    }
    return CURL_TRAILERFUNC_OK;
}

/* What a post consists of: a body, or a stream. */
struct post {
    char url[URL_ROOM];
    const char *what; /* for logs, as is `id`, which may be NULL */
    const char *id;
    const char *const *headers;
    const void *body;
    size_t size;
    const struct client_stream *stream;
};

/*
 * libcurl 7.88 remembers of a handle, also through curl_easy_reset, that trailers were sent, and then writes the size
 * of the next stream's first chunk before the beginning of its buffer. So each stream gets a handle of its own, and a
 * connection of its own: libcurl by itself sends again what a connection lost that had been in use before.
 */
static bool renew(struct client *client) {
    CURL *easy = curl_easy_init();
    if (!easy)
        return false;
    curl_easy_cleanup(client->easy);
    client->easy = easy;
    return true;
}

static CURLcode send_post(struct client *client, const struct post *post, struct curl_slist *headers) {
    if (post->stream && !renew(client))
        return CURLE_OUT_OF_MEMORY;
    CURL *easy = client->easy;
    struct upload upload = {.stream = post->stream};
    begin(client, post->url);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L); /* Lambda takes 2 MB a second of a long stream */
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)SILENCE_MOST);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    if (post->stream) {
        curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
        curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, upload_read);
        curl_easy_setopt(easy, CURLOPT_READDATA, &upload);
        curl_easy_setopt(easy, CURLOPT_TRAILERFUNCTION, trailers);
        curl_easy_setopt(easy, CURLOPT_TRAILERDATA, &upload);
    } else {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->size);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, post->size ? post->body : "");
    }
    return perform(client, -1);
}

/* Again where the connection was lost or the server was at fault; what it says of the request is final. */
static enum client_post send_until_there(struct client *client, const struct post *post, struct curl_slist *headers) {
    for (int attempt = 0; attempt < POST_TRIES; attempt++) {
        if (attempt)
            pause_before(attempt - 1);
        CURLcode result = send_post(client, post, headers);
        long status = status_of(client);
        if (status == 413) /* also where it does not listen to the end */
            return CLIENT_TOO_LARGE;
        if (result == CURLE_OK && status >= 200 && status < 300)
            return CLIENT_POSTED;
        if (status >= 400 && status < 500) {
            log_line(LOG_WARN, post->id, "posting the %s: HTTP status %ld%s", post->what, status,
                     attempt ? ", to what had been posted already" : "");
            return attempt ? CLIENT_POSTED : CLIENT_NOT_POSTED;
        }
        if (result != CURLE_OK)
            log_line(LOG_WARN, post->id, "posting the %s: %s", post->what, cause(client, result));
        else
            log_line(LOG_WARN, post->id, "posting the %s: HTTP status %ld", post->what, status);
    }
    return CLIENT_NOT_POSTED;
}

static enum client_post send_with_headers(struct client *client, const struct post *post) {
    struct curl_slist *headers = curl_slist_append(NULL, "Expect:"); /* no asking first, which may take a second */
    for (size_t i = 0; headers && post->headers[i]; i++) {
        struct curl_slist *longer = curl_slist_append(headers, post->headers[i]);
        if (!longer)
            curl_slist_free_all(headers);
        headers = longer;
    }
    enum client_post done = CLIENT_NOT_POSTED;
    if (headers)
        done = send_until_there(client, post, headers);
    else
        log_line(LOG_ERROR, post->id, "posting the %s: out of memory", post->what);
    curl_slist_free_all(headers);
    return done;
}

/* Where an invocation's answer goes. The id may be anything that a header can carry. */
static bool invocation_url(char url[URL_ROOM], struct client *client, const char *id, const char *what) {
    char *escaped = curl_easy_escape(client->easy, id, 0);
    if (escaped)
        snprintf(url, URL_ROOM, "%s/invocation/%s/%s", client->base, escaped, what);
    else
        log_line(LOG_ERROR, id, "%s: out of memory", what);
    curl_free(escaped);
    return escaped;
}

enum client_post client_respond(struct client *client, const char *id, const struct tile_buffer *body) {
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    struct post post = {.id = id, .what = "response", .headers = headers, .body = body->data, .size = body->size};
    return invocation_url(post.url, client, id, "response") ? send_with_headers(client, &post) : CLIENT_NOT_POSTED;
}

enum client_post client_stream(struct client *client, const char *id, const struct client_stream *stream) {
    static const char *const headers[] = {
        "Content-Type: application/vnd.awslambda.http-integration-response",
        "Lambda-Runtime-Function-Response-Mode: streaming",
        "Transfer-Encoding: chunked",
        "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body",
        NULL,
    };
    struct post post = {.id = id, .what = "response", .headers = headers, .stream = stream};
    return invocation_url(post.url, client, id, "response") ? send_with_headers(client, &post) : CLIENT_NOT_POSTED;
}

enum client_post client_report(struct client *client, const char *id, const char *type, const char *message) {
    char name[128], text[FAILURE_TEXT_MOST];
    snprintf(name, sizeof name, "Lambda-Runtime-Function-Error-Type: %s", type);
    failure_text(text, type, message);
    const char *const headers[] = {"Content-Type: application/json", name, NULL};
    struct post post = {.id = id, .what = "error", .headers = headers, .body = text, .size = strlen(text)};
    if (!id)
        snprintf(post.url, sizeof post.url, "%s/init/error", client->base);
    else if (!invocation_url(post.url, client, id, "error"))
        return CLIENT_NOT_POSTED;
    return send_with_headers(client, &post);
}
