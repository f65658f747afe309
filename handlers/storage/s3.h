/* SPDX-License-Identifier: MIT */
/* The requests of S3's that are used here: HEAD, GET and PUT of an object. */
#ifndef HANDLERS_STORAGE_S3_H
#define HANDLERS_STORAGE_S3_H

#include "file.h"
#include "http.h"
#include "url.h"

struct s3;

/* Reads the environment. */
bool s3_new(struct s3 **out, struct http_counts *counts, struct failure *failure);
void s3_free(struct s3 *s3);

enum s3_action { S3_HEAD, S3_GET, S3_GET_ALL, S3_PUT };

/* What is set before s3_start must stay valid until s3_wait. */
struct s3_call {
    enum s3_action action;
    const struct url *object;
    const char *url; /* for messages */
    int64_t deadline;

    const char *etag; /* GET: the version that is wanted; NULL: any */
    uint64_t whole;   /* S3_GET: the size of the object */
    uint64_t offset, size;
    unsigned char *into;

    uint64_t most;           /* S3_GET_ALL: LIMIT_EXCEEDED above */
    struct tile_buffer *out; /* appended to */

    const struct file_content *content; /* S3_PUT */
    const struct storage_put_options *options;

    struct storage_facts *facts; /* filled in by HEAD and S3_GET_ALL; may be NULL for the latter */

    struct s3_private {
        struct s3 *s3;
        struct http_request http;
        size_t begun;                /* the size of `out` before */
        uint64_t got;                /* bytes of the body */
        uint64_t length;             /* Content-Length; UINT64_MAX: none was told */
        uint64_t first, last, total; /* Content-Range; total UINT64_MAX: none was told */
        bool overflow, no_memory, probe, moved;
        char etag[128];
        char asked[64];    /* the region that this attempt was signed for */
        char region[64];   /* where the answer says that the bucket is */
        char payload[65];  /* of a PUT, hexadecimal */
        char checksum[45]; /* the same in base64 */
        char error[2048];  /* what an error's body begins with */
    } private;
};

/* False: there is nothing to wait for. */
bool s3_start(struct s3 *s3, struct s3_call *call, struct failure *failure);
bool s3_wait(struct s3_call *call, struct failure *failure);
void s3_cancel(struct s3_call *call);

#endif
