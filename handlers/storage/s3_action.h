/* SPDX-License-Identifier: MIT */
/* The table of an action. */
#ifndef HANDLERS_STORAGE_S3_ACTION_H
#define HANDLERS_STORAGE_S3_ACTION_H

#include "s3.h"
#include "sign.h"

enum { S3_QUERY_SIZE = 4 * 1024 };

/* Memory for the headers' values while a request is made. */
struct s3_values {
    char time[SIGN_TIME_SIZE], range[64], match[160], owner[16], authorization[SIGN_AUTHORIZATION_SIZE];
};

struct s3_action {
    const char *method;
    const char *what; /* "reading it": for messages */
    bool writes;      /* its failures are those of an output, not of a source */
    /* If a refusal has no body with a reason (HEAD): the action to try for one. */
    const struct s3_action *instead;
    /* Writes "name=value&...", encoded and sorted; false if it does not fit. NULL: none. */
    bool (*query)(char out[S3_QUERY_SIZE], const struct s3_call *call);
    void (*headers)(struct sign_request *to, struct s3_values *values, const struct s3_call *call); /* NULL: none */
    /* Takes a part of the content. NULL: the answer has none. */
    bool (*body)(struct s3_call *call, const void *data, size_t size);
    /* Judges a successful answer. */
    enum http_verdict (*judge)(struct s3_call *call, struct failure *failure);
};

#endif
