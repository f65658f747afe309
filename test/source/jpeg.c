/* SPDX-License-Identifier: MIT */
/* Regions of JPEGs of every kind against libjpeg's decode of the whole, and real files against djpeg. */
#include "picture.h"

#include "base/buffer.h"
#include "base/profile.h"
#include "source/for_job.h"

static struct tile_error error;

static const struct jpeg_recipe kinds[] = {
    {.coding = "baseline gray", .space = JCS_GRAYSCALE, .sampling = {{1, 1}}},
    {.coding = "baseline YCbCr 4:4:4", .space = JCS_YCbCr, .sampling = {{1, 1}}},
    {.coding = "baseline YCbCr 4:2:2", .space = JCS_YCbCr, .sampling = {{2, 1}}},
    {.coding = "baseline YCbCr 4:2:0", .space = JCS_YCbCr, .sampling = {{2, 2}}},
    {.coding = "baseline YCbCr 4:4:0", .space = JCS_YCbCr, .sampling = {{1, 2}}},
    {.coding = "baseline YCbCr 4:1:1", .space = JCS_YCbCr, .sampling = {{4, 1}}},
    {.coding = "baseline YCbCr 4:1:0", .space = JCS_YCbCr, .sampling = {{4, 2}}},
    {.coding = "baseline YCbCr 1x4,1x1,1x1", .space = JCS_YCbCr, .sampling = {{1, 4}}},
    {.coding = "baseline YCbCr 2x2,1x2,2x1", .space = JCS_YCbCr, .sampling = {{2, 2}, {1, 2}, {2, 1}}},
    {.coding = "baseline YCbCr 4:2:0", .space = JCS_YCbCr, .sampling = {{2, 2}}, .optimized = true, .restart = 3},
    {.coding = "baseline YCbCr 4:2:0", .space = JCS_YCbCr, .sampling = {{2, 2}}, .separate = true},
    {.coding = "progressive gray", .space = JCS_GRAYSCALE, .progressive = true},
    {.coding = "progressive YCbCr 4:4:4", .space = JCS_YCbCr, .progressive = true},
    {.coding = "progressive YCbCr 4:2:0", .space = JCS_YCbCr, .sampling = {{2, 2}}, .progressive = true, .restart = 5},
    {.coding = "progressive YCbCr 4:1:0", .space = JCS_YCbCr, .sampling = {{4, 2}}, .progressive = true},
    {.coding = "arithmetic sequential YCbCr 4:2:0", .space = JCS_YCbCr, .sampling = {{2, 2}}, .arithmetic = true},
    {.coding = "arithmetic progressive YCbCr 4:2:2",
     .space = JCS_YCbCr,
     .sampling = {{2, 1}},
     .arithmetic = true,
     .progressive = true},
    {.coding = "baseline RGB", .space = JCS_RGB},
    {.coding = "baseline CMYK", .space = JCS_CMYK},
    {.coding = "baseline CMYK", .space = JCS_CMYK, .without_adobe = true},
    {.coding = "baseline YCCK 4:4:4", .space = JCS_YCCK},
    {.coding = "progressive YCCK 4:2:0",
     .space = JCS_YCCK,
     .sampling = {{2, 2}, {1, 1}, {1, 1}, {2, 2}},
     .progressive = true},
};
#define KINDS (sizeof kinds / sizeof kinds[0])

