/* SPDX-License-Identifier: MIT */
#include "needs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

enum {
    PROCESS_MB = 64, /* the process idle (16), connections with TLS, a converter's tables, allocators' own */
    LEAST_MB = 128,  /* Lambda's least */
    MOST_MB = 10240, /* and most */
    MOST_SECONDS = 900
};

/*
 * Measured on one thread of a server's processor, of the slowest ways: 16-bit PNG is decoded at 21 and progressive JPEG
 * at 25 million pixels a second, floats are deflated at level 9 at 9 MB a second. A virtual processor of Lambda is
 * taken to be a quarter of that, and S3 to give 25 MB a second; a second is for the start and for requests.
 */
enum { SLOWER = 4, READ_RATE = 25000000, DECODE_RATE = 20000000 / SLOWER, WRITE_RATE = 8000000 / SLOWER };

static uint64_t divide_up(uint64_t a, uint64_t b) {
    return a / b + (a % b != 0);
}

struct needs needs_count(const struct needs_of *tile) {
    const uint64_t mb = 1 << 20, most = UINT64_MAX / 8;
    uint64_t memory = tile->memory < most ? tile->memory : most, read = tile->read < most ? tile->read : most;
    struct needs needs = {
        /* A quarter more, as allocators do not give back all at once. */
        .memory_mb = PROCESS_MB + divide_up((memory + read) / 4 * 5, mb),
        .seconds = 1 + divide_up(tile->read, READ_RATE) + divide_up(tile->decode, DECODE_RATE) +
                   divide_up(tile->write, WRITE_RATE),
    };
    needs.memory_mb = needs.memory_mb < LEAST_MB ? LEAST_MB : needs.memory_mb;
    return needs;
}

static bool read_member(uint64_t *out, const json_t *function, const char *name, struct failure *failure) {
    const json_t *value = json_object_get(function, name);
    json_int_t number = json_integer_value(value);
    if (!value)
        return true;
    *out = (uint64_t)number;
    return (json_is_integer(value) && number > 0) ||
           fail(failure, FAILURE_BAD_REQUEST, "function: %s: a number above 0 is wanted", name);
}

static bool read_variable(uint64_t *out, const char *name, struct failure *failure) {
    const char *text = getenv(name);
    if (!text)
        return true;
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    *out = number;
    return (text[0] >= '1' && text[0] <= '9' && !*end && !errno) ||
           fail(failure, FAILURE_BAD_REQUEST, "%s: a number above 0 is wanted, not %.40s", name, text);
}

bool needs_function(struct needs *out, const json_t *event, struct failure *failure) {
    const json_t *function = json_object_get(event, "function");
    *out = (struct needs){.memory_mb = MOST_MB, .seconds = MOST_SECONDS};
    if (function && !json_is_object(function))
        return fail(failure, FAILURE_BAD_REQUEST, "function: {\"memory_mb\":N,\"seconds\":N} is wanted");
    return read_variable(&out->memory_mb, "TILE_FUNCTION_MEMORY_MB", failure) &&
           read_variable(&out->seconds, "TILE_FUNCTION_SECONDS", failure) &&
           read_member(&out->memory_mb, function, "memory_mb", failure) &&
           read_member(&out->seconds, function, "seconds", failure);
}

bool needs_fit(const struct needs *needed, const struct needs *function, struct failure *failure) {
    return (needed->memory_mb <= function->memory_mb && needed->seconds <= function->seconds) ||
           fail(failure, FAILURE_LIMIT_EXCEEDED,
                "a tile takes %" PRIu64 " MB and %" PRIu64 " s, the function for tiles has %" PRIu64 " MB and %" PRIu64
                " s: smaller tiles take less, but of a source without an index",
                needed->memory_mb, needed->seconds, function->memory_mb, function->seconds);
}
