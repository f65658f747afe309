/* SPDX-License-Identifier: MIT */
/*
 * Names of files while they are written: ".NAME.libtile-part" beside NAME. They are hidden, so that no glob of the
 * outputs catches them, and nothing that is found under one is trusted: what a killed process of ours left goes, and
 * what may be anybody else's is left as it is, and another name is taken.
 */
#ifndef TILE_BASE_ASIDE_H
#define TILE_BASE_ASIDE_H

#include "../tile.h"

/* Makes and locks a new file beside `path`. Its path becomes *aside, to be freed also on failure. -1 with errno:
 * EWOULDBLOCK where another process writes `path`. */
int tile_create_aside(char **aside, const char *path, const struct tile_allocator *allocator);

#endif
