/* SPDX-License-Identifier: MIT */
/* The encoding of a space's values as codes. */
#ifndef TILE_COLOR_ENCODING_H
#define TILE_COLOR_ENCODING_H

#include "../tile.h"

/* code = scale v + offset, then rounded and clipped. */
struct tile_encoding {
    double scale, offset;
};

/* The encoding of a color channel, counted from 0. f32 holds the values themselves: {1, 0}. */
struct tile_encoding tile_encoding_of(tile_space space, tile_sample sample, int channel);
/* The channel that is a hue in degrees; -1 if there is none. */
int tile_space_hue(tile_space space);

#endif
