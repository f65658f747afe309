/* SPDX-License-Identifier: MIT */
/* Images and formats against arithmetic by hand; files that appear whole or not at all; JSON text; ICC profiles. */
#include "support.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "base/pixels.h"
#include "base/profile.h"

#include <jansson.h>
#include <lcms2_plugin.h>
#include <locale.h>
#include <sys/stat.h>
#include <unistd.h>

static struct tile_error error;

static void space_names_round_trip(void **state) {
    (void)state;
    for (int i = TILE_SPACE_UNSET + 1; i < TILE_SPACE_COUNT; i++) {
        assert_int_equal(tile_space_from_name(tile_space_name((tile_space)i)), i);
        assert_true(tile_space_channels((tile_space)i) >= 1 && tile_space_channels((tile_space)i) <= 4);
        assert_non_null(tile_space_description((tile_space)i));
    }
    assert_int_equal(tile_space_from_name("ycbcr601-full"), TILE_YCBCR);
    assert_int_equal(tile_space_from_name("sRGB"), TILE_SRGB);
    assert_int_equal(tile_space_from_name("Lab"), TILE_LAB);
    assert_int_equal(tile_space_from_name("grey"), TILE_GRAY);
    assert_int_equal(tile_space_from_name("Grey709"), TILE_GRAY709);
    assert_int_equal(tile_space_from_name("sRGB "), TILE_SPACE_UNSET);
    assert_int_equal(tile_space_from_name(""), TILE_SPACE_UNSET);
    assert_null(tile_space_name(TILE_SPACE_COUNT));
    assert_false(tile_space_has_sample(TILE_JZAZBZ, TILE_U8));
    assert_true(tile_space_has_sample(TILE_REC2100_PQ, TILE_U8));
}

