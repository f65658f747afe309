/* SPDX-License-Identifier: MIT */
/* Taking the store's answers, and checking that they fit the request. */
#ifndef HANDLERS_STORAGE_S3_ANSWER_H
#define HANDLERS_STORAGE_S3_ANSWER_H

#include "s3.h"

void s3_answer_clear(struct s3_call *call);

/* Hooks for http.h; `user` is the call. */
void s3_answer_header(struct http_request *request, const char *name, const char *value);
bool s3_answer_body(struct http_request *request, const void *data, size_t size);

/* The actions' functions `body` and `judge`. */
bool s3_answer_range_body(struct s3_call *call, const void *data, size_t size);
bool s3_answer_all_body(struct s3_call *call, const void *data, size_t size);
enum http_verdict s3_answer_head(struct s3_call *call, struct failure *failure);
enum http_verdict s3_answer_probe(struct s3_call *call, struct failure *failure);
enum http_verdict s3_answer_range(struct s3_call *call, struct failure *failure);
enum http_verdict s3_answer_all(struct s3_call *call, struct failure *failure);
enum http_verdict s3_answer_upload(struct s3_call *call, struct failure *failure);
enum http_verdict s3_answer_part(struct s3_call *call, struct failure *failure);
enum http_verdict s3_answer_complete(struct s3_call *call, struct failure *failure);
enum http_verdict s3_answer_done(struct s3_call *call, struct failure *failure);

#endif
