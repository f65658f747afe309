/* SPDX-License-Identifier: MIT */
/* Orders, layouts, strides, alpha, in place, at the edge of memory, and every error of the converter. */
#include "support.h"

#include "color/reference.h"

#include <math.h>

static struct tile_error error;

/* Where channel `channel` (natural order; alpha is the last) of a format lies among the samples of a pixel. */
static int position_of(struct tile_format format, int channel) {
    int colors = tile_space_channels(format.space);
    bool alpha_first =
        format.alpha && (format.order == TILE_ORDER_ALPHA_FIRST || format.order == TILE_ORDER_REVERSED_ALPHA_FIRST);
    bool reversed = format.order == TILE_ORDER_REVERSED || format.order == TILE_ORDER_REVERSED_ALPHA_FIRST;
    if (channel == colors)
        return alpha_first ? 0 : colors;
    return (reversed ? colors - 1 - channel : channel) + alpha_first;
}

static unsigned char *sample_at(const struct tile_image *image, int channel, uint32_t x, uint32_t y) {
    int position = position_of(image->format, channel), channels = tile_format_channels(image->format);
    ptrdiff_t size = (ptrdiff_t)image->format.sample, row = (ptrdiff_t)y * image->stride;
    if (image->format.layout == TILE_PLANAR)
        return (unsigned char *)image->plane[position] + row + (ptrdiff_t)x * size;
    return (unsigned char *)image->plane[0] + row + ((ptrdiff_t)x * channels + position) * size;
}

/* An image within guarded memory, its rows `padding` bytes apart, top down or bottom up. */
struct room {
    struct test_guarded guarded;
    struct tile_image image;
};

static struct room room_new(struct tile_format format, uint32_t width, uint32_t height, size_t padding, bool bottom_up,
                            bool at_end) {
    size_t planes = format.layout == TILE_PLANAR ? (size_t)tile_format_channels(format) : 1;
    size_t row = width * tile_format_step(format);
    size_t stride = row + padding * (size_t)format.sample, plane = stride * (height - 1) + row;
    struct room room = {.guarded = test_guarded_new(plane * planes, at_end)};
    room.image = (struct tile_image){.format = format, .width = width, .height = height};
    room.image.stride = bottom_up ? -(ptrdiff_t)stride : (ptrdiff_t)stride;
    for (size_t i = 0; i < planes; i++)
        room.image.plane[i] = room.guarded.data + i * plane + (bottom_up ? stride * (height - 1) : 0);
    return room;
}

static void fill(struct tile_image *image, struct test_random *random) {
    for (uint32_t y = 0; y < image->height; y++)
        for (uint32_t x = 0; x < image->width; x++)
            for (int c = 0; c < tile_format_channels(image->format); c++) {
                uint32_t v = test_random_below(random, 65536);
                uint16_t deep = (uint16_t)v;
                float value = (float)v / 65535;
                memcpy(sample_at(image, c, x, y),
                       image->format.sample == TILE_F32   ? (void *)&value
                       : image->format.sample == TILE_U16 ? (void *)&deep
                                                          : (void *)&(unsigned char){(unsigned char)v},
                       image->format.sample);
            }
}

/* One pixel by a converter of the plain interleaved forms of both formats. */
static void convert_pixel(const tile_converter *plain, struct tile_format from, struct tile_format to,
                          const struct tile_image *source, uint32_t x, uint32_t y, unsigned char *out) {
    _Alignas(4) unsigned char in[TILE_MAX_CHANNELS * 4];
    for (int c = 0; c < tile_format_channels(from); c++)
        memcpy(in + c * (int)from.sample, sample_at(source, c, x, y), from.sample);
    struct tile_image one = {.format = from, .width = 1, .height = 1, .plane = {in}, .stride = 32};
    struct tile_image result = {.format = to, .width = 1, .height = 1, .plane = {out}, .stride = 32};
    assert_ok(tile_convert(plain, &one, &result, &error));
}

static struct tile_format plain_of(struct tile_format format) {
    format.order = TILE_ORDER_NATURAL;
    format.layout = TILE_INTERLEAVED;
    return format;
}

