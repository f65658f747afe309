/* SPDX-License-Identifier: MIT */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>

#define TEXT_(x) #x
#define TEXT(x)  TEXT_(x)

const char *tile_version(void) {
    return TEXT(TILE_VERSION_MAJOR) "." TEXT(TILE_VERSION_MINOR) "." TEXT(TILE_VERSION_PATCH);
}

const char *tile_status_name(tile_status status) {
    switch (status) {
    case TILE_OK: return "ok";
    case TILE_INVALID_ARGUMENT: return "invalid argument";
    case TILE_NO_MEMORY: return "no memory";
    case TILE_READ_FAILED: return "read failed";
    case TILE_WRITE_FAILED: return "write failed";
    case TILE_BAD_DATA: return "bad data";
    case TILE_UNSUPPORTED: return "unsupported";
    case TILE_LIMIT_EXCEEDED: return "limit exceeded";
    case TILE_SOURCE_CHANGED: return "source changed";
    case TILE_CANCELLED: return "cancelled";
    case TILE_BAD_INDEX: return "bad index";
    }
    return "unknown status";
}

/* The message may be made from the error's own (to put a file's name before it), so it is built aside. */
static void set(struct tile_error *error, unsigned remedies, tile_status status, const char *format,
                va_list arguments) {
    struct tile_error made = {.status = status, .remedies = remedies};
    vsnprintf(made.message, sizeof made.message, format, arguments);
    if (error)
        *error = made;
}

tile_status tile_error_set(struct tile_error *error, tile_status status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    set(error, 0, status, format, arguments);
    va_end(arguments);
    return status;
}

tile_status tile_error_advise(struct tile_error *error, unsigned remedies, tile_status status, const char *format,
                              ...) {
    va_list arguments;
    va_start(arguments, format);
    set(error, remedies, status, format, arguments);
    va_end(arguments);
    return status;
}

tile_status tile_error_name(struct tile_error *error, const char *name, tile_status status,
                            const struct tile_error *why) {
    return tile_error_advise(error, why->remedies, status, "%s: %s", name,
                             why->message[0] ? why->message : tile_status_name(status));
}