static void check_kind(struct jpeg_recipe recipe, int count, struct test_random *random) {
    struct test_bytes file = jpeg_file(&recipe);
    bool ink = recipe.space == JCS_CMYK || recipe.space == JCS_YCCK;
    size_t step = ink ? 4 : recipe.space == JCS_GRAYSCALE ? 1 : 3;
    unsigned char *pixels = jpeg_pixels(file, JCS_UNKNOWN);
    struct stored stored = {pixels, recipe.width, recipe.height, step};
    tile_source *source;
    assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
    const struct tile_info *info = tile_source_info(source);
    assert_string_equal(info->coding, recipe.coding);
    assert_int_equal(info->codec, TILE_JPEG);
    assert_int_equal(info->bits, 8);
    assert_int_equal(info->streams, !recipe.progressive && !recipe.separate);
    assert_int_equal(info->format.space, step == 1 ? TILE_GRAY : step == 3 ? TILE_SRGB : TILE_CMYK);
    assert_int_equal(info->orientation, recipe.orientation ? recipe.orientation : 1);
    assert_false(info->tagged);
    assert_null(info->profile);
    check_regions(source, info->format, stored, info->orientation, count, random);
    tile_source_read_once(source, true); /* which it is not */
    check_regions(source, info->format, stored, info->orientation, count / 2, random);
    tile_source_read_once(source, false);
    check_whole(source, stored, info->orientation);

    /* Straight from the file's own samples. */
    const tile_space direct[] = {TILE_YCBCR, TILE_GRAY};
    for (int i = 0; i < 2; i++) {
        struct tile_format format = tile_source_format_for(source, direct[i]);
        if (recipe.space != JCS_YCbCr) {
            assert_int_equal(format.space, info->format.space);
            continue;
        }
        assert_int_equal(format.space, direct[i]);
        unsigned char *planes = jpeg_pixels(file, i == 0 ? JCS_YCbCr : JCS_GRAYSCALE);
        struct stored own = {planes, recipe.width, recipe.height, i == 0 ? 3 : 1};
        check_regions(source, format, own, info->orientation, count / 2, random);
        free(planes);
    }
    assert_int_equal(tile_source_format_for(source, TILE_LAB).space, info->format.space);
    assert_null(tile_source_damage(source));
    tile_source_close(source);
    free(pixels);
    free(file.data);
}

static void regions_equal_the_whole_cut(void **state) {
    (void)state;
    struct test_random random = {1};
    static const uint32_t sizes[][2] = {{61, 83}, {1, 1}, {33, 17}, {16, 48}, {7, 130}};
    for (size_t k = 0; k < KINDS; k++)
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
            struct jpeg_recipe recipe = kinds[k];
            recipe.width = sizes[s][0];
            recipe.height = sizes[s][1];
            check_kind(recipe, 16, &random);
        }
}

static void all_orientations_come_upright(void **state) {
    (void)state;
    struct test_random random = {2};
    static const int chosen[] = {0, 3, 13, 19}; /* 1, 3 and 4 channels, one progressive */
    for (size_t k = 0; k < 4; k++)
        for (int orientation = 1; orientation <= 8; orientation++) {
            struct jpeg_recipe recipe = kinds[chosen[k]];
            recipe.width = 75;
            recipe.height = 101;
            recipe.orientation = orientation;
            recipe.big_endian = orientation % 2;
            check_kind(recipe, 16, &random);
        }
}

static void orientation_can_be_ignored(void **state) {
    (void)state;
    struct test_random random = {3};
    struct jpeg_recipe recipe = kinds[3];
    recipe.width = 40, recipe.height = 50, recipe.orientation = 6;
    struct test_bytes file = jpeg_file(&recipe);
    unsigned char *pixels = jpeg_pixels(file, JCS_UNKNOWN);
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    options.ignore_orientation = true;
    tile_source *source;
    assert_ok(tile_source_open_memory(&source, file.data, file.size, &options, &error));
    assert_int_equal(tile_source_info(source)->orientation, 1);
    check_regions(source, tile_source_info(source)->format, (struct stored){pixels, 40, 50, 3}, 1, 10, &random);
    tile_source_close(source);
    free(pixels);
    free(file.data);
}

