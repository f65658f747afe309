/* SPDX-License-Identifier: MIT */
/* Decoding texts and bytes of events, and encoding bytes of responses. */
#ifndef HANDLERS_TASK_CODING_H
#define HANDLERS_TASK_CODING_H

#include "../base/members.h"

/* A member's text, which must be there. */
bool member_text_needed(const json_t *object, const char *name, const char **out, struct failure *failure);

/* Decodes a whole text of base64 (RFC 4648, 4) and appends to `out`. BAD_REQUEST begins with `name`. */
bool base64_decode(const char *name, const char *text, struct tile_buffer *out, struct failure *failure);
/* As a JSON text. */
json_t *base64_encode(const void *data, size_t size);

/* "a+b%2Bc" -> "a b+c": `size` bytes of a form or of S3's keys in events, as a text to be freed. */
bool form_decode(const char *name, const char *text, size_t size, char **out, struct failure *failure);

#endif
