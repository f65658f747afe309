/* SPDX-License-Identifier: MIT */
/* Regions of PNGs of every kind against the samples that were written, expanded by hand; what their chunks say. */
#include "picture.h"

#include "base/profile.h"
#include "source/for_job.h"

#include <png.h>
#include <zlib.h>

static struct tile_error error;

/* The pixels as PNG (third edition), 13.12, says: depths below 8 are spread to 0..255, what equals tRNS is clear. */
static unsigned char *png_expected(const struct png_recipe *recipe, size_t *step) {
    bool palette = recipe->type == PNG_COLOR_TYPE_PALETTE;
    int in = png_channels(recipe->type), out = (palette ? 3 : in) + recipe->transparent;
    size_t sample = recipe->depth == 16 ? 2 : 1;
    *step = (size_t)out * sample;
    unsigned char *pixels = malloc(*step * recipe->width * recipe->height), *to = pixels;
    assert_non_null(pixels);
    for (uint32_t y = 0; y < recipe->height; y++)
        for (uint32_t x = 0; x < recipe->width; x++, to += *step) {
            if (palette) {
                unsigned char rgba[4];
                png_palette_entry(png_sample(recipe, x, y, 0), rgba);
                memcpy(to, rgba, *step);
                continue;
            }
            bool clear = true;
            for (int c = 0; c < out; c++) {
                unsigned value = c < in ? png_sample(recipe, x, y, c) : clear ? 0 : (1u << recipe->depth) - 1;
                if (c < in && value != png_sample(recipe, 0, 0, c))
                    clear = false;
                if (recipe->depth < 8)
                    value = value * 255 / ((1u << recipe->depth) - 1);
                uint16_t wide = (uint16_t)value;
                unsigned char narrow = (unsigned char)value;
                memcpy(to + (size_t)c * sample, sample == 2 ? (void *)&wide : (void *)&narrow, sample);
            }
        }
    return pixels;
}

static const int kinds[][2] = {
    {PNG_COLOR_TYPE_GRAY, 1},        {PNG_COLOR_TYPE_GRAY, 2},      {PNG_COLOR_TYPE_GRAY, 4},
    {PNG_COLOR_TYPE_GRAY, 8},        {PNG_COLOR_TYPE_GRAY, 16},     {PNG_COLOR_TYPE_PALETTE, 1},
    {PNG_COLOR_TYPE_PALETTE, 2},     {PNG_COLOR_TYPE_PALETTE, 4},   {PNG_COLOR_TYPE_PALETTE, 8},
    {PNG_COLOR_TYPE_RGB, 8},         {PNG_COLOR_TYPE_RGB, 16},      {PNG_COLOR_TYPE_GRAY_ALPHA, 8},
    {PNG_COLOR_TYPE_GRAY_ALPHA, 16}, {PNG_COLOR_TYPE_RGB_ALPHA, 8}, {PNG_COLOR_TYPE_RGB_ALPHA, 16},
};

static void check_kind(struct png_recipe recipe, int count, struct test_random *random) {
    struct tile_buffer file = png_file(&recipe);
    size_t step;
    unsigned char *pixels = png_expected(&recipe, &step);
    tile_source *source;
    assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
    const struct tile_info *info = tile_source_info(source);
    assert_int_equal(info->codec, TILE_PNG);
    assert_int_equal(info->bits, recipe.depth);
    assert_int_equal(info->streams, !recipe.interlaced);
    assert_int_equal(info->format.sample, recipe.depth == 16 ? TILE_U16 : TILE_U8);
    assert_int_equal(info->format.alpha, recipe.transparent || (recipe.type & PNG_COLOR_MASK_ALPHA)
                                             ? TILE_ALPHA_STRAIGHT
                                             : TILE_ALPHA_NONE);
    assert_int_equal(info->format.space, recipe.type & PNG_COLOR_MASK_COLOR ? TILE_SRGB : TILE_GRAY);
    assert_int_equal(tile_source_format_for(source, TILE_GRAY).space, info->format.space);
    struct stored stored = {pixels, recipe.width, recipe.height, step};
    check_regions(source, info->format, stored, info->orientation, count, random);
    tile_source_read_once(source, true); /* which it is not */
    check_regions(source, info->format, stored, info->orientation, count / 2, random);
    tile_source_close(source);
    free(pixels);
    tile_buffer_free(&file);
}

