/* SPDX-License-Identifier: MIT */
#include "http_exchange.h"

#include "../base/deadline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    IDLE_SECONDS = 15, /* S3 closes what is idle for longer; a sandbox that was frozen does not see it */
    BUFFER_SIZE = 64 << 10,
    HEADERS_MOST = 64 << 10, /* bytes of an answer's header; S3's have some KiB */
    /* A body of this size waits until the store says that it wants it, but not for long: some never do. */
    EXPECT_LEAST = 1 << 20,
    EXPECT_MS = 200
};

/* ---- What curl calls ---------------------------------------------------------------------------------------- */

static size_t on_header(char *line, size_t one, size_t size, void *user) {
    struct http_request *request = user;
    char text[4096];
    (void)one;
    request->private.header_bytes += size;
    if (request->private.header_bytes > HEADERS_MOST)
        return 0;
    /* Of several headers (100 Continue, a proxy's) the last one counts, which is all the owner's hooks see. */
    const char *colon = memchr(line, ':', size);
    if (!colon || size >= sizeof text || strncmp(line, "HTTP/", strlen("HTTP/")) == 0)
        return size;
    memcpy(text, line, size);
    text[size] = '\0';
    char *value = text + (colon - line);
    *value++ = '\0';
    value += strspn(value, " \t");
    for (char *end = value + strlen(value); end > value && strchr(" \t\r\n", end[-1]);)
        *--end = '\0';
    request->hooks->header(request, text, value);
    return size;
}

static size_t on_body(char *data, size_t one, size_t size, void *user) {
    struct http_request *request = user;
    (void)one;
    request->private.counts->bytes_read += size;
    if (request->status == 0)
        curl_easy_getinfo(request->private.easy, CURLINFO_RESPONSE_CODE, &request->status);
    return request->hooks->body(request, data, size) ? size : 0;
}

/* There is no going back, which curl would ask for where it sends a body again by itself: that is another attempt. */
static size_t on_read(char *buffer, size_t one, size_t size, void *user) {
    struct http_request *request = user;
    size_t left = request->size - request->private.sent;
    size = size * one < left ? size * one : left;
    if (size > 0)
        memcpy(buffer, (const char *)request->data + request->private.sent, size);
    request->private.sent += size;
    request->private.counts->bytes_written += size;
    return size;
}

/* ---- An attempt --------------------------------------------------------------------------------------------- */

CURL *http_exchange_new(const struct http_options *options, const char *bundle) {
    CURL *easy = curl_easy_init();
    if (!easy)
        return NULL;
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L); /* "a/../b" is a key */
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "libtile");
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)BUFFER_SIZE);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)IDLE_SECONDS);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, options->connect_ms);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, options->stall_seconds);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(easy, CURLOPT_EXPECT_100_TIMEOUT_MS, (long)EXPECT_MS);
    if (bundle)
        curl_easy_setopt(easy, CURLOPT_CAINFO, bundle);
    return easy;
}

static bool has_body(const char *method) {
    return strcmp(method, "PUT") == 0 || strcmp(method, "POST") == 0;
}

/* curl asks to be expected with any PUT, also with the smallest one. Where there is no memory, it does so. */
static void expect_nothing(struct http_request *request) {
    struct curl_slist *more = curl_slist_append(request->private.headers, "Expect:");
    if (more)
        request->private.headers = more;
}

void http_exchange_set(struct http_request *request) {
    CURL *easy = request->private.easy;
    bool forever = request->deadline == INT64_MAX;
    if (has_body(request->method) && request->size < EXPECT_LEAST)
        expect_nothing(request);
    request->error[0] = '\0';
    curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->error);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->private.headers);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, request);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
    curl_easy_setopt(easy, CURLOPT_READDATA, request);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, (long)request->private.fresh);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, forever ? 0L : (long)(request->deadline - deadline_now()) + 1);
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L); /* whatever it was before */
    if (strcmp(request->method, "HEAD") == 0)
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    if (has_body(request->method)) {
        curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->size);
    }
    /* By name, as a POST of curl's own would bring a Content-Type along. */
    bool named = strcmp(request->method, "POST") == 0 || strcmp(request->method, "DELETE") == 0;
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, named ? request->method : NULL);
}

void http_exchange_clear(CURL *easy) {
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, NULL);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, NULL);
}
