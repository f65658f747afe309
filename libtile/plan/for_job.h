/* SPDX-License-Identifier: MIT */
/* What job/ asks of plans and regions beside the public calls. */
#ifndef TILE_PLAN_FOR_JOB_H
#define TILE_PLAN_FOR_JOB_H

#include "../tile.h"

/* Whether the regions stand in rows and columns: region i in row i / columns. */
bool tile_plan_lines(const tile_plan *plan, uint64_t *rows, uint64_t *columns);
/* The i-th of regions among which there is one of every size that the plan has; false: there are no more. */
bool tile_plan_sample(const tile_plan *plan, uint64_t i, struct tile_region *region);
/* How many folders are in a tile's name. */
int tile_plan_depth(const tile_plan *plan);
/* Whether any plan, of any job, calls a tile so. What comes from a file is then safe to take for a name in a folder, as
 * with tile_plan_find. */
bool tile_plan_is_name(const char *name);

/*
 * tile_region_fill_edge step by step: `count` of the tile's rows from the `first` on, which are counted so that those
 * of the source come before the others, which may be copies of them.
 */
void tile_region_fill_rows(const struct tile_region *region, tile_edge edge, const void *pixel,
                           struct tile_image *image, uint32_t first, uint32_t count);

#endif