static void profiles_and_assumptions(void **state) {
    (void)state;
    struct tile_buffer rgb = {0}, gray = {0};
    assert_ok(tile_profile_of_space(&rgb, TILE_DISPLAY_P3, &error));
    assert_ok(tile_profile_of_gray_gamma(&gray, 1.8, &error));
    struct jpeg_recipe recipe = kinds[3];
    recipe.width = recipe.height = 20;
    recipe.profile = rgb.data, recipe.profile_size = rgb.size;
    struct test_bytes tagged = jpeg_file(&recipe);
    recipe.profile = gray.data, recipe.profile_size = gray.size;
    struct test_bytes of_gray = jpeg_file(&recipe);
    recipe.profile = NULL;
    struct test_bytes plain = jpeg_file(&recipe);
    tile_source *source;

    assert_ok(tile_source_open_memory(&source, tagged.data, tagged.size, NULL, &error));
    const struct tile_info *info = tile_source_info(source);
    assert_true(info->tagged);
    assert_int_equal(info->profile_size, rgb.size);
    assert_memory_equal(info->profile, rgb.data, rgb.size);
    assert_int_equal(tile_source_format_for(source, TILE_YCBCR).space, TILE_SRGB);
    tile_source_close(source);

    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    options.ignore_profile = true;
    assert_ok(tile_source_open_memory(&source, tagged.data, tagged.size, &options, &error));
    assert_null(tile_source_info(source)->profile);
    assert_false(tile_source_info(source)->tagged);
    assert_int_equal(tile_source_format_for(source, TILE_YCBCR).space, TILE_YCBCR);
    tile_source_close(source);

    /* The second of its segments is missing. */
    size_t icc = 2;
    while (tagged.data[icc + 1] != 0xE2)
        icc += 2u + (size_t)(tagged.data[icc + 2] << 8 | tagged.data[icc + 3]);
    tagged.data[icc + 17] = 2;
    options.ignore_profile = false;
    options.strict = true;
    assert_fails(TILE_BAD_DATA, tile_source_open_memory(&source, tagged.data, tagged.size, &options, &error));
    assert_non_null(strstr(error.message, "its segment 2 of 2 is missing"));
    assert_int_equal(error.remedies, TILE_REMEDY_IGNORE_PROFILE | TILE_REMEDY_NOT_STRICT);
    options.strict = false;
    assert_ok(tile_source_open_memory(&source, tagged.data, tagged.size, &options, &error));
    assert_string_equal(tile_source_info(source)->profile_dropped, "its segment 2 of 2 is missing");
    assert_non_null(strstr(tile_source_note(source, 0), "its segment 2 of 2 is missing"));
    assert_null(tile_source_note(source, 1));
    assert_null(tile_source_damage(source));
    assert_false(tile_source_info(source)->tagged);
    assert_null(tile_source_info(source)->profile);
    assert_null(tile_source_info(source)->carried_profile);
    tile_source_close(source);
    options.strict = options.ignore_profile = true;
    assert_ok(tile_source_open_memory(&source, tagged.data, tagged.size, &options, &error));
    assert_null(tile_source_note(source, 0));
    tile_source_close(source);
    tagged.data[icc + 17] = 1;

    /* A gray profile says nothing about RGB. */
    assert_ok(tile_source_open_memory(&source, of_gray.data, of_gray.size, NULL, &error));
    assert_null(tile_source_info(source)->profile);
    assert_string_equal(tile_source_info(source)->profile_dropped, "it describes gray, the samples are RGB");
    tile_source_close(source);

    options = (struct tile_source_options)TILE_OPTIONS(struct tile_source_options);
    options.assume = TILE_A98_RGB;
    assert_ok(tile_source_open_memory(&source, plain.data, plain.size, &options, &error));
    assert_int_equal(tile_source_info(source)->format.space, TILE_A98_RGB);
    assert_int_equal(tile_source_format_for(source, TILE_YCBCR).space, TILE_A98_RGB);
    tile_source_close(source);
    assert_ok(tile_source_open_memory(&source, tagged.data, tagged.size, &options, &error));
    assert_int_equal(tile_source_info(source)->format.space, TILE_SRGB);
    tile_source_close(source);

    options.assume = TILE_CMYK;
    assert_fails(TILE_INVALID_ARGUMENT, tile_source_open_memory(&source, plain.data, plain.size, &options, &error));
    assert_null(source);
    assert_non_null(strstr(error.message, "cmyk"));
    assert_non_null(strstr(error.message, "srgb"));
    options.assume = TILE_ICTCP;
    assert_fails(TILE_INVALID_ARGUMENT, tile_source_open_memory(&source, plain.data, plain.size, &options, &error));
    free(plain.data);
    free(tagged.data);
    free(of_gray.data);
    tile_buffer_free(&rgb);
    tile_buffer_free(&gray);
}

