/* SPDX-License-Identifier: MIT */
/*
 * Calling a progress hook during a long call: the code reports how many bytes of samples or of a file it has done, and
 * the watch calls the hook now and then.
 */
#ifndef TILE_BASE_WATCH_H
#define TILE_BASE_WATCH_H

#include "../tile.h"

/* The slowest work, deflating noise at level 9, takes some seconds a MB on a slow machine: 30 ms for 8 KiB. A call of
 * the hook takes some 50 ns. */
#define TILE_WATCH_STEP 8192

/* Initialize the first two fields; the rest is 0. For one thread. */
struct tile_watch {
    bool (*progress)(void *user, const struct tile_progress *progress); /* NULL: no hook */
    void *user;
    struct tile_progress at; /* the progress passed to the hook */
    uint64_t unasked;        /* bytes of work since the last call of the hook */
};

/* Calls the hook now. CANCELLED: stop. */
tile_status tile_watch_ask(struct tile_watch *watch, struct tile_error *error);

/* Adds `bytes` of work, and calls the hook if it is time. */
static inline tile_status tile_watch_pass(struct tile_watch *watch, uint64_t bytes, struct tile_error *error) {
    watch->unasked += bytes;
    return watch->unasked < TILE_WATCH_STEP ? TILE_OK : tile_watch_ask(watch, error);
}

/* A hook that calls the watch `user`, for calls within a call. It ignores their progress and passes the watch's own. */
bool tile_watch_relay(void *user, const struct tile_progress *progress);

#endif
