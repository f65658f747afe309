/* SPDX-License-Identifier: MIT */
/* What the actions differ by. */
#ifndef HANDLERS_STORAGE_S3_ACTION_H
#define HANDLERS_STORAGE_S3_ACTION_H

#include "s3.h"
#include "sign.h"

enum { S3_QUERY_SIZE = 4 * 1024 };

/* What the headers' values are kept in while a request is put together. */
struct s3_values {
    char time[SIGN_TIME_SIZE], range[64], match[160], owner[16], authorization[SIGN_AUTHORIZATION_SIZE];
};

struct s3_action {
    const char *method;
    const char *what; /* "reading it": for messages */
    bool writes;      /* it fails as an output does, not as a source */
    /* Where a refusal of it has no body that would tell why: an action whose refusals have one. */
    const struct s3_action *instead;
    /* Writes "name=value&...", encoded and sorted; false where it does not fit. NULL: none. */
    bool (*query)(char out[S3_QUERY_SIZE], const struct s3_call *call);
    void (*headers)(struct sign_request *to, struct s3_values *values, const struct s3_call *call); /* NULL: none */
    /* Takes a part of the content. NULL: the answer has none. */
    bool (*body)(struct s3_call *call, const void *data, size_t size);
    /* Of an answer of success. */
    enum http_verdict (*judge)(struct s3_call *call, struct failure *failure);
};

#endif
