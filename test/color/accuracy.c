/* SPDX-License-Identifier: MIT */
/*
 * The error contract: the converter against the reference, from and to every space, in every sample type. Prints a
 * table: the largest error in codes (f32: of the channel's range) and the share that is exactly rounded.
 */
#include "support.h"

#include "color/reference.h"

#include <math.h>

enum { GRID = 32, RANDOM = 8192, MAX = GRID * GRID * GRID + RANDOM };

static void *in_samples, *out_samples;

static double get(const void *samples, tile_sample sample, size_t i) {
    return sample == TILE_U8    ? ((const uint8_t *)samples)[i]
           : sample == TILE_U16 ? ((const uint16_t *)samples)[i]
                                : (double)((const float *)samples)[i];
}

static void put(void *samples, tile_sample sample, size_t i, double v) {
    if (sample == TILE_U8)
        ((uint8_t *)samples)[i] = (uint8_t)v;
    else if (sample == TILE_U16)
        ((uint16_t *)samples)[i] = (uint16_t)v;
    else
        ((float *)samples)[i] = (float)v;
}

static int hue_of(tile_space space) {
    switch (space) {
    case TILE_HSV:
    case TILE_HSV_180:
    case TILE_HSL:
    case TILE_HWB: return 0;
    case TILE_LCH:
    case TILE_LCH_D65:
    case TILE_OKLCH: return 2;
    default: return -1;
    }
}

/* All sRGB colors of a grid, and some more in between, in `space`. */
static size_t make_input(tile_space space, tile_sample sample) {
    struct test_random random = {1};
    int channels = tile_space_channels(space);
    for (size_t n = 0; n < MAX; n++) {
        double rgb[3], v[4], code[4];
        for (int j = 0; j < 3; j++) {
            size_t at = j == 0 ? n % GRID : j == 1 ? n / GRID % GRID : n / GRID / GRID;
            /* Codes of eight bits, so that reference and converter begin at the same color. */
            rgb[j] = n < GRID * GRID * GRID ? (double)(at * 255 / (GRID - 1)) : test_random_below(&random, 256);
            rgb[j] /= 255;
        }
        tile_reference_convert(TILE_SRGB, space, rgb, v);
        tile_reference_encode(space, sample, v, code);
        for (int j = 0; j < channels; j++)
            put(in_samples, sample, n * (size_t)channels + (size_t)j,
                sample == TILE_F32 ? code[j] : tile_reference_round(space, sample, j, code[j]));
    }
    return MAX;
}

/* All 8-bit codes of a grid, and some more in between, as any sample: also what sRGB cannot show. */
static size_t make_codes(tile_space space, tile_sample sample) {
    struct test_random random = {2};
    assert_int_equal(tile_space_channels(space), 3);
    for (size_t n = 0; n < MAX; n++)
        for (size_t j = 0; j < 3; j++) {
            size_t at = j == 0 ? n % GRID : j == 1 ? n / GRID % GRID : n / GRID / GRID;
            double code = n < GRID * GRID * GRID ? (double)(at * 255 / (GRID - 1)) : test_random_below(&random, 256);
            put(in_samples, sample, n * 3 + j,
                sample == TILE_F32   ? code / 255
                : sample == TILE_U16 ? code * 257
                                     : code);
        }
    return MAX;
}

/* By the reference; codes of these spaces are of RGB that was clipped. */
static void expect(tile_space from, tile_space to, tile_sample to_sample, const double *values, double *code) {
    double v[4];
    bool clipped = to == TILE_HSV || to == TILE_HSV_180 || to == TILE_HSL || to == TILE_HWB || to == TILE_CMYK;
    if (clipped && to_sample != TILE_F32) {
        tile_reference_convert(from, TILE_SRGB, values, v);
        for (int j = 0; j < 3; j++)
            v[j] = fmin(fmax(v[j], 0), 1);
        tile_reference_convert(TILE_SRGB, to, v, v);
    } else
        tile_reference_convert(from, to, values, v);
    tile_reference_encode(to, to_sample, v, code);
}

/* What a float's error is measured by. */
static double range_of(tile_space space, int channel) {
    if (channel == hue_of(space))
        return 360;
    switch (space) {
    case TILE_LAB:
    case TILE_LAB_D65:
    case TILE_LCH:
    case TILE_LCH_D65:
    case TILE_LUV: return 100;
    default: return 1;
    }
}

