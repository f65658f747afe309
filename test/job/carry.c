/* SPDX-License-Identifier: MIT */
/* What goes along with pixels: profiles and code points, into every format that can hold them; and what a job refuses
 * rather than lose it. Looked for in the files by hand. */
#include "pngs.h"

#include "base/bytes.h"

#include <tiffio.h>
#include <zlib.h>

static struct tile_error error;
static char *folder;

static bool has(const struct test_bytes *png, const char *name) {
    uint32_t size;
    return png_chunk(*png, name, &size) != NULL;
}

/* The profile in a file; of size 0: there is none. To be freed. */
static struct test_bytes profile_in(const char *path) {
    struct test_bytes file = test_read_file(path), profile = {malloc(1 << 16), 0};
    assert_non_null(profile.data);
    if (strstr(path, ".png")) {
        uint32_t size = 0;
        const unsigned char *iccp = png_chunk(file, "iCCP", &size);
        size_t head = iccp ? strlen((const char *)iccp) + 2 : 0;
        uLongf count = 1 << 16;
        if (iccp) {
            assert_int_equal(uncompress(profile.data, &count, iccp + head, size - head), Z_OK);
            profile.size = count;
        }
    } else if (strstr(path, ".jpg")) {
        const unsigned char *at = memmem(file.data, file.size, "ICC_PROFILE\0\1\1", 14);
        if (at) {
            profile.size = ((size_t)at[-2] << 8 | at[-1]) - 16;
            memcpy(profile.data, at + 14, profile.size);
        }
    } else {
        TIFF *tiff = TIFFOpen(path, "r");
        uint32_t size = 0;
        const void *data = NULL;
        assert_non_null(tiff);
        if (TIFFGetField(tiff, TIFFTAG_ICCPROFILE, &size, &data)) {
            memcpy(profile.data, data, size);
            profile.size = size;
        }
        TIFFClose(tiff);
    }
    free(file.data);
    return profile;
}

static const char *path_of(const char *name) {
    return test_path(folder, name);
}

/* One new image of a fixture. */
static tile_status make(const char *fixture, const char *name, struct tile_job_options options,
                        const struct tile_source_options *opening) {
    tile_source *source;
    assert_ok(tile_source_open_file(&source, test_fixture(fixture), opening, &error));
    options.image = path_of(name);
    options.overwrite = true;
    tile_status status = tile_job_run(source, &options, NULL, &error);
    tile_source_close(source);
    return status;
}

static const struct tile_job_options usual = {.struct_size = sizeof(struct tile_job_options)};

static const char *const names[] = {"out.png", "out.jpg", "out.tif"};

/* Those that came with the picture go along, byte for byte up to their own size, whatever libpng thinks of them. */
static void profiles_go_along(void **state) {
    (void)state;
    static const char *const carried[] = {"known-srgb-profile.jpg", "illuminant-profile.jpg", "unaligned-profile.jpg",
                                          "intent-profile.jpg",     "padded-profile.jpg",     "profile-twice.jpg",
                                          "no-curves-profile.jpg",  "illuminant-profile.png", "adobe-rgb-profile.jpg"};
    for (size_t i = 0; i < sizeof carried / sizeof *carried; i++) {
        struct test_bytes own = profile_in(test_fixture(carried[i]));
        assert_true(own.size >= tile_get_be(own.data, 4) && tile_get_be(own.data, 4) > 128);
        own.size = (size_t)tile_get_be(own.data, 4);
        for (int k = 0; k < 3; k++) {
            assert_ok(make(carried[i], names[k], usual, NULL));
            struct test_bytes there = profile_in(path_of(names[k]));
            assert_int_equal(there.size, own.size);
            assert_memory_equal(there.data, own.data, own.size);
            free(there.data);
        }
        struct test_bytes png;
        assert_ok(make(carried[i], "out.png", usual, NULL));
        png = test_read_file(path_of("out.png"));
        assert_false(has(&png, "sRGB") || has(&png, "cICP"));
        free(png.data);

        /* As the target's profile, it is embedded as it is given, too. */
        struct tile_job_options options = usual;
        options.to_profile = own.data;
        options.to_profile_size = own.size;
        for (int k = 0; k < 3; k++) {
            tile_status status = make("rgb8.png", names[k], options, NULL);
            if (strcmp(carried[i], "no-curves-profile.jpg") == 0) {
                assert_int_equal(status, TILE_BAD_DATA);
                continue;
            }
            if (status != TILE_OK)
                fail_msg("%s to %s: %s", carried[i], names[k], error.message);
            struct test_bytes there = profile_in(path_of(names[k]));
            assert_int_equal(there.size, own.size);
            assert_memory_equal(there.data, own.data, own.size);
            free(there.data);
        }
        free(own.data);
    }
}

