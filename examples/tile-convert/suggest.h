/* SPDX-License-Identifier: MIT */
/* The nearest of several names to one that is none of them. */
#ifndef TILE_CONVERT_SUGGEST_H
#define TILE_CONVERT_SUGGEST_H

#include <stddef.h>

struct suggestion {
    const char *name; /* NULL: none is near */
    size_t distance;
};

/* Takes `name` where it is nearer to `text` than what was there, without regard to case, and near enough. */
void suggest(struct suggestion *best, const char *text, const char *name);

#endif
