/* SPDX-License-Identifier: MIT */
/*
 * The failure of an invocation: a type that programs act on (retry, skip, alarm) and a line for people.
 *
 * A function that can fail returns false and fills in its `struct failure *`, which is the last argument and never
 * NULL.
 */
#ifndef HANDLERS_BASE_FAILURE_H
#define HANDLERS_BASE_FAILURE_H

#include <tile.h>

enum failure_kind {
    FAILURE_BAD_REQUEST,        /* the event is wrong; the same event fails again */
    FAILURE_SOURCE_NOT_FOUND,   /* there is no such object or file */
    FAILURE_SOURCE_DENIED,      /* the source may not be read */
    FAILURE_SOURCE_CHANGED,     /* the source has changed since it was planned */
    FAILURE_SOURCE_UNREADABLE,  /* reading failed, after retries: another try may work */
    FAILURE_BAD_SOURCE,         /* the source is damaged, or no image */
    FAILURE_UNSUPPORTED,        /* this library or the format cannot express it */
    FAILURE_LIMIT_EXCEEDED,     /* larger than a limit or than this function's memory */
    FAILURE_OUTPUT_DENIED,      /* the output may not be written, or exists already */
    FAILURE_OUTPUT_UNWRITABLE,  /* writing failed, after retries: another try may work */
    FAILURE_INCOMPLETE,         /* assemble: something is missing, or differs from its report */
    FAILURE_RESPONSE_TOO_LARGE, /* more than Lambda takes */
    FAILURE_OUT_OF_TIME,        /* the deadline came first: a later one, or less work, may succeed */
    FAILURE_TIMEOUT_TOO_SHORT,  /* the deadline will always come first */
    FAILURE_OUT_OF_MEMORY,
    FAILURE_KIND_COUNT
};

struct failure {
    enum failure_kind kind;
    char message[1000]; /* one line of UTF-8 without a final period */
};

/* "Function.SourceNotFound": the type's name for the Runtime API and Step Functions. */
const char *failure_type(enum failure_kind kind);
/* The HTTP status code for the failure: 404. */
int failure_http_status(enum failure_kind kind);

/* Fills in `failure` and returns false. */
bool failure_set(struct failure *failure, enum failure_kind kind, const char *format, ...) TILE_PRINTF(3, 4);
/* Fills in `failure` from an error of the library and returns false. */
bool failure_from(struct failure *failure, const struct tile_error *error);
/* Puts an object's URL before the message, unless the message has it already; returns false. */
bool failure_at(struct failure *failure, const char *url);
/* The failure as a status and message of the library, for its hooks. */
tile_status failure_to_error(const struct failure *failure, struct tile_error *error);

#endif
