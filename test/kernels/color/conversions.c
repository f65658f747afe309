/* SPDX-License-Identifier: MIT */
/*
 * Conversions by each instruction set against the scalar kernels' of a few pixels at once: all pairs of spaces and
 * sample types, in all shapes that tile.h allows, at the edge of readable memory.
 */
#include "color.h"

#include "input.h"
#include "memory.h"

#include "color/kernels/kernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TALLEST = 3000, MOST_PIXELS = 5 * TALLEST, MOST_BYTES = MOST_PIXELS * TILE_MAX_CHANNELS * 4, PADDING = 40 };

static const tile_sample samples[] = {TILE_U8, TILE_U16, TILE_F32};

/* ---- Images in guarded memory ---- */

struct room {
    struct tile_image image;
    struct margins margins;
};

static size_t planes_of(struct tile_format format) {
    return format.layout == TILE_PLANAR ? (size_t)tile_format_channels(format) : 1;
}

/* Rows apart by any padding, top down or bottom up; planes one after the other, or row beside row. */
static struct room room_place(const struct arena *arena, struct tile_format format, uint32_t width, uint32_t height,
                              struct random *random) {
    size_t sample = (size_t)format.sample, planes = planes_of(format);
    size_t row = width * tile_format_step(format);
    size_t row_gap = random_below(random, 2) ? random_below(random, PADDING) * sample : 0;
    size_t plane_gap = random_below(random, 2) ? random_below(random, PADDING) * sample : 0;
    bool woven = random_below(random, 3) == 0, bottom_up = random_below(random, 3) == 0;
    size_t plane = woven ? row + plane_gap : (row + row_gap) * (height - 1) + row + plane_gap;
    size_t stride = woven ? plane * (planes - 1) + row + row_gap : row + row_gap;
    size_t size = plane * (planes - 1) + stride * (height - 1) + row;

    struct room room = {.image = {.format = format, .width = width, .height = height}};
    unsigned char *place = arena_place(arena, size, sample, random);
    room.margins = arena_margins(arena, place, size);
    room.image.stride = bottom_up ? -(ptrdiff_t)stride : (ptrdiff_t)stride;
    for (size_t i = 0; i < planes; i++)
        room.image.plane[i] = place + i * plane + (bottom_up ? stride * (height - 1) : 0);
    return room;
}

static unsigned char *row_at(const struct tile_image *image, size_t plane, uint32_t y) {
    return (unsigned char *)image->plane[plane] + (ptrdiff_t)y * image->stride;
}

static size_t packed_size(const struct tile_image *image) {
    return planes_of(image->format) * image->height * image->width * tile_format_step(image->format);
}

/* Pixels into an image, from memory without gaps, plane by plane. Around them everything is `value`. */
static void put_pixels(const struct room *room, const unsigned char *packed, unsigned char value) {
    size_t row = room->image.width * tile_format_step(room->image.format);
    margins_fill(room->margins, value);
    for (size_t i = 0; i < planes_of(room->image.format); i++)
        for (uint32_t y = 0; y < room->image.height; y++, packed += row)
            memcpy(row_at(&room->image, i, y), packed, row);
}

/* The way back; what is left there is `value`. */
static void take_pixels(unsigned char *packed, const struct room *room, unsigned char value) {
    size_t row = room->image.width * tile_format_step(room->image.format);
    for (size_t i = 0; i < planes_of(room->image.format); i++)
        for (uint32_t y = 0; y < room->image.height; y++, packed += row) {
            memcpy(packed, row_at(&room->image, i, y), row);
            memset(row_at(&room->image, i, y), value, row);
        }
}

/* ---- One conversion ---- */

static struct arena source_arena, target_arena;
static _Alignas(float) unsigned char input[MOST_BYTES], unchanged[MOST_BYTES], expected[MOST_BYTES], result[MOST_BYTES];

struct trial {
    struct tile_format from, to;
    struct room source, target;
    bool in_place;
};

static const char *format_name(char *out, size_t size, struct tile_format f) {
    static const char *const alphas[] = {"", " straight", " premultiplied"};
    static const char *const orders[] = {"", " reversed", " alpha-first", " reversed-alpha-first"};
    snprintf(out, size, "%s %s%s%s%s", tile_space_name(f.space), sample_name(f.sample), alphas[f.alpha],
             orders[f.order], f.layout == TILE_PLANAR ? " planar" : "");
    return out;
}

