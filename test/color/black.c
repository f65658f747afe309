/* SPDX-License-Identifier: MIT */
/* Black is the same black, and gray the same gray, in every sample type and as transicc has it. */
#include "support.h"

#include "base/buffer.h"

#include <math.h>
#include <unistd.h>

static struct tile_error error;

enum { COUNT = 256 };

/* The profile of a fixture, as its source gives it. */
static struct tile_buffer profile_of(const char *name) {
    struct tile_buffer profile = {0};
    tile_source *source;
    assert_ok(tile_source_open_file(&source, test_fixture(name), NULL, &error));
    const struct tile_info *info = tile_source_info(source);
    assert_ok(tile_buffer_append(&profile, info->profile, info->profile_size, &error));
    tile_source_close(source);
    return profile;
}

/* All grays of 8 bits, in `sample`, through a converter; three floats each (of gray, one). */
static void convert(tile_space from, tile_space to, tile_sample sample, const struct tile_converter_options *options,
                    float *out) {
    struct tile_format f = {.space = from, .sample = sample}, t = {.space = to, .sample = TILE_F32};
    struct tile_image source, target = {.format = t, .width = COUNT, .height = 1, .plane = {out}};
    int channels = tile_space_channels(from);
    assert_ok(tile_image_alloc(&source, f, COUNT, 1, NULL, &error));
    for (int i = 0; i < COUNT * channels; i++) {
        int code = i / channels;
        if (sample == TILE_U8)
            ((uint8_t *)source.plane[0])[i] = (uint8_t)code;
        else if (sample == TILE_U16)
            ((uint16_t *)source.plane[0])[i] = (uint16_t)(code * 257);
        else
            ((float *)source.plane[0])[i] = (float)(code / 255.);
    }
    tile_converter *converter;
    assert_ok(tile_converter_new(&converter, f, t, options, &error));
    assert_ok(tile_convert(converter, &source, &target, &error));
    tile_converter_free(converter);
    tile_image_free(&source, NULL);
}

static double srgb_of_light(double light) {
    return light <= .0031308 ? 12.92 * light : 1.055 * pow(light, 1 / 2.4) - .055;
}

/* The profile's curve begins at light of .005; what that becomes does not depend on how many bits say so. */
static void black_does_not_depend_on_depth(void **state) {
    (void)state;
    static const tile_sample samples[] = {TILE_U8, TILE_U16, TILE_F32};
    struct tile_buffer profile = profile_of("lifted-8.png");
    for (int intent = TILE_INTENT_PERCEPTUAL; intent <= TILE_INTENT_SATURATION; intent++)
        for (int compensates = 0; compensates < 2; compensates++)
            for (int inverse = 0; inverse < 2; inverse++) {
                struct tile_converter_options options = *test_converter_options();
                options.intent = (tile_intent)intent;
                options.black_point_compensation = compensates;
                *(inverse ? &options.to_profile : &options.from_profile) = profile.data;
                *(inverse ? &options.to_profile_size : &options.from_profile_size) = profile.size;
                static float out[3][COUNT * 3];
                for (int s = 0; s < 3; s++)
                    convert(TILE_SRGB, TILE_SRGB, samples[s], &options, out[s]);
                for (int i = 0; i < COUNT * 3; i++)
                    for (int s = 1; s < 3; s++)
                        if (fabsf(out[s][i] - out[0][i]) > 2e-4f)
                            fail_msg("intent %d, compensation %d, inverse %d: code %d is %g and %g", intent,
                                     compensates, inverse, i / 3, (double)out[0][i], (double)out[s][i]);
                double black = inverse || compensates ? 0 : srgb_of_light(.005);
                for (int c = 0; c < 3; c++) {
                    if (fabs((double)out[0][c] - black) > (inverse ? .5 / 255 : 3e-4)) /* a table, inverted */
                        fail_msg("intent %d, compensation %d, inverse %d: black is %g instead of %g", intent,
                                 compensates, inverse, (double)out[0][c], black);
                    assert_true(fabsf(out[0][3 * 255 + c] - 1) < 2e-3f);
                }
            }
    tile_buffer_free(&profile);
}

