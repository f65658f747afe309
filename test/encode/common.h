/* SPDX-License-Identifier: MIT */
/* What the tests of encoders share: images to encode, and encoding them to memory. */
#ifndef TEST_ENCODE_COMMON_H
#define TEST_ENCODE_COMMON_H

#include "support.h"

static struct tile_error error;

static inline struct tile_format format_of(tile_space space, tile_sample sample, tile_alpha alpha) {
    return (struct tile_format){.space = space, .sample = sample, .alpha = alpha};
}

/* Noise, and flat runs between it, as run lengths and predictors like them. Floats are 0 to 1. */
static inline void fill(const struct tile_image *image, uint64_t seed) {
    struct test_random random = {seed};
    size_t samples = image->width * (size_t)tile_format_channels(image->format);
    for (uint32_t y = 0; y < image->height; y++) {
        unsigned char *row = (unsigned char *)image->plane[0] + (ptrdiff_t)y * image->stride;
        for (size_t i = 0; i < samples; i++) {
            bool flat = i / 96 % 2;
            uint32_t value = flat ? y * 257 % 65536 : test_random_below(&random, 65536);
            if (image->format.sample == TILE_U8)
                row[i] = (unsigned char)(value >> 8);
            else if (image->format.sample == TILE_U16)
                ((uint16_t *)(void *)row)[i] = (uint16_t)value;
            else
                ((float *)(void *)row)[i] = (float)value / 65535;
        }
    }
}

static inline struct tile_image image_of(struct tile_format format, uint32_t width, uint32_t height) {
    struct tile_image image;
    assert_ok(tile_image_alloc(&image, format, width, height, NULL, &error));
    fill(&image, width * 131 + height);
    return image;
}

static inline struct tile_buffer encode(const struct tile_image *image, tile_codec codec,
                                        const struct tile_encode_options *options) {
    struct tile_buffer buffer = {0};
    struct tile_writer writer = tile_buffer_writer(&buffer);
    assert_ok(tile_encode(image, codec, options, &writer, &error));
    assert_true(buffer.size > 0);
    return buffer;
}

/* Whether a file of that kind has a profile of its own accord: not of sRGB, but where it would be taken for linear. */
static inline bool has_profile(tile_codec codec, struct tile_format format) {
    switch (format.space) {
    case TILE_SRGB:
    case TILE_GRAY: return codec == TILE_TIFF && format.sample == TILE_F32;
    case TILE_SRGB_LINEAR:
    case TILE_DISPLAY_P3:
    case TILE_A98_RGB:
    case TILE_PROPHOTO_RGB:
    case TILE_REC2020:
    case TILE_LUMINANCE: return true;
    default: return false;
    }
}

#endif