static void tiles_of_a_wide_image_take_little(void **state) {
    (void)state;
    struct jpeg_recipe recipe = kinds[3];
    recipe.width = 60000, recipe.height = 300;
    struct test_reader counted = {.file = jpeg_file(&recipe)};
    unsigned char *pixels = jpeg_pixels(counted.file, JCS_UNKNOWN);
    struct gauge gauge = {0};
    struct tile_allocator allocator = gauge_allocator(&gauge);
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    options.allocator = &allocator;
    struct tile_reader reader = test_reader_of(&counted);
    tile_source *source;
    assert_ok(tile_source_open_reader(&source, &reader, &options, &error));
    enum { TILE = 64, OVERLAP = 3 };
    static unsigned char tile[1000 * (TILE + OVERLAP) * 3];
    for (uint32_t y = 0; y < 300; y += TILE)
        for (uint32_t x = 0; x < 60000; x += 1000) {
            struct tile_rect rect = {x, y, 1000, y + TILE + OVERLAP < 300 ? TILE + OVERLAP : 300 - y};
            struct tile_image image = {
                tile_source_info(source)->format, rect.width, rect.height, {tile}, (ptrdiff_t)rect.width * 3};
            assert_ok(tile_source_read(source, rect, &image, &error));
            for (uint32_t i = 0; i < rect.height; i++)
                assert_memory_equal(tile + i * 3000, pixels + ((size_t)(y + i) * 60000 + x) * 3, 3000);
        }
    tile_source_close(source);
    assert_int_equal(gauge.live, 0);
    assert_true(gauge.peak < 60000 * 3 * (TILE + OVERLAP) + (1 << 20));
    /* Nothing is decoded twice; the probe's 16 bytes are read twice. */
    assert_int_equal(counted.bytes, counted.file.size + 16);
    free(pixels);
    free(counted.file.data);
}

static void overlapping_strips_of_a_large_image(void **state) {
    (void)state;
    /* Whole rows of more than what is kept of them. */
    struct jpeg_recipe recipe = {.width = 12000, .height = 2100, .space = JCS_GRAYSCALE, .coding = "baseline gray"};
    recipe.width = 40000;
    struct test_bytes file = jpeg_file(&recipe);
    unsigned char *pixels = jpeg_pixels(file, JCS_UNKNOWN);
    struct gauge gauge = {0};
    struct tile_allocator allocator = gauge_allocator(&gauge);
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    options.allocator = &allocator;
    tile_source *source;
    assert_ok(tile_source_open_memory(&source, file.data, file.size, &options, &error));
    struct tile_image image;
    assert_ok(tile_image_alloc(&image, tile_source_info(source)->format, 40000, 2100, NULL, &error));
    assert_ok(tile_source_read(source, (struct tile_rect){0, 0, 40000, 2100}, &image, &error));
    assert_memory_equal(image.plane[0], pixels, (size_t)40000 * 2100);
    assert_true(gauge.peak < ((size_t)64 << 20) + (1 << 20));
    struct tile_image tail = tile_image_view(&image, (struct tile_rect){0, 0, 40000, 600});
    assert_ok(tile_source_read(source, (struct tile_rect){0, 1500, 40000, 600}, &tail, &error));
    assert_memory_equal(image.plane[0], pixels + (size_t)40000 * 1500, (size_t)40000 * 600);
    tail = tile_image_view(&image, (struct tile_rect){0, 0, 40000, 600});
    assert_ok(tile_source_read(source, (struct tile_rect){0, 10, 40000, 600}, &tail, &error));
    assert_memory_equal(image.plane[0], pixels + (size_t)40000 * 10, (size_t)40000 * 600);
    tile_source_close(source);
    tile_image_free(&image, NULL);
    free(pixels);
    free(file.data);
}

/* The body of a PPM or PGM. */
static const unsigned char *netpbm_pixels(struct test_bytes file, unsigned *width, unsigned *height) {
    int header = 0;
    char kind = 0;
    assert_int_equal(sscanf((const char *)file.data, "P%c %u %u 255%n", &kind, width, height, &header), 3);
    return file.data + header + 1;
}

