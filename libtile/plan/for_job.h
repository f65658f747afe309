/* SPDX-License-Identifier: MIT */
/* What job/ asks of regions beside the public calls. */
#ifndef TILE_PLAN_FOR_JOB_H
#define TILE_PLAN_FOR_JOB_H

#include "../tile.h"

/*
 * tile_region_fill_edge step by step: `count` of the tile's rows from the `first` on, which are counted so that those
 * of the source come before the others, which may be copies of them.
 */
void tile_region_fill_rows(const struct tile_region *region, tile_edge edge, const void *pixel,
                           struct tile_image *image, uint32_t first, uint32_t count);

#endif
