/* SPDX-License-Identifier: MIT */
/* How tiles are called. */
#ifndef TILE_PLAN_LAYOUT_H
#define TILE_PLAN_LAYOUT_H

#include "../tile.h"

/* Whether there is that layout. */
bool tile_layout_exists(tile_plan_layout layout);
/* "grid"; and the layout of such a name, false where there is none. */
const char *tile_layout_name(tile_plan_layout layout);
bool tile_layout_from_name(const char *name, tile_plan_layout *layout);

/* The name of a region's file; cut where it does not fit, which no suffix of a format leads to. */
void tile_layout_write(tile_plan_layout layout, const struct tile_region *region, const char *suffix,
                       char name[TILE_NAME_SIZE]);
/*
 * The reverse: fills in row, column and level of `place`, and returns the suffix, within `name`; NULL where the layout
 * calls no region so. A name that is read has no absolute, empty or ".." part, wherever it comes from.
 */
const char *tile_layout_read(tile_plan_layout layout, const char *name, struct tile_region *place);
/* Folders in its names. */
int tile_layout_depth(tile_plan_layout layout);

/* Whether any layout calls a tile so. */
bool tile_layout_is_name(const char *name);

#endif