static void colors_are_read(void **state) {
    (void)state;
    float color[4] = {2, 2, 2, 2};
    static const char *const none[] = {"",         "#",      "FF80",   "#FF80000", "#FF80000000",
                                       "##FF8000", "FF80 0", "+FF800", "red"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_false(tile_color_from_text(none[i], color));
    assert_true(color[0] == 2 && color[3] == 2);
    assert_true(tile_color_from_text("#FF0033", color));
    assert_true(color[0] == 1 && color[1] == 0 && color[2] == .2f && color[3] == 1);
    assert_true(tile_color_from_text("00fF0066", color));
    assert_true(color[0] == 0 && color[1] == 1 && color[2] == 0 && color[3] == .4f);
}

static void formats_have_the_size_of_their_samples(void **state) {
    (void)state;
    struct tile_format cmyka = {.space = TILE_CMYK, .sample = TILE_U16, .alpha = TILE_ALPHA_STRAIGHT};
    assert_int_equal(tile_format_channels(cmyka), 5);
    assert_int_equal(tile_format_step(cmyka), 10);
    cmyka.layout = TILE_PLANAR;
    assert_int_equal(tile_format_step(cmyka), 2);
    assert_int_equal(tile_format_channels((struct tile_format){0}), 0);
    for (int i = 0; i < 3; i++) {
        struct tile_format reserved = cmyka;
        reserved.reserved[i] = 1;
        assert_int_equal(tile_format_channels(reserved), 0);
        assert_fails(TILE_INVALID_ARGUMENT, tile_format_check(reserved, "x", &error));
    }
    assert_fails(TILE_UNSUPPORTED,
                 tile_format_check((struct tile_format){.space = TILE_ICTCP, .sample = TILE_U8}, "x", &error));
}

static void own_pixels_are_an_image(void **state) {
    (void)state;
    struct tile_format la = {.space = TILE_GRAY, .sample = TILE_U16, .alpha = TILE_ALPHA_STRAIGHT};
    static const uint16_t pixels[2][8] = {{1, 2, 3, 4, 5, 6, 7, 8}, {9, 10, 11, 12, 13, 14, 15, 16}};
    struct tile_image packed = tile_image_of(la, 4, 2, pixels, 0), wide = tile_image_of(la, 3, 2, pixels, 16);
    assert_ok(tile_image_check(&packed, "x", &error));
    assert_ok(tile_image_check(&wide, "x", &error));
    struct tile_image last = tile_image_view(&packed, (struct tile_rect){3, 1, 1, 1});
    assert_memory_equal(last.plane[0], &pixels[1][6], 4);
    last = tile_image_view(&wide, (struct tile_rect){2, 1, 1, 1});
    assert_memory_equal(last.plane[0], &pixels[1][4], 4);
    struct tile_image upwards = tile_image_of(la, 4, 2, pixels[1], -16);
    assert_memory_equal(tile_image_view(&upwards, (struct tile_rect){0, 1, 1, 1}).plane[0], &pixels[0][0], 4);
    la.layout = TILE_PLANAR; /* two planes are not one */
    packed = tile_image_of(la, 4, 2, pixels, 0);
    assert_fails(TILE_INVALID_ARGUMENT, tile_image_check(&packed, "x", &error));
    packed = tile_image_of((struct tile_format){0}, 4, 2, pixels, 0);
    assert_fails(TILE_INVALID_ARGUMENT, tile_image_check(&packed, "x", &error));
}

static void versions_are_compared(void **state) {
    (void)state;
#if !TILE_VERSION_AT_LEAST(0, 1, 0) || TILE_VERSION_AT_LEAST(1000, 0, 0)
#error "TILE_VERSION_AT_LEAST is wrong"
#endif
    enum { MAJOR = TILE_VERSION_MAJOR, MINOR = TILE_VERSION_MINOR, PATCH = TILE_VERSION_PATCH };
    assert_true(TILE_VERSION_AT_LEAST(MAJOR, MINOR, PATCH));
    assert_true(TILE_VERSION_AT_LEAST(MAJOR - 1, MINOR + 1, PATCH + 1));
    assert_true(TILE_VERSION_AT_LEAST(MAJOR, MINOR - 1, PATCH + 1));
    assert_false(TILE_VERSION_AT_LEAST(MAJOR, MINOR, PATCH + 1));
    assert_false(TILE_VERSION_AT_LEAST(MAJOR, MINOR + 1, PATCH - 1));
    assert_false(TILE_VERSION_AT_LEAST(MAJOR + 1, MINOR - 1, PATCH - 1));
}

static void images_that_cannot_be_are_refused(void **state) {
    (void)state;
    struct tile_format rgb = {.space = TILE_SRGB, .sample = TILE_U16};
    struct tile_image image;
    assert_fails(TILE_LIMIT_EXCEEDED, tile_image_alloc(&image, rgb, UINT32_MAX, UINT32_MAX, NULL, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_image_alloc(&image, rgb, 0, 5, NULL, &error));
    assert_ok(tile_image_alloc(&image, rgb, 7, 5, NULL, &error));
    assert_int_equal(image.stride, 42);
    assert_ok(tile_image_check(&image, "x", &error));
    struct tile_image view = tile_image_view(&image, (struct tile_rect){2, 3, 4, 2});
    assert_ptr_equal(view.plane[0], (char *)image.plane[0] + 3 * 42 + 2 * 6);
    image.stride = 40;
    assert_fails(TILE_INVALID_ARGUMENT, tile_image_check(&image, "x", &error));
    image.stride = -42;
    assert_ok(tile_image_check(&image, "x", &error));
    image.stride = 43;
    assert_fails(TILE_INVALID_ARGUMENT, tile_image_check(&image, "x", &error));
    tile_image_free(&image, NULL);
}

static void options_of_another_size_are_understood(void **state) {
    (void)state;
    struct {
        struct tile_encode_options known;
        int later;
    } newer = {.known = TILE_OPTIONS(struct tile_encode_options)};
    newer.known.struct_size = sizeof newer;
    newer.known.quality = 33;
    struct tile_encode_options got;
    assert_ok(tile_options_copy(&got, sizeof got, &newer, &error));
    assert_int_equal(got.quality, 33);
    newer.later = 1;
    assert_fails(TILE_INVALID_ARGUMENT, tile_options_copy(&got, sizeof got, &newer, &error));
    struct tile_encode_options older = {.struct_size = offsetof(struct tile_encode_options, quality), .quality = 44};
    assert_ok(tile_options_copy(&got, sizeof got, &older, &error));
    assert_int_equal(got.quality, 0);
    older.struct_size = 0;
    assert_fails(TILE_INVALID_ARGUMENT, tile_options_copy(&got, sizeof got, &older, &error));
}

/* jansson, which is strict about UTF-8, reads back what was written; bad bytes have become U+FFFD. */
static void json_text_is_read_by_jansson(void **state) {
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"a\"b\\c\n\x01/", "a\"b\\c\n\x01/"},
        {"gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x8C\x8D", "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x8C\x8D"},
        {"\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xE2\x82", "\xEF\xBF\xBD\xEF\xBF\xBD"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tile_buffer buffer = {0};
        assert_ok(tile_buffer_json_text(&buffer, cases[i].text, &error));
        json_t *value = json_loadb((const char *)buffer.data, buffer.size, JSON_DECODE_ANY, NULL);
        assert_non_null(value);
        assert_string_equal(json_string_value(value), cases[i].expected);
        json_decref(value);
        tile_buffer_free(&buffer);
    }
}

/* strtof reads back the very float; and the text is JSON, whatever the locale (where a German one is installed). */
static void numbers_are_read_back(void **state) {
    (void)state;
    static const float numbers[] = {0, -0.5F, 1.0F / 3, 163.366852F, 1e-20F, 3.4e38F, -7, 65535};
    for (int german = 0; german < 2; german++) {
        if (german && !setlocale(LC_NUMERIC, "de_DE.UTF-8"))
            break;
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
            struct tile_buffer buffer = {0};
            assert_ok(tile_buffer_number(&buffer, (double)numbers[i], &error));
            json_t *value = json_loadb((const char *)buffer.data, buffer.size, JSON_DECODE_ANY, NULL);
            assert_non_null(value);
            assert_true((float)json_number_value(value) == numbers[i]);
            json_decref(value);
            tile_buffer_free(&buffer);
        }
        setlocale(LC_NUMERIC, "C");
    }
}

