/* SPDX-License-Identifier: MIT */
/* An event's text as JSON, and a failure as JSON. */
#ifndef HANDLERS_BASE_EVENT_H
#define HANDLERS_BASE_EVENT_H

#include "failure.h"

#include <jansson.h>

/* As many tasks as SQS puts into a batch; each takes some 3 KB, and its place in an event may be 30 bytes. */
enum { TASKS_MOST = 10000 };

/*
 * Lambda's events end at 6 MiB. Parsed, a value may take 160 bytes, be it "{}" in the text: there are no more of them
 * than the most tasks have, as SQS or S3 wraps them, each with 64 commas, colons and opening brackets.
 */
enum { EVENT_MOST = 13 << 19, EVENT_MARKS_MOST = 64 * TASKS_MOST };

/*
 * Any JSON value, to be released with json_decref; NULL with BAD_REQUEST, which names the place and never the content:
 * UTF-8, no member twice, no NUL in a text, nested up to 2048 deep (jansson's limit). LIMIT_EXCEEDED above those above.
 */
json_t *event_parse(const void *text, size_t size, struct failure *failure);

/* {"errorMessage":…,"errorType":…,"stackTrace":[]}, NUL-terminated. */
enum { FAILURE_TEXT_MOST = 2 * sizeof(((struct failure *)0)->message) + 100 };
void failure_text(char out[FAILURE_TEXT_MOST], const char *type, const char *message);

#endif
