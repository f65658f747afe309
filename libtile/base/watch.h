/* SPDX-License-Identifier: MIT */
/*
 * A progress hook in the course of a long call: whoever works tells how many bytes of samples or of a file it is done
 * with, and the hook is asked now and then.
 */
#ifndef TILE_BASE_WATCH_H
#define TILE_BASE_WATCH_H

#include "../tile.h"

/* The slowest work, deflating noise at level 9, does a MB in some seconds on a slow machine: 8 KiB in 30 ms. Asking
 * takes some 50 ns. */
#define TILE_WATCH_STEP 8192

/* Begins as what it asks alone. Of one thread. */
struct tile_watch {
    bool (*progress)(void *user, const struct tile_progress *progress); /* NULL: nobody wants to know */
    void *user;
    struct tile_progress at; /* what the hook is told */
    uint64_t unasked;        /* bytes of work since it was asked */
};

/* Asks now. CANCELLED: stop. */
tile_status tile_watch_ask(struct tile_watch *watch, struct tile_error *error);

/* After so many bytes of work: asks if it is time to. */
static inline tile_status tile_watch_pass(struct tile_watch *watch, uint64_t bytes, struct tile_error *error) {
    watch->unasked += bytes;
    return watch->unasked < TILE_WATCH_STEP ? TILE_OK : tile_watch_ask(watch, error);
}

/* A hook that asks the watch `user`, for calls within a call. Their progress is theirs: the watch tells its own. */
bool tile_watch_relay(void *user, const struct tile_progress *progress);

#endif
