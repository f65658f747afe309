/* SPDX-License-Identifier: MIT */
#ifndef TILE_COLOR_CHOICE_H
#define TILE_COLOR_CHOICE_H

#include "../tile.h"
#include "kernels/kernels.h"

/* The color kernels for `cpu`; NULL if this build or this machine has none. */
const struct tile_color_kernels *tile_color_kernels_of(tile_cpu cpu);

#endif