static void a_buffer_takes_more_behind_what_it_has(void **state) {
    (void)state;
    struct test_memory memory;
    test_memory_init(&memory, 1);
    struct tile_buffer buffer = {.allocator = &memory.allocator};
    assert_ok(tile_buffer_append(&buffer, NULL, 0, &error));
    assert_ok(tile_buffer_append(&buffer, "abc", 3, &error));
    assert_ok(tile_buffer_append(&buffer, "\0d", 2, &error));
    assert_int_equal(buffer.size, 5);
    assert_memory_equal(buffer.data, "abc\0d", 5);
    assert_fails(TILE_NO_MEMORY, tile_buffer_append(&buffer, (char[4096]){0}, 4096, &error));
    assert_int_equal(buffer.size, 5);
    assert_memory_equal(buffer.data, "abc\0d", 5);
    tile_buffer_free(&buffer);
    assert_int_equal(memory.live, 0);
}

/* Names tell what a space is, wherever in the enumeration it stands; a profile can be made of an RGB that has one. */
static void families_are_what_names_say(void **state) {
    (void)state;
    for (int i = TILE_SPACE_UNSET; i <= TILE_SPACE_COUNT; i++) {
        const char *name = tile_space_name((tile_space)i) ? tile_space_name((tile_space)i) : "";
        enum tile_family family = tile_space_family((tile_space)i);
        bool rgb = strstr(name, "rgb") || strstr(name, "p3") || strncmp(name, "rec", 3) == 0;
        assert_int_equal(tile_space_is_rgb((tile_space)i), rgb);
        assert_int_equal(family == TILE_FAMILY_YCBCR, strncmp(name, "ycbcr", 5) == 0);
        struct tile_buffer profile = {0};
        tile_status status = tile_profile_of_space(&profile, (tile_space)i, &error);
        assert_int_equal(status == TILE_OK && tile_space_channels((tile_space)i) == 3, family == TILE_FAMILY_RGB);
        tile_buffer_free(&profile);
    }
}

static void nothing_is_freed_of_nothing(void **state) {
    (void)state;
    tile_buffer_free(NULL);
    tile_image_free(NULL, NULL);
    tile_plan_free(NULL);
    tile_converter_free(NULL);
    tile_encoder_free(NULL);
    tile_file_discard(NULL);
    tile_source_close(NULL);
    assert_int_equal(tile_space_from_name(NULL), TILE_SPACE_UNSET);
    assert_int_equal(tile_codec_from_suffix(NULL), TILE_CODEC_UNSET);
}

static void assert_content(const char *path, const char *text) {
    struct test_bytes bytes = test_read_file(path);
    assert_int_equal(bytes.size, strlen(text));
    assert_memory_equal(bytes.data, text, bytes.size);
    free(bytes.data);
}

