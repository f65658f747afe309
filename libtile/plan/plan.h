/* SPDX-License-Identifier: MIT */
/* What each kind of plan knows. */
#ifndef TILE_PLAN_PLAN_H
#define TILE_PLAN_PLAN_H

#include "../tile.h"

#include <jansson.h>

struct tile_plan_kind {
    const char *key; /* the member that describes such a plan */
    struct tile_region (*region)(const tile_plan *plan, uint64_t index);
    /* The region at the row, column and level of `place`; false: there is none. */
    bool (*find)(const tile_plan *plan, const struct tile_region *place, uint64_t *index);
    /* See tile_plan_sample: the index of the i-th; not below the plan's count: there are no more. */
    uint64_t (*sample)(const tile_plan *plan, uint64_t i);
    /* Appends the value of `key`, and makes a plan of it. */
    tile_status (*describe)(const tile_plan *plan, struct tile_buffer *text, struct tile_error *error);
    tile_status (*read)(tile_plan **out, const json_t *value, const struct tile_allocator *allocator,
                        struct tile_error *error);
};

extern const struct tile_plan_kind tile_grid_kind, tile_rects_kind;

/* What all kinds have; each puts its own behind it. */
struct tile_plan {
    const struct tile_plan_kind *kind;
    const struct tile_allocator *allocator;
    tile_plan_layout layout;
    uint64_t count;
    struct tile_rect area;        /* holds all regions */
    uint32_t rows, columns;       /* see tile_plan_lines */
    const struct tile_grid *grid; /* see tile_plan_grid */
};

/* Not empty, and its end fits 32 bits. */
bool tile_plan_takes(struct tile_rect rect);

/* [1,2]: whether `array` has `count` whole numbers of 32 bits, none below `least`. */
bool tile_plan_read_numbers(const json_t *array, uint32_t *out, size_t count, uint32_t least);

#endif
