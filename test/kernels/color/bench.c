/* SPDX-License-Identifier: MIT */
/* Speeds of conversions, by each instruction set and each library. Medians, on one thread. */
#include "color.h"

#include "measure.h"
#include "peers.h"
#include "picture.h"
#include "race.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- What is measured ---- */

struct row {
    const char *name; /* peers.c knows them by it */
    struct tile_format from, to;
    bool profile; /* the source's */
};

#define FORMAT(s, type, ...)                                                                                           \
    { .space = TILE_##s, .sample = TILE_##type, __VA_ARGS__ }
#define U8(s)            FORMAT(s, U8, .order = TILE_ORDER_NATURAL)
#define WITH_ALPHA(s, a) FORMAT(s, U8, .alpha = TILE_ALPHA_##a)

static const struct row rows[] = {
    {"srgb -> gray", U8(SRGB), U8(GRAY), false},
    {"srgb -> ycbcr", U8(SRGB), U8(YCBCR), false},
    {"ycbcr -> srgb", U8(YCBCR), U8(SRGB), false},
    {"srgb -> ycbcr709", U8(SRGB), U8(YCBCR709), false},
    {"ycbcr709 -> srgb", U8(YCBCR709), U8(SRGB), false},
    {"srgb -> lab", U8(SRGB), U8(LAB), false},
    {"lab -> srgb", U8(LAB), U8(SRGB), false},
    {"srgb -> lab-d65", U8(SRGB), U8(LAB_D65), false},
    {"lab-d65 -> srgb", U8(LAB_D65), U8(SRGB), false},
    {"srgb -> luv", U8(SRGB), U8(LUV), false},
    {"luv -> srgb", U8(LUV), U8(SRGB), false},
    {"srgb -> lch", U8(SRGB), U8(LCH), false},
    {"lch -> srgb", U8(LCH), U8(SRGB), false},
    {"srgb -> xyz-d65", U8(SRGB), U8(XYZ_D65), false},
    {"xyz-d65 -> srgb", U8(XYZ_D65), U8(SRGB), false},
    {"srgb -> oklab", U8(SRGB), U8(OKLAB), false},
    {"oklab -> srgb", U8(OKLAB), U8(SRGB), false},
    {"srgb -> oklch", U8(SRGB), U8(OKLCH), false},
    {"oklch -> srgb", U8(OKLCH), U8(SRGB), false},
    {"srgb -> hsv-180", U8(SRGB), U8(HSV_180), false},
    {"hsv-180 -> srgb", U8(HSV_180), U8(SRGB), false},
    {"srgb -> hsv", U8(SRGB), U8(HSV), false},
    {"hsv -> srgb", U8(HSV), U8(SRGB), false},
    {"srgb -> hsl", U8(SRGB), U8(HSL), false},
    {"hsl -> srgb", U8(HSL), U8(SRGB), false},
    {"srgb -> srgb-linear u16", U8(SRGB), FORMAT(SRGB_LINEAR, U16, .alpha = TILE_ALPHA_NONE), false},
    {"srgb -> srgb-linear f32", U8(SRGB), FORMAT(SRGB_LINEAR, F32, .alpha = TILE_ALPHA_NONE), false},
    {"srgb -> display-p3", U8(SRGB), U8(DISPLAY_P3), false},
    {"display-p3 -> srgb", U8(DISPLAY_P3), U8(SRGB), false},
    {"srgb -> a98-rgb", U8(SRGB), U8(A98_RGB), false},
    {"a98-rgb -> srgb", U8(A98_RGB), U8(SRGB), false},
    {"a98-rgb icc -> srgb", U8(SRGB), U8(SRGB), true},
    {"srgb -> cmyk", U8(SRGB), U8(CMYK), false},
    {"cmyk -> srgb", U8(CMYK), U8(SRGB), false},
    {"srgb alpha -> gray", WITH_ALPHA(SRGB, STRAIGHT), U8(GRAY), false},
    {"srgb alpha -> ycbcr alpha", WITH_ALPHA(SRGB, STRAIGHT), WITH_ALPHA(YCBCR, STRAIGHT), false},
    {"srgb alpha -> lab alpha", WITH_ALPHA(SRGB, STRAIGHT), WITH_ALPHA(LAB, STRAIGHT), false},
    {"srgb alpha -> hsv alpha", WITH_ALPHA(SRGB, STRAIGHT), WITH_ALPHA(HSV, STRAIGHT), false},
    {"premultiply", WITH_ALPHA(SRGB, STRAIGHT), WITH_ALPHA(SRGB, PREMULTIPLIED), false},
    {"unpremultiply", WITH_ALPHA(SRGB, PREMULTIPLIED), WITH_ALPHA(SRGB, STRAIGHT), false},
    {"rgb -> bgr", U8(SRGB), FORMAT(SRGB, U8, .order = TILE_ORDER_REVERSED), false},
    {"packed -> planar", U8(SRGB), FORMAT(SRGB, U8, .layout = TILE_PLANAR), false},
    {"planar -> packed", FORMAT(SRGB, U8, .layout = TILE_PLANAR), U8(SRGB), false},
    {"u8 -> u16", U8(SRGB), FORMAT(SRGB, U16, .alpha = TILE_ALPHA_NONE), false},
    {"u8 -> f32", U8(SRGB), FORMAT(SRGB, F32, .alpha = TILE_ALPHA_NONE), false},
    {"f32 -> u8", FORMAT(SRGB, F32, .alpha = TILE_ALPHA_NONE), U8(SRGB), false},
    {"u16 -> u8", FORMAT(SRGB, U16, .alpha = TILE_ALPHA_NONE), U8(SRGB), false},
};

/* ---- One conversion ---- */

enum { MOST_ENTRANTS = TILE_CPU_COUNT + 1 + PEERS };

/* Ends the program where a call failed. */
static void must(tile_status status, const char *what, const struct tile_error *error) {
    if (status == TILE_OK)
        return;
    fprintf(stderr, "kernels: %s: %s\n", what, error->message);
    exit(1);
}

struct conversion {
    tile_converter *converter;
    const struct tile_image *source, *target;
};

static void run_conversion(void *state) {
    struct conversion *c = state;
    struct tile_error error;
    must(tile_convert(c->converter, c->source, c->target, &error), "convert", &error);
}

/* ---- A row of the table ---- */

static size_t bytes_of(const struct tile_image *image) {
    size_t planes = image->format.layout == TILE_PLANAR ? (size_t)tile_format_channels(image->format) : 1;
    return planes * tile_format_step(image->format) * image->width * image->height;
}

static struct tile_image new_image(struct tile_format format, uint32_t width, uint32_t height) {
    struct tile_image image;
    struct tile_error error;
    must(tile_image_alloc(&image, format, width, height, NULL, &error), "image", &error);
    return image;
}

/* The picture in the format that the row begins with. */
static struct tile_image source_of(const struct row *row, const struct tile_image *picture) {
    struct tile_image source = new_image(row->from, picture->width, picture->height);
    struct conversion c = {.source = picture, .target = &source};
    struct tile_error error;
    must(tile_converter_new(&c.converter, picture->format, row->from, NULL, &error), row->name, &error);
    run_conversion(&c);
    tile_converter_free(c.converter);
    return source;
}

static void print_head(const char *a, const char *b, const char *c, const char *d, const char *e) {
    printf("%-26s %-9s %-7s %8s %8s", a, b, c, d, e);
}

static void bench_row(const struct row *row, const struct tile_image *picture, const struct options *options,
                      const void *profile, size_t profile_size) {
    struct tile_image source = source_of(row, picture);
    struct tile_image target = new_image(row->to, picture->width, picture->height);
    struct tile_converter_options converter_options = TILE_OPTIONS(struct tile_converter_options);
    if (row->profile) {
        converter_options.from_profile = profile;
        converter_options.from_profile_size = profile_size;
    }
    struct tile_error error;
    struct entrant entrants[MOST_ENTRANTS] = {{0}};
    struct conversion conversions[TILE_CPU_COUNT];
    tile_cpu cpus[TILE_CPU_COUNT];
    size_t count = 0, ours;
    for (int cpu = TILE_CPU_SCALAR; cpu < TILE_CPU_COUNT; cpu++) {
        if (!tile_cpu_available((tile_cpu)cpu) || (options->cpu != TILE_CPU_BEST && (int)options->cpu != cpu))
            continue;
        converter_options.cpu = cpus[count] = (tile_cpu)cpu;
        conversions[count] = (struct conversion){.source = &source, .target = &target};
        must(tile_converter_new(&conversions[count].converter, row->from, row->to, &converter_options, &error),
             row->name, &error);
        entrants[count] = (struct entrant){.state = &conversions[count], .run = run_conversion};
        count++;
    }
    ours = count;
    /* memcpy reads and writes; a conversion reads the one and writes the other. */
    struct copy copy = copy_new((bytes_of(&source) + bytes_of(&target)) / 2);
    entrants[count++] = (struct entrant){.state = &copy, .run = run_copy};
    struct peer peers[PEERS] = {{0}};
    for (int i = 0; i < PEERS; i++)
        if (peer_new(&peers[i], (enum peer_library)i, row->name, &source))
            entrants[count++] = (struct entrant){.state = peers[i].state, .run = peers[i].run};

    run_race(entrants, count);
    double times[MOST_ENTRANTS];
    for (size_t i = 0; i < count; i++)
        times[i] = median(entrants[i].times, entrants[i].count);
    double megapixels = (double)picture->width * picture->height / 1e6;
    for (size_t i = 0; i < ours; i++) {
        char extent[24], speed[24], copies[24];
        snprintf(extent, sizeof extent, "%ux%u", picture->width, picture->height);
        snprintf(speed, sizeof speed, "%.1f", megapixels / times[i]);
        snprintf(copies, sizeof copies, "%.1f", times[i] / times[ours]);
        print_head(row->name, extent, tile_cpu_name(cpus[i]), speed, copies);
        size_t next = ours + 1;
        for (int k = 0; k < PEERS; k++)
            if (peers[k].run) {
                printf("  %9.1f %7.2f", megapixels / times[next], times[next] / times[i]);
                next++;
            } else if (peer_version((enum peer_library)k))
                printf("  %9s %7s", "-", "-");
        printf("\n");
    }
    fflush(stdout);

    for (size_t i = 0; i < ours; i++)
        tile_converter_free(conversions[i].converter);
    for (int i = 0; i < PEERS; i++)
        if (peers[i].run)
            peers[i].free(peers[i].state);
    free(copy.from);
    free(copy.to);
    tile_image_free(&source, NULL);
    tile_image_free(&target, NULL);
}

/* ---- Setting up ---- */

/* The time that making a converter takes, of all pairs of spaces: the median pair's and the slowest one's. */
static void bench_new(void) {
    enum { TIMES = 15 };
    static double medians[TILE_SPACE_COUNT * TILE_SPACE_COUNT];
    double slowest = 0;
    size_t count = 0;
    int from = 0, to = 0;
    for (int i = TILE_SRGB; i < TILE_SPACE_COUNT; i++)
        for (int j = TILE_SRGB; j < TILE_SPACE_COUNT; j++) {
            struct tile_format in = {.space = (tile_space)i, .sample = TILE_U8};
            struct tile_format out = {.space = (tile_space)j, .sample = TILE_U8};
            double times[TIMES];
            if (!tile_space_has_sample(in.space, TILE_U8) || !tile_space_has_sample(out.space, TILE_U8))
                continue;
            for (int k = 0; k < TIMES; k++) {
                tile_converter *converter;
                double begin = now();
                tile_status status = tile_converter_new(&converter, in, out, NULL, NULL);
                times[k] = now() - begin;
                if (status != TILE_OK)
                    return;
                tile_converter_free(converter);
            }
            double time = medians[count++] = median(times, TIMES);
            if (time > slowest) {
                slowest = time;
                from = i;
                to = j;
            }
        }
    printf("\nSetting up a converter: %.1f us, at most %.1f us (%s -> %s).\n", median(medians, count) * 1e6,
           slowest * 1e6, tile_space_name((tile_space)from), tile_space_name((tile_space)to));
}

/* ---- All ---- */

/* A picture with alpha that varies as its green does; most of it is opaque. */
static struct tile_image new_picture(uint32_t width, uint32_t height) {
    const struct tile_format format = {.space = TILE_SRGB, .sample = TILE_U8, .alpha = TILE_ALPHA_STRAIGHT};
    struct tile_image image = new_image(format, width, height);
    struct picture *picture = picture_new(width, height);
    uint8_t *rgb = malloc((size_t)3 * width);
    if (!picture || !rgb) {
        fprintf(stderr, "kernels: no memory\n");
        exit(1);
    }
    for (uint32_t y = 0; y < height; y++) {
        picture_row(picture, y, rgb);
        uint8_t *out = (uint8_t *)image.plane[0] + (ptrdiff_t)y * image.stride;
        for (uint32_t x = 0; x < width; x++) {
            memcpy(out + 4 * x, rgb + 3 * x, 3);
            out[4 * x + 3] = rgb[3 * x + 1] > 127 ? 255 : (uint8_t)(2 * rgb[3 * x + 1]);
        }
    }
    free(rgb);
    picture_free(picture);
    return image;
}

void color_bench(const struct options *options) {
    static const char *const names[PEERS] = {"OpenCV", "LittleCMS", "libyuv"};
    /* The one and its result fit the second-level cache; the other does not fit the last. */
    const uint32_t small_size = 256, width = 4096, height = 3072;
    struct tile_image large = new_picture(width, height);
    struct tile_image small = tile_image_view(&large, (struct tile_rect){0, height / 2, small_size, small_size});
    size_t profile_size;
    void *profile = peer_adobe_profile(&profile_size);

    printf("The best kernels here: %s. MPix/s on one thread; times memcpy takes for as many bytes; beside it",
           tile_cpu_name(tile_cpu_best()));
    for (int i = 0; i < PEERS; i++)
        if (peer_version((enum peer_library)i))
            printf(" %s,", peer_version((enum peer_library)i));
    printf("\nand how many times as fast these kernels are. u8 unless it says otherwise.\n\n");
    print_head("conversion", "size", "ISA", "MPix/s", "x memcpy");
    for (int i = 0; i < PEERS; i++)
        if (peer_version((enum peer_library)i))
            printf("  %9s %7s", names[i], "ratio");
    printf("\n");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strstr(rows[i].name, options->filter) && (profile || !rows[i].profile)) {
            bench_row(&rows[i], &small, options, profile, profile_size);
            bench_row(&rows[i], &large, options, profile, profile_size);
        }
    bench_new();
    printf("\nNot quite the same: OpenCV's XYZ is of the coded values, not of light; libyuv's ycbcr is from and to "
           "4-byte\n"
           "pixels, its Y, Cb and Cr are planes, and those that it makes are of limited range.\n");
    free(profile);
    tile_image_free(&large, NULL);
}
