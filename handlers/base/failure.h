/* SPDX-License-Identifier: MIT */
/*
 * Why an invocation fails: a type that programs act on (retry, skip, alarm) and a line for people.
 *
 * What can fail returns false and has filled in its `struct failure *`, always the last argument, never NULL.
 */
#ifndef HANDLERS_BASE_FAILURE_H
#define HANDLERS_BASE_FAILURE_H

#include <tile.h>

enum failure_kind {
    FAILURE_BAD_REQUEST,        /* the event is wrong; the same event fails again */
    FAILURE_SOURCE_NOT_FOUND,   /* no such object or file */
    FAILURE_SOURCE_DENIED,      /* it may not be read */
    FAILURE_SOURCE_CHANGED,     /* it is not the one that was planned */
    FAILURE_SOURCE_UNREADABLE,  /* reading failed, after retries: another try may work */
    FAILURE_BAD_SOURCE,         /* it is damaged, or no image */
    FAILURE_UNSUPPORTED,        /* nothing that this library or that format can express */
    FAILURE_LIMIT_EXCEEDED,     /* larger than a limit or than this function's memory */
    FAILURE_OUTPUT_DENIED,      /* it may not be written, or is in the way */
    FAILURE_OUTPUT_UNWRITABLE,  /* writing failed, after retries: another try may work */
    FAILURE_INCOMPLETE,         /* assemble: something is missing, or not what was reported */
    FAILURE_RESPONSE_TOO_LARGE, /* more than Lambda takes */
    FAILURE_OUT_OF_TIME,        /* the deadline came first: with another, or less to do, it may work */
    FAILURE_TIMEOUT_TOO_SHORT,  /* the deadline will always come first */
    FAILURE_OUT_OF_MEMORY,
    FAILURE_KIND_COUNT
};

struct failure {
    enum failure_kind kind;
    char message[1000]; /* one line of UTF-8 without a final period */
};

/* "Function.SourceNotFound": what the Runtime API and Step Functions know it by. */
const char *failure_type(enum failure_kind kind);
/* The status code that an HTTP request which fails so is answered with: 404. */
int failure_http_status(enum failure_kind kind);

/* Fills in `failure`; false. */
bool failure_set(struct failure *failure, enum failure_kind kind, const char *format, ...) TILE_PRINTF(3, 4);
/* Of an error of the library's; false. */
bool failure_from(struct failure *failure, const struct tile_error *error);
/* Begins the message with an object's URL, unless it tells it already; false. */
bool failure_at(struct failure *failure, const char *url);
/* For a hook of the library's: the failure as its status and message. */
tile_status failure_to_error(const struct failure *failure, struct tile_error *error);

#endif
