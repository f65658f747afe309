/* SPDX-License-Identifier: MIT */
/* What the store answers to a request, and whether it is what was asked for. */
#ifndef HANDLERS_STORAGE_S3_ANSWER_H
#define HANDLERS_STORAGE_S3_ANSWER_H

#include "s3.h"

void s3_answer_clear(struct s3_call *call);

/* Hooks of http.h's; `user` is the call. */
void s3_answer_header(struct http_request *request, const char *name, const char *value);
bool s3_answer_body(struct http_request *request, const void *data, size_t size);

/* Of an answer of success. */
enum http_verdict s3_answer_judge(struct s3_call *call, struct failure *failure);

#endif