static void check_shape(struct tile_format from, struct tile_format to, uint32_t width, uint32_t height, bool in_place,
                        struct test_random *random) {
    tile_converter *converter, *plain;
    assert_ok(tile_converter_new(&converter, from, to, test_converter_options(), &error));
    assert_ok(tile_converter_new(&plain, plain_of(from), plain_of(to), test_converter_options(), &error));
    bool at_end = test_random_below(random, 2);
    struct room source =
        room_new(from, width, height, test_random_below(random, 4), test_random_below(random, 2), at_end);
    struct room copy = room_new(from, width, height, 0, false, at_end);
    struct room target =
        room_new(to, width, height, test_random_below(random, 4), test_random_below(random, 2), at_end);
    fill(&source.image, random);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            for (int c = 0; c < tile_format_channels(from); c++)
                memcpy(sample_at(&copy.image, c, x, y), sample_at(&source.image, c, x, y), from.sample);
    struct tile_image result = target.image;
    if (in_place) {
        result = source.image;
        result.format = to;
    }
    assert_ok(tile_convert(converter, &source.image, &result, &error));
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            _Alignas(4) unsigned char want[TILE_MAX_CHANNELS * 4];
            convert_pixel(plain, plain_of(from), plain_of(to), &copy.image, x, y, want);
            for (int c = 0; c < tile_format_channels(to); c++)
                if (memcmp(sample_at(&result, c, x, y), want + c * (int)to.sample, to.sample) != 0)
                    fail_msg("%s %d/%d/%d/%d to %s %d/%d/%d/%d, %ux%u: pixel %u, %u channel %d differs",
                             tile_space_name(from.space), from.sample, from.alpha, from.order, from.layout,
                             tile_space_name(to.space), to.sample, to.alpha, to.order, to.layout, width, height, x, y,
                             c);
        }
    test_guarded_free(source.guarded);
    test_guarded_free(copy.guarded);
    test_guarded_free(target.guarded);
    tile_converter_free(converter);
    tile_converter_free(plain);
}

static const tile_space some_spaces[] = {TILE_SRGB, TILE_SRGB, TILE_GRAY,     TILE_LAB,
                                         TILE_HSV,  TILE_CMYK, TILE_YCBCR601, TILE_REC2100_PQ};
enum { SPACES = sizeof some_spaces / sizeof *some_spaces };

static struct tile_format random_format(struct test_random *random) {
    static const tile_sample samples[3] = {TILE_U8, TILE_U16, TILE_F32};
    return (struct tile_format){.space = some_spaces[test_random_below(random, SPACES)],
                                .sample = samples[test_random_below(random, 3)],
                                .alpha = (tile_alpha)test_random_below(random, 3),
                                .order = (tile_order)test_random_below(random, 4),
                                .layout = (tile_layout)test_random_below(random, 2)};
}

static void any_shape(void **state) {
    (void)state;
    struct test_random random = {5};
    for (int i = 0; i < 3000; i++)
        check_shape(random_format(&random), random_format(&random), 1 + test_random_below(&random, 70),
                    1 + test_random_below(&random, 3), false, &random);
}

/* Every order to every other, of the same space; where there is no alpha, it is no matter where it would be. */
static void all_orders(void **state) {
    (void)state;
    struct test_random random = {11};
    for (int i = 0; i < 4 * 4 * 3 * 3 * 3; i++) {
        static const tile_sample samples[3] = {TILE_U8, TILE_U16, TILE_F32};
        struct tile_format from = {.space = TILE_SRGB,
                                   .sample = samples[i / 16 % 3],
                                   .alpha = (tile_alpha)(i / 48 % 3),
                                   .order = (tile_order)(i % 4)};
        struct tile_format to = from;
        to.order = (tile_order)(i / 4 % 4);
        to.alpha = (tile_alpha)(i / 144);
        check_shape(from, to, 21, 2, false, &random);
    }
}

static void widths_beyond_a_strip(void **state) {
    (void)state;
    struct test_random random = {6};
    for (uint32_t width = 250; width < 262; width++)
        check_shape(random_format(&random), random_format(&random), width, 2, false, &random);
    for (uint32_t width = 510; width < 516; width++)
        check_shape(random_format(&random), random_format(&random), width, 1, false, &random);
}

static void in_place(void **state) {
    (void)state;
    struct test_random random = {7};
    for (int i = 0; i < 2000; i++) {
        struct tile_format from = random_format(&random), to = random_format(&random);
        to.sample = from.sample;
        to.layout = from.layout;
        if (tile_format_channels(from) == tile_format_channels(to))
            check_shape(from, to, 1 + test_random_below(&random, 600), 1 + test_random_below(&random, 2), true,
                        &random);
    }
}

/* ---- Alpha ---- */

