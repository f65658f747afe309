/* SPDX-License-Identifier: MIT */
#include "watch.h"

tile_status tile_watch_ask(struct tile_watch *watch, struct tile_error *error) {
    watch->unasked = 0;
    if (!watch->progress || watch->progress(watch->user, &watch->at))
        return TILE_OK;
    return tile_error_set(error, TILE_CANCELLED, "stopped");
}

bool tile_watch_relay(void *user, const struct tile_progress *progress) {
    (void)progress;
    return tile_watch_ask(user, NULL) == TILE_OK;
}
