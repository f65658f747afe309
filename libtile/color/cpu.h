/* SPDX-License-Identifier: MIT */
#ifndef TILE_COLOR_CPU_H
#define TILE_COLOR_CPU_H

#include "../tile.h"
#include "kernels/kernels.h"

/* NULL where this build or this machine has none of the kind. */
const struct tile_kernels *tile_kernels_of(tile_cpu cpu);

#endif
