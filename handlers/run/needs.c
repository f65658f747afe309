/* SPDX-License-Identifier: MIT */
#include "needs.h"

#include "../members.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum {
    PROCESS_MB = 64, /* the process idle (16), connections with TLS, a converter's tables, allocators' own */
    LEAST_MB = 128,  /* Lambda's least */
    MOST_MB = 10240, /* and most */
    MOST_SECONDS = 900
};

/*
 * Measured on one thread of a server's processor, of the slowest there are: a progressive JPEG of noise is decoded at
 * 20 million pixels a second; 8-bit PNG is deflated at 40 MB of pixels a second by default, at 2 MB at level 9. A
 * processor of Lambda's is taken to be four times slower, and S3 to give 25 MB a second. The start and the requests
 * take a second.
 */
static const double slower = 4, read_rate = 25e6, decode_rate = 20e6, write_rate = 40e6, dense_rate = 2e6;

struct needs needs_count(const struct needs_of *tile) {
    /* A quarter more, as allocators do not give back all at once. */
    double bytes = ((double)tile->memory + (double)tile->held) * 1.25;
    double seconds = 1 + (double)tile->read / read_rate + (double)tile->decode * slower / decode_rate +
                     (double)tile->write * slower / (tile->compression > 6 ? dense_rate : write_rate);
    double mb = PROCESS_MB + ceil(bytes / (1 << 20));
    return (struct needs){.memory_mb = mb < LEAST_MB ? LEAST_MB : (uint64_t)mb, .seconds = (uint64_t)ceil(seconds)};
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
    static const char *const names[] = {"memory_mb", "seconds", NULL};
    const json_t *function = json_object_get(event, "function");
    *out = (struct needs){.memory_mb = MOST_MB, .seconds = MOST_SECONDS};
    if (function && !members_check(function, "function", names, failure))
        return false;
    if (!read_variable(&out->memory_mb, "TILE_FUNCTION_MEMORY_MB", failure) ||
        !read_variable(&out->seconds, "TILE_FUNCTION_SECONDS", failure))
        return false;
    return (member_number(function, "memory_mb", 1, INT64_MAX, &out->memory_mb, failure) &&
            member_number(function, "seconds", 1, INT64_MAX, &out->seconds, failure)) ||
           fail(failure, failure->kind, "function: %s", failure->message);
}

bool needs_fit(const struct needs *needed, const struct needs *function, struct failure *failure) {
    return (needed->memory_mb <= function->memory_mb && needed->seconds <= function->seconds) ||
           fail(failure, FAILURE_LIMIT_EXCEEDED,
                "a tile takes %" PRIu64 " MB and %" PRIu64 " s, the function for tiles has %" PRIu64 " MB and %" PRIu64
                " s: take smaller tiles (without an index they need no less time), or give it more",
                needed->memory_mb, needed->seconds, function->memory_mb, function->seconds);
}
