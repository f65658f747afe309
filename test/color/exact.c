/* SPDX-License-Identifier: MIT */
/* What is exact, over all 16,777,216 colors of 8 bits and some of 16, by integer arithmetic; lossless round trips. */
#include "support.h"

#include "color/reference.h"

#include <math.h>

static struct tile_error error;

enum { PIXELS = 1 << 16, ROUNDS = 256 };

static unsigned char colors[PIXELS * 3], codes[PIXELS * 4];
static uint16_t deep[PIXELS * 4];

/* Colors with the red `round`. */
static void make_colors(int round) {
    for (int i = 0; i < PIXELS; i++) {
        colors[3 * i] = (unsigned char)round;
        colors[3 * i + 1] = (unsigned char)(i >> 8);
        colors[3 * i + 2] = (unsigned char)i;
    }
}

static struct tile_format format_of(tile_space space, tile_sample sample) {
    return (struct tile_format){.space = space, .sample = sample};
}

static tile_converter *converter_of(tile_space from, tile_sample from_sample, tile_space to, tile_sample to_sample) {
    tile_converter *converter;
    assert_ok(tile_converter_new(&converter, format_of(from, from_sample), format_of(to, to_sample),
                                 test_converter_options(), &error));
    return converter;
}

static void convert(const tile_converter *converter, tile_space from, tile_sample from_sample, const void *in,
                    tile_space to, tile_sample to_sample, void *out) {
    struct tile_image source = {
        .format = format_of(from, from_sample), .width = PIXELS / 64, .height = 64, .plane = {(void *)(uintptr_t)in}};
    source.stride = (ptrdiff_t)(source.width * tile_format_step(source.format));
    struct tile_image target = source;
    target.format = format_of(to, to_sample);
    target.plane[0] = out;
    target.stride = (ptrdiff_t)(target.width * tile_format_step(target.format));
    assert_ok(tile_convert(converter, &source, &target, &error));
}

__extension__ typedef __int128 int128;

/* Whether `code` is n / d, rounded to nearest, ties away from zero, and clipped to 0..top; for a positive d. */
static bool is_rounded(int64_t code, int128 n, int128 d, int64_t top) {
    return (code == 0 || (2 * code - 1) * d <= 2 * n) && (code == top || 2 * n < (2 * code + 1) * d);
}

static int64_t get(const void *samples, tile_sample sample, int i) {
    return sample == TILE_U8 ? ((const uint8_t *)samples)[i] : ((const uint16_t *)samples)[i];
}

static int64_t top_of(tile_sample sample) {
    return sample == TILE_U8 ? 255 : 65535;
}

struct luma {
    tile_space rgb, space;
    int64_t kr, kg, kb; /* of 10000 */
    bool limited;
};

static const struct luma lumas[] = {
    {TILE_SRGB, TILE_GRAY, 2990, 5870, 1140, false},       {TILE_SRGB, TILE_GRAY709, 2126, 7152, 722, false},
    {TILE_SRGB, TILE_YCBCR, 2990, 5870, 1140, false},      {TILE_SRGB, TILE_YCBCR601, 2990, 5870, 1140, true},
    {TILE_SRGB, TILE_YCBCR709, 2126, 7152, 722, true},     {TILE_SRGB, TILE_YCBCR709_FULL, 2126, 7152, 722, false},
    {TILE_REC2020, TILE_YCBCR2020, 2627, 6780, 593, true}, {TILE_REC2020, TILE_YCBCR2020_FULL, 2627, 6780, 593, false},
};

/* H.273: Y = (16 + 219 y) 2^(n-8) or (2^n - 1) y; C = (128 + 224 c) 2^(n-8) or (2^n - 1) c + 2^(n-1). */
struct range {
    int64_t luma, chroma, zero, middle;
};

static struct range range_of(const struct luma *l, tile_sample sample) {
    int64_t unit = sample == TILE_U8 ? 1 : 256, top = top_of(sample);
    return l->limited ? (struct range){219 * unit, 224 * unit, 16 * unit, 128 * unit}
                      : (struct range){top, top, 0, 128 * unit};
}