static void what_says_nothing_is_left_out(void **state) {
    (void)state;
    static const char *const dropped[] = {"profile-number-0.jpg", "profile-half.jpg", "profile-empty.jpg",
                                          "device-link-profile.jpg", "gray-profile.jpg"};
    for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++)
        for (int k = 0; k < 3; k++) {
            assert_ok(make(dropped[i], names[k], usual, NULL));
            struct test_bytes there = profile_in(path_of(names[k]));
            assert_int_equal(there.size, 0);
            free(there.data);
        }
}

static void check_same(const char *a, const char *b) {
    struct test_bytes one = test_read_file(path_of(a)), other = test_read_file(path_of(b));
    assert_int_equal(one.size, other.size);
    assert_memory_equal(one.data, other.data, one.size);
    free(one.data);
    free(other.data);
}

/* What cannot be converted from is converted as what is not tagged. */
static void unusable_profiles_convert_as_none(void **state) {
    (void)state;
    struct tile_source_options ignoring = TILE_OPTIONS(struct tile_source_options);
    ignoring.ignore_profile = true;
    static const tile_space spaces[] = {TILE_SRGB, TILE_LAB, TILE_GRAY, TILE_DISPLAY_P3};
    for (int i = 0; i < 4; i++) {
        struct tile_job_options options = usual;
        options.to_space = spaces[i];
        assert_ok(make("no-curves-profile.jpg", "one.tif", options, NULL));
        assert_ok(make("no-curves-profile.jpg", "other.tif", options, &ignoring));
        check_same("one.tif", "other.tif");
    }
}

static void profiles_can_stay_behind(void **state) {
    (void)state;
    struct tile_encode_options encode = TILE_OPTIONS(struct tile_encode_options);
    struct tile_job_options options = usual;
    options.encode = &encode;
    encode.no_profile = true;
    for (int k = 0; k < 3; k++) {
        assert_ok(make("adobe-rgb-profile.jpg", names[k], options, NULL));
        struct test_bytes there = profile_in(path_of(names[k]));
        assert_int_equal(there.size, 0);
        free(there.data);
    }
    struct test_bytes png = test_read_file(path_of("out.png"));
    assert_false(has(&png, "sRGB")); /* they are Adobe RGB's samples, still */
    free(png.data);
    assert_ok(make("adobe-rgb-profile.jpg", "out.bmp", options, NULL));
    encode.no_profile = false;
    assert_fails(TILE_UNSUPPORTED, make("adobe-rgb-profile.jpg", "out.bmp", options, NULL));
    assert_int_equal(error.remedies, TILE_REMEDY_TO | TILE_REMEDY_NO_PROFILE);
}

