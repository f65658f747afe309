/* SPDX-License-Identifier: MIT */
#include "walk.h"

#include <string.h>

/* An MCU is never larger than the padding that stands in for it. */
enum { MCU_MOST = TILE_ENTROPY_PAD };

static tile_status damaged(const struct tile_walk *w, struct tile_error *error, const char *cause) {
    return tile_error_set(error, TILE_BAD_DATA, "is damaged at byte %ju (MCU %ju): %s", (uintmax_t)tile_walk_offset(w),
                          (uintmax_t)w->mcu, cause);
}

/* Where the data that is there ends short of the next MCUs. */
static tile_status short_of_data(const struct tile_walk *w, struct tile_error *error) {
    if (w->entropy->ended && w->entropy->end_marker == 0)
        return tile_error_set(error, TILE_BAD_DATA, "is damaged at byte %ju (MCU %ju): fill bytes without a marker",
                              (uintmax_t)w->entropy->offset, (uintmax_t)w->mcu);
    return tile_error_set(error, TILE_BAD_DATA, "ends early at byte %ju (MCU %ju)", (uintmax_t)w->entropy->offset,
                          (uintmax_t)w->mcu);
}

/* Sees to it that the next MCU is in memory, or all that there is. */
static tile_status fetch(struct tile_walk *w, struct tile_error *error) {
    struct tile_entropy *e = w->entropy;
    tile_status status = TILE_OK;
    while (w->more && !e->ended && status == TILE_OK && e->size - (size_t)(w->place.bit >> 3) <= MCU_MOST) {
        uint64_t offset = e->offset;
        tile_entropy_drop(e, (size_t)(w->place.bit >> 3));
        w->place.bit &= 7;
        status = w->more(w->user, e, error);
        if (status == TILE_OK && e->offset == offset && !e->ended)
            w->more = NULL; /* the file ends here */
    }
    return status;
}

uint64_t tile_walk_next_restart(const struct tile_walk *w) {
    uint32_t interval = w->scanner->header->restart;
    return interval ? (w->mcu / interval + 1) * interval : UINT64_MAX;
}

tile_status tile_walk_restart(struct tile_walk *w, struct tile_error *error) {
    uint32_t interval = w->scanner->header->restart;
    if (interval == 0 || w->mcu == 0 || w->mcu % interval != 0 || w->restarted == w->mcu)
        return TILE_OK;
    tile_status status = fetch(w, error);
    if (status != TILE_OK)
        return status;
    struct tile_entropy *e = w->entropy;
    size_t at = (size_t)((w->place.bit + 7) >> 3);
    if (e->next_restart == e->restart_count && at == e->size)
        return short_of_data(w, error);
    if (e->next_restart == e->restart_count || e->restarts[e->next_restart].at != at)
        return damaged(w, error, "no restart marker where one must be");
    if (e->restarts[e->next_restart].number != (int)((w->mcu / interval - 1) & 7))
        return damaged(w, error, "a restart marker of another number");
    e->next_restart++;
    w->place = (struct tile_scan_place){.bit = (uint64_t)at * 8};
    w->restarted = w->mcu;
    return TILE_OK;
}

/* After MCUs were passed: they were all there, and no restart marker stood among them. */
static tile_status check(const struct tile_walk *w, struct tile_error *error) {
    const struct tile_entropy *e = w->entropy;
    if (w->place.bit > (uint64_t)e->size * 8)
        return short_of_data(w, error);
    if (e->next_restart < e->restart_count && (uint64_t)e->restarts[e->next_restart].at * 8 < w->place.bit)
        return damaged(w, error, "a restart marker where none can be");
    return TILE_OK;
}

tile_status tile_walk_to(struct tile_walk *w, uint64_t mcu, struct tile_error *error) {
    tile_status status = TILE_OK;
    while (w->mcu < mcu && status == TILE_OK) {
        status = tile_walk_restart(w, error);
        if (status == TILE_OK)
            status = fetch(w, error);
        if (status != TILE_OK)
            return status;
        uint64_t until = tile_walk_next_restart(w), size = w->entropy->size;
        until = until < mcu ? until : mcu;
        uint64_t whole = w->more && !w->entropy->ended ? size - MCU_MOST : size;
        /* A window that has been filled has at least one MCU; of the last, what is not there is padding. */
        int64_t done = tile_scan(w->scanner, w->entropy->data, whole * 8 + 1, (int64_t)(until - w->mcu), &w->place);
        if (done < 0)
            return damaged(w, error, "a code or a DC value that cannot be");
        w->mcu += (uint64_t)done;
        status = done == 0 ? short_of_data(w, error) : check(w, error);
    }
    return status;
}

tile_status tile_walk_first(struct tile_walk *w, struct tile_scan_dc_place dc[4], struct tile_error *error) {
    if (w->place.bit >= (uint64_t)w->entropy->size * 8)
        return short_of_data(w, error);
    if (!tile_scan_first(w->scanner, w->entropy->data, &w->place, dc))
        return damaged(w, error, "a code or a DC value that cannot be");
    w->mcu++;
    return check(w, error);
}

uint64_t tile_walk_offset(const struct tile_walk *w) {
    size_t at = (size_t)(w->place.bit >> 3);
    return tile_entropy_offset(w->entropy, at < w->entropy->size ? at : w->entropy->size);
}

uint64_t tile_walk_end(const struct tile_walk *w) {
    return tile_entropy_end(w->entropy, (size_t)((w->place.bit + 7) >> 3));
}