/* Checks `out`, codes of l->space, of the RGB codes `in`. */
static void check_ycbcr(const struct luma *l, tile_sample from, const void *in, tile_sample to, const void *out) {
    int channels = tile_space_channels(l->space);
    struct range range = range_of(l, to);
    int64_t one = top_of(from), top = top_of(to);
    int64_t dy = 10000 * one, db = 2 * (10000 - l->kb) * one, dr = 2 * (10000 - l->kr) * one;
    for (int i = 0; i < PIXELS; i++) {
        int64_t r = get(in, from, 3 * i), g = get(in, from, 3 * i + 1), b = get(in, from, 3 * i + 2);
        int64_t y = l->kr * r + l->kg * g + l->kb * b;
        const int64_t n[3] = {range.zero * dy + range.luma * y, range.middle * db + range.chroma * (10000 * b - y),
                              range.middle * dr + range.chroma * (10000 * r - y)};
        const int64_t d[3] = {dy, db, dr};
        for (int j = 0; j < channels; j++) {
            int64_t code = get(out, to, channels * i + j);
            if (!is_rounded(code, n[j], d[j], top))
                fail_msg("%s of %d %d %d: channel %d is %d, not %.4f", tile_space_name(l->space), (int)r, (int)g,
                         (int)b, j, (int)code, (double)n[j] / (double)d[j]);
        }
    }
}

/* The other way: R = Y' + 2 (1 - kr) Cr', B likewise, G from the luma. All over one denominator. */
static void check_rgb(const struct luma *l, tile_sample from, const void *in, tile_sample to, const void *out) {
    struct range range = range_of(l, from);
    int64_t one = top_of(to);
    int128 unit = (int128)range.luma * range.chroma * 10000;
    for (int i = 0; i < PIXELS; i++) {
        int64_t luma = get(in, from, 3 * i) - range.zero;
        int64_t cb = get(in, from, 3 * i + 1) - range.middle, cr = get(in, from, 3 * i + 2) - range.middle;
        int128 y = (int128)(one * luma) * (range.chroma * 10000);
        int128 r = y + (int128)(one * 2 * (10000 - l->kr)) * (cr * range.luma);
        int128 b = y + (int128)(one * 2 * (10000 - l->kb)) * (cb * range.luma);
        const int128 n[3] = {r, 10000 * y - l->kr * r - l->kb * b, b}, d[3] = {unit, unit * l->kg, unit};
        for (int j = 0; j < 3; j++) {
            int64_t code = get(out, to, 3 * i + j);
            if (!is_rounded(code, n[j], d[j], one))
                fail_msg("%s %d %d %d: channel %d is %d, not %.4f", tile_space_name(l->space),
                         (int)get(in, from, 3 * i), (int)get(in, from, 3 * i + 1), (int)get(in, from, 3 * i + 2), j,
                         (int)code, (double)n[j] / (double)d[j]);
        }
    }
}

enum { LUMAS = sizeof lumas / sizeof *lumas, FIRST_YCBCR = 2 };

/* Codes of 16 bits, of which every fourth is at an end of something. */
static void make_deep(struct test_random *random) {
    static const uint16_t ends[] = {0,     1,     127,   128,   255,   256,   257,   4095,  4096,  32639,
                                    32640, 32767, 32768, 32769, 60160, 61440, 65279, 65280, 65534, 65535};
    for (int i = 0; i < PIXELS * 3; i++)
        deep[i] = test_random_below(random, 4) ? (uint16_t)test_random_below(random, 65536)
                                               : ends[test_random_below(random, sizeof ends / sizeof *ends)];
}

static void luma_of_all_colors(void **state) {
    (void)state;
    for (int k = 0; k < LUMAS; k++) {
        const struct luma *l = &lumas[k];
        tile_converter *narrow = converter_of(l->rgb, TILE_U8, l->space, TILE_U8);
        tile_converter *widen = converter_of(l->rgb, TILE_U8, l->space, TILE_U16);
        for (int round = 0; round < ROUNDS; round++) {
            make_colors(round);
            convert(narrow, l->rgb, TILE_U8, colors, l->space, TILE_U8, codes);
            check_ycbcr(l, TILE_U8, colors, TILE_U8, codes);
            convert(widen, l->rgb, TILE_U8, colors, l->space, TILE_U16, deep);
            check_ycbcr(l, TILE_U8, colors, TILE_U16, deep);
        }
        tile_converter_free(narrow);
        tile_converter_free(widen);
    }
}

static void rgb_of_all_codes(void **state) {
    (void)state;
    for (int k = FIRST_YCBCR; k < LUMAS; k++) {
        const struct luma *l = &lumas[k];
        tile_converter *narrow = converter_of(l->space, TILE_U8, l->rgb, TILE_U8);
        tile_converter *widen = converter_of(l->space, TILE_U8, l->rgb, TILE_U16);
        for (int round = 0; round < ROUNDS; round++) {
            make_colors(round);
            convert(narrow, l->space, TILE_U8, colors, l->rgb, TILE_U8, codes);
            check_rgb(l, TILE_U8, colors, TILE_U8, codes);
            convert(widen, l->space, TILE_U8, colors, l->rgb, TILE_U16, deep);
            check_rgb(l, TILE_U8, colors, TILE_U16, deep);
        }
        tile_converter_free(narrow);
        tile_converter_free(widen);
    }
}

