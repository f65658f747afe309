/* SPDX-License-Identifier: MIT */
/* Laying pixels on a color where they are transparent, against the definition in double precision. */
#include "support.h"

#include <lcms2.h>
#include <math.h>

static struct tile_error error;

enum { COUNT = 4099 };

static double value_of(const struct tile_image *image, int i) {
    return image->format.sample == TILE_U8    ? ((const uint8_t *)image->plane[0])[i] / 255.
           : image->format.sample == TILE_U16 ? ((const uint16_t *)image->plane[0])[i] / 65535.
                                              : (double)((const float *)image->plane[0])[i];
}

static void set_value(const struct tile_image *image, int i, double v) {
    if (image->format.sample == TILE_U8)
        ((uint8_t *)image->plane[0])[i] = (uint8_t)lround(v * 255);
    else if (image->format.sample == TILE_U16)
        ((uint16_t *)image->plane[0])[i] = (uint16_t)lround(v * 65535);
    else
        ((float *)image->plane[0])[i] = (float)v;
}

/* Any colors; an alpha of none, all, and anything. Of premultiplied pixels, colors are at most alpha. */
static void fill(struct tile_image *image) {
    struct test_random random = {77};
    int n = tile_space_channels(image->format.space);
    for (int i = 0; i < COUNT; i++) {
        double alpha = i % 3 == 0 ? i % 2 : test_random_below(&random, 256) / 255.;
        for (int c = 0; c < n; c++) {
            double v = test_random_below(&random, 256) / 255.;
            set_value(image, i * (n + 1) + c, image->format.alpha == TILE_ALPHA_PREMULTIPLIED ? v * alpha : v);
        }
        set_value(image, i * (n + 1) + n, alpha);
    }
}

static void lay(const struct tile_image *source, const struct tile_image *target,
                struct tile_converter_options options) {
    tile_converter *converter;
    assert_ok(tile_converter_new(&converter, source->format, target->format, &options, &error));
    assert_ok(tile_convert(converter, source, target, &error));
    tile_converter_free(converter);
}

/* color alpha + background (1 - alpha), in the coded values; 8-bit results are exactly rounded, as no tie can be. */
static void check(tile_space space, tile_sample from, tile_sample to, tile_alpha alpha) {
    static const float background[4] = {.2f, 1, 128 / 255.f, 0};
    int n = tile_space_channels(space);
    struct tile_image source, target;
    assert_ok(tile_image_alloc(&source, (struct tile_format){.space = space, .sample = from, .alpha = alpha}, COUNT, 1,
                               NULL, &error));
    assert_ok(tile_image_alloc(&target, (struct tile_format){.space = space, .sample = to}, COUNT, 1, NULL, &error));
    struct tile_converter_options options = *test_converter_options();
    options.background = background;
    fill(&source);
    lay(&source, &target, options);
    for (int i = 0; i < COUNT; i++)
        for (int c = 0; c < n; c++) {
            double a = value_of(&source, i * (n + 1) + n), v = value_of(&source, i * (n + 1) + c);
            double below = (double)background[c] * (1 - a);
            double wanted = alpha == TILE_ALPHA_PREMULTIPLIED ? v + below : v * a + below;
            double got = value_of(&target, i * n + c);
            /* Half a code; premultiplied codes are divided by alpha and multiplied again. */
            double most = (to == TILE_U8 ? .5 / 255 : to == TILE_U16 ? .5 / 65535 : 0) + 3e-7;
            if (fabs(got - wanted) > most)
                fail_msg("%s %d to %d, alpha %d: %.9g instead of %.9g (color %g, alpha %g)", tile_space_name(space),
                         from, to, alpha, got, wanted, v, a);
        }
    tile_image_free(&source, NULL);
    tile_image_free(&target, NULL);
}

static void pixels_are_laid_on_the_background(void **state) {
    (void)state;
    static const tile_sample samples[] = {TILE_U8, TILE_U16, TILE_F32};
    static const tile_space spaces[] = {TILE_SRGB, TILE_GRAY, TILE_CMYK, TILE_PROPHOTO_RGB};
    for (int s = 0; s < 4; s++)
        for (int f = 0; f < 3; f++)
            for (int t = 0; t < 3; t++) {
                check(spaces[s], samples[f], samples[t], TILE_ALPHA_STRAIGHT);
                check(spaces[s], samples[f], samples[t], TILE_ALPHA_PREMULTIPLIED);
            }
}

