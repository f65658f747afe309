/* SPDX-License-Identifier: MIT */
#include "../tile.h"

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
    }
    return "unknown status";
}

tile_status tile_error_set(struct tile_error *error, tile_status status, const char *format, ...) {
    if (error) {
        /* The message may be made from the error's own (to put a file's name before it), so it is built aside. */
        struct tile_error made = {.status = status};
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(made.message, sizeof made.message, format, arguments);
        va_end(arguments);
        *error = made;
    }
    return status;
}