static const char *describe(char out[300], const struct trial *t) {
    char from[80], to[80];
    snprintf(out, 300, "%s -> %s, %ux%u%s", format_name(from, sizeof from, t->from), format_name(to, sizeof to, t->to),
             t->source.image.width, t->source.image.height, t->in_place ? " in place" : "");
    return out;
}

static double value_of(const unsigned char *packed, tile_sample sample, size_t i) {
    if (sample == TILE_U8)
        return packed[i];
    if (sample == TILE_U16) {
        uint16_t code;
        memcpy(&code, packed + i * sizeof code, sizeof code);
        return code;
    }
    float v;
    memcpy(&v, packed + i * sizeof v, sizeof v);
    return (double)v;
}

/* The first sample that differs; their number if none does. One NaN is as good as another. */
static size_t first_difference(const unsigned char *a, const unsigned char *b, tile_sample sample, size_t count) {
    if (memcmp(a, b, count * (size_t)sample) == 0)
        return count;
    for (size_t i = 0; i < count; i++)
        if (memcmp(a + i * (size_t)sample, b + i * (size_t)sample, (size_t)sample) != 0 &&
            !(sample == TILE_F32 && isnan(value_of(a, sample, i)) && isnan(value_of(b, sample, i))))
            return i;
    return count;
}

/* Says which sample is wrong, and what pixel it was made of. */
static void tell_difference(struct tally *tally, const struct trial *t, size_t sample) {
    const struct tile_image *image = &t->target.image;
    size_t pixels = (size_t)image->width * image->height, channels = (size_t)tile_format_channels(t->to);
    bool planar = t->to.layout == TILE_PLANAR;
    size_t pixel = planar ? sample % pixels : sample / channels;
    int channel = channel_at(t->to, (int)(planar ? sample / pixels : sample % channels));
    char what[300], from[150] = "";
    size_t length = 0;
    for (int i = 0, count = tile_format_channels(t->from); i < count; i++) {
        size_t at = t->from.layout == TILE_PLANAR ? (size_t)i * pixels + pixel : pixel * (size_t)count + (size_t)i;
        length += (size_t)snprintf(from + length, sizeof from - length, " %.9g", value_of(input, t->from.sample, at));
    }
    tally_fault(tally, "%s: pixel %zu, %zu, made of%s (as they lie): %s %d is %.9g, by scalar in pieces %.9g",
                describe(what, t), pixel % image->width, pixel / image->width, from, channel < 0 ? "alpha" : "channel",
                channel < 0 ? 0 : channel, value_of(result, t->to.sample, sample),
                value_of(expected, t->to.sample, sample));
}

/* NULL where there is none. */
static tile_converter *converter_of(struct tally *tally, const struct trial *t) {
    struct tile_converter_options options = TILE_OPTIONS(struct tile_converter_options);
    options.cpu = tally->cpu;
    char what[300];
    now_running(tally->cpu, describe(what, t));
    struct tile_error error;
    tile_converter *converter;
    if (tile_converter_new(&converter, t->from, t->to, &options, &error) == TILE_OK)
        return converter;
    tally_fault(tally, "%s: %s", what, error.message);
    return NULL;
}

/* A few of the pixels in memory without gaps, as a row. */
static struct tile_image piece_of(unsigned char *packed, struct tile_format format, size_t pixels, size_t at,
                                  uint32_t count) {
    struct tile_image image = {.format = format, .width = count, .height = 1};
    for (size_t i = 0; i < planes_of(format); i++)
        image.plane[i] = packed + (i * pixels + at) * tile_format_step(format);
    return image;
}

