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

/* What its names look like: "r{row}_c{column}". */
const char *tile_layout_format(tile_plan_layout layout);

/* The name of a region's file in such a format; cut where it does not fit, which no suffix of a codec leads to. */
void tile_name_write(const char *format, const struct tile_region *region, const char *suffix,
                     char name[TILE_NAME_SIZE]);
/*
 * The reverse: fills in row, column and level of `place`, and returns the suffix, within `name`; NULL where no region
 * is called so. A name that is read has no absolute, empty or ".." part, wherever it comes from.
 */
const char *tile_name_read(const char *format, const char *name, struct tile_region *place);
/* How many folders are in such a name. */
int tile_name_depth(const char *format);

/* Whether any layout calls a tile so. */
bool tile_layout_is_name(const char *name);

#endif
