/* SPDX-License-Identifier: MIT */
/* The kinds of plans. */
#ifndef TILE_PLAN_KIND_H
#define TILE_PLAN_KIND_H

#include "../tile.h"

#include <jansson.h>

struct tile_plan_kind {
    const char *key; /* the JSON member that describes a plan of this kind */
    struct tile_region (*region)(const tile_plan *plan, uint64_t index);
    /* The region at the row, column and level of `place`; false: there is none. */
    bool (*find)(const tile_plan *plan, const struct tile_region *place, uint64_t *index);
    /* See tile_plan_sample: the i-th region's index; the plan's count or more: there are no more. */
    uint64_t (*sample)(const tile_plan *plan, uint64_t i);
    /* Appends the value of `key`; makes a plan from the value. */
    tile_status (*describe)(const tile_plan *plan, struct tile_buffer *text, struct tile_error *error);
    tile_status (*read)(tile_plan **out, const json_t *value, const struct tile_allocator *allocator,
                        struct tile_error *error);
};

extern const struct tile_plan_kind tile_grid_kind, tile_rects_kind;

/* The fields that all kinds share; each kind has its own behind them. */
struct tile_plan {
    const struct tile_plan_kind *kind;
    const struct tile_allocator *allocator;
    tile_plan_layout layout;
    uint64_t count;
    struct tile_rect area;        /* holds all regions */
    uint32_t rows, columns;       /* see tile_plan_lines */
    const struct tile_grid *grid; /* see tile_plan_grid */
};

/* Whether the rectangle is not empty and its end fits 32 bits. */
bool tile_plan_takes(struct tile_rect rect);

/* Reads [1,2]: `count` whole numbers of 32 bits, none below `least`; false if `array` is anything else. */
bool tile_plan_read_numbers(const json_t *array, uint32_t *out, size_t count, uint32_t least);

#endif