static void a_file_appears_whole_or_not_at_all(void **state) {
    (void)state;
    char *folder = test_folder_new();
    char path[4096];
    snprintf(path, sizeof path, "%s/a.bin", folder);
    tile_file *file;
    assert_ok(tile_file_create(&file, path, false, NULL, &error));
    struct tile_writer writer = tile_file_writer(file);
    assert_ok(writer.write_at(writer.user, 3, "def", 3, &error));
    assert_ok(writer.write_at(writer.user, 0, "abc", 3, &error));
    assert_int_not_equal(access(path, F_OK), 0);
    tile_file *second;
    assert_fails(TILE_WRITE_FAILED, tile_file_create(&second, path, false, NULL, &error));
    assert_ok(tile_file_commit(file, &error));
    assert_content(path, "abcdef");

    assert_fails(TILE_WRITE_FAILED, tile_file_create(&file, path, false, NULL, &error));
    assert_ok(tile_file_create(&file, path, true, NULL, &error));
    tile_file_discard(file);
    assert_ok(tile_file_create(&file, path, true, NULL, &error));
    assert_int_equal(tile_file_end(file, TILE_BAD_DATA, true, &error), TILE_BAD_DATA);
    assert_content(path, "abcdef");
    for (int sync = 0; sync < 2; sync++) {
        assert_ok(tile_file_create(&file, path, true, NULL, &error));
        writer = tile_file_writer(file);
        assert_ok(tile_file_end(file, writer.write_at(writer.user, 0, "xyz", 3, &error), sync, &error));
        assert_content(path, "xyz");
    }
    assert_fails(TILE_WRITE_FAILED, tile_file_create(&file, folder, true, NULL, &error));
    assert_fails(TILE_WRITE_FAILED, tile_file_create(&file, test_path(folder, "no/a"), true, NULL, &error));
    struct test_bytes list;
    assert_int_equal(test_run(&list, "ls -A '%s'", folder), 0);
    assert_int_equal(list.size, strlen("a.bin\n"));
    free(list.data);
    test_folder_remove(folder);
}

/* LittleCMS, given the profile, must find the published colorants and curve. */
static void profiles_say_what_the_space_is(void **state) {
    (void)state;
    static const struct {
        tile_space space;
        double red_y;   /* the luminance of red, adapted to D50: from CSS Color 4's matrices and Bradford */
        double at_half; /* the curve at 0.5 */
        const char *name;
    } cases[] = {{TILE_SRGB, 0.2225, 0.2140, "sRGB"},
                 {TILE_SRGB_LINEAR, 0.2225, 0.5, "Linear sRGB"},
                 {TILE_DISPLAY_P3, 0.2412, 0.2140, "Display P3"},
                 {TILE_A98_RGB, 0.3111, 0.2177, "A98 RGB, compatible with Adobe RGB (1998)"},
                 {TILE_PROPHOTO_RGB, 0.2880, 0.2872, "ProPhoto RGB"},
                 {TILE_REC2020, 0.2790, 0.2597, "ITU-R BT.2020"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tile_buffer buffer = {0};
        assert_ok(tile_profile_of_space(&buffer, cases[i].space, &error));
        cmsHPROFILE profile = cmsOpenProfileFromMem(buffer.data, (cmsUInt32Number)buffer.size);
        assert_non_null(profile);
        char name[64] = "";
        cmsGetProfileInfoASCII(profile, cmsInfoDescription, "en", "US", name, sizeof name);
        assert_string_equal(name, cases[i].name);
        assert_int_equal(tile_profile_space(buffer.data, buffer.size), cases[i].space);
        const cmsCIEXYZ *red = cmsReadTag(profile, cmsSigRedColorantTag);
        assert_true(red->Y > cases[i].red_y - 5e-4 && red->Y < cases[i].red_y + 5e-4);
        float half = cmsEvalToneCurveFloat(cmsReadTag(profile, cmsSigRedTRCTag), 0.5f);
        assert_true(half > cases[i].at_half - 5e-4 && half < cases[i].at_half + 5e-4);
        cmsCloseProfile(profile);
        for (int at = 0; at < 12; at++) /* the time of making, and of what would be hashed with it, the ID */
            assert_true(buffer.data[24 + at] == 0 && buffer.data[84 + at] == 0);
        struct tile_buffer again = {0};
        assert_ok(tile_profile_of_space(&again, cases[i].space, &error));
        assert_int_equal(again.size, buffer.size);
        assert_memory_equal(again.data, buffer.data, again.size);
        tile_buffer_free(&again);
        tile_buffer_free(&buffer);
    }
    struct tile_buffer none = {0};
    assert_fails(TILE_UNSUPPORTED, tile_profile_of_space(&none, TILE_HSV, &error));
    assert_fails(TILE_UNSUPPORTED, tile_profile_of_space(&none, TILE_REC2100_PQ, &error));
    assert_fails(TILE_UNSUPPORTED, tile_profile_of_space(&none, TILE_REC2100_HLG, &error));
}

/* A space's profile is that space's and no other's; of a gray one under Lab, whose curve gives L*, none is. */
static void profiles_are_told_apart(void **state) {
    (void)state;
    static const tile_space spaces[] = {TILE_SRGB,         TILE_SRGB_LINEAR, TILE_DISPLAY_P3, TILE_A98_RGB,
                                        TILE_PROPHOTO_RGB, TILE_REC2020,     TILE_GRAY,       TILE_LUMINANCE};
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++) {
        struct tile_buffer buffer = {0};
        assert_ok(tile_profile_of_space(&buffer, spaces[i], &error));
        cmsHPROFILE profile = cmsOpenProfileFromMem(buffer.data, (cmsUInt32Number)buffer.size);
        for (size_t k = 0; k < sizeof spaces / sizeof *spaces; k++)
            assert_int_equal(tile_profile_is_of(profile, spaces[k]), i == k);
        cmsCloseProfile(profile);
        tile_buffer_free(&buffer);
    }
    cmsToneCurve *curve = cmsBuildGamma(NULL, 1);
    cmsHPROFILE gray = cmsCreateGrayProfile(cmsD50_xyY(), curve);
    assert_true(tile_profile_is_of(gray, TILE_LUMINANCE));
    cmsSetPCS(gray, cmsSigLabData);
    assert_false(tile_profile_is_of(gray, TILE_LUMINANCE));
    cmsFreeToneCurve(curve);
    cmsCloseProfile(gray);
    assert_int_equal(tile_profile_space("nonsense", 8), TILE_SPACE_UNSET);
}

