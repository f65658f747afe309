/* SPDX-License-Identifier: MIT */
/*
 * The table of file formats, one row each. The lists of decoders (source/) and encoders (encode/) only have the formats
 * that this build reads or writes.
 */
#ifndef TILE_BASE_FORMAT_H
#define TILE_BASE_FORMAT_H

#include "../tile.h"

/* "JPEG", for people; NULL if there is no such codec. */
const char *tile_codec_title(tile_codec codec);

struct tile_file_kind {
    tile_codec codec; /* TILE_CODEC_UNSET: a format that is only recognized, by its first bytes */
    const char *title;
};
enum { TILE_FIRST_BYTES = 16 };
/* The format by a file's first bytes, with zeros behind a shorter file's end; the title is NULL if it is unknown. */
struct tile_file_kind tile_file_kind_of(const unsigned char first[TILE_FIRST_BYTES]);

/*
 * "a, b or c": writes the names to `text`, with `between` and `last` between them, and returns `text`. A longer list is
 * cut off at `size`.
 */
char *tile_names_join(char *text, size_t size, const char *const *names, size_t count, const char *between,
                      const char *last);

#endif
