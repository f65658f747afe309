/* SPDX-License-Identifier: MIT */
/*
 * What file formats there are: one table, a row each. What this build reads and writes of them stands in the lists of
 * decoders (source/) and encoders (encode/), which have no entry for the others.
 */
#ifndef TILE_BASE_FORMAT_H
#define TILE_BASE_FORMAT_H

#include "../tile.h"

/* "JPEG", as people call it; NULL where the codec is none. */
const char *tile_codec_title(tile_codec codec);

struct tile_file_kind {
    tile_codec codec; /* TILE_CODEC_UNSET: of a format that is known by its first bytes alone */
    const char *title;
};
enum { TILE_FIRST_BYTES = 16 };
/* What a file is by its first bytes, with zeros behind a shorter file's end; the title is NULL where nothing is known.
 */
struct tile_file_kind tile_file_kind_of(const unsigned char first[TILE_FIRST_BYTES]);

/*
 * "a, b or c": writes the names to `text`, with `between` and `last` between them, and returns it; what has no room is
 * cut off.
 */
char *tile_names_join(char *text, size_t size, const char *const *names, size_t count, const char *between,
                      const char *last);

#endif