/* What LittleCMS says of a file goes to terminals and into JSON, whatever it quotes of it. */
static void complaints_are_printable(void **state) {
    (void)state;
    struct tile_complaint first = {{0}};
    cmsContext context = tile_profile_context(&first);
    assert_non_null(context);
    cmsSignalError(context, cmsERROR_UNDEFINED, "tag '%s'", "\x1b[2J\xff\n");
    cmsSignalError(context, cmsERROR_UNDEFINED, "the consequence");
    assert_string_equal(first.text, "tag '?[2J?"
                                    "?'");
    cmsDeleteContext(context);
}

/* A stride that is no multiple of the samples' size is told as what it is. */
static void strides_are_told(void **state) {
    (void)state;
    float pixels[64] = {0};
    struct tile_image image = {
        .format = {.space = TILE_SRGB, .sample = TILE_F32}, .width = 2, .height = 2, .plane = {pixels}, .stride = 30};
    assert_fails(TILE_INVALID_ARGUMENT, tile_image_check(&image, "image", &error));
    assert_non_null(strstr(error.message, "the stride, 30, is no multiple of the samples' 4 bytes"));
    image.stride = 32;
    image.plane[0] = (char *)pixels + 2;
    assert_fails(TILE_INVALID_ARGUMENT, tile_image_check(&image, "image", &error));
    assert_non_null(strstr(error.message, "plane 0"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(space_names_round_trip),
        cmocka_unit_test(formats_have_the_size_of_their_samples),
        cmocka_unit_test(own_pixels_are_an_image),
        cmocka_unit_test(versions_are_compared),
        cmocka_unit_test(images_that_cannot_be_are_refused),
        cmocka_unit_test(options_of_another_size_are_understood),
        cmocka_unit_test(json_text_is_read_by_jansson),
        cmocka_unit_test(numbers_are_read_back),
        cmocka_unit_test(a_buffer_takes_more_behind_what_it_has),
        cmocka_unit_test(families_are_what_names_say),
        cmocka_unit_test(nothing_is_freed_of_nothing),
        cmocka_unit_test(a_file_appears_whole_or_not_at_all),
        cmocka_unit_test(profiles_say_what_the_space_is),
        cmocka_unit_test(profiles_are_told_apart),
        cmocka_unit_test(strides_are_told),
        cmocka_unit_test(colors_are_read),
        cmocka_unit_test(complaints_are_printable),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