static void luma_of_deep_colors(void **state) {
    (void)state;
    static uint16_t out[PIXELS * 3];
    struct test_random random = {4};
    for (int k = 0; k < LUMAS; k++)
        for (int i = 0; i < 2; i++) {
            const struct luma *l = &lumas[k];
            tile_sample to = i == 0 ? TILE_U16 : TILE_U8;
            tile_converter *there = converter_of(l->rgb, TILE_U16, l->space, to);
            tile_converter *back = k < FIRST_YCBCR ? NULL : converter_of(l->space, TILE_U16, l->rgb, to);
            for (int round = 0; round < 8; round++) {
                make_deep(&random);
                convert(there, l->rgb, TILE_U16, deep, l->space, to, out);
                check_ycbcr(l, TILE_U16, deep, to, out);
                if (!back)
                    continue;
                convert(back, l->space, TILE_U16, deep, l->rgb, to, out);
                check_rgb(l, TILE_U16, deep, to, out);
            }
            tile_converter_free(there);
            tile_converter_free(back);
        }
}

/* Codes of one width from those of another: in limited range, 256 of them are one. */
static void widths_of_luma(void **state) {
    (void)state;
    for (int k = 0; k < LUMAS; k++) {
        const struct luma *l = &lumas[k];
        int channels = tile_space_channels(l->space);
        struct range from = range_of(l, TILE_U16), to = range_of(l, TILE_U8);
        for (int i = 0; i < PIXELS * channels; i++)
            deep[i] = (uint16_t)(i / channels);
        tile_converter *converter = converter_of(l->space, TILE_U16, l->space, TILE_U8);
        convert(converter, l->space, TILE_U16, deep, l->space, TILE_U8, codes);
        tile_converter_free(converter);
        for (int i = 0; i < PIXELS * channels; i++) {
            int64_t d = l->limited ? 256 : 257, code = i / channels;
            int64_t n = i % channels ? code - from.middle + to.middle * d : code;
            assert_true(is_rounded(codes[i], n, d, 255));
        }
    }
}

static void ycocg_is_lossless(void **state) {
    (void)state;
    tile_converter *there = converter_of(TILE_SRGB, TILE_U8, TILE_YCOCG_R, TILE_U16);
    tile_converter *back = converter_of(TILE_YCOCG_R, TILE_U16, TILE_SRGB, TILE_U8);
    for (int round = 0; round < ROUNDS; round++) {
        make_colors(round);
        convert(there, TILE_SRGB, TILE_U8, colors, TILE_YCOCG_R, TILE_U16, deep);
        for (int i = 0; i < PIXELS; i++) {
            assert_true(deep[3 * i] <= 255 && deep[3 * i + 1] >= 1 && deep[3 * i + 1] <= 511);
            assert_int_equal(deep[3 * i + 1] - 256, colors[3 * i] - colors[3 * i + 2]); /* Co = R - B */
        }
        convert(back, TILE_YCOCG_R, TILE_U16, deep, TILE_SRGB, TILE_U8, codes);
        assert_memory_equal(codes, colors, sizeof colors);
    }
    tile_converter_free(there);
    tile_converter_free(back);
}

static void naive_cmyk(void **state) {
    (void)state;
    tile_converter *converter = converter_of(TILE_CMYK, TILE_U8, TILE_SRGB, TILE_U8);
    static unsigned char ink[PIXELS * 4], rgb[PIXELS * 3];
    for (int i = 0; i < PIXELS; i++) {
        ink[4 * i] = ink[4 * i + 1] = ink[4 * i + 2] = (unsigned char)(i >> 8);
        ink[4 * i + 3] = (unsigned char)i;
    }
    convert(converter, TILE_CMYK, TILE_U8, ink, TILE_SRGB, TILE_U8, rgb);
    for (int i = 0; i < PIXELS; i++)
        assert_true(is_rounded(rgb[3 * i + i % 3], (255 - ink[4 * i]) * (255 - ink[4 * i + 3]), 255, 255));
    tile_converter_free(converter);
}

