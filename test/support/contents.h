/* SPDX-License-Identifier: MIT */
/* Pictures of the kinds that a coder meets, made by arithmetic: the same on every machine. */
#ifndef TEST_SUPPORT_CONTENTS_H
#define TEST_SUPPORT_CONTENTS_H

#include "tile.h"

enum content {
    CONTENT_NOISE,
    CONTENT_FLAT,     /* one color */
    CONTENT_GRADIENT, /* dithered */
    CONTENT_PHOTO,    /* slopes under a little noise */
    CONTENT_TEXT,     /* glyphs with soft edges on white, each of them often */
    CONTENT_PALETTE,  /* five colors in blocks */
    CONTENT_LINES,    /* one pixel wide, on black, and wide apart */
    CONTENT_REPEATED, /* noise that comes again at a distance, in the same row and below */
    CONTENT_MIXED,    /* another one in each of its parts */
    CONTENT_COUNT
};

/* Fills an interleaved image of u8, u16 or f32; floats are 0 to 1. */
void content_fill(const struct tile_image *image, enum content content, uint64_t seed);

#endif