/* One pixel, everything by value. */
static void convert_floats(struct tile_format from, const float *in, struct tile_format to, float *out) {
    tile_converter *converter;
    assert_ok(tile_converter_new(&converter, from, to, test_converter_options(), &error));
    struct tile_image source = {.format = from, .width = 1, .height = 1, .plane = {(void *)(uintptr_t)in}};
    struct tile_image target = {.format = to, .width = 1, .height = 1, .plane = {out}};
    assert_ok(tile_convert(converter, &source, &target, &error));
    tile_converter_free(converter);
}

static void alpha_of_floats(void **state) {
    (void)state;
    struct tile_format straight = {.space = TILE_SRGB, .sample = TILE_F32, .alpha = TILE_ALPHA_STRAIGHT};
    struct tile_format premultiplied = straight, none = straight, lch = straight, gray = straight, pq = straight;
    premultiplied.alpha = TILE_ALPHA_PREMULTIPLIED;
    none.alpha = TILE_ALPHA_NONE;
    lch.space = TILE_LCH;
    lch.alpha = TILE_ALPHA_PREMULTIPLIED;
    gray.space = TILE_GRAY;
    pq.space = TILE_REC2100_PQ;
    pq.alpha = TILE_ALPHA_PREMULTIPLIED;
    float out[5];

    convert_floats(straight, (const float[]){.5f, .25f, 1, .5f}, premultiplied, out);
    assert_memory_equal(out, ((const float[]){.25f, .125f, .5f, .5f}), 16);
    convert_floats(premultiplied, (const float[]){.25f, .125f, .5f, .5f}, straight, out);
    assert_memory_equal(out, ((const float[]){.5f, .25f, 1, .5f}), 16);
    convert_floats(premultiplied, (const float[]){.25f, .125f, .5f, .5f}, none, out);
    assert_memory_equal(out, ((const float[]){.5f, .25f, 1}), 12);
    convert_floats(premultiplied, (const float[]){.25f, .125f, .5f, 0}, straight, out);
    assert_memory_equal(out, ((const float[]){0, 0, 0, 0}), 16);
    convert_floats(straight, (const float[]){.5f, .25f, 1, 0}, straight, out);
    assert_memory_equal(out, ((const float[]){.5f, .25f, 1, 0}), 16);
    convert_floats(none, (const float[]){.5f, .25f, 1}, straight, out);
    assert_memory_equal(out, ((const float[]){.5f, .25f, 1, 1}), 16);
    convert_floats(none, (const float[]){.5f, .25f, 1}, premultiplied, out);
    assert_memory_equal(out, ((const float[]){.5f, .25f, 1, 1}), 16);
    convert_floats(straight, (const float[]){.5f, .5f, .5f, .75f}, gray, out);
    assert_true(fabsf(out[0] - .5f) < 1e-6f && out[1] == .75f);

    /* A hue is no amount: it stays. */
    double values[3];
    tile_reference_convert(TILE_SRGB, TILE_LCH, (const double[]){.5, .25, 1}, values);
    convert_floats(straight, (const float[]){.5f, .25f, 1, .5f}, lch, out);
    assert_true(fabs((double)out[0] - values[0] / 2) < 1e-4 && fabs((double)out[1] - values[1] / 2) < 1e-4 &&
                fabs((double)out[2] - values[2]) < 1e-3);
    float back[4];
    convert_floats(lch, out, straight, back);
    assert_true(fabsf(back[0] - .5f) < 1e-5f && fabsf(back[1] - .25f) < 1e-5f && fabsf(back[2] - 1) < 1e-5f);

    /* Of PQ it is the signal that is multiplied, not its light: the white's is .580689 (ST 2084's 203 cd/m2). */
    convert_floats(pq, (const float[]){.580689f / 2, .580689f / 2, .580689f / 2, .5f}, straight, out);
    for (int i = 0; i < 3; i++)
        assert_true(fabsf(out[i] - 1) < 1e-5f);
    assert_true(out[3] == .5f);
}