static void regions_equal_the_samples_written(void **state) {
    (void)state;
    struct test_random random = {7};
    static const uint32_t sizes[][2] = {{37, 53}, {1, 1}, {3, 2}, {9, 70}};
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
            for (int variant = 0; variant < 4; variant++) {
                struct png_recipe recipe = {.width = sizes[s][0],
                                            .height = sizes[s][1],
                                            .type = kinds[k][0],
                                            .depth = kinds[k][1],
                                            .interlaced = variant & 1,
                                            .transparent = variant & 2};
                if (recipe.transparent && (recipe.type & PNG_COLOR_MASK_ALPHA))
                    continue;
                check_kind(recipe, 14, &random);
            }
}

static void all_orientations_come_upright(void **state) {
    (void)state;
    struct test_random random = {8};
    for (size_t k = 3; k < sizeof kinds / sizeof kinds[0]; k++)
        for (int orientation = 1; orientation <= 8; orientation++)
            check_kind((struct png_recipe){.width = 41,
                                           .height = 77,
                                           .type = kinds[k][0],
                                           .depth = kinds[k][1],
                                           .interlaced = orientation == 6,
                                           .orientation = orientation},
                       12, &random);
}

/* Opens a small PNG of `recipe` and closes it; what it says of its color is in *space, *profile_size and *tagged. */
static void color_of(struct png_recipe recipe, const struct tile_source_options *options, tile_space space,
                     bool profile, bool tagged) {
    recipe.width = recipe.height = 4;
    recipe.depth = 8;
    struct tile_buffer file = png_file(&recipe);
    tile_source *source;
    assert_ok(tile_source_open_memory(&source, file.data, file.size, options, &error));
    const struct tile_info *info = tile_source_info(source);
    assert_int_equal(info->format.space, space);
    assert_int_equal(info->profile != NULL, profile);
    assert_int_equal(info->tagged, tagged);
    if (recipe.profile && profile) {
        assert_int_equal(info->profile_size, recipe.profile_size);
        assert_memory_equal(info->profile, recipe.profile, recipe.profile_size);
    }
    tile_source_close(source);
    tile_buffer_free(&file);
}

/* Numbers that name no space here, with nothing beside them: told as unknown, unless the caller says what it is. */
static void cicp_is_unknown(int type, const unsigned char *numbers) {
    struct png_recipe recipe = {.type = type, .cicp = numbers};
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    options.ignore_profile = true;
    tile_space plain = type == PNG_COLOR_TYPE_GRAY ? TILE_GRAY : TILE_SRGB;
    color_of(recipe, &options, plain, false, false);
    options.ignore_profile = false;
    options.assume = type == PNG_COLOR_TYPE_GRAY ? TILE_LUMINANCE : TILE_REC2020;
    color_of(recipe, &options, options.assume, false, false);
    recipe.width = recipe.height = 4;
    recipe.depth = 8;
    struct tile_buffer file = png_file(&recipe);
    tile_source *source;
    assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
    const struct tile_info *info = tile_source_info(source);
    assert_non_null(strstr(info->unknown_color, "cICP"));
    assert_memory_equal(info->code_points, numbers, 4);
    assert_int_equal(info->format.space, plain);
    assert_false(info->tagged);
    tile_source_close(source);
    tile_buffer_free(&file);
}

