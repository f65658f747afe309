/* SPDX-License-Identifier: MIT */
/* The names of tiles. */
#ifndef TILE_PLAN_LAYOUT_H
#define TILE_PLAN_LAYOUT_H

#include "../tile.h"

/* Whether the value is a layout. */
bool tile_layout_exists(tile_plan_layout layout);
/* "grid"; and the layout of that name, false if there is none. */
const char *tile_layout_name(tile_plan_layout layout);
bool tile_layout_from_name(const char *name, tile_plan_layout *layout);

/* The format of the layout's names: "r{row}_c{column}". */
const char *tile_layout_format(tile_plan_layout layout);

/* Writes the name of a region's file in that format; cut if it does not fit, which no codec's suffix causes. */
void tile_name_write(const char *format, const struct tile_region *region, const char *suffix,
                     char name[TILE_NAME_SIZE]);
/*
 * The reverse: fills in row, column and level of `place`, and returns the suffix, within `name`; NULL if the name does
 * not have the format. A name that has it is never absolute and has no empty or ".." part, so `name` may be untrusted.
 */
const char *tile_name_read(const char *format, const char *name, struct tile_region *place);
/* Number of folders in a name of that format. */
int tile_name_depth(const char *format);

/* Whether any layout has a tile of this name. */
bool tile_layout_is_name(const char *name);

#endif
