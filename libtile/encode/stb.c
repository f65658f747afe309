/* SPDX-License-Identifier: MIT */
/* BMP, TGA and Radiance HDR by stb_image_write, which wants the whole image at once. */
#include "encoder.h"

#include "../base/memory.h"
#include "../base/pixels.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STBIW_ASSERT(x) ((void)0)
#include <stb/stb_image_write.h>

struct held {
    unsigned char *pixels;
    jmp_buf failed; /* stb looks at no errors, and goes on to the image's end */
};

static bool carries_srgb(struct tile_format format) {
    return format.space == TILE_SRGB || (format.space == TILE_GRAY && format.alpha == TILE_ALPHA_NONE);
}

static bool carries_linear(struct tile_format format) {
    return format.space == TILE_SRGB_LINEAR;
}

/* width * height * 4 fits an int, see encode.c. */
static void start(tile_encoder *encoder) {
    struct held *held = encoder->state;
    held->pixels = tile_encoder_alloc(encoder, encoder->row_size * encoder->height);
}

/* RGBE holds 0 to less than 2^127, and stb casts whatever it gets. */
static void copy_floats(float *to, const float *from, size_t count) {
    for (size_t i = 0; i < count; i++)
        to[i] = from[i] > 0 ? from[i] < 0x1.fffffep126F ? from[i] : 0x1.fffffep126F : 0; /* NaN is 0 */
}

static void rows(tile_encoder *encoder, const struct tile_image *image) {
    struct held *held = encoder->state;
    for (uint32_t y = 0; y < image->height; y++) {
        unsigned char *to = held->pixels + (size_t)(encoder->rows + y) * encoder->row_size;
        const void *from = tile_image_row(image, 0, y);
        if (encoder->format.sample == TILE_F32)
            copy_floats((float *)(void *)to, from, encoder->row_size / sizeof(float));
        else
            memcpy(to, from, encoder->row_size);
    }
}

/* For what holds nothing that a jump would lose. */
static void put(void *context, void *data, int size) {
    tile_encoder *encoder = context;
    struct held *held = encoder->state;
    if (!tile_encoder_put(encoder, data, (size_t)size) || !tile_encoder_go_on(encoder, (uint64_t)size))
        longjmp(held->failed, 1);
}

static void finish_bmp(tile_encoder *encoder) {
    struct held *held = encoder->state;
    if (!setjmp(held->failed))
        stbi_write_bmp_to_func(put, encoder, (int)encoder->width, (int)encoder->height, encoder->channels,
                               held->pixels);
}

static void finish_tga(tile_encoder *encoder) {
    struct held *held = encoder->state;
    if (!setjmp(held->failed))
        stbi_write_tga_to_func(put, encoder, (int)encoder->width, (int)encoder->height, encoder->channels,
                               held->pixels);
}

static void put_some(void *context, void *data, int size) {
    tile_encoder_put(context, data, (size_t)size);
}

/* As stbi_write_hdr_to_func, but for the memory of a row, which that asks malloc for and does not look whether it gets.
 */
static void finish_hdr(tile_encoder *encoder) {
    const struct held *held = encoder->state;
    char head[160];
    int size = snprintf(head, sizeof head,
                        "#?RADIANCE\n# Written by stb_image_write.h\nFORMAT=32-bit_rle_rgbe\n"
                        "EXPOSURE=          1.0000000000000\n\n-Y %u +X %u\n",
                        encoder->height, encoder->width);
    unsigned char *coded = tile_encoder_alloc(encoder, (size_t)encoder->width * 4);
    stbi__write_context context = {.func = put_some, .context = encoder};
    tile_encoder_put(encoder, head, (size_t)size);
    for (uint32_t y = 0; y < encoder->height && tile_encoder_go_on(encoder, encoder->row_size); y++)
        stbiw__write_hdr_scanline(&context, (int)encoder->width, encoder->channels, coded,
                                  (float *)(void *)(held->pixels + y * encoder->row_size));
    tile_free(encoder->allocator, coded);
}

static void release(tile_encoder *encoder) {
    struct held *held = encoder->state;
    tile_free(encoder->allocator, held->pixels);
}

const struct tile_codec_ops tile_bmp_ops = {
    .codec = TILE_BMP,
    .holds = "8-bit samples with straight alpha or none",
    .samples = TILE_U8,
    .straight = true,
    .carries = carries_srgb,
    .raw_channels = 1 << 1 | 1 << 3 | 1 << 4,
    .traits = TILE_HOLDS_IMAGE,
    .max_side = INT32_MAX,
    .state_size = sizeof(struct held),
    .start = start,
    .rows = rows,
    .finish = finish_bmp,
    .free = release,
};

const struct tile_codec_ops tile_tga_ops = {
    .codec = TILE_TGA,
    .holds = "8-bit samples with straight alpha or none",
    .samples = TILE_U8,
    .straight = true,
    .carries = carries_srgb,
    .raw_channels = 1 << 1 | 1 << 3 | 1 << 4,
    .traits = TILE_HOLDS_IMAGE,
    .max_side = UINT16_MAX,
    .state_size = sizeof(struct held),
    .start = start,
    .rows = rows,
    .finish = finish_tga,
    .free = release,
};

const struct tile_codec_ops tile_hdr_ops = {
    .codec = TILE_HDR,
    .holds = "float samples without alpha",
    .samples = TILE_F32,
    .carries = carries_linear,
    .raw_channels = 1 << 3,
    .traits = TILE_HOLDS_IMAGE,
    .max_side = INT32_MAX,
    .state_size = sizeof(struct held),
    .by_column = 4,
    .start = start,
    .rows = rows,
    .finish = finish_hdr,
    .free = release,
};
