/* SPDX-License-Identifier: MIT */
#include "s3_answer.h"

#include "../base/hash.h"
#include "s3_action.h"
#include "s3_error.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MOST = 64 << 10 }; /* bytes of a body that is no content that are read to keep the connection */

void s3_answer_clear(struct s3_call *call) {
    struct s3_private *private = &call->private;
    private->got = 0;
    private->length = private->total = UINT64_MAX;
    private->first = private->last = 0;
    private->overflow = private->no_memory = false;
    private->region[0] = private->text[0] = call->told_etag[0] = '\0';
    if (call->out)
        call->out->size = private->begun;
    if (call->facts)
        *call->facts = (struct storage_facts){0};
}

/* ---- Headers ------------------------------------------------------------------------------------------------ */

/* Digits only, up to whatever ends them. */
static const char *read_number(uint64_t *out, const char *text) {
    if (*text < '0' || *text > '9')
        return NULL;
    char *end;
    *out = strtoull(text, &end, 10);
    return end;
}

/* "bytes 0-9/443", "bytes 0-9/ *" */
static void read_range(struct s3_private *private, const char *value) {
    uint64_t first, last;
    const char *at = strncmp(value, "bytes ", 6) == 0 ? read_number(&first, value + 6) : NULL;
    at = at && *at == '-' ? read_number(&last, at + 1) : NULL;
    if (!at || *at != '/')
        return;
    private->first = first;
    private->last = last;
    read_number(&private->total, at + 1);
}

static void copy_etag(char out[128], const char *value) {
    value += *value == '"';
    size_t size = strcspn(value, "\"");
    snprintf(out, 128, "%.*s", size < 127 ? (int)size : 127, value);
}

/* Only of the whole object: "...-4" is made of the checksums of a multipart upload's parts. */
static void copy_checksum(char out[65], const char *value) {
    unsigned char hash[SIGN_HASH_SIZE + 1]; /* 44 characters, the last a '=', decode to 33 bytes */
    if (strlen(value) == 44 && value[43] == '=' &&
        EVP_DecodeBlock(hash, (const unsigned char *)value, 44) == (int)sizeof hash)
        hash_hex(hash, SIGN_HASH_SIZE, out);
}

static void read_fact(struct storage_facts *facts, const char *name, const char *value) {
    if (strcasecmp(name, "content-type") == 0)
        snprintf(facts->type, sizeof facts->type, "%s", value);
    else if (strcasecmp(name, "x-amz-meta-tile") == 0 && strlen(value) < sizeof facts->note)
        snprintf(facts->note, sizeof facts->note, "%s", value);
    else if (strcasecmp(name, "x-amz-meta-tile-sha256") == 0)
        copy_checksum(facts->noted_sha256, value);
    else if (strcasecmp(name, "x-amz-checksum-sha256") == 0)
        copy_checksum(facts->sha256, value);
    else if (strcasecmp(name, "last-modified") == 0) {
        time_t seconds = curl_getdate(value, NULL);
        facts->modified = seconds > 0 ? (uint64_t)seconds * 1000000000u : 0;
    }
}

void s3_answer_header(struct http_request *request, const char *name, const char *value) {
    struct s3_call *call = request->user;
    struct s3_private *private = &call->private;
    for (const char *c = value; *c; c++)
        if (*c < ' ' || *c > '~')
            return; /* what is told goes on into JSON, messages and other headers */
    if (strcasecmp(name, "content-length") == 0)
        read_number(&private->length, value);
    else if (strcasecmp(name, "content-range") == 0)
        read_range(private, value);
    else if (strcasecmp(name, "etag") == 0)
        copy_etag(call->told_etag, value);
    else if (strcasecmp(name, "x-amz-bucket-region") == 0)
        snprintf(private->region, sizeof private->region, "%s", value);
    else if (call->upload && !call->upload->id[0] && strcasecmp(name, "x-amz-checksum-algorithm") == 0)
        call->upload->checksums = strcasecmp(value, "SHA256") == 0;
    else if (call->facts)
        read_fact(call->facts, name, value);
}

/* ---- Bodies ------------------------------------------------------------------------------------------------- */

/* Without the spaces by which a store that is putting parts together says that it is still at it. */
static bool keep_text(struct s3_private *private, const void *data, size_t size) {
    const char *from = data;
    for (; size > 0 && private->got == 0 && strchr(" \t\r\n", *from); size--)
        from++;
    if (private->got < sizeof private->text - 1) {
        size_t room = sizeof private->text - 1 - (size_t) private->got;
        size_t part = size < room ? size : room;
        memcpy(private->text + private->got, from, part);
        private->text[private->got + part] = '\0';
    }
    private->got += size;
    return private->got < TEXT_MOST;
}