struct result {
    double worst, exact; /* share */
};

static struct result measure(tile_space from, tile_sample from_sample, tile_space to, tile_sample to_sample, size_t n) {
    struct tile_error error;
    struct tile_format f = {.space = from, .sample = from_sample}, t = {.space = to, .sample = to_sample};
    size_t in = (size_t)tile_space_channels(from), out = (size_t)tile_space_channels(to);
    tile_converter *converter;
    assert_ok(tile_converter_new(&converter, f, t, test_converter_options(), &error));
    struct tile_image source = {
        .format = f, .width = (uint32_t)n, .height = 1, .plane = {in_samples}, .stride = (ptrdiff_t)(n * in * 4)};
    struct tile_image target = {
        .format = t, .width = (uint32_t)n, .height = 1, .plane = {out_samples}, .stride = (ptrdiff_t)(n * out * 4)};
    assert_ok(tile_convert(converter, &source, &target, &error));
    tile_converter_free(converter);

    struct result result = {0};
    size_t exact = 0;
    for (size_t i = 0; i < n; i++) {
        double code[4], v[4];
        for (size_t j = 0; j < in; j++)
            code[j] = get(in_samples, from_sample, i * in + j);
        tile_reference_decode(from, from_sample, code, v);
        expect(from, to, to_sample, v, code);
        bool all = true;
        for (size_t j = 0; j < out; j++) {
            double got = get(out_samples, to_sample, i * out + j);
            double want = to_sample == TILE_F32 ? code[j] : tile_reference_round(to, to_sample, (int)j, code[j]);
            double distance = fabs(got - want);
            if ((int)j == hue_of(to)) {
                double turn = to_sample == TILE_F32   ? 360
                              : to_sample == TILE_U16 ? 65535
                              : to == TILE_HSV_180    ? 180
                                                      : 255;
                distance = fmin(distance, fabs(turn - distance));
                if (to_sample == TILE_F32) /* an angle is worth its arc */
                    distance *= fmin(code[1] / range_of(to, 1), 1);
            }
            if (to_sample == TILE_F32)
                distance /= fmax(range_of(to, (int)j), fabs(want));
            if (!(distance <= result.worst))
                result.worst = distance;
            all = all && distance == 0;
        }
        exact += all;
    }
    result.exact = (double)exact / (double)n;
    return result;
}

/* Measures a pair and holds it to the contract. */
static void check_pair(tile_space from, tile_space to) {
    static const tile_sample samples[3] = {TILE_U8, TILE_U16, TILE_F32};
    printf("%-15s %-15s", tile_space_name(from), tile_space_name(to));
    for (int i = 0; i < 3; i++) {
        tile_sample in = tile_space_has_sample(from, samples[i]) ? samples[i] : TILE_U16;
        tile_sample out = tile_space_has_sample(to, samples[i]) ? samples[i] : TILE_U16;
        struct result r = measure(from, in, to, out, make_input(from, in));
        bool of_srgb = from == TILE_SRGB || to == TILE_SRGB;
        double limit = out == TILE_F32 ? 2e-6 : 1;
        if (!(r.worst <= limit) || (out == TILE_U8 && r.exact < (of_srgb ? .999 : .99)))
            fail_msg("%s to %s, %d bytes a sample: off by %g, %g %% exactly rounded", tile_space_name(from),
                     tile_space_name(to), out, r.worst, 100 * r.exact);
        if (out == TILE_F32)
            printf("   f32 %.1e", r.worst);
        else
            printf("   u%d %.0f %8.4f %%", out == TILE_U8 ? 8 : 16, r.worst, 100 * r.exact);
    }
    printf("\n");
}

static void from_and_to_srgb(void **state) {
    (void)state;
    for (int s = TILE_SRGB + 1; s < TILE_SPACE_COUNT; s++)
        check_pair(TILE_SRGB, (tile_space)s);
    for (int s = TILE_SRGB + 1; s < TILE_SPACE_COUNT; s++)
        check_pair((tile_space)s, TILE_SRGB);
}

