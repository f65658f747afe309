/* SPDX-License-Identifier: MIT */
/*
 * Temporary names of files while they are written: ".NAME.libtile-part" beside NAME. They are hidden, so that globs of
 * the outputs skip them. A file found under such a name is not trusted: a leftover of a killed libtile process is
 * replaced; a file that may be foreign stays, and another name is taken.
 */
#ifndef TILE_BASE_ASIDE_H
#define TILE_BASE_ASIDE_H

#include "../tile.h"

/* Makes and locks a new file beside `path`, and returns its descriptor. *aside is its path, to be freed also on
 * failure. -1 with errno: EWOULDBLOCK if another process writes `path`. */
int tile_create_aside(char **aside, const char *path, const struct tile_allocator *allocator);

#endif