/* Converts `input` to `expected` piece by piece, by the scalar kernels: no piece is as long as a strip. */
static bool expect(struct tally *tally, const struct trial *t) {
    const uint32_t most = TILE_STRIP / 3;
    size_t pixels = (size_t)t->source.image.width * t->source.image.height;
    tile_converter *converter = converter_of(tally, t);
    tile_status status = converter ? TILE_OK : TILE_UNSUPPORTED;
    for (size_t at = 0; status == TILE_OK && at < pixels; at += most) {
        uint32_t count = pixels - at < most ? (uint32_t)(pixels - at) : most;
        struct tile_image from = piece_of(input, t->from, pixels, at, count);
        struct tile_image to = piece_of(expected, t->to, pixels, at, count);
        struct tile_error error;
        status = tile_convert(converter, &from, &to, &error);
        if (status != TILE_OK)
            tally_fault(tally, "%s: %s", describe((char[300]){0}, t), error.message);
    }
    tile_converter_free(converter);
    return status == TILE_OK;
}

/* Converts `input` to `result` by one kind of kernels; false where that cannot be done. */
static bool convert(struct tally *tally, const struct trial *t) {
    tile_converter *converter = converter_of(tally, t);
    if (!converter)
        return false;
    char what[300];
    describe(what, t);
    struct tile_error error;
    /* Of another value for each, so that a pixel that is left out makes a difference. */
    unsigned char around = (unsigned char)(0xA0 + tally->cpu);
    put_pixels(&t->source, input, around);
    if (!t->in_place)
        margins_fill(t->target.margins, around);
    tile_status status = tile_convert(converter, &t->source.image, &t->target.image, &error);
    tile_converter_free(converter);
    if (status != TILE_OK) {
        tally_fault(tally, "%s: %s", what, error.message);
        return false;
    }
    tally->conversions++;
    take_pixels(result, &t->target, around);
    if (!margins_hold(t->target.margins, around))
        tally_fault(tally, "%s: wrote outside of the target", what);
    if (!t->in_place) {
        take_pixels(unchanged, &t->source, around);
        if (memcmp(unchanged, input, packed_size(&t->source.image)) != 0 || !margins_hold(t->source.margins, around))
            tally_fault(tally, "%s: wrote to the source", what);
    }
    return true;
}

static uint32_t random_width(struct random *random) {
    static const uint32_t blocks[] = {16, 32, 64, 256};
    uint32_t block = blocks[random_below(random, 4)];
    switch (random_below(random, 4)) {
    case 0:
        if (random_below(random, 4) == 0)
            return 1 + random_below(random, 400);
        /* fallthrough */
    case 1: return block * (1 + random_below(random, 320 / block)) + random_below(random, 5) - 2;
    default: return 1 + random_below(random, 70);
    }
}

/* Small, or of more than one of the converter's strips, which go on from row to row. */
static void random_extent(struct random *random, uint32_t *width, uint32_t *height) {
    switch (random_below(random, 100)) {
    case 0: /* a strip is many rows */
        *width = 1 + random_below(random, MOST_PIXELS / TALLEST);
        *height = 1 + random_below(random, TALLEST);
        return;
    case 1: /* a row is a strip or more, or a little less */
        *width = TILE_STRIP * (1 + random_below(random, 3)) + random_below(random, 5) - 2;
        *height = 1 + random_below(random, 4);
        return;
    case 2: /* the last rows end with a strip, or just not */
        *width = 1 + random_below(random, 70);
        *height = TILE_STRIP * (1 + random_below(random, 2)) / *width + random_below(random, 3);
        return;
    default: *width = random_width(random); *height = 1 + random_below(random, random_below(random, 2) ? 4 : 1);
    }
}

static void check_formats(struct tile_format from, struct tile_format to, struct random *random,
                          struct tallies *tallies) {
    struct trial t = {.from = from, .to = to};
    uint32_t width, height;
    random_extent(random, &width, &height);
    t.in_place = from.layout == to.layout && tile_format_step(from) == tile_format_step(to) &&
                 planes_of(from) == planes_of(to) && random_below(random, 2);
    /* In place the samples may be of different sizes: the larger ones say how they must lie. */
    t.source = room_place(&source_arena, t.in_place && to.sample > from.sample ? to : from, width, height, random);
    t.source.image.format = from;
    t.target = t.in_place ? t.source : room_place(&target_arena, to, width, height, random);
    t.target.image.format = to;
    input_fill(input, from, (size_t)width * height, false, random);

    if (tallies->tally[0].faults >= MOST_FAULTS || !expect(&tallies->tally[0], &t))
        return;
    for (size_t i = 0; i < tallies->count; i++) {
        struct tally *tally = &tallies->tally[i];
        if (tally->faults >= MOST_FAULTS || !convert(tally, &t))
            continue;
        size_t count = packed_size(&t.target.image) / (size_t)to.sample;
        size_t at = first_difference(expected, result, to.sample, count);
        if (at < count)
            tell_difference(tally, &t, at);
    }
}

