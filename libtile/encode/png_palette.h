/* SPDX-License-Identifier: MIT */
/* Pixels as a PNG stores them in fewer bits: as numbers of a palette's colors, or as gray of 1, 2 or 4 bits. */
#ifndef TILE_ENCODE_PNG_PALETTE_H
#define TILE_ENCODE_PNG_PALETTE_H

#include "encoder.h"

/* More than twice as many places as colors: few are next to each other. */
enum { TILE_PNG_PLACES = 1024 };

/* Constant once made, so that threads share it. */
struct tile_png_palette {
    int bits; /* of a number: 1, 2, 4 or 8; 0: samples are stored as they are */
    int step; /* bytes of a pixel before: 1, 3 or 4 */
    bool gray;
    uint32_t color[TILE_PNG_PLACES]; /* a hash table: a color's bytes, the first one lowest */
    int16_t number[TILE_PNG_PLACES]; /* -1: the place is free */
};

/* INVALID_ARGUMENT if the options' palette and bits do not go with pixels of `format`, or with each other. */
tile_status tile_png_palette_make(struct tile_png_palette *palette, const struct tile_encode_options *options,
                                  struct tile_format format, struct tile_error *error);

/*
 * Stores `width` pixels of a row in (width * bits + 7) / 8 bytes, the first pixel in the highest bits. Returns `width`,
 * or the first pixel that cannot be stored; the bytes are unspecified then. `bits` must not be 0.
 */
uint32_t tile_png_palette_row(const struct tile_png_palette *palette, const uint8_t *pixels, uint32_t width,
                              uint8_t *out);
/* INVALID_ARGUMENT: tells why pixel `x` of a row, the image's row `y`, cannot be stored. */
tile_status tile_png_palette_refuse(const tile_encoder *encoder, const uint8_t *pixels, uint32_t x, uint32_t y,
                                    struct tile_error *error);

#endif