/* u8 to u16 and back is the identity in every space that has both, and srgb's u16 is 257 times u8. */
static void widening_is_lossless(void **state) {
    (void)state;
    for (int s = TILE_SRGB; s < TILE_SPACE_COUNT; s++) {
        tile_space space = (tile_space)s;
        if (!tile_space_has_sample(space, TILE_U8))
            continue;
        int channels = tile_space_channels(space);
        static unsigned char in[PIXELS * 4], out[PIXELS * 4];
        static float values[PIXELS * 4];
        for (int i = 0; i < PIXELS * channels; i++)
            in[i] = (unsigned char)(i * 7 + i / 256);
        for (int i = 0; space == TILE_HSV_180 && i < PIXELS; i++)
            in[3 * i] %= 180; /* other codes are other names for these */
        tile_converter *wide = converter_of(space, TILE_U8, space, TILE_U16);
        tile_converter *narrow = converter_of(space, TILE_U16, space, TILE_U8);
        convert(wide, space, TILE_U8, in, space, TILE_U16, deep);
        convert(narrow, space, TILE_U16, deep, space, TILE_U8, out);
        assert_memory_equal(in, out, (size_t)(PIXELS * channels));
        for (int i = 0; space == TILE_SRGB && i < PIXELS * channels; i++)
            assert_int_equal(deep[i], in[i] * 257);
        tile_converter_free(wide);
        tile_converter_free(narrow);

        tile_converter *floats = converter_of(space, TILE_U16, space, TILE_F32);
        tile_converter *back = converter_of(space, TILE_F32, space, TILE_U16);
        static uint16_t again[PIXELS * 4];
        for (int i = 0; i < PIXELS; i++)
            for (int j = 0; j < channels; j++)
                deep[i * channels + j] = (uint16_t)i; /* every code */
        convert(floats, space, TILE_U16, deep, space, TILE_F32, values);
        convert(back, space, TILE_F32, values, space, TILE_U16, again);
        assert_memory_equal(deep, again, (size_t)(PIXELS * channels) * 2);
        tile_converter_free(floats);
        tile_converter_free(back);
    }
}

/* Codes of light, and light of codes: every gray of 16 bits, to within float's precision of what must be rounded. */
static void curves_of_all_grays(void **state) {
    (void)state;
    static const tile_space spaces[][2] = {
        {TILE_SRGB_LINEAR, TILE_SRGB},       {TILE_SRGB_LINEAR, TILE_DISPLAY_P3},   {TILE_SRGB_LINEAR, TILE_A98_RGB},
        {TILE_SRGB_LINEAR, TILE_REC2020},    {TILE_SRGB_LINEAR, TILE_PROPHOTO_RGB}, {TILE_SRGB, TILE_SRGB_LINEAR},
        {TILE_GRAY, TILE_SRGB_LINEAR},       {TILE_SRGB, TILE_DISPLAY_P3},          {TILE_SRGB, TILE_PROPHOTO_RGB},
        {TILE_DISPLAY_P3, TILE_SRGB_LINEAR}, {TILE_LUMINANCE, TILE_GRAY},           {TILE_LUMINANCE, TILE_SRGB},
    };
    for (size_t k = 0; k < sizeof spaces / sizeof *spaces; k++) {
        tile_space from = spaces[k][0], to = spaces[k][1];
        int in = tile_space_channels(from), out = tile_space_channels(to);
        for (int i = 0; i < PIXELS * in; i++)
            deep[i] = (uint16_t)(i / in);
        tile_converter *converter = converter_of(from, TILE_U16, to, TILE_U8);
        convert(converter, from, TILE_U16, deep, to, TILE_U8, codes);
        tile_converter_free(converter);
        for (int i = 0; i < PIXELS; i++) {
            double values[3] = {i / 65535., i / 65535., i / 65535.}, want[3];
            tile_reference_convert(from, to, values, values);
            tile_reference_encode(to, TILE_U8, values, want);
            for (int j = 0; j < out; j++)
                if (!(fabs(codes[i * out + j] - fmin(fmax(want[j], 0), 255)) <= .5 + 1e-4))
                    fail_msg("%s %d in %s: channel %d is %d, not %.4f", tile_space_name(from), i, tile_space_name(to),
                             j, codes[i * out + j], want[j]);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(luma_of_all_colors),   cmocka_unit_test(rgb_of_all_codes),
        cmocka_unit_test(luma_of_deep_colors),  cmocka_unit_test(widths_of_luma),
        cmocka_unit_test(ycocg_is_lossless),    cmocka_unit_test(naive_cmyk),
        cmocka_unit_test(widening_is_lossless), cmocka_unit_test(curves_of_all_grays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