/* Numbers that nobody here understands are carried on, and nothing else is done by them. */
static void unknown_color_is_kept_or_refused(void **state) {
    (void)state;
    const unsigned remedies = TILE_REMEDY_ASSUME | TILE_REMEDY_IGNORE_PROFILE;
    struct tile_job_options options = usual;
    assert_ok(make("unknown-cicp.png", "out.png", usual, NULL));
    struct test_bytes png = test_read_file(path_of("out.png"));
    uint32_t size = 0;
    const unsigned char *cicp = png_chunk(png, "cICP", &size);
    assert_true(cicp && size == 4 && memcmp(cicp, ((const unsigned char[]){12, 16, 0, 1}), 4) == 0);
    assert_false(has(&png, "sRGB") || has(&png, "iCCP"));
    free(png.data);
    assert_ok(make("unknown-cicp.png", "out.npy", usual, NULL));
    for (int k = 1; k < 3; k++) {
        assert_fails(TILE_UNSUPPORTED, make("unknown-cicp.png", names[k], usual, NULL));
        assert_non_null(strstr(error.message, "png can"));
        assert_int_equal(error.remedies & remedies, remedies);
    }
    options.to_space = TILE_SRGB;
    assert_fails(TILE_UNSUPPORTED, make("unknown-cicp.png", "out.png", options, NULL));
    assert_int_equal(error.remedies, remedies);
    options = usual;
    options.grid = TEST_GRID(.edge = TILE_EDGE_PAD); /* a color is to be put beside it */
    tile_source *source;
    assert_ok(tile_source_open_file(&source, test_fixture("unknown-cicp.png"), NULL, &error));
    options.folder = path_of("tiles");
    assert_fails(TILE_UNSUPPORTED, tile_job_run(source, &options, NULL, &error));
    tile_source_close(source);
    struct tile_source_options opening = TILE_OPTIONS(struct tile_source_options);
    opening.assume = TILE_DISPLAY_P3;
    options = usual;
    options.to_space = TILE_SRGB;
    assert_ok(make("unknown-cicp.png", "out.png", options, &opening));
    png = test_read_file(path_of("out.png"));
    assert_true(has(&png, "sRGB") && !has(&png, "cICP"));
    free(png.data);
}

/* PQ and HLG keep their numbers and samples in PNG; JPEG cannot say what they are, TIFF says it in words. */
static void hdr_keeps_its_label(void **state) {
    (void)state;
    static const char *const fixtures[] = {"pq.png", "hlg.png"}, *const spaces[] = {"rec2100-pq", "rec2100-hlg"};
    for (int i = 0; i < 2; i++) {
        assert_ok(make(fixtures[i], "out.png", usual, NULL));
        struct test_bytes png = test_read_file(path_of("out.png"));
        uint32_t size = 0;
        const unsigned char *cicp = png_chunk(png, "cICP", &size);
        assert_true(cicp && size == 4 && memcmp(cicp, ((const unsigned char[]){9, i ? 18 : 16, 0, 1}), 4) == 0);
        assert_false(has(&png, "sRGB") || has(&png, "iCCP"));
        free(png.data);
        struct tile_image wanted, got;
        tile_source *source;
        const char *const paths[] = {test_fixture(fixtures[i]), path_of("out.png")};
        for (int k = 0; k < 2; k++) {
            struct tile_image *image = k ? &got : &wanted;
            assert_ok(tile_source_open_file(&source, paths[k], NULL, &error));
            assert_ok(tile_image_alloc(image, tile_source_info(source)->format, 256, 1, NULL, &error));
            assert_ok(tile_source_read(source, (struct tile_rect){0, 0, 256, 1}, image, &error));
            tile_source_close(source);
        }
        assert_memory_equal(wanted.plane[0], got.plane[0], 256 * 6);
        tile_image_free(&wanted, NULL);
        tile_image_free(&got, NULL);

        assert_fails(TILE_UNSUPPORTED, make(fixtures[i], "out.jpg", usual, NULL));
        assert_non_null(strstr(error.message, spaces[i]));
        assert_ok(make(fixtures[i], "out.tif", usual, NULL));
        struct test_bytes profile = profile_in(path_of("out.tif"));
        assert_int_equal(profile.size, 0);
        free(profile.data);
        TIFF *tiff = TIFFOpen(path_of("out.tif"), "r");
        const char *text = NULL;
        assert_true(TIFFGetField(tiff, TIFFTAG_IMAGEDESCRIPTION, &text) == 1 && strstr(text, spaces[i]));
        TIFFClose(tiff);
        struct tile_job_options options = usual;
        options.to_space = TILE_SRGB;
        assert_ok(make(fixtures[i], "out.jpg", options, NULL));

        /* Ignored, they are still no sRGB, also where that is asked for. */
        struct tile_source_options ignoring = TILE_OPTIONS(struct tile_source_options);
        ignoring.ignore_profile = true;
        const struct tile_job_options *asked[] = {&usual, &options};
        for (int k = 0; k < 2; k++) {
            assert_ok(make(fixtures[i], "out.png", *asked[k], &ignoring));
            png = test_read_file(path_of("out.png"));
            assert_false(has(&png, "sRGB") || has(&png, "iCCP") || has(&png, "cICP"));
            free(png.data);
        }
    }
}

