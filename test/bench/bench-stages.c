/* SPDX-License-Identifier: MIT */
/*
 * bench-stages BIG.JPG [--full]
 * Speed of each stage, in megapixels a second, and as a multiple of the time that memcpy takes for as many bytes in the
 * same run. Medians, on one thread. `--full` decodes all of the JPEG instead of its first 2048 rows.
 */
#include "measure.h"
#include "picture.h"
#include "tile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lcms2.h>

#define SMALL        256 /* pixels and their result fit the second-level cache */
#define LARGE_WIDTH  4096
#define LARGE_HEIGHT 3072

static void check(tile_status status, const char *what, const struct tile_error *error) {
    if (status == TILE_OK)
        return;
    fprintf(stderr, "bench-stages: %s: %s\n", what, error->message);
    exit(1);
}

static void print_row(const char *stage, const char *what, uint32_t width, uint32_t height, double time, size_t bytes) {
    printf("%-8s %-32s %5ux%-5u %10.1f %12.1f\n", stage, what, width, height, (double)width * height / time / 1e6,
           time / time_of_memcpy(bytes));
    fflush(stdout);
}

static size_t image_bytes(const struct tile_image *image) {
    return tile_format_step(image->format) * image->width * image->height;
}

static struct tile_image new_image(struct tile_format format, uint32_t width, uint32_t height) {
    struct tile_image image;
    struct tile_error error;
    check(tile_image_alloc(&image, format, width, height, NULL, &error), "image", &error);
    return image;
}

/* ---- Decode ---- */

static void bench_decode(const char *path, bool full) {
    enum { BAND = 256, BANDS = 8, MOST = 256 };
    struct tile_error error;
    tile_source *source;
    check(tile_source_open_file(&source, path, NULL, &error), path, &error);
    const struct tile_info *info = tile_source_info(source);
    /* What tile-convert reads for JPEG tiles, and what is read for most other targets. */
    const tile_space wanted[] = {TILE_YCBCR, TILE_SRGB};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        struct tile_format format = tile_source_format_for(source, wanted[i]);
        struct tile_image band = new_image(format, info->width, BAND);
        double times[MOST];
        size_t count = 0, most = full ? MOST : BANDS;
        for (uint32_t y = 0; y + BAND <= info->height && count < most; y += BAND) {
            struct tile_rect rect = {0, y, info->width, BAND};
            double start = now();
            check(tile_source_read(source, rect, &band, &error), path, &error);
            times[count++] = now() - start;
        }
        if (!count) {
            fprintf(stderr, "bench-stages: %s is lower than %d rows\n", path, BAND);
            exit(1);
        }
        char what[64];
        snprintf(what, sizeof what, "%s, %zu bands", tile_space_name(format.space), count);
        print_row("decode", what, info->width, BAND, median(times, count), image_bytes(&band));
        tile_image_free(&band, NULL);
    }
    tile_source_close(source);
}

/* ---- Convert ---- */

struct conversion {
    tile_converter *converter;
    struct tile_image source, target;
};

static void run_conversion(void *context) {
    struct conversion *c = context;
    struct tile_error error;
    check(tile_convert(c->converter, &c->source, &c->target, &error), "convert", &error);
}

static struct conversion new_conversion(const struct tile_image *source, struct tile_format to) {
    struct conversion c = {.source = *source, .target = new_image(to, source->width, source->height)};
    struct tile_error error;
    check(tile_converter_new(&c.converter, source->format, to, NULL, &error), tile_space_name(to.space), &error);
    return c;
}

