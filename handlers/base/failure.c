/* SPDX-License-Identifier: MIT */
#include "failure.h"

#include "line.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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
    [FAILURE_TIMEOUT_TOO_SHORT] = {"Function.TimeoutTooShort", 504, TILE_CANCELLED},
    [FAILURE_OUT_OF_MEMORY] = {"Function.OutOfMemory", 507, TILE_NO_MEMORY},
};

const char *failure_type(enum failure_kind kind) {
    return kinds[kind].type;
}

int failure_http_status(enum failure_kind kind) {
    return kinds[kind].http_status;
}

bool failure_set(struct failure *failure, enum failure_kind kind, const char *format, ...) {
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

/* " (drop-alpha, background)": what an event calls the options that may help; empty where none does. */
static const char *options_of(unsigned remedies, char text[200]) {
    static const struct {
        tile_remedy remedy;
        const char *options;
    } names[] = {
        {TILE_REMEDY_TO, "to"},
        {TILE_REMEDY_NO_ALPHA, "drop-alpha, background"},
        {TILE_REMEDY_NO_PROFILE, "no-profile"},
        {TILE_REMEDY_RAW_CHANNELS, "raw-channels"},
        {TILE_REMEDY_OVERWRITE, "overwrite"},
        {TILE_REMEDY_ASSUME, "assume"},
        {TILE_REMEDY_IGNORE_PROFILE, "ignore-profile"},
        {TILE_REMEDY_IGNORE_ORIENTATION, "ignore-orientation"},
        {TILE_REMEDY_LENIENT, "lenient"},
        {TILE_REMEDY_NOT_STRICT, "strict"},
        {TILE_REMEDY_PIXELS, "max-pixels"},
        {TILE_REMEDY_MEMORY, "max-memory"},
        {TILE_REMEDY_METADATA, "max-metadata"},
        {TILE_REMEDY_SIDE, "max-side"},
    };
    size_t size = 0;
    text[0] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (remedies & names[i].remedy)
            size += (size_t)snprintf(text + size, 200 - size, "%s%s", size ? ", " : " (see ", names[i].options);
    if (size)
        snprintf(text + size, 200 - size, ")");
    return text;
}

bool failure_from(struct failure *failure, const struct tile_error *error) {
    static const enum failure_kind of_status[] = {
        [TILE_INVALID_ARGUMENT] = FAILURE_BAD_REQUEST,  [TILE_NO_MEMORY] = FAILURE_OUT_OF_MEMORY,
        [TILE_READ_FAILED] = FAILURE_SOURCE_UNREADABLE, [TILE_WRITE_FAILED] = FAILURE_OUTPUT_UNWRITABLE,
        [TILE_BAD_DATA] = FAILURE_BAD_SOURCE,           [TILE_UNSUPPORTED] = FAILURE_UNSUPPORTED,
        [TILE_LIMIT_EXCEEDED] = FAILURE_LIMIT_EXCEEDED, [TILE_SOURCE_CHANGED] = FAILURE_SOURCE_CHANGED,
        [TILE_CANCELLED] = FAILURE_OUT_OF_TIME,         [TILE_BAD_INDEX] = FAILURE_BAD_REQUEST,
    };
    char text[200];
    /* What an event says is an index is the event's fault, not the source's. */
    const char *before = error->status == TILE_BAD_INDEX   ? "index: "
                         : error->status == TILE_CANCELLED ? "the deadline came: "
                                                           : "";
    return failure_set(failure, of_status[error->status], "%s%s%s", before, error->message,
                       options_of(error->remedies, text));
}

bool failure_at(struct failure *failure, const char *url) {
    char name[sizeof failure->message];
    snprintf(name, sizeof name, "%s", url);
    line_clean(name); /* as the message is */
    size_t size = strlen(name);
    for (const char *at = failure->message; (at = strstr(at, name)); at += size)
        if (at[size] == ':' || at[size] == '\0')
            return false;
    return failure_set(failure, failure->kind, "%s: %s", name, failure->message);
}

tile_status failure_to_error(const struct failure *failure, struct tile_error *error) {
    return tile_error_set(error, kinds[failure->kind].status, "%s", failure->message);
}
