/* SPDX-License-Identifier: MIT */
#include "s3_action.h"

#include "s3_answer.h"

#include <stdio.h>

static void add(struct sign_request *request, const char *name, const char *value) {
    request->headers[request->header_count++] = (struct sign_header){name, value};
}

/* ---- Reading ------------------------------------------------------------------------------------------------ */

static bool query_version(char out[S3_QUERY_SIZE], const struct s3_call *call) {
    int size = snprintf(out, S3_QUERY_SIZE, call->version ? "versionId=" : "");
    return !call->version || sign_encode_value(out + size, S3_QUERY_SIZE - (size_t)size, call->version);
}

static void add_match(struct sign_request *to, struct s3_values *values, const struct s3_call *call) {
    if (!call->etag)
        return;
    snprintf(values->match, sizeof values->match, "\"%s\"", call->etag);
    add(to, "if-match", values->match);
}

static void add_head(struct sign_request *to, struct s3_values *values, const struct s3_call *call) {
    add(to, "x-amz-checksum-mode", "ENABLED");
    add_match(to, values, call);
}

static void add_probe(struct sign_request *to, struct s3_values *values, const struct s3_call *call) {
    add(to, "range", "bytes=0-0");
    add_head(to, values, call);
}

static void add_range(struct sign_request *to, struct s3_values *values, const struct s3_call *call) {
    snprintf(values->range, sizeof values->range, "bytes=%ju-%ju", (uintmax_t)call->offset,
             (uintmax_t)(call->offset + call->size - 1));
    add(to, "range", values->range);
    add_match(to, values, call);
}

/* An answer to HEAD has no body that would tell why; asked for a byte, the store says it. */
static const struct s3_action probe = {
    .method = "GET", .what = "reading it", .query = query_version, .headers = add_probe, .judge = s3_answer_probe};

const struct s3_action s3_head = {.method = "HEAD",
                                  .what = "reading it",
                                  .instead = &probe,
                                  .query = query_version,
                                  .headers = add_head,
                                  .judge = s3_answer_head};

const struct s3_action s3_get = {.method = "GET",
                                 .what = "reading it",
                                 .query = query_version,
                                 .headers = add_range,
                                 .body = s3_answer_range_body,
                                 .judge = s3_answer_range};

const struct s3_action s3_get_all = {.method = "GET",
                                     .what = "reading it",
                                     .query = query_version,
                                     .headers = add_match,
                                     .body = s3_answer_all_body,
                                     .judge = s3_answer_all};

/* ---- Writing ------------------------------------------------------------------------------------------------ */

static void add_keep(struct sign_request *to, struct s3_values *values, const struct s3_call *call) {
    (void)values;
    if (call->options->keep)
        add(to, "if-none-match", "*");
}

static void add_checksum(struct sign_request *to, struct s3_values *values, const struct s3_call *call) {
    (void)values;
    add(to, "x-amz-checksum-sha256", call->checksum);
}

/* What is known of an object from its beginning on. */
static bool add_facts(struct sign_request *to, const struct s3_call *call) {
    bool noted = call->options->note && *call->options->note;
    if (call->options->type)
        add(to, "content-type", call->options->type);
    if (noted)
        add(to, "x-amz-meta-tile", call->options->note);
    return noted;
}

static void add_put(struct sign_request *to, struct s3_values *values, const struct s3_call *call) {
    if (add_facts(to, call))
        add(to, "x-amz-meta-tile-sha256", call->checksum);
    add_keep(to, values, call);
    add_checksum(to, values, call);
}

const struct s3_action s3_put = {
    .method = "PUT", .what = "writing it", .writes = true, .headers = add_put, .judge = s3_answer_done};

/* ---- Parts -------------------------------------------------------------------------------------------------- */

static bool query_uploads(char out[S3_QUERY_SIZE], const struct s3_call *call) {
    (void)call;
    return snprintf(out, S3_QUERY_SIZE, "uploads=") > 0;
}

static bool query_upload(char out[S3_QUERY_SIZE], const struct s3_call *call) {
    int size = snprintf(out, S3_QUERY_SIZE, "uploadId=");
    return sign_encode_value(out + size, S3_QUERY_SIZE - (size_t)size, call->upload->id);
}

static bool query_part(char out[S3_QUERY_SIZE], const struct s3_call *call) {
    int size = snprintf(out, S3_QUERY_SIZE, "partNumber=%u&uploadId=", call->part);
    return sign_encode_value(out + size, S3_QUERY_SIZE - (size_t)size, call->upload->id);
}

static void add_upload(struct sign_request *to, struct s3_values *values, const struct s3_call *call) {
    (void)values;
    add_facts(to, call);
    add(to, "x-amz-checksum-algorithm", "SHA256");
}

const struct s3_action s3_upload = {.method = "POST",
                                    .what = "writing it",
                                    .writes = true,
                                    .query = query_uploads,
                                    .headers = add_upload,
                                    .judge = s3_answer_upload};

const struct s3_action s3_upload_part = {.method = "PUT",
                                         .what = "writing a part of it",
                                         .writes = true,
                                         .query = query_part,
                                         .headers = add_checksum,
                                         .judge = s3_answer_part};

const struct s3_action s3_upload_complete = {.method = "POST",
                                             .what = "putting its parts together",
                                             .writes = true,
                                             .query = query_upload,
                                             .headers = add_keep,
                                             .judge = s3_answer_complete};

const struct s3_action s3_upload_abort = {
    .method = "DELETE", .what = "giving it up", .writes = true, .query = query_upload, .judge = s3_answer_done};
