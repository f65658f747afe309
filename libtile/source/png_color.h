/* SPDX-License-Identifier: MIT */
/* What a PNG's chunks say about its color. */
#ifndef TILE_SOURCE_PNG_COLOR_H
#define TILE_SOURCE_PNG_COLOR_H

#include "source.h"

#include <png.h>

/* Sets space, profile and tagged of source->info, whose format is srgb or gray so far. */
tile_status tile_png_color(tile_source *source, png_structp read, png_infop info, struct tile_error *error);

#endif