/* What was ignored of a file is not replaced by another label; what nobody said is sRGB, and told so. */
static void ignoring_makes_no_srgb(void **state) {
    (void)state;
    static const char *const tagged[] = {"p3-cicp.png",           "p3-profile.png",   "gamma-1.png",
                                         "adobe-rgb-profile.jpg", "profile-half.jpg", "dcf-adobe-rgb.jpg"};
    struct tile_source_options ignoring = TILE_OPTIONS(struct tile_source_options);
    ignoring.ignore_profile = true;
    for (size_t i = 0; i < sizeof tagged / sizeof *tagged; i++) {
        assert_ok(make(tagged[i], "out.png", usual, &ignoring));
        struct test_bytes png = test_read_file(path_of("out.png"));
        assert_false(has(&png, "sRGB") || has(&png, "iCCP") || has(&png, "cICP"));
        free(png.data);
    }
    assert_ok(make("rgb8.png", "out.png", usual, &ignoring));
    struct test_bytes png = test_read_file(path_of("out.png"));
    assert_true(has(&png, "sRGB"));
    free(png.data);
}

/* Floats of RGB would be taken for linear light. */
static void float_tiffs_say_that_they_are_srgb(void **state) {
    (void)state;
    static const char *const fixtures[] = {"rgb8.png", "gray8.png"};
    for (int i = 0; i < 2; i++) {
        struct tile_job_options options = usual;
        options.to_sample = TILE_F32;
        assert_ok(make(fixtures[i], "out.tif", options, NULL));
        struct test_bytes profile = profile_in(path_of("out.tif"));
        assert_true(profile.size > 128);
        assert_non_null(memmem(profile.data, profile.size, "s\0R\0G\0B", 7)); /* its description, UTF-16 */
        free(profile.data);
    }
    assert_ok(make("rgb8.png", "out.tif", usual, NULL));
    struct test_bytes profile = profile_in(path_of("out.tif"));
    assert_int_equal(profile.size, 0);
    free(profile.data);
}