/* 8 bits: c a / 255 rounded, and 255 c / a rounded and clipped. */
static void alpha_of_codes(void **state) {
    (void)state;
    struct tile_format straight = {.space = TILE_SRGB, .sample = TILE_U8, .alpha = TILE_ALPHA_STRAIGHT};
    struct tile_format premultiplied = straight;
    premultiplied.alpha = TILE_ALPHA_PREMULTIPLIED;
    tile_converter *into, *out_of;
    assert_ok(tile_converter_new(&into, straight, premultiplied, test_converter_options(), &error));
    assert_ok(tile_converter_new(&out_of, premultiplied, straight, test_converter_options(), &error));
    unsigned char in[256 * 4], out[256 * 4];
    struct tile_image source = {.format = straight, .width = 256, .height = 1, .plane = {in}};
    struct tile_image target = {.format = premultiplied, .width = 256, .height = 1, .plane = {out}};
    struct tile_image source2 = {.format = premultiplied, .width = 256, .height = 1, .plane = {in}};
    struct tile_image target2 = {.format = straight, .width = 256, .height = 1, .plane = {out}};
    for (int a = 0; a < 256; a++) {
        for (int c = 0; c < 256; c++)
            memcpy(in + 4 * c, (const unsigned char[]){(unsigned char)c, 255, 0, (unsigned char)a}, 4);
        assert_ok(tile_convert(into, &source, &target, &error));
        for (int c = 0; c < 256; c++) {
            assert_int_equal(out[4 * c], (2 * c * a + 255) / 510);
            assert_true(out[4 * c + 1] == a && out[4 * c + 2] == 0 && out[4 * c + 3] == a);
        }
        assert_ok(tile_convert(out_of, &source2, &target2, &error));
        for (int c = 0; c < 256; c++) {
            double want = a == 0 ? 0 : fmin(255. * c / a, 255);
            assert_true(fabs(out[4 * c] - want) <= .5 + 1e-4);
            assert_int_equal(out[4 * c + 3], a);
        }
    }
    tile_converter_free(into);
    tile_converter_free(out_of);
}

/* ---- Hostile samples, memory, errors ---- */

static void strange_floats(void **state) {
    (void)state;
    static const float strange[] = {NAN,     -NAN, INFINITY, -INFINITY, 1e38f, -1e38f, 1e-45f,
                                    -1e-45f, 0,    -0.f,     1e10f,     -3,    2};
    enum { COUNT = sizeof strange / sizeof *strange };
    float in[COUNT * 5];
    for (int s = TILE_SRGB; s < TILE_SPACE_COUNT; s++)
        for (int t = TILE_SRGB; t < TILE_SPACE_COUNT; t++)
            for (int k = 0; k < 3; k++) {
                tile_sample sample = k == 0 ? TILE_U8 : k == 1 ? TILE_U16 : TILE_F32;
                if (!tile_space_has_sample((tile_space)t, sample))
                    continue;
                struct tile_format from = {.space = (tile_space)s,
                                           .sample = TILE_F32,
                                           .alpha = k == 1 ? TILE_ALPHA_PREMULTIPLIED : TILE_ALPHA_NONE};
                struct tile_format to = {.space = (tile_space)t, .sample = sample};
                int channels = tile_format_channels(from);
                for (int i = 0; i < COUNT * channels; i++)
                    in[i] = strange[(i * 5 + i / channels) % COUNT];
                float out[COUNT * 4];
                tile_converter *converter;
                assert_ok(tile_converter_new(&converter, from, to, test_converter_options(), &error));
                struct tile_image source = {.format = from, .width = COUNT, .height = 1, .plane = {in}};
                struct tile_image target = {.format = to, .width = COUNT, .height = 1, .plane = {out}};
                assert_ok(tile_convert(converter, &source, &target, &error));
                tile_converter_free(converter);
            }
    /* Not a number is 0; what is out of range is clipped. */
    struct tile_format f = {.space = TILE_SRGB, .sample = TILE_F32}, t = {.space = TILE_SRGB, .sample = TILE_U8};
    tile_converter *converter;
    unsigned char out[6];
    assert_ok(tile_converter_new(&converter, f, t, test_converter_options(), &error));
    struct tile_image source = {
        .format = f, .width = 2, .height = 1, .plane = {(float[]){NAN, INFINITY, -INFINITY, -1, 2, .5f}}};
    struct tile_image target = {.format = t, .width = 2, .height = 1, .plane = {out}};
    assert_ok(tile_convert(converter, &source, &target, &error));
    assert_memory_equal(out, ((const unsigned char[]){0, 255, 0, 0, 255, 128}), 6);
    tile_converter_free(converter);
}

