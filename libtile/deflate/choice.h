/* SPDX-License-Identifier: MIT */
#ifndef TILE_DEFLATE_CHOICE_H
#define TILE_DEFLATE_CHOICE_H

#include "../tile.h"
#include "kernels/kernels.h"

/* The kernels of deflate and its filters for `cpu`; NULL if this build or this machine has none. */
const struct tile_deflate_kernels *tile_deflate_kernels_of(tile_cpu cpu);

#endif