/* Writes a profile, and the codes of one side, for transicc, and reads what it makes of them: `columns` a line. */
static void ask_transicc(const struct tile_buffer *profile, const char *arguments, int channels, int columns,
                         double *out) {
    char *folder = test_folder_new();
    struct test_bytes output;
    test_write_file(test_path(folder, "p.icc"), profile->data, profile->size);
    assert_int_equal(test_run(&output,
                              "cd '%s' && for i in $(seq 0 255); do for c in $(seq %d); do echo $i; done; done | "
                              "transicc -n -v0 %s 2>/dev/null",
                              folder, channels, arguments),
                     0);
    output.data = realloc(output.data, output.size + 1);
    assert_non_null(output.data);
    output.data[output.size] = '\0';
    char *text = (char *)output.data;
    for (int i = 0; i < COUNT * columns; i++) {
        char *end;
        out[i] = strtod(text, &end);
        if (end == text)
            fail_msg("transicc gave %d of %d numbers: %.60s", i, COUNT * columns, text);
        text = end;
    }
    free(output.data);
    test_folder_remove(folder);
}

static bool has_transicc(void) {
    bool has = test_run(NULL, "command -v transicc >/dev/null") == 0;
    if (!has)
        printf("no transicc (liblcms2-utils)\n");
    return has;
}

/* Colorimetric, by default and with compensation, of 8 and of 16 bits, to XYZ. */
static void lifted_black_is_transiccs(void **state) {
    (void)state;
    if (!has_transicc())
        skip();
    struct tile_buffer profile = profile_of("lifted-16.png");
    for (int compensates = 0; compensates < 2; compensates++) {
        static double theirs[COUNT * 3];
        ask_transicc(&profile, compensates ? "-t1 -b -i p.icc -o '*XYZ'" : "-t1 -i p.icc -o '*XYZ'", 3, 3, theirs);
        for (int deep = 0; deep < 2; deep++) {
            struct tile_converter_options options = *test_converter_options();
            static float ours[COUNT * 3];
            options.from_profile = profile.data;
            options.from_profile_size = profile.size;
            options.black_point_compensation = compensates;
            convert(TILE_SRGB, TILE_XYZ_D50, deep ? TILE_U16 : TILE_U8, &options, ours);
            for (int i = 0; i < COUNT * 3; i++)
                if (fabs((double)ours[i] * 100 - theirs[i]) > .04) /* whites of D50 differ by .02 */
                    fail_msg("compensation %d, %d bits, code %d: %g, transicc %g", compensates, deep ? 16 : 8, i / 3,
                             (double)ours[i] * 100, theirs[i]);
        }
    }
    tile_buffer_free(&profile);
}

/* A gray curve under a connection space of Lab gives L*, also where it is sRGB's. */
static void gray_of_lab_is_transiccs(void **state) {
    (void)state;
    if (!has_transicc())
        skip();
    struct tile_buffer profile = profile_of("gray-lab-profile.png");
    static double lab[COUNT * 3], srgb[COUNT * 3];
    ask_transicc(&profile, "-t1 -i p.icc -o '*Lab'", 1, 3, lab);
    ask_transicc(&profile, "-t1 -i p.icc -o '*sRGB'", 1, 3, srgb);
    assert_true(lab[3 * 128] > 21.4 && lab[3 * 128] < 21.8); /* 100 times sRGB's light of 128, not L* of it */
    for (int deep = 0; deep < 2; deep++) {
        struct tile_converter_options options = *test_converter_options();
        static float ours[COUNT * 3];
        options.from_profile = profile.data;
        options.from_profile_size = profile.size;
        convert(TILE_GRAY, TILE_LAB, deep ? TILE_U16 : TILE_U8, &options, ours);
        for (int i = 0; i < COUNT; i++)
            assert_true(fabs((double)ours[3 * i] - lab[3 * i]) < .02);
        convert(TILE_GRAY, TILE_SRGB, deep ? TILE_U16 : TILE_U8, &options, ours);
        for (int i = 0; i < COUNT * 3; i++)
            assert_true(fabs((double)ours[i] * 255 - srgb[i]) < .3);
    }
    tile_buffer_free(&profile);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(black_does_not_depend_on_depth),
        cmocka_unit_test(lifted_black_is_transiccs),
        cmocka_unit_test(gray_of_lab_is_transiccs),
    };
    return cmocka_run_group_tests_name("color black", tests, NULL, NULL);
}
