/* SPDX-License-Identifier: MIT */
/* The best order to read a plan's regions in: bands of the same rows of the file, from its top down. */
#ifndef TILE_JOB_ORDER_H
#define TILE_JOB_ORDER_H

#include "../tile.h"

/* A band's members: indices first, first + step, ... into the plan, or into the order's own list. */
struct tile_band {
    uint64_t first, step, count;
};

struct tile_band_order;

/*
 * `in_order`: bands and their members come in the plan's order. If the file does not decode in that order (its
 * orientation turns it upside down or on its side, and it has no parts), all regions then form one band.
 */
tile_status tile_band_order_new(struct tile_band_order **out, const tile_source *source, const tile_plan *plan,
                                bool in_order, const struct tile_allocator *allocator, struct tile_error *error);
void tile_band_order_free(struct tile_band_order *order);
uint64_t tile_band_order_count(const struct tile_band_order *order);
struct tile_band tile_band_order_get(const struct tile_band_order *order, uint64_t i);
/* The plan's index of a band's i-th member. */
uint64_t tile_band_member(const struct tile_band_order *order, const struct tile_band *band, uint64_t i);

#endif