static void chunks_say_what_the_samples_mean(void **state) {
    (void)state;
    enum { RGB = PNG_COLOR_TYPE_RGB, GRAY = PNG_COLOR_TYPE_GRAY };
    struct tile_buffer p3 = {0};
    assert_ok(tile_profile_of_space(&p3, TILE_DISPLAY_P3, &error));
    static const unsigned char cicp[][5] = {{1, 13, 0, 1, TILE_SRGB},       {12, 13, 0, 1, TILE_DISPLAY_P3},
                                            {1, 8, 0, 1, TILE_SRGB_LINEAR}, {9, 14, 0, 1, TILE_REC2020},
                                            {9, 15, 0, 1, TILE_REC2020},    {9, 1, 0, 1, TILE_REC2020},
                                            {9, 16, 0, 1, TILE_REC2100_PQ}, {9, 18, 0, 1, TILE_REC2100_HLG}};
    for (size_t i = 0; i < sizeof cicp / sizeof cicp[0]; i++) {
        color_of((struct png_recipe){.type = RGB, .cicp = cicp[i]}, NULL, cicp[i][4], false, true);
        color_of((struct png_recipe){.type = RGB, .cicp = cicp[i], .profile = p3.data, .profile_size = p3.size}, NULL,
                 cicp[i][4], false, true);
        color_of((struct png_recipe){.type = RGB, .cicp = cicp[i], .srgb = true, .gamma = 45455}, NULL, cicp[i][4],
                 false, true);
    }
    /* Display P3 with PQ; a matrix of YCbCr; limited range; no such primaries. */
    static const unsigned char unknown[][4] = {{12, 16, 0, 1}, {1, 13, 1, 1}, {1, 13, 0, 0}, {255, 13, 0, 1}};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        cicp_is_unknown(RGB, unknown[i]);
        /* An sRGB chunk is no more than a hint beside PQ, whose samples are never called sRGB. */
        color_of((struct png_recipe){.type = RGB, .cicp = unknown[i], .srgb = true}, NULL, TILE_SRGB, false, i != 0);
        color_of((struct png_recipe){.type = RGB, .cicp = unknown[i], .profile = p3.data, .profile_size = p3.size},
                 NULL, TILE_SRGB, true, true);
    }
    color_of((struct png_recipe){.type = GRAY, .cicp = cicp[0]}, NULL, TILE_GRAY, false, true);
    color_of((struct png_recipe){.type = GRAY, .cicp = cicp[2]}, NULL, TILE_LUMINANCE, false, true);
    color_of((struct png_recipe){.type = GRAY, .cicp = cicp[1]}, NULL, TILE_GRAY, false, true);
    cicp_is_unknown(GRAY, cicp[3]);
    static const unsigned char unspecified[4] = {2, 2, 0, 1};
    color_of((struct png_recipe){.type = RGB, .cicp = unspecified}, NULL, TILE_SRGB, false, false);
    color_of((struct png_recipe){.type = RGB, .cicp = unspecified, .gamma = 100000}, NULL, TILE_SRGB, true, true);

    color_of((struct png_recipe){.type = RGB, .profile = p3.data, .profile_size = p3.size}, NULL, TILE_SRGB, true,
             true);
    color_of((struct png_recipe){.type = RGB, .srgb = true}, NULL, TILE_SRGB, false, true);
    color_of((struct png_recipe){.type = RGB}, NULL, TILE_SRGB, false, false);
    color_of((struct png_recipe){.type = GRAY}, NULL, TILE_GRAY, false, false);
    color_of((struct png_recipe){.type = RGB, .gamma = 45455}, NULL, TILE_SRGB, false, true);
    color_of((struct png_recipe){.type = RGB, .gamma = 45000}, NULL, TILE_SRGB, false, true);
    color_of((struct png_recipe){.type = RGB, .gamma = 45455, .srgb_primaries = true}, NULL, TILE_SRGB, false, true);
    color_of((struct png_recipe){.type = RGB, .gamma = 45455, .p3_primaries = true}, NULL, TILE_SRGB, true, true);
    color_of((struct png_recipe){.type = RGB, .gamma = 44900}, NULL, TILE_SRGB, true, true);
    color_of((struct png_recipe){.type = RGB, .gamma = 100000}, NULL, TILE_SRGB, true, true);
    color_of((struct png_recipe){.type = GRAY, .gamma = 100000}, NULL, TILE_GRAY, true, true);
    color_of((struct png_recipe){.type = GRAY, .gamma = 45455}, NULL, TILE_GRAY, false, true);
    color_of((struct png_recipe){.type = RGB, .gamma = 20}, NULL, TILE_SRGB, false, false);
    color_of((struct png_recipe){.type = RGB, .p3_primaries = true}, NULL, TILE_SRGB, false, false);

    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    options.ignore_profile = true;
    color_of((struct png_recipe){.type = RGB, .profile = p3.data, .profile_size = p3.size}, &options, TILE_SRGB, false,
             false);
    color_of((struct png_recipe){.type = RGB, .cicp = cicp[1]}, &options, TILE_SRGB, false, false);
    color_of((struct png_recipe){.type = RGB, .gamma = 100000}, &options, TILE_SRGB, false, false);
    options.ignore_profile = false;
    options.assume = TILE_PROPHOTO_RGB;
    color_of((struct png_recipe){.type = RGB}, &options, TILE_PROPHOTO_RGB, false, false);
    color_of((struct png_recipe){.type = RGB, .srgb = true}, &options, TILE_SRGB, false, true);
    tile_buffer_free(&p3);
}