static void between_others(void **state) {
    (void)state;
    static const tile_space pairs[][2] = {
        {TILE_DISPLAY_P3, TILE_LAB},
        {TILE_A98_RGB, TILE_OKLCH},
        {TILE_PROPHOTO_RGB, TILE_LCH},
        {TILE_REC2020, TILE_YCBCR709},
        {TILE_YCBCR2020, TILE_ICTCP},
        {TILE_LAB, TILE_LAB_D65},
        {TILE_LCH_D65, TILE_LUV},
        {TILE_OKLAB, TILE_HSV},
        {TILE_HSL, TILE_CMYK},
        {TILE_HSV_180, TILE_HWB},
        {TILE_ICTCP, TILE_ICTCP_HLG},
        {TILE_JZAZBZ, TILE_REC2020},
        {TILE_YCBCR601, TILE_YCBCR709},
        {TILE_YCBCR, TILE_YCBCR2020_FULL},
        {TILE_XYZ_D50, TILE_PROPHOTO_RGB},
        {TILE_GRAY, TILE_LUMINANCE},
        {TILE_LUMINANCE, TILE_OKLAB},
        {TILE_YCOCG_R, TILE_YCBCR},
        {TILE_LAB, TILE_LCH},
        {TILE_OKLCH, TILE_OKLAB},
        {TILE_XYZ_D65, TILE_SRGB_LINEAR},
        {TILE_REC2100_PQ, TILE_REC2100_HLG},
        {TILE_REC2100_HLG, TILE_REC2100_PQ},
        {TILE_REC2020, TILE_REC2100_PQ},
        {TILE_LAB, TILE_REC2100_HLG},
        {TILE_REC2100_PQ, TILE_ICTCP},
        {TILE_REC2100_HLG, TILE_OKLCH},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        check_pair(pairs[i][0], pairs[i][1]);
}

/* 8-bit codes of wider spaces: most of them lie outside of sRGB. */
static void out_of_gamut(void **state) {
    (void)state;
    static const tile_space from[] = {TILE_DISPLAY_P3, TILE_REC2020,    TILE_LAB,
                                      TILE_YCBCR,      TILE_REC2100_PQ, TILE_REC2100_HLG};
    static const tile_space to[] = {TILE_HSV, TILE_HSV_180, TILE_HSL, TILE_HWB, TILE_CMYK, TILE_GRAY, TILE_YCBCR};
    for (size_t i = 0; i < sizeof from / sizeof *from; i++)
        for (size_t k = 0; k < sizeof to / sizeof *to; k++) {
            if (from[i] == to[k])
                continue;
            struct result r = measure(from[i], TILE_U8, to[k], TILE_U8, make_codes(from[i], TILE_U8));
            if (!(r.worst <= 1) || r.exact < .99)
                fail_msg("%s to %s: off by %g, %g %% exactly rounded", tile_space_name(from[i]), tile_space_name(to[k]),
                         r.worst, 100 * r.exact);
        }
}

/* Signals of up to 49 times the white's light, most of them of no color that sRGB shows, in floats. */
static void beyond_white(void **state) {
    (void)state;
    static const tile_space from[] = {TILE_REC2100_PQ, TILE_REC2100_HLG};
    static const tile_space to[] = {TILE_SRGB,    TILE_SRGB_LINEAR, TILE_DISPLAY_P3, TILE_REC2020,
                                    TILE_XYZ_D65, TILE_XYZ_D50,     TILE_ICTCP,      TILE_JZAZBZ};
    static const tile_sample samples[] = {TILE_U8, TILE_U16, TILE_F32};
    for (size_t i = 0; i < sizeof from / sizeof *from; i++)
        for (size_t k = 0; k < sizeof to / sizeof *to; k++)
            for (int s = 0; s < 3; s++) {
                struct result r = measure(from[i], samples[s], to[k], TILE_F32, make_codes(from[i], samples[s]));
                if (!(r.worst <= 2e-6))
                    fail_msg("%s of %d bytes a sample to %s: off by %g", tile_space_name(from[i]), samples[s],
                             tile_space_name(to[k]), r.worst);
            }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_and_to_srgb),
        cmocka_unit_test(between_others),
        cmocka_unit_test(out_of_gamut),
        cmocka_unit_test(beyond_white),
    };
    in_samples = malloc((size_t)MAX * 16);
    out_samples = malloc((size_t)MAX * 16);
    if (!in_samples || !out_samples)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(in_samples);
    free(out_samples);
    return failed;
}
