/* SPDX-License-Identifier: MIT */
/* A plan's calls for job/ beside the public ones. */
#ifndef TILE_PLAN_FOR_JOB_H
#define TILE_PLAN_FOR_JOB_H

#include "../tile.h"

/* Whether the regions form rows and columns: region i is in row i / columns. */
bool tile_plan_lines(const tile_plan *plan, uint64_t *rows, uint64_t *columns);
/* The i-th region of a sample that has every size of the plan's regions; false: there are no more. */
bool tile_plan_sample(const tile_plan *plan, uint64_t i, struct tile_region *region);
/* Number of folders in a tile's name. */
int tile_plan_depth(const tile_plan *plan);
/* Whether a plan of any job may have a tile of this name. An untrusted name is then safe within a folder, as with
 * tile_plan_find. */
bool tile_plan_is_name(const char *name);

/*
 * tile_region_fill_edge in steps: fills `count` of the tile's rows from `first` on. The count begins with the rows of
 * the source; the edge's rows, which may be copies of them, come last.
 */
void tile_region_fill_rows(const struct tile_region *region, tile_edge edge, const void *pixel,
                           struct tile_image *image, uint32_t first, uint32_t count);

#endif
