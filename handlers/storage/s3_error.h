/* SPDX-License-Identifier: MIT */
/* What S3's refusals mean. */
#ifndef HANDLERS_STORAGE_S3_ERROR_H
#define HANDLERS_STORAGE_S3_ERROR_H

#include "s3.h"

/*
 * Takes the text of the first element `name` out of an error's body; "" where there is none. Entities stay as they
 * are; what is not printable becomes a space.
 */
void s3_error_element(char *out, size_t capacity, const char *body, const char *name);

/* Fills in `failure` for an answer that is none of success; whether trying again may help. */
enum http_verdict s3_error_judge(const struct s3_call *call, struct failure *failure);

#endif
