/* SPDX-License-Identifier: MIT */
#include "s3.h"

#include "../base/hash.h"
#include "endpoint.h"
#include "s3_action.h"
#include "s3_answer.h"
#include "s3_error.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KNOWN_MOST = 16 };

struct s3 {
    struct http *http;
    struct endpoint endpoint;

    /* The transport's thread's own. */
    struct sign_scope scope;
    char scope_region[REGION_SIZE];
    struct {
        char bucket[64], region[REGION_SIZE];
    } known[KNOWN_MOST]; /* buckets that turned out to be in another region; the oldest goes first */
    unsigned known_next;
};

static const char *region_of(const struct s3 *s3, const char *bucket) {
    for (unsigned i = 0; i < KNOWN_MOST; i++)
        if (strcmp(s3->known[i].bucket, bucket) == 0)
            return s3->known[i].region;
    return s3->endpoint.region;
}

static void learn_region(struct s3 *s3, const char *bucket, const char *region) {
    unsigned i = 0;
    while (i < KNOWN_MOST && strcmp(s3->known[i].bucket, bucket) != 0)
        i++;
    if (i == KNOWN_MOST)
        i = s3->known_next++ % KNOWN_MOST;
    snprintf(s3->known[i].bucket, sizeof s3->known[i].bucket, "%s", bucket);
    snprintf(s3->known[i].region, sizeof s3->known[i].region, "%s", region);
}

/* ---- A request ---------------------------------------------------------------------------------------------- */

static void add(struct sign_request *request, const char *name, const char *value) {
    request->headers[request->header_count++] = (struct sign_header){name, value};
}

static bool send_signed(struct s3 *s3, struct s3_call *call, const char *region, struct sign_request *request,
                        struct s3_values *values, const char *url) {
    struct http_request *http = &call->private.http;
    if (strcmp(s3->scope_region, region) != 0) {
        snprintf(s3->scope_region, sizeof s3->scope_region, "%s", region);
        s3->scope.day[0] = '\0';
    }
    if (!http_set_url(http, url) || !sign(values->authorization, &s3->scope, request, values->time))
        return false;
    for (size_t i = 0; i < request->header_count; i++)
        if (!http_set_header(http, request->headers[i].name, request->headers[i].value))
            return false;
    return http_set_header(http, "authorization", values->authorization);
}

