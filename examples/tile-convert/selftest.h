/* SPDX-License-Identifier: MIT */
/* Published colors and a few speeds, on the machine at hand. */
#ifndef TILE_CONVERT_SELFTEST_H
#define TILE_CONVERT_SELFTEST_H

#include <tile.h>

/* Prints what the kernels of `cpu` make of each published vector, and how fast they are. Whether all vectors hold. */
bool selftest(tile_cpu cpu);

#endif
