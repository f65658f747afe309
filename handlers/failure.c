/* SPDX-License-Identifier: MIT */
#include "failure.h"

#include "line.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
    const char *type;
    int http_status;
    tile_status status;
} kinds[FAILURE_KIND_COUNT] = {
    [FAILURE_BAD_REQUEST] = {"Function.BadRequest", 400, TILE_INVALID_ARGUMENT},
    [FAILURE_SOURCE_NOT_FOUND] = {"Function.SourceNotFound", 404, TILE_READ_FAILED},
    [FAILURE_SOURCE_DENIED] = {"Function.SourceDenied", 403, TILE_READ_FAILED},
    [FAILURE_SOURCE_CHANGED] = {"Function.SourceChanged", 409, TILE_SOURCE_CHANGED},
    [FAILURE_SOURCE_UNREADABLE] = {"Function.SourceUnreadable", 502, TILE_READ_FAILED},
    [FAILURE_BAD_SOURCE] = {"Function.BadSource", 422, TILE_BAD_DATA},
    [FAILURE_UNSUPPORTED] = {"Function.Unsupported", 422, TILE_UNSUPPORTED},
    [FAILURE_LIMIT_EXCEEDED] = {"Function.LimitExceeded", 413, TILE_LIMIT_EXCEEDED},
    [FAILURE_OUTPUT_DENIED] = {"Function.OutputDenied", 403, TILE_WRITE_FAILED},
    [FAILURE_OUTPUT_UNWRITABLE] = {"Function.OutputUnwritable", 502, TILE_WRITE_FAILED},
    [FAILURE_INCOMPLETE] = {"Function.Incomplete", 409, TILE_BAD_DATA},
    [FAILURE_RESPONSE_TOO_LARGE] = {"Function.ResponseTooLarge", 413, TILE_LIMIT_EXCEEDED},
    [FAILURE_OUT_OF_TIME] = {"Function.OutOfTime", 504, TILE_CANCELLED},
    [FAILURE_OUT_OF_MEMORY] = {"Function.OutOfMemory", 507, TILE_NO_MEMORY},
};

const char *failure_type(enum failure_kind kind) {
    return kinds[kind].type;
}

int failure_http_status(enum failure_kind kind) {
    return kinds[kind].http_status;
}

bool fail(struct failure *failure, enum failure_kind kind, const char *format, ...) {
    va_list arguments;
    char message[sizeof failure->message]; /* the old one may be among the arguments */
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    line_clean(message);
    failure->kind = kind;
    snprintf(failure->message, sizeof failure->message, "%s", message);
    return false;
}

bool fail_from(struct failure *failure, const struct tile_error *error) {
    static const enum failure_kind of_status[] = {
        [TILE_INVALID_ARGUMENT] = FAILURE_BAD_REQUEST,  [TILE_NO_MEMORY] = FAILURE_OUT_OF_MEMORY,
        [TILE_READ_FAILED] = FAILURE_SOURCE_UNREADABLE, [TILE_WRITE_FAILED] = FAILURE_OUTPUT_UNWRITABLE,
        [TILE_BAD_DATA] = FAILURE_BAD_SOURCE,           [TILE_UNSUPPORTED] = FAILURE_UNSUPPORTED,
        [TILE_LIMIT_EXCEEDED] = FAILURE_LIMIT_EXCEEDED, [TILE_SOURCE_CHANGED] = FAILURE_SOURCE_CHANGED,
        [TILE_CANCELLED] = FAILURE_OUT_OF_TIME,
    };
    return fail(failure, of_status[error->status], "%s", error->message);
}

tile_status failure_to_error(const struct failure *failure, struct tile_error *error) {
    return tile_error_set(error, kinds[failure->kind].status, "%s", failure->message);
}