static const struct {
    tile_space from, to;
    tile_sample from_sample, to_sample;
} conversions[] = {
    {TILE_SRGB, TILE_GRAY, TILE_U8, TILE_U8},         {TILE_SRGB, TILE_YCBCR, TILE_U8, TILE_U8},
    {TILE_SRGB, TILE_YCBCR709, TILE_U8, TILE_U8},     {TILE_SRGB, TILE_LAB, TILE_U8, TILE_U8},
    {TILE_SRGB, TILE_LAB, TILE_U8, TILE_F32},         {TILE_SRGB, TILE_OKLAB, TILE_U8, TILE_U8},
    {TILE_SRGB, TILE_LCH, TILE_U8, TILE_U8},          {TILE_SRGB, TILE_LUV, TILE_U8, TILE_U8},
    {TILE_SRGB, TILE_XYZ_D65, TILE_U8, TILE_U8},      {TILE_SRGB, TILE_HSV, TILE_U8, TILE_U8},
    {TILE_SRGB, TILE_DISPLAY_P3, TILE_U8, TILE_U8},   {TILE_SRGB, TILE_CMYK, TILE_U8, TILE_U8},
    {TILE_SRGB, TILE_SRGB_LINEAR, TILE_U8, TILE_U16}, {TILE_SRGB, TILE_SRGB_LINEAR, TILE_U8, TILE_F32},
    {TILE_YCBCR, TILE_SRGB, TILE_U8, TILE_U8},        {TILE_LAB, TILE_SRGB, TILE_U8, TILE_U8},
    {TILE_SRGB, TILE_SRGB, TILE_U8, TILE_U16},        {TILE_SRGB, TILE_HSL, TILE_U8, TILE_U8},
    {TILE_HSV, TILE_SRGB, TILE_U8, TILE_U8},          {TILE_HSL, TILE_SRGB, TILE_U8, TILE_U8},
    {TILE_LCH, TILE_SRGB, TILE_U8, TILE_U8},          {TILE_OKLCH, TILE_SRGB, TILE_U8, TILE_U8},
};

static const char *name_of(tile_sample sample) {
    return sample == TILE_U8 ? "u8" : sample == TILE_U16 ? "u16" : "f32";
}

static void bench_convert(const struct tile_image *rgb) {
    for (size_t i = 0; i < sizeof conversions / sizeof conversions[0]; i++) {
        struct tile_format from = {.space = conversions[i].from, .sample = conversions[i].from_sample};
        struct tile_format to = {.space = conversions[i].to, .sample = conversions[i].to_sample};
        struct conversion prepare = new_conversion(rgb, from);
        run_conversion(&prepare);
        struct conversion c = new_conversion(&prepare.target, to);
        char what[64];
        snprintf(what, sizeof what, "%s %s -> %s %s", tile_space_name(from.space), name_of(from.sample),
                 tile_space_name(to.space), name_of(to.sample));
        /* memcpy reads and writes; a conversion reads the one and writes the other. */
        print_row("convert", what, rgb->width, rgb->height, measure(run_conversion, &c),
                  (image_bytes(&c.source) + image_bytes(&c.target)) / 2);
        tile_converter_free(prepare.converter);
        tile_converter_free(c.converter);
        tile_image_free(&prepare.target, NULL);
        tile_image_free(&c.target, NULL);
    }
}

struct littlecms {
    cmsHTRANSFORM transform;
    const struct tile_image *source;
    struct tile_image target;
};

static void run_littlecms(void *context) {
    struct littlecms *l = context;
    cmsDoTransform(l->transform, l->source->plane[0], l->target.plane[0], l->source->width * l->source->height);
}

static void bench_littlecms(const struct tile_image *rgb) {
    cmsHPROFILE srgb = cmsCreate_sRGBProfile(), lab = cmsCreateLab4Profile(NULL);
    const struct tile_format format = {.space = TILE_LAB, .sample = TILE_U8};
    struct littlecms l = {cmsCreateTransform(srgb, TYPE_RGB_8, lab, TYPE_Lab_8, INTENT_RELATIVE_COLORIMETRIC, 0), rgb,
                          new_image(format, rgb->width, rgb->height)};
    print_row("convert", "LittleCMS: srgb u8 -> lab u8", rgb->width, rgb->height, measure(run_littlecms, &l),
              image_bytes(rgb));
    tile_image_free(&l.target, NULL);
    cmsDeleteTransform(l.transform);
    cmsCloseProfile(srgb);
    cmsCloseProfile(lab);
}