/* First laid, then converted: as converting pixels that have no alpha any more. With and without profiles. */
static void the_source_is_laid_before_it_is_converted(void **state) {
    (void)state;
    static const float background[4] = {1, .5f, .25f};
    cmsToneCurve *curve = cmsBuildGamma(NULL, 1.7);
    cmsCIExyY white = {.3127, .3290, 1};
    cmsCIExyYTRIPLE primaries = {{.68, .32, 1}, {.265, .69, 1}, {.15, .06, 1}};
    cmsHPROFILE made = cmsCreateRGBProfile(&white, &primaries, (cmsToneCurve *[]){curve, curve, curve});
    unsigned char profile[4096];
    cmsUInt32Number size = 0;
    assert_true(cmsSaveProfileToMem(made, NULL, &size) && size <= sizeof profile);
    assert_true(cmsSaveProfileToMem(made, profile, &size));
    cmsCloseProfile(made);
    cmsFreeToneCurve(curve);
    static const tile_space targets[] = {TILE_LAB, TILE_SRGB, TILE_OKLCH, TILE_GRAY};
    for (int t = 0; t < 4; t++)
        for (int tagged = 0; tagged < 2; tagged++) {
            struct tile_image source, floats, wanted, got;
            struct tile_format rgba = {.space = TILE_SRGB, .sample = TILE_U8, .alpha = TILE_ALPHA_STRAIGHT};
            assert_ok(tile_image_alloc(&source, rgba, COUNT, 1, NULL, &error));
            assert_ok(tile_image_alloc(&floats, (struct tile_format){.space = TILE_SRGB, .sample = TILE_F32}, COUNT, 1,
                                       NULL, &error));
            assert_ok(tile_image_alloc(&wanted, (struct tile_format){.space = targets[t], .sample = TILE_U8}, COUNT, 1,
                                       NULL, &error));
            assert_ok(tile_image_alloc(&got, wanted.format, COUNT, 1, NULL, &error));
            fill(&source);
            for (int i = 0; i < COUNT * 3; i++) {
                double a = value_of(&source, i / 3 * 4 + 3), v = value_of(&source, i / 3 * 4 + i % 3);
                ((float *)floats.plane[0])[i] = (float)(v * a + (double)background[i % 3] * (1 - a));
            }
            struct tile_converter_options options = *test_converter_options();
            options.from_profile = tagged ? profile : NULL;
            options.from_profile_size = tagged ? size : 0;
            lay(&floats, &wanted, options);
            options.background = background;
            lay(&source, &got, options);
            int n = tile_space_channels(targets[t]);
            for (int i = 0; i < COUNT * n; i++) {
                int off = ((uint8_t *)got.plane[0])[i] - ((uint8_t *)wanted.plane[0])[i];
                bool hue = targets[t] == TILE_OKLCH && i % n == 2; /* grays have none, or nearly */
                if ((off < -1 || off > 1) && !hue)
                    fail_msg("%s, profile %d: off by %d", tile_space_name(targets[t]), tagged, off);
            }
            tile_image_free(&source, NULL);
            tile_image_free(&floats, NULL);
            tile_image_free(&wanted, NULL);
            tile_image_free(&got, NULL);
        }
}

/* Where the target keeps alpha, or the source has none, there is nothing to lay. */
static void a_background_without_alpha_does_nothing(void **state) {
    (void)state;
    static const float background[4] = {1, .5f, .25f};
    uint8_t in[4] = {10, 20, 30, 40}, out[4] = {0};
    struct tile_format with = {.space = TILE_SRGB, .sample = TILE_U8, .alpha = TILE_ALPHA_STRAIGHT},
                       without = {.space = TILE_SRGB, .sample = TILE_U8};
    struct tile_converter_options options = *test_converter_options();
    options.background = background;
    lay(&(struct tile_image){.format = with, .width = 1, .height = 1, .plane = {in}},
        &(struct tile_image){.format = with, .width = 1, .height = 1, .plane = {out}}, options);
    assert_memory_equal(in, out, 4);
    lay(&(struct tile_image){.format = without, .width = 1, .height = 1, .plane = {in}},
        &(struct tile_image){.format = with, .width = 1, .height = 1, .plane = {out}}, options);
    assert_memory_equal(out, ((const uint8_t[]){10, 20, 30, 255}), 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pixels_are_laid_on_the_background),
        cmocka_unit_test(the_source_is_laid_before_it_is_converted),
        cmocka_unit_test(a_background_without_alpha_does_nothing),
    };
    return cmocka_run_group_tests_name("color background", tests, NULL, NULL);
}
