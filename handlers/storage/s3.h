/* SPDX-License-Identifier: MIT */
/* Requests to S3. Each is a call with an action. */
#ifndef HANDLERS_STORAGE_S3_H
#define HANDLERS_STORAGE_S3_H

#include "file.h"
#include "http.h"
#include "url.h"

struct s3;
struct s3_call;
struct s3_action;

/* Reads the environment. */
bool s3_new(struct s3 **out, struct http_counts *counts, struct failure *failure);
void s3_free(struct s3 *s3);

extern const struct s3_action s3_head; /* an object's facts */
extern const struct s3_action s3_get;  /* a range of it */
extern const struct s3_action s3_get_all;
extern const struct s3_action s3_put;
/* An object in parts: begin, parts in any order and several at once, then complete or abort. */
extern const struct s3_action s3_upload, s3_upload_part, s3_upload_complete, s3_upload_abort;

enum { S3_UPLOAD_ID_SIZE = 1024 };

/* The store's answer to the begin of an object in parts. */
struct s3_upload {
    char id[S3_UPLOAD_ID_SIZE];
    bool checksums; /* the store keeps the parts' checksums, and needs them again at the end */
};

/* The fields that are set before s3_start must stay valid until s3_wait. */
struct s3_call {
    const struct s3_action *action;
    const struct url *object;
    const char *url; /* for messages */
    int64_t deadline;

    const char *etag;    /* reading: the wanted version; NULL: any */
    const char *version; /* the same as S3's versionId, in a bucket that keeps versions; NULL: the newest */
    uint64_t whole;      /* s3_get: the size of the object */
    uint64_t offset, size;
    unsigned char *into;

    uint64_t most;           /* s3_get_all: LIMIT_EXCEEDED above */
    struct tile_buffer *out; /* appended to */

    const void *content; /* writing: the body */
    size_t content_size;
    const struct storage_put_options *options;

    struct s3_upload *upload; /* filled in by s3_upload */
    unsigned part;            /* from 1 on */

    struct storage_facts *facts; /* filled in by s3_head and s3_get_all; may be NULL for the latter */

    /* Of the answer. */
    char told_etag[128]; /* "": none */
    char checksum[45];   /* SHA-256 of `content`, in base64 */

    struct s3_private {
        struct s3 *s3;
        struct http_request http;
        const struct s3_action *action; /* of this attempt */
        size_t begun;                   /* the size of `out` before */
        uint64_t got;                   /* bytes of the body */
        uint64_t length;                /* Content-Length; UINT64_MAX: none was told */
        uint64_t first, last, total;    /* Content-Range; total UINT64_MAX: none was told */
        bool overflow, no_memory, moved;
        char asked[64];   /* the region that this attempt was signed for */
        char region[64];  /* the bucket's region, from the answer */
        char payload[65]; /* SHA-256 of `content`, in hexadecimal */
        char text[2048];  /* the beginning of a body without content: an error's, or an upload's */
    } private;
};

/* False: there is nothing to wait for. */
bool s3_start(struct s3 *s3, struct s3_call *call, struct failure *failure);
bool s3_wait(struct s3_call *call, struct failure *failure);
void s3_cancel(struct s3_call *call);

#endif
