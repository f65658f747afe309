/* SPDX-License-Identifier: MIT */
/*
 * hsv, hsl, hwb and cmyk of all 16,777,216 colors of 8 bits, and RGB of all their codes, by integer arithmetic: the
 * formulas of CSS Color 4 as fractions, rounded to nearest, ties away from zero.
 */
#include "support.h"

static struct tile_error error;

enum { PIXELS = 1 << 16, ROUNDS = 256 };

static unsigned char in[PIXELS * 3], out[PIXELS * 4];

static int larger(int a, int b) {
    return a > b ? a : b;
}

static int smaller(int a, int b) {
    return a < b ? a : b;
}

/* n / d of n >= 0, d > 0. */
static int rounded(int n, int d) {
    return (2 * n + d) / (2 * d);
}

/* Codes of hue in a third of a turn. */
static int third_of(tile_space space) {
    return space == TILE_HSV_180 ? 60 : 85;
}

/* ---- From RGB ---- */

static int hue_of(tile_space space, const unsigned char *rgb) {
    int r = rgb[0], g = rgb[1], b = rgb[2], high = larger(larger(r, g), b), d = high - smaller(smaller(r, g), b);
    if (d == 0)
        return 0;
    /* In sixths of a turn, times d. */
    int n = high == r ? g - b : high == g ? 2 * d + b - r : 4 * d + r - g;
    int code = rounded(third_of(space) * (n < 0 ? n + 6 * d : n), 2 * d);
    return space == TILE_HSV_180 && code == 180 ? 0 : code;
}

static void from_rgb(tile_space space, const unsigned char *rgb, int want[4]) {
    int high = larger(larger(rgb[0], rgb[1]), rgb[2]), low = smaller(smaller(rgb[0], rgb[1]), rgb[2]);
    int room = smaller(high + low, 510 - high - low);
    switch (space) {
    case TILE_HSV:
    case TILE_HSV_180:
        want[1] = high ? rounded(255 * (high - low), high) : 0;
        want[2] = high;
        break;
    case TILE_HSL:
        want[1] = room ? rounded(255 * (high - low), room) : 0;
        want[2] = rounded(high + low, 2);
        break;
    case TILE_HWB:
        want[1] = low;
        want[2] = 255 - high;
        break;
    default:
        for (int j = 0; j < 3; j++)
            want[j] = high ? rounded(255 * (high - rgb[j]), high) : 0;
        want[3] = 255 - high;
        return;
    }
    want[0] = hue_of(space, rgb);
}

/* ---- To RGB ---- */

/* max(-1, min(k - 3, 9 - k, 1)), k = (n + hue / 30 degrees) mod 12, times a third of a turn. */
static int wave_of(int hue, int third, int n) {
    int k = (n * third + 4 * hue) % (12 * third);
    return larger(-third, smaller(smaller(k - 3 * third, 9 * third - k), third));
}

static void to_rgb(tile_space space, const unsigned char *code, int want[4]) {
    static const int turns[3] = {0, 8, 4};
    int third = third_of(space), x = code[1], y = code[2];
    for (int j = 0; j < 3; j++) {
        int wave = wave_of(code[0], third, turns[j]);
        switch (space) {
        case TILE_HSL: want[j] = rounded(255 * third * y - x * smaller(y, 255 - y) * wave, 255 * third); break;
        case TILE_HWB: /* half of what white and black leave, less the wave's, and the white */
            want[j] = x + y >= 255 ? rounded(255 * x, x + y)
                                   : rounded((255 - x - y) * (third - wave) + 2 * third * x, 2 * third);
            break;
        default: /* hsv: v (1 - s (1 + wave) / 2) */
            want[j] = rounded(y * (510 * third - x * (third + wave)), 510 * third);
        }
    }
}

/* ---- All of them ---- */

static void check_all(tile_space from, tile_space to) {
    tile_space space = from == TILE_SRGB ? to : from;
    int channels = tile_space_channels(to);
    tile_converter *converter;
    struct tile_image source = {.format = {.space = from, .sample = TILE_U8}, .width = 1024, .height = 64};
    struct tile_image target = source;
    target.format.space = to;
    source.plane[0] = in;
    source.stride = 1024 * 3;
    target.plane[0] = out;
    target.stride = 1024 * channels;
    assert_ok(tile_converter_new(&converter, source.format, target.format, test_converter_options(), &error));
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < PIXELS; i++) {
            in[3 * i] = (unsigned char)round;
            in[3 * i + 1] = (unsigned char)(i >> 8);
            in[3 * i + 2] = (unsigned char)i;
        }
        assert_ok(tile_convert(converter, &source, &target, &error));
        for (int i = 0; i < PIXELS; i++) {
            int want[4];
            if (from == TILE_SRGB)
                from_rgb(space, in + 3 * i, want);
            else
                to_rgb(space, in + 3 * i, want);
            for (int j = 0; j < channels; j++)
                if (out[channels * i + j] != want[j])
                    fail_msg("%s %d %d %d in %s: channel %d is %d, not %d", tile_space_name(from), in[3 * i],
                             in[3 * i + 1], in[3 * i + 2], tile_space_name(to), j, out[channels * i + j], want[j]);
        }
    }
    tile_converter_free(converter);
}

static void of_all_colors(void **state) {
    (void)state;
    static const tile_space spaces[] = {TILE_HSV, TILE_HSV_180, TILE_HSL, TILE_HWB, TILE_CMYK};
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++)
        check_all(TILE_SRGB, spaces[i]);
}

static void rgb_of_all_codes(void **state) {
    (void)state;
    static const tile_space spaces[] = {TILE_HSV, TILE_HSV_180, TILE_HSL, TILE_HWB};
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++)
        check_all(spaces[i], TILE_SRGB);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_all_colors),
        cmocka_unit_test(rgb_of_all_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