/* Hues beyond the circle are turned back into it. */
static void hues_wrap(void **state) {
    (void)state;
    struct tile_format f = {.space = TILE_HSV, .sample = TILE_F32}, t = {.space = TILE_HSV, .sample = TILE_U8};
    unsigned char out[12];
    float in[12] = {-90, 1, 1, 450, 1, 1, 360, 1, 1, 90, 1, 1};
    tile_converter *converter;
    assert_ok(tile_converter_new(&converter, f, t, test_converter_options(), &error));
    struct tile_image source = {.format = f, .width = 4, .height = 1, .plane = {in}};
    struct tile_image target = {.format = t, .width = 4, .height = 1, .plane = {out}};
    assert_ok(tile_convert(converter, &source, &target, &error));
    assert_true(out[0] == 191 && out[3] == 64 && out[6] == 255 && out[9] == 64);
    tile_converter_free(converter);
}

static void failing_memory(void **state) {
    (void)state;
    struct tile_format f = {.space = TILE_SRGB, .sample = TILE_U8}, t = {.space = TILE_LAB, .sample = TILE_U8};
    for (size_t i = 0;; i++) {
        struct test_memory memory;
        test_memory_init(&memory, i);
        struct tile_converter_options options = *test_converter_options();
        options.allocator = &memory.allocator;
        tile_converter *converter = (tile_converter *)&memory;
        tile_status status = tile_converter_new(&converter, f, t, &options, &error);
        if (status == TILE_OK) {
            tile_converter_free(converter);
            assert_int_equal(memory.live, 0);
            assert_true(i > 0);
            return;
        }
        assert_int_equal(status, TILE_NO_MEMORY);
        assert_null(converter);
        assert_int_equal(memory.live, 0);
    }
}

static void errors(void **state) {
    (void)state;
    struct tile_format good = {.space = TILE_SRGB, .sample = TILE_U8};
    struct tile_format ictcp = {.space = TILE_ICTCP, .sample = TILE_U8}, unset = {0};
    tile_converter *converter;
    assert_fails(TILE_UNSUPPORTED, tile_converter_new(&converter, good, ictcp, test_converter_options(), &error));
    assert_non_null(strstr(error.message, "ictcp"));
    assert_null(converter);
    assert_fails(TILE_UNSUPPORTED, tile_converter_new(&converter, ictcp, good, test_converter_options(), &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_converter_new(&converter, good, unset, test_converter_options(), &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_converter_new(&converter, unset, good, test_converter_options(), &error));
    struct tile_converter_options options = *test_converter_options();
    options.intent = (tile_intent)4;
    assert_fails(TILE_INVALID_ARGUMENT, tile_converter_new(&converter, good, good, &options, &error));
    tile_converter_free(NULL);

    struct tile_format lab = {.space = TILE_LAB, .sample = TILE_U8};
    unsigned char pixels[2][12];
    struct tile_image source = {.format = good, .width = 4, .height = 1, .plane = {pixels[0]}, .stride = 12};
    struct tile_image target = {.format = lab, .width = 4, .height = 1, .plane = {pixels[1]}, .stride = 12}, wrong;
    assert_ok(tile_converter_new(&converter, good, lab, test_converter_options(), &error));
    assert_ok(tile_convert(converter, &source, &target, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_convert(converter, NULL, &target, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_convert(converter, &source, NULL, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_convert(converter, &target, &target, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_convert(converter, &source, &source, &error));
    wrong = target;
    wrong.width = 3;
    assert_fails(TILE_INVALID_ARGUMENT, tile_convert(converter, &source, &wrong, &error));
    wrong = target;
    wrong.plane[0] = NULL;
    assert_fails(TILE_INVALID_ARGUMENT, tile_convert(converter, &source, &wrong, &error));
    wrong = source;
    wrong.format.space = TILE_ICTCP; /* has no u8: the call is wrong all the same */
    assert_fails(TILE_INVALID_ARGUMENT, tile_convert(converter, &wrong, &target, &error));
    assert_int_equal(tile_convert(converter, &source, &wrong, NULL), TILE_INVALID_ARGUMENT);
    tile_converter_free(converter);
    struct tile_format gray = {.space = TILE_GRAY, .sample = TILE_U8};
    wrong = source;
    wrong.format = gray; /* smaller pixels in the same place */
    assert_ok(tile_converter_new(&converter, good, gray, test_converter_options(), &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_convert(converter, &source, &wrong, &error));
    tile_converter_free(converter);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_shape),       cmocka_unit_test(widths_beyond_a_strip),
        cmocka_unit_test(in_place),        cmocka_unit_test(all_orders),
        cmocka_unit_test(alpha_of_floats), cmocka_unit_test(alpha_of_codes),
        cmocka_unit_test(strange_floats),  cmocka_unit_test(hues_wrap),
        cmocka_unit_test(failing_memory),  cmocka_unit_test(errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
