/* SPDX-License-Identifier: MIT */
/* PNGs for the tests: made by libpng, their pixels decoded by it, whole, and their chunks. */
#ifndef TEST_SUPPORT_PNGS_H
#define TEST_SUPPORT_PNGS_H

#include "support.h"

struct png_recipe {
    uint32_t width, height;
    int type, depth;
    bool interlaced, transparent;
    int orientation;
    int gamma; /* gAMA, 1/100000 */
    bool srgb, p3_primaries, srgb_primaries;
    const void *profile;
    size_t profile_size;
    const unsigned char *cicp;
    /* Slopes, flat places and noise, of this seed, so that every filter is the best one somewhere. Filtered and
     * deflated as libpng and zlib have these; 0: as they do by themselves, but for the level, which 0 is one of. */
    uint64_t mixed;
    int filters, level, strategy, memory;
};

struct tile_buffer png_file(const struct png_recipe *recipe);
/* What png_file writes, unless it is mixed: the samples, of the file's depth, and the palette. */
int png_channels(int type);
unsigned png_sample(const struct png_recipe *recipe, uint32_t x, uint32_t y, int c);
void png_palette_entry(unsigned i, unsigned char rgba[4]);

/* Pixels as stored: width x height, `step` bytes each. */
struct stored {
    const unsigned char *pixels;
    uint32_t width, height;
    size_t step;
};

/* The whole image by libpng, in the machine's order of bytes; to be freed. NULL where libpng gives up before that. */
unsigned char *png_pixels(const struct tile_buffer *file, struct stored *stored);

/* A chunk with its length and its CRC. */
void png_append_chunk(struct tile_buffer *file, const char *type, const void *data, size_t size);
/* The data of the chunk of that type, NULL if there is none; it must come before IDAT and only once. */
const unsigned char *png_chunk(struct test_bytes png, const char *type, uint32_t *size);

#endif