static void gamma_profile_has_the_exponent(void **state) {
    (void)state;
    /* The file's exponent makes samples of light, the profile's light of samples. */
    struct tile_buffer file =
        png_file(&(struct png_recipe){.width = 1, .height = 1, .type = 0, .depth = 8, .gamma = 50000});
    struct tile_buffer same = {0};
    tile_source *source;
    assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
    assert_ok(tile_profile_of_gray_gamma(&same, 2, &error));
    assert_int_equal(tile_source_info(source)->profile_size, same.size);
    assert_memory_equal(tile_source_info(source)->profile, same.data, same.size);
    tile_source_close(source);
    tile_buffer_free(&same);
    tile_buffer_free(&file);
}

static void any_chromaticities_can_be_opened(void **state) {
    (void)state;
    struct test_random random = {10};
    struct tile_buffer file = png_file(&(struct png_recipe){
        .width = 1, .height = 1, .type = PNG_COLOR_TYPE_RGB, .depth = 8, .gamma = 50000, .p3_primaries = true});
    size_t at = 33; /* behind signature and IHDR */
    while (memcmp(file.data + at + 4, "cHRM", 4) != 0)
        at += 12 + png_get_uint_32(file.data + at);
    for (int run = 0; run < 3000; run++) {
        for (unsigned i = 0; i < 8; i++)
            if (test_random_below(&random, 2))
                png_save_uint_32(file.data + at + 8 + 4 * i, test_random_below(&random, run % 2 ? 100001 : 1000));
        png_save_uint_32(file.data + at + 40, (png_uint_32)crc32(0, file.data + at + 4, 36));
        tile_source *source;
        assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
        tile_source_close(source);
    }
    tile_buffer_free(&file);
}

static void real_files_equal_libpng(void **state) {
    (void)state;
    static const char *const names[] = {"kodak/1.png", "kodak/19.png", "clic/3140d643a1f57e80ff265507984d95a0.png"};
    if (!test_shared_image(names[0]))
        skip();
    struct test_random random = {9};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *path = test_shared_image(names[i]);
        png_image whole = {.version = PNG_IMAGE_VERSION};
        assert_true(png_image_begin_read_from_file(&whole, path));
        whole.format = PNG_FORMAT_RGB;
        unsigned char *pixels = malloc(PNG_IMAGE_SIZE(whole));
        assert_true(png_image_finish_read(&whole, NULL, pixels, 0, NULL));
        tile_source *source;
        assert_ok(tile_source_open_file(&source, path, NULL, &error));
        check_regions(source, tile_source_info(source)->format, (struct stored){pixels, whole.width, whole.height, 3},
                      1, 4, &random);
        tile_source_close(source);
        free(pixels);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(regions_equal_the_samples_written), cmocka_unit_test(all_orientations_come_upright),
        cmocka_unit_test(chunks_say_what_the_samples_mean),  cmocka_unit_test(gamma_profile_has_the_exponent),
        cmocka_unit_test(any_chromaticities_can_be_opened),  cmocka_unit_test(real_files_equal_libpng),
    };
    return cmocka_run_group_tests_name("source-png", tests, NULL, NULL);
}