static void real_files_equal_djpeg(void **state) {
    (void)state;
    static const char *const names[] = {"jpeg/cat.jpg",
                                        "jpeg/down_sampled_grayscale_prog.jpg",
                                        "jpeg/exif-xmp-metadata.jpg",
                                        "jpeg/fox410.jpg",
                                        "jpeg/large_vertical_samp_7680_4320.jpg",
                                        "jpeg/sampling_factors.jpg",
                                        "jpeg/testimgari.jpg",
                                        "jpeg/testimgint.jpg",
                                        "jpeg/incomplete_image.jpg"};
    if (!test_shared_image(names[0]) || test_run(NULL, "command -v djpeg") != 0)
        skip();
    struct test_random random = {5};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *path = test_shared_image(names[i]);
        struct test_bytes netpbm;
        test_run(&netpbm, "djpeg '%s' 2>/dev/null", path);
        unsigned width, height;
        const unsigned char *pixels = netpbm_pixels(netpbm, &width, &height);
        struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
        options.ignore_orientation = true;
        options.lenient = strstr(names[i], "incomplete") != NULL;
        tile_source *source;
        assert_ok(tile_source_open_file(&source, path, &options, &error));
        struct tile_format format = tile_source_info(source)->format;
        struct stored stored = {pixels, width, height, tile_format_step(format)};
        check_regions(source, format, stored, 1, width > 4000 ? 2 : 3, &random);
        assert_int_equal(tile_source_damage(source) != NULL, options.lenient);
        tile_source_close(source);
        free(netpbm.data);
    }
}

static void odd_real_files(void **state) {
    (void)state;
    if (!test_shared_image("jpeg/testorig12.jpg"))
        skip();
    tile_source *source;
    assert_fails(TILE_UNSUPPORTED,
                 tile_source_open_file(&source, test_shared_image("jpeg/testorig12.jpg"), NULL, &error));
    assert_non_null(strstr(error.message, "12-bit"));
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    options.name = "photo.jpg";
    assert_ok(tile_source_open_file(&source, test_shared_image("jpeg/incomplete_image.jpg"), &options, &error));
    const struct tile_info *info = tile_source_info(source);
    struct tile_image image;
    assert_ok(tile_image_alloc(&image, info->format, info->width, info->height, NULL, &error));
    for (int i = 0; i < 2; i++) {
        assert_fails(TILE_BAD_DATA,
                     tile_source_read(source, (struct tile_rect){0, 0, info->width, info->height}, &image, &error));
        assert_non_null(strstr(error.message, "photo.jpg: ends early at byte 503401 (row "));
    }
    /* What comes before the damage can still be read. */
    struct tile_image top = tile_image_view(&image, (struct tile_rect){0, 0, info->width, 100});
    assert_ok(tile_source_read(source, (struct tile_rect){0, 0, info->width, 100}, &top, &error));
    tile_image_free(&image, NULL);
    tile_source_close(source);
}

static void eight_real_orientations_are_one_picture(void **state) {
    (void)state;
    if (!test_shared_image("exif/Landscape_1.jpg"))
        skip();
    struct tile_image first = {0};
    for (int i = 1; i <= 8; i++) {
        char name[40];
        snprintf(name, sizeof name, "exif/Landscape_%d.jpg", i);
        tile_source *source;
        assert_ok(tile_source_open_file(&source, test_shared_image(name), NULL, &error));
        const struct tile_info *info = tile_source_info(source);
        assert_int_equal(info->orientation, i);
        struct tile_image image;
        assert_ok(tile_image_alloc(&image, info->format, info->width, info->height, NULL, &error));
        assert_ok(tile_source_read(source, (struct tile_rect){0, 0, info->width, info->height}, &image, &error));
        tile_source_close(source);
        if (i == 1) {
            first = image;
            continue;
        }
        assert_int_equal(image.width, first.width);
        assert_int_equal(image.height, first.height);
        size_t size = (size_t)image.stride * image.height;
        uint64_t sum = 0;
        for (size_t k = 0; k < size; k++)
            sum += (uint64_t)abs(((unsigned char *)first.plane[0])[k] - ((unsigned char *)image.plane[0])[k]);
        assert_true(sum < 6 * size); /* turned the wrong way it is above 30 */
        tile_image_free(&image, NULL);
    }
    tile_image_free(&first, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(regions_equal_the_whole_cut),
        cmocka_unit_test(all_orientations_come_upright),
        cmocka_unit_test(orientation_can_be_ignored),
        cmocka_unit_test(profiles_and_assumptions),
        cmocka_unit_test(tiles_of_a_wide_image_take_little),
        cmocka_unit_test(overlapping_strips_of_a_large_image),
        cmocka_unit_test(real_files_equal_djpeg),
        cmocka_unit_test(odd_real_files),
        cmocka_unit_test(eight_real_orientations_are_one_picture),
    };
    return cmocka_run_group_tests_name("source-jpeg", tests, NULL, NULL);
}