/* ---- Encode ---- */

enum { TILES = 12 };

struct encoding {
    tile_codec codec;
    struct tile_image tiles[TILES];
    struct tile_buffer buffer;
};

static void run_encoding(void *context) {
    struct encoding *e = context;
    struct tile_error error;
    for (size_t i = 0; i < TILES; i++) {
        e->buffer.size = 0;
        struct tile_writer writer = tile_buffer_writer(&e->buffer);
        check(tile_encode(&e->tiles[i], e->codec, NULL, &writer, &error), tile_codec_name(e->codec), &error);
    }
}

/* Tiles from the top to the bottom of the picture: sky is cheaper than grass. */
static void bench_encode(const struct tile_image *picture) {
    const struct {
        tile_codec codec;
        tile_space space;
    } encodings[] = {{TILE_JPEG, TILE_SRGB}, {TILE_JPEG, TILE_YCBCR}, {TILE_PNG, TILE_SRGB},
                     {TILE_TIFF, TILE_SRGB}, {TILE_TIFF, TILE_LAB},   {TILE_NPY, TILE_LAB}};
    for (size_t i = 0; i < sizeof encodings / sizeof encodings[0]; i++) {
        if (!tile_codec_can_write(encodings[i].codec))
            continue;
        struct conversion c =
            new_conversion(picture, (struct tile_format){.space = encodings[i].space, .sample = TILE_U8});
        run_conversion(&c);
        struct encoding e = {.codec = encodings[i].codec};
        for (uint32_t tile = 0; tile < TILES; tile++)
            e.tiles[tile] = tile_image_view(&c.target, (struct tile_rect){tile * SMALL, tile * SMALL, SMALL, SMALL});
        char what[64];
        snprintf(what, sizeof what, "%s u8 -> %s", tile_space_name(encodings[i].space),
                 tile_codec_name(encodings[i].codec));
        print_row("encode", what, SMALL, SMALL, measure(run_encoding, &e) / TILES, image_bytes(&e.tiles[0]));
        tile_buffer_free(&e.buffer);
        tile_converter_free(c.converter);
        tile_image_free(&c.target, NULL);
    }
}

/* ---- All ---- */

int main(int argc, char **argv) {
    bool full = argc == 3 && strcmp(argv[2], "--full") == 0;
    if (argc != 2 + full) {
        fprintf(stderr, "usage: bench-stages BIG.JPG [--full]\n");
        return 1;
    }
    const struct tile_format rgb = {.space = TILE_SRGB, .sample = TILE_U8};
    struct tile_image large = new_image(rgb, LARGE_WIDTH, LARGE_HEIGHT), small = new_image(rgb, SMALL, SMALL);
    struct picture *picture = picture_new(LARGE_WIDTH, LARGE_HEIGHT);
    if (!picture)
        return 1;
    for (uint32_t y = 0; y < LARGE_HEIGHT; y++)
        picture_row(picture, y, (uint8_t *)large.plane[0] + (ptrdiff_t)y * large.stride);
    picture_free(picture);
    for (uint32_t y = 0; y < SMALL; y++)
        memcpy((uint8_t *)small.plane[0] + (ptrdiff_t)y * small.stride,
               (uint8_t *)large.plane[0] + (ptrdiff_t)(LARGE_HEIGHT / 2 + y) * large.stride, (size_t)3 * SMALL);

    printf("%-8s %-32s %11s %10s %12s\n", "stage", "what", "size", "MPix/s", "x memcpy");
    bench_decode(argv[1], full);
    bench_convert(&small);
    bench_littlecms(&small);
    bench_convert(&large);
    bench_littlecms(&large);
    bench_encode(&large);
    tile_image_free(&small, NULL);
    tile_image_free(&large, NULL);
    return 0;
}
