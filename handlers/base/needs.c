/* SPDX-License-Identifier: MIT */
#include "needs.h"

#include "event.h"
#include "members.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum {
    PROCESS_MB = 64, /* the process idle (16), connections with TLS, a converter's tables, allocators' own */
    LEAST_MB = 128,  /* Lambda's least */
    MOST_MB = 10240, /* and most */
    MOST_SECONDS = 900,
    PROCESSOR_MB = 1769, /* for which Lambda gives one processor */
    BATCH_SECONDS = 30,
    START_SECONDS = 1,
    WAITING = 8 /* tiles of a batch that wait for the store at a time, at least */
};

/* Neighbors on the machine, memory that is not warm, storing: what measuring a few tiles does not show. */
static const double margin = 1.5;

uint64_t needs_memory(uint64_t memory, uint64_t held) {
    /* A quarter more, as allocators do not give back all at once. */
    double mb = PROCESS_MB + ceil(((double)memory + (double)held) * 1.25 / (1 << 20));
    return mb < LEAST_MB ? LEAST_MB : (uint64_t)mb;
}

/* A single tile has one thread. */
static double share_of_one(const struct needs *function) {
    double share = (double)function->memory_mb / PROCESSOR_MB;
    return share < 1 ? share : 1;
}

/* A tile is stored after it was read: the store is waited for twice. */
static double alone(struct spent spent, const struct needs *function) {
    return margin * spent.processor / share_of_one(function) + 2 * spent.wait;
}

static double once(const struct measured *measured, const struct needs *function) {
    return margin * measured->once.processor / share_of_one(function) + measured->once.wait;
}

double needs_seconds(const struct measured *measured, const struct needs *function) {
    return once(measured, function) + alone(measured->slowest, function);
}

/* Of a tile among others, which are made side by side where the source has parts. */
static double among_others(const struct measured *measured, const struct needs *function) {
    if (!measured->parts)
        return alone(measured->tile, function);
    double share = (double)function->memory_mb / PROCESSOR_MB;
    return margin * measured->tile.processor / share + 2 * measured->tile.wait / WAITING;
}

uint64_t needs_batch(const struct measured *measured, const struct needs *function) {
    double shared = once(measured, function), room = (double)function->seconds / 2;
    double usual = (BATCH_SECONDS - shared) / among_others(measured, function);
    double slow = (room - shared - START_SECONDS) / alone(measured->slowest, function);
    double tiles = usual < slow ? usual : slow;
    return tiles < 1 ? 1 : tiles > TASKS_MOST ? TASKS_MOST : (uint64_t)tiles;
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
           failure_set(failure, FAILURE_BAD_REQUEST, "%s: a number above 0 is wanted, not %.40s", name, text);
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
           failure_set(failure, failure->kind, "function: %s", failure->message);
}

bool needs_fit(uint64_t memory_mb, double seconds, const struct needs *function, struct failure *failure) {
    seconds += START_SECONDS;
    return (memory_mb <= function->memory_mb && seconds <= (double)function->seconds) ||
           failure_set(failure, FAILURE_LIMIT_EXCEEDED,
                       "a tile takes %" PRIu64 " MB and %.3g s, the function for tiles has %" PRIu64 " MB and %" PRIu64
                       " s: take smaller tiles (without an index they need no less time), or give it more",
                       memory_mb, seconds, function->memory_mb, function->seconds);
}