static void transparent_pixels_are_laid_on_a_background(void **state) {
    (void)state;
    struct tile_job_options options = usual;
    assert_fails(TILE_UNSUPPORTED, make("rgb-alpha8.png", "out.jpg", usual, NULL));
    assert_int_equal(error.remedies, TILE_REMEDY_NO_ALPHA);
    options.flatten = true;
    options.background[0] = 1;
    options.background[1] = .5f;
    assert_ok(make("rgb-alpha8.png", "out.jpg", options, NULL));
    assert_ok(make("rgb-alpha8.png", "out.png", options, NULL));
    tile_source *before, *after;
    assert_ok(tile_source_open_file(&before, test_fixture("rgb-alpha8.png"), NULL, &error));
    assert_ok(tile_source_open_file(&after, path_of("out.png"), NULL, &error));
    struct tile_image rgba, rgb;
    assert_int_equal(tile_source_info(after)->format.alpha, TILE_ALPHA_NONE);
    assert_ok(tile_image_alloc(&rgba, tile_source_info(before)->format, 97, 71, NULL, &error));
    assert_ok(tile_image_alloc(&rgb, tile_source_info(after)->format, 97, 71, NULL, &error));
    assert_ok(tile_source_read(before, (struct tile_rect){0, 0, 97, 71}, &rgba, &error));
    assert_ok(tile_source_read(after, (struct tile_rect){0, 0, 97, 71}, &rgb, &error));
    const uint8_t *from = rgba.plane[0], *to = rgb.plane[0];
    int clear = 0;
    for (int i = 0; i < 97 * 71; i++) {
        int a = from[4 * i + 3];
        clear += a == 0;
        for (int c = 0; c < 3; c++) {
            double below = 255 * (double)options.background[c];
            double wanted = (from[4 * i + c] * a + below * (255 - a)) / 255;
            assert_true(to[3 * i + c] >= wanted - .5001 && to[3 * i + c] <= wanted + .5001);
        }
    }
    assert_true(clear > 100);
    tile_image_free(&rgba, NULL);
    tile_image_free(&rgb, NULL);
    tile_source_close(after);

    /* Another background is another job, the same one goes on. */
    options.folder = path_of("tiles");
    assert_ok(tile_job_run(before, &options, NULL, &error));
    struct tile_job_result result = TILE_OPTIONS(struct tile_job_result);
    assert_ok(tile_job_run(before, &options, &result, &error));
    assert_int_equal(result.written, 0);
    options.background[2] = 1;
    assert_fails(TILE_WRITE_FAILED, tile_job_run(before, &options, &result, &error));
    assert_int_equal(error.remedies, TILE_REMEDY_OVERWRITE);
    tile_source_close(before);
}

/* A target's profile names the model, where nothing else does. */
static void a_target_profile_names_its_model(void **state) {
    (void)state;
    struct test_bytes gray = profile_in(test_fixture("gray-profile.jpg"));
    struct tile_job_options options = usual;
    options.to_profile = gray.data;
    options.to_profile_size = gray.size;
    assert_ok(make("rgb8.png", "out.png", options, NULL));
    struct test_bytes png = test_read_file(path_of("out.png"));
    assert_int_equal(png.data[25], 0); /* IHDR's color type: gray */
    free(png.data);
    options.to_space = TILE_SRGB;
    assert_fails(TILE_UNSUPPORTED, make("rgb8.png", "out.png", options, NULL));
    assert_non_null(strstr(error.message, "goes with the space gray"));
    assert_int_equal(error.remedies, TILE_REMEDY_TO);
    options.to_space = TILE_SPACE_UNSET;
    memcpy(gray.data + 16, "Lab ", 4);
    assert_fails(TILE_UNSUPPORTED, make("rgb8.png", "out.png", options, NULL));
    options.to_profile_size = 100;
    assert_fails(TILE_INVALID_ARGUMENT, make("rgb8.png", "out.png", options, NULL));
    free(gray.data);
}

static void what_a_job_cannot_be_is_refused(void **state) {
    (void)state;
    struct tile_job_options options = usual;
    options.threads = -1;
    assert_fails(TILE_INVALID_ARGUMENT, make("rgb8.png", "out.png", options, NULL));
    assert_non_null(strstr(error.message, "threads"));
    assert_fails(TILE_INVALID_ARGUMENT, make("rgb8.png", "out.webp", usual, NULL));
    assert_non_null(strstr(error.message, "jpg, png, tif, npy, bmp, tga or hdr"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        test_in_folder(profiles_go_along),
        test_in_folder(what_says_nothing_is_left_out),
        test_in_folder(unusable_profiles_convert_as_none),
        test_in_folder(profiles_can_stay_behind),
        test_in_folder(unknown_color_is_kept_or_refused),
        test_in_folder(hdr_keeps_its_label),
        test_in_folder(ignoring_makes_no_srgb),
        test_in_folder(float_tiffs_say_that_they_are_srgb),
        test_in_folder(transparent_pixels_are_laid_on_a_background),
        test_in_folder(a_target_profile_names_its_model),
        test_in_folder(what_a_job_cannot_be_is_refused),
    };
    return cmocka_run_group_tests_name("job-carry", tests, NULL, NULL);
}