static bool prepare(struct http_request *http, struct failure *failure) {
    struct s3_call *call = http->user;
    struct s3 *s3 = call->private.s3;
    const struct s3_action *action = call->private.action;
    const char *region = region_of(s3, call->object->bucket);
    struct endpoint_place place;
    struct s3_values values;
    char query[S3_QUERY_SIZE] = "", url[ENDPOINT_URL_SIZE + S3_QUERY_SIZE];
    if (!endpoint_find(&place, &s3->endpoint, region, call->object, failure))
        return false;
    if (action->query && !action->query(query, call))
        return failure_set(failure, FAILURE_BAD_REQUEST, "S3: the name of a version or upload is too long");
    snprintf(url, sizeof url, "%s%s%s", place.url, *query ? "?" : "", query);
    time_t now = time(NULL);
    struct tm utc;
    strftime(values.time, sizeof values.time, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
    s3_answer_clear(call);
    snprintf(call->private.asked, sizeof call->private.asked, "%s", region);
    http->method = action->method;
    http->data = call->content;
    http->size = call->content_size;
    struct sign_request request = {
        .method = action->method, .path = place.path, .query = query, .payload = call->private.payload};
    add(&request, "host", place.host);
    add(&request, "x-amz-date", values.time);
    add(&request, "x-amz-content-sha256", request.payload);
    if (s3->endpoint.token[0])
        add(&request, "x-amz-security-token", s3->endpoint.token);
    if (endpoint_owner(values.owner, &s3->endpoint, call->object->bucket))
        add(&request, "x-amz-expected-bucket-owner", values.owner);
    if (action->headers)
        action->headers(&request, &values, call);
    return send_signed(s3, call, region, &request, &values, url) ||
           failure_set(failure, FAILURE_OUT_OF_MEMORY, "no memory for a request");
}

/* ---- What an attempt came to -------------------------------------------------------------------------------- */

static enum http_verdict judge_transport(struct s3_call *call, struct failure *failure) {
    const struct http_request *http = &call->private.http;
    bool hopeless = http->transport == CURLE_PEER_FAILED_VERIFICATION || http->transport == CURLE_SSL_CACERT_BADFILE ||
                    http->transport == CURLE_URL_MALFORMAT || http->transport == CURLE_UNSUPPORTED_PROTOCOL;
    failure_set(failure, call->action->writes ? FAILURE_OUTPUT_UNWRITABLE : FAILURE_SOURCE_UNREADABLE,
                "%s: %s failed %d times, at last: %s", call->url, call->action->what, http->private.attempt + 1,
                http->error[0] ? http->error : curl_easy_strerror(http->transport));
    return hopeless ? HTTP_FAILED : HTTP_RETRY;
}

/* A bucket of another region is asked for there; each call goes only once from one to another. */
static bool is_elsewhere(struct s3_call *call) {
    struct s3_private *private = &call->private;
    if (private->moved || (private->http.status != 301 && private->http.status != 307 && private->http.status != 400))
        return false;
    if (!private->region[0])
        s3_error_element(private->region, sizeof private->region, private->text, "Region");
    /* Not what is known by now: of several calls that are underway at once, the first one's answer taught it. */
    return endpoint_is_region(private->region) && strcmp(private->region, private->asked) != 0;
}

static enum http_verdict judge(struct http_request *http, struct failure *failure) {
    struct s3_call *call = http->user;
    struct s3_private *private = &call->private;
    if (private->no_memory) {
        failure_set(failure, FAILURE_OUT_OF_MEMORY, "%s: no memory for its content", call->url);
        return HTTP_FAILED;
    }
    if (http->status < 300)
        return http->transport == CURLE_OK || private->overflow ? private->action->judge(call, failure)
                                                                : judge_transport(call, failure);
    if (is_elsewhere(call)) {
        learn_region(private->s3, call->object->bucket, private->region);
        private->moved = true;
        private->action = call->action;
        return HTTP_AGAIN;
    }
    bool silent = http->status == 301 || http->status == 307 || http->status == 400 || http->status == 403;
    if (private->action->instead && silent) {
        private->action = private->action->instead;
        return HTTP_AGAIN;
    }
    return s3_error_judge(call, failure);
}

/* ---- What callers call -------------------------------------------------------------------------------------- */

bool s3_new(struct s3 **out, struct http_counts *counts, struct failure *failure) {
    *out = NULL;
    struct s3 *s3 = calloc(1, sizeof *s3);
    if (!s3)
        return failure_set(failure, FAILURE_OUT_OF_MEMORY, "S3: no memory");
    if (!endpoint_read(&s3->endpoint, failure) || !http_new(&s3->http, &HTTP_OPTIONS, counts, failure)) {
        free(s3);
        return false;
    }
    s3->scope = (struct sign_scope){
        .id = s3->endpoint.id, .secret = s3->endpoint.secret, .region = s3->scope_region, .service = "s3"};
    *out = s3;
    return true;
}

void s3_free(struct s3 *s3) {
    if (!s3)
        return;
    http_free(s3->http);
    free(s3);
}

/* In the caller's thread: hashing is most of what a PUT costs here. */
static bool hash_content(struct s3_call *call) {
    unsigned char hash[SIGN_HASH_SIZE];
    if (EVP_Digest(call->content ? call->content : "", call->content_size, hash, NULL, EVP_sha256(), NULL) != 1)
        return false;
    hash_hex(hash, sizeof hash, call->private.payload);
    EVP_EncodeBlock((unsigned char *)call->checksum, hash, sizeof hash);
    return true;
}

bool s3_start(struct s3 *s3, struct s3_call *call, struct failure *failure) {
    static const struct http_hooks hooks = {
        .prepare = prepare, .header = s3_answer_header, .body = s3_answer_body, .judge = judge};
    call->private = (struct s3_private){.s3 = s3, .action = call->action, .begun = call->out ? call->out->size : 0};
    call->private.http = (struct http_request){.hooks = &hooks, .user = call, .deadline = call->deadline};
    if (!hash_content(call))
        return failure_set(failure, FAILURE_OUT_OF_MEMORY, "%s: no memory for a request", call->url);
    return http_start(s3->http, &call->private.http, failure);
}

bool s3_wait(struct s3_call *call, struct failure *failure) {
    return http_wait(&call->private.http, failure) || failure_at(failure, call->url); /* the transport knows no names */
}

void s3_cancel(struct s3_call *call) {
    http_cancel(&call->private.http);
}