static bool append(struct s3_call *call, const void *data, size_t size) {
    call->private.no_memory = tile_buffer_append(call->out, data, size, NULL) != TILE_OK;
    return !call->private.no_memory;
}

bool s3_answer_body(struct http_request *request, const void *data, size_t size) {
    struct s3_call *call = request->user;
    if (request->status >= 300 || !call->private.action->body)
        return keep_text(&call->private, data, size);
    return call->private.action->body(call, data, size);
}

static bool fits(struct s3_private *private, uint64_t most, size_t size) {
    private->overflow = size > most - private->got;
    return !private->overflow;
}

bool s3_answer_range_body(struct s3_call *call, const void *data, size_t size) {
    if (!fits(&call->private, call->size, size))
        return false;
    memcpy(call->into + call->private.got, data, size);
    call->private.got += size;
    return true;
}

bool s3_answer_all_body(struct s3_call *call, const void *data, size_t size) {
    if (!fits(&call->private, call->most, size))
        return false;
    call->private.got += size;
    return append(call, data, size);
}

/* ---- What it comes to --------------------------------------------------------------------------------------- */

enum http_verdict s3_answer_range(struct s3_call *call, struct failure *failure) {
    const struct s3_private *private = &call->private;
    bool part =
        private->http.status == 206 && private->first == call->offset && private->last == call->offset + call->size - 1;
    bool whole = private->http.status == 200 && call->offset == 0 && call->size == call->whole;
    if ((!part && !whole) || private->overflow || private->got != call->size) {
        failure_set(failure, FAILURE_SOURCE_UNREADABLE,
                    "%s: was asked for %ju bytes at byte %ju and answered with others, or not with as many", call->url,
                    (uintmax_t)call->size, (uintmax_t)call->offset);
        return HTTP_RETRY;
    }
    if ((call->etag && call->told_etag[0] && strcmp(call->etag, call->told_etag) != 0) ||
        (part && private->total != UINT64_MAX && private->total != call->whole)) {
        failure_set(failure, FAILURE_SOURCE_CHANGED, "%s: is not the one any more that is wanted", call->url);
        return HTTP_FAILED;
    }
    return HTTP_DONE;
}

static enum http_verdict judge_facts(struct s3_call *call, uint64_t size, struct failure *failure) {
    if (size == UINT64_MAX) {
        failure_set(failure, FAILURE_SOURCE_UNREADABLE, "%s: the store does not tell its size", call->url);
        return HTTP_RETRY;
    }
    if (call->facts) {
        call->facts->size = size;
        snprintf(call->facts->etag, sizeof call->facts->etag, "%s", call->told_etag);
    }
    return HTTP_DONE;
}

enum http_verdict s3_answer_head(struct s3_call *call, struct failure *failure) {
    return judge_facts(call, call->private.length, failure);
}

enum http_verdict s3_answer_probe(struct s3_call *call, struct failure *failure) {
    return judge_facts(call, call->private.total, failure);
}

enum http_verdict s3_answer_all(struct s3_call *call, struct failure *failure) {
    if (!call->private.overflow)
        return judge_facts(call, call->private.got, failure);
    failure_set(failure, FAILURE_LIMIT_EXCEEDED, "%s: has more than %ju bytes, the limit here", call->url,
                (uintmax_t)call->most);
    return HTTP_FAILED;
}

enum http_verdict s3_answer_done(struct s3_call *call, struct failure *failure) {
    (void)call, (void)failure;
    return HTTP_DONE;
}

/* ---- Parts -------------------------------------------------------------------------------------------------- */

static enum http_verdict misses(const struct s3_call *call, const char *what, struct failure *failure) {
    failure_set(failure, FAILURE_OUTPUT_UNWRITABLE, "%s: %s was answered without %s", call->url, call->action->what,
                what);
    return HTTP_RETRY;
}

enum http_verdict s3_answer_upload(struct s3_call *call, struct failure *failure) {
    struct s3_upload *upload = call->upload;
    s3_error_element(upload->id, sizeof upload->id, call->private.text, "UploadId");
    return upload->id[0] && strlen(upload->id) < sizeof upload->id - 1 ? HTTP_DONE
                                                                       : misses(call, "an UploadId", failure);
}

enum http_verdict s3_answer_part(struct s3_call *call, struct failure *failure) {
    return call->told_etag[0] ? HTTP_DONE : misses(call, "an ETag", failure);
}

/* The store begins to answer before it is done: what it came to stands in the body. Some call that ...Response. */
enum http_verdict s3_answer_complete(struct s3_call *call, struct failure *failure) {
    const char *text = call->private.text;
    if (strstr(text, "<Error>"))
        return s3_error_judge(call, failure);
    return strstr(text, "</CompleteMultipartUploadRes") ? HTTP_DONE : misses(call, "its result", failure);
}
