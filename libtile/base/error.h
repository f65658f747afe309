/* SPDX-License-Identifier: MIT */
/* Making errors beyond the public tile_error_set. */
#ifndef TILE_BASE_ERROR_H
#define TILE_BASE_ERROR_H

#include "../tile.h"

/* As tile_error_set; `remedies` is a set of tile_remedy. */
tile_status tile_error_advise(struct tile_error *error, unsigned remedies, tile_status status, const char *format, ...)
    TILE_PRINTF(4, 5);

/* Sets "name: message", with the message and the remedies of `why`, which may be `error`; if `why` has no message, the
 * status's name takes its place. */
tile_status tile_error_name(struct tile_error *error, const char *name, tile_status status,
                            const struct tile_error *why);

#endif
