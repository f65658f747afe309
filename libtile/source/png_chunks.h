/* SPDX-License-Identifier: MIT */
/*
 * A PNG's chunks for color and orientation, as they stand in the file. libpng reads most of them, too, but drops
 * profiles that LittleCMS can use, and lets the order of chunks decide which one counts.
 */
#ifndef TILE_SOURCE_PNG_CHUNKS_H
#define TILE_SOURCE_PNG_CHUNKS_H

#include "source.h"

/* The first valid chunk of each kind. If there is none, its `has` is false. */
struct tile_png_chunks {
    bool has_cicp, has_srgb, has_gamma, has_chromaticities;
    unsigned char cicp[4];
    uint32_t gamma;              /* in units of 1/100000, like the next */
    uint32_t chromaticities[8];  /* x and y of white, red, green, blue */
    struct tile_buffer profile;  /* inflated; empty if there is none */
    char no_profile[80];         /* why the iCCP chunk gives no profile */
    bool has_exif, has_old_exif; /* an eXIf chunk; a text chunk in which older programs keep EXIF */
    struct tile_exif exif;
    uint32_t frames; /* of an animation (acTL); 0: there is none */
};

/*
 * Takes a chunk if it is of these kinds. `damaged`: its checksum is wrong. NO_MEMORY is the only failure;
 * tile_png_chunks_free is due even then.
 */
tile_status tile_png_chunks_take(struct tile_png_chunks *chunks, const char name[4], const unsigned char *data,
                                 size_t size, bool damaged, const struct tile_limits *limits, struct tile_error *error);
void tile_png_chunks_free(struct tile_png_chunks *chunks);

#endif
