/* SPDX-License-Identifier: MIT */
/* Turning S3's refusals into failures. */
#ifndef HANDLERS_STORAGE_S3_ERROR_H
#define HANDLERS_STORAGE_S3_ERROR_H

#include "s3.h"

/*
 * Copies the text of the first element `name` from an error's body; "" if there is none. Entities stay as they are;
 * characters that are not printable become spaces.
 */
void s3_error_element(char *out, size_t capacity, const char *body, const char *name);

/* Fills in `failure` for an answer that is not successful; returns whether another attempt may help. */
enum http_verdict s3_error_judge(const struct s3_call *call, struct failure *failure);

#endif
