/* SPDX-License-Identifier: MIT */
#include "png_palette.h"

#include "../base/pixels.h"
#include "for_job.h"

#include <stdio.h>
#include <string.h>

/* ---- Making one -------------------------------------------------------------------------------------------- */

/* The place of a color, or the free one where it goes. A table has at most 256 colors. */
static inline uint32_t place_of(const struct tile_png_palette *p, uint32_t color) {
    uint32_t place = (color * 0x9E3779B1u) >> 22; /* the golden ratio spreads neighbors (Knuth, 6.4) */
    while (p->number[place] >= 0 && p->color[place] != color)
        place = (place + 1) % TILE_PNG_PLACES;
    return place;
}

static inline uint32_t color_of(const uint8_t *pixel, int step) {
    uint32_t color = pixel[0];
    if (step > 1)
        color |= (uint32_t)pixel[1] << 8 | (uint32_t)pixel[2] << 16;
    return step > 3 ? color | (uint32_t)pixel[3] << 24 : color;
}

/* The first of equal colors has the number. */
static void add(struct tile_png_palette *p, const uint8_t *pixel, int number) {
    uint32_t color = color_of(pixel, p->step), place = place_of(p, color);
    if (p->number[place] < 0) {
        p->color[place] = color;
        p->number[place] = (int16_t)number;
    }
}

static tile_status check(const struct tile_encode_options *o, struct tile_format format, int channels,
                         struct tile_error *error) {
    int bits = o->bits;
    if (bits != 0 && bits != 1 && bits != 2 && bits != 4 && bits != 8)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "bits are %d, not 1, 2, 4 or 8", bits);
    if (!o->palette != (o->palette_size == 0))
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "palette and palette_size contradict each other");
    if (o->palette && (format.sample != TILE_U8 || channels < 3))
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "a palette is for 8-bit samples of RGB, not for %s %s",
                              tile_sample_name(format.sample), tile_space_name(format.space));
    size_t most = bits ? (size_t)1 << bits : 256;
    if (o->palette_size > most)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "a palette of %zu colors is more than the %zu of %d bits",
                              o->palette_size, most, bits ? bits : 8);
    if (bits && !o->palette && (format.sample != TILE_U8 || channels != 1))
        return tile_error_set(error, TILE_INVALID_ARGUMENT,
                              "bits are for a palette, or for 8-bit gray without alpha, not for %s %s",
                              tile_sample_name(format.sample), tile_space_name(format.space));
    return TILE_OK;
}

tile_status tile_png_palette_make(struct tile_png_palette *palette, const struct tile_encode_options *options,
                                  struct tile_format format, struct tile_error *error) {
    int channels = tile_format_channels(format);
    tile_status status = check(options, format, channels, error);
    palette->bits = options->bits;
    palette->step = channels;
    palette->gray = !options->palette;
    if (status != TILE_OK || !options->palette) {
        if (palette->gray && palette->bits == 8) /* as they are */
            palette->bits = 0;
        return status;
    }
    for (int bits = 1; palette->bits == 0; bits *= 2)
        palette->bits = (size_t)1 << bits >= options->palette_size ? bits : 0;
    memset(palette->number, -1, sizeof palette->number);
    for (size_t i = 0; i < options->palette_size; i++)
        add(palette, options->palette + i * (size_t)channels, (int)i);
    return TILE_OK;
}

/* ---- Rows -------------------------------------------------------------------------------------------------- */

/* A pixel's number; -1: it has none. Neighbors are often equal. */
struct last {
    uint32_t color;
    int number;
};

static inline int number_of(const struct tile_png_palette *p, struct last *last, const uint8_t *pixel, int step) {
    uint32_t color = color_of(pixel, step);
    if (color != last->color || last->number < 0)
        *last = (struct last){color, p->number[place_of(p, color)]};
    return last->number;
}

/* 255 is a multiple of the largest code of 1, 2 and 4 bits. */
static inline int gray_number(uint8_t sample, int bits) {
    int distance = 255 / ((1 << bits) - 1);
    return sample % distance == 0 ? sample / distance : -1;
}

static inline uint32_t store(const struct tile_png_palette *p, const uint8_t *pixels, uint32_t width, int step,
                             int bits, uint8_t *out) {
    struct last last = {0, -1};
    unsigned pending = 0, count = 0;
    for (uint32_t x = 0; x < width; x++, pixels += step) {
        int number = step == 1 ? gray_number(*pixels, bits) : number_of(p, &last, pixels, step);
        if (number < 0)
            return x;
        pending = pending << bits | (unsigned)number;
        count += (unsigned)bits;
        if (count == 8) {
            *out++ = (uint8_t)pending;
            pending = count = 0;
        }
    }
    if (count)
        *out = (uint8_t)(pending << (8 - count));
    return width;
}

/* Constants for each width, so that the compiler makes a loop of each. */
uint32_t tile_png_palette_row(const struct tile_png_palette *p, const uint8_t *pixels, uint32_t width, uint8_t *out) {
#define STEPS(bits)                                                                                                    \
    return p->step == 1   ? store(p, pixels, width, 1, bits, out)                                                      \
           : p->step == 3 ? store(p, pixels, width, 3, bits, out)                                                      \
                          : store(p, pixels, width, 4, bits, out)
    switch (p->bits) {
    case 1: STEPS(1);
    case 2: STEPS(2);
    case 4: STEPS(4);
    default: STEPS(8);
    }
#undef STEPS
}

tile_status tile_png_palette_refuse(const tile_encoder *encoder, const uint8_t *pixels, uint32_t x, uint32_t y,
                                    struct tile_error *error) {
    const uint8_t *pixel = pixels + (size_t)x * (size_t)encoder->channels;
    char color[32] = "";
    for (int i = 0, at = 0; i < encoder->channels; i++)
        at += snprintf(color + at, sizeof color - (size_t)at, "%s%d", i ? "," : "", pixel[i]);
    if (encoder->options.palette)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "the pixel %u,%u is %s, which is not in the palette", x, y,
                              color);
    return tile_error_set(error, TILE_INVALID_ARGUMENT, "the pixel %u,%u is %s, which is no gray of %d bits", x, y,
                          color, encoder->options.bits);
}

bool tile_png_has_pixel(const struct tile_encode_options *options, struct tile_format format, const uint8_t *pixel) {
    struct tile_png_palette palette;
    uint8_t out;
    return tile_png_palette_make(&palette, options, format, NULL) == TILE_OK &&
           (palette.bits == 0 || tile_png_palette_row(&palette, pixel, 1, &out) == 1);
}
