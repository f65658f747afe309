/* SPDX-License-Identifier: MIT */
/* An event's text as JSON, and a failure as JSON. */
#ifndef HANDLERS_BASE_EVENT_H
#define HANDLERS_BASE_EVENT_H

#include "failure.h"

#include <jansson.h>

/* The most tasks in a batch of SQS. A task takes some 3 KB of memory, and perhaps only 30 bytes of an event. */
enum { TASKS_MOST = 10000 };

/*
 * Lambda limits events to 6 MiB. A parsed value may take 160 bytes, even if its text is "{}". So the number of values
 * is limited to that of the most tasks, as SQS or S3 wraps them: 64 commas, colons and opening brackets each.
 */
enum { EVENT_MOST = 13 << 19, EVENT_MARKS_MOST = 64 * TASKS_MOST };

/*
 * Parses any JSON value, to be released with json_decref. The text must be UTF-8, without a member twice or a NUL in a
 * text, nested up to 2048 deep (jansson's limit); else NULL with BAD_REQUEST, which names the place and never the
 * content. LIMIT_EXCEEDED above the two limits.
 */
json_t *event_parse(const void *text, size_t size, struct failure *failure);

/* {"errorMessage":…,"errorType":…,"stackTrace":[]}, NUL-terminated. */
enum { FAILURE_TEXT_MOST = 2 * sizeof(((struct failure *)0)->message) + 100 };
void failure_text(char out[FAILURE_TEXT_MOST], const char *type, const char *message);

#endif
