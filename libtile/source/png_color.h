/* SPDX-License-Identifier: MIT */
/* A PNG's color, from its chunks. */
#ifndef TILE_SOURCE_PNG_COLOR_H
#define TILE_SOURCE_PNG_COLOR_H

#include "png_chunks.h"

/* Sets space, profile, code points and `tagged` of source->info, whose format is srgb or gray before. */
tile_status tile_png_color(tile_source *source, const struct tile_png_chunks *chunks, struct tile_error *error);

#endif
