/* SPDX-License-Identifier: MIT */
/*
 * The chunks of a PNG that say something about its color and its orientation, as they stand in the file. libpng reads
 * most of them, too, but drops profiles that others can use, and lets the order of chunks decide which of them counts.
 */
#ifndef TILE_SOURCE_PNG_CHUNKS_H
#define TILE_SOURCE_PNG_CHUNKS_H

#include "source.h"

/* Of each kind, the first one that can be. Where there is none, its `has` is false. */
struct tile_png_chunks {
    bool has_cicp, has_srgb, has_gamma, has_chromaticities;
    unsigned char cicp[4];
    uint32_t gamma;              /* in units of 1/100000, like the next */
    uint32_t chromaticities[8];  /* x and y of white, red, green, blue */
    struct tile_buffer profile;  /* inflated; empty where there is none */
    char no_profile[80];         /* there is an iCCP chunk, but no profile can be had of it: why */
    bool has_exif, has_old_exif; /* eXIf; a text in which older programs keep EXIF */
    struct tile_exif exif;
    uint32_t frames; /* of an animation (acTL); 0: there is none */
};

/*
 * Takes a chunk, if it is one of these. `damaged`: its checksum is wrong. NO_MEMORY is the only failure.
 * tile_png_chunks_free is due also after that.
 */
tile_status tile_png_chunks_take(struct tile_png_chunks *chunks, const char name[4], const unsigned char *data,
                                 size_t size, bool damaged, const struct tile_limits *limits, struct tile_error *error);
void tile_png_chunks_free(struct tile_png_chunks *chunks);

#endif