/* ---- Which ---- */

/* All that a format of a space and a sample type can be besides. */
enum { SHAPES = 20 };

static struct tile_format shaped(tile_space space, tile_sample sample, uint32_t shape) {
    struct tile_format f = {.space = space, .sample = sample, .layout = (tile_layout)(shape % 2)};
    shape /= 2;
    if (shape < 2)
        f.order = (tile_order)shape;
    else {
        f.alpha = shape < 6 ? TILE_ALPHA_STRAIGHT : TILE_ALPHA_PREMULTIPLIED;
        f.order = (tile_order)((shape - 2) % 4);
    }
    return f;
}

/* The pairs with kernels of their own: they are tried in all shapes. */
static bool is_hot(tile_space from, tile_space to) {
    if (from != TILE_SRGB && to != TILE_SRGB)
        return false;
    switch (from == TILE_SRGB ? to : from) {
    case TILE_SRGB:
    case TILE_SRGB_LINEAR:
    case TILE_DISPLAY_P3:
    case TILE_A98_RGB:
    case TILE_GRAY:
    case TILE_YCBCR:
    case TILE_YCBCR601:
    case TILE_YCBCR709:
    case TILE_YCBCR709_FULL:
    case TILE_YCBCR2020:
    case TILE_YCBCR2020_FULL:
    case TILE_XYZ_D65:
    case TILE_LAB:
    case TILE_LAB_D65:
    case TILE_LCH:
    case TILE_LUV:
    case TILE_OKLAB:
    case TILE_OKLCH:
    case TILE_HSV:
    case TILE_HSV_180:
    case TILE_HSL:
    case TILE_CMYK: return true;
    default: return false;
    }
}

static void check_pair(tile_space from, tile_sample from_sample, tile_space to, tile_sample to_sample,
                       const struct options *options, unsigned round, struct tallies *tallies) {
    char name[100];
    snprintf(name, sizeof name, "%s %s -> %s %s", tile_space_name(from), sample_name(from_sample), tile_space_name(to),
             sample_name(to_sample));
    if (!strstr(name, options->filter))
        return;
    /* A pair's numbers depend on nothing but the seed, so that a filter leads to the same fault. */
    struct random random = {options->seed + round};
    random.state = random_next(&random) ^
                   ((uint64_t)from << 24 | (uint64_t)from_sample << 16 | (uint64_t)to << 8 | (uint64_t)to_sample);
    bool all = from_sample == TILE_U8 && to_sample == TILE_U8;
    for (uint32_t i = round % ALL_SHAPES; is_hot(from, to) && i < SHAPES * SHAPES; i += ALL_SHAPES)
        if (all || random_below(&random, 8) == 0)
            check_formats(shaped(from, from_sample, i % SHAPES), shaped(to, to_sample, i / SHAPES), &random, tallies);
    check_formats(shaped(from, from_sample, random_below(&random, SHAPES)),
                  shaped(to, to_sample, random_below(&random, SHAPES)), &random, tallies);
}

void color_check_conversions(const struct options *options, struct tallies *tallies) {
    const size_t gaps = 2 * PADDING * sizeof(float) * TILE_MAX_CHANNELS * TALLEST;
    source_arena = arena_new(MOST_BYTES + gaps);
    target_arena = arena_new(MOST_BYTES + gaps);
    for (unsigned round = 0; round < options->rounds; round++)
        for (int from = TILE_SRGB; from < TILE_SPACE_COUNT; from++)
            for (int to = TILE_SRGB; to < TILE_SPACE_COUNT; to++)
                for (int i = 0; i < 9; i++)
                    if (tile_space_has_sample((tile_space)from, samples[i / 3]) &&
                        tile_space_has_sample((tile_space)to, samples[i % 3]))
                        check_pair((tile_space)from, samples[i / 3], (tile_space)to, samples[i % 3], options, round,
                                   tallies);
}
