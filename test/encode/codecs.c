/* SPDX-License-Identifier: MIT */
/* Which codecs there are: the table's rows are whole, and what it says of this build is so. */
#include "common.h"

#include "base/format.h"

static void every_codec_has_a_whole_row(void **state) {
    (void)state;
    for (int i = TILE_CODEC_UNSET + 1; i < TILE_CODEC_COUNT; i++) {
        tile_codec codec = (tile_codec)i;
        const char *name = tile_codec_name(codec), *type = tile_codec_media_type(codec);
        assert_non_null(name);
        assert_non_null(tile_codec_title(codec));
        assert_int_equal(tile_codec_from_suffix(name), codec); /* no two have one name */
        assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789"), strlen(name));
        assert_non_null(type);
        assert_non_null(strchr(type, '/'));
    }
    for (int none = -1; none <= TILE_CODEC_COUNT; none += TILE_CODEC_COUNT + 1) {
        assert_null(tile_codec_name((tile_codec)none));
        assert_null(tile_codec_media_type((tile_codec)none));
        assert_null(tile_codec_title((tile_codec)none));
        assert_false(tile_codec_can_read((tile_codec)none));
        assert_false(tile_codec_can_write((tile_codec)none));
    }
    assert_null(tile_codec_name(TILE_CODEC_UNSET));
    assert_false(tile_codec_can_read(TILE_CODEC_UNSET));
    assert_false(tile_codec_can_write(TILE_CODEC_UNSET));
    assert_string_equal(tile_codec_media_type(TILE_JPEG), "image/jpeg"); /* RFC 2045, 2083, 3302 */
    assert_string_equal(tile_codec_media_type(TILE_PNG), "image/png");
    assert_string_equal(tile_codec_media_type(TILE_TIFF), "image/tiff");
}

static void suffixes_and_paths_name_a_codec(void **state) {
    (void)state;
    static const struct {
        const char *suffix;
        tile_codec codec;
    } suffixes[] = {{".JPEG", TILE_JPEG},       {"jfif", TILE_JPEG},         {"tiff", TILE_TIFF},
                    {".gif", TILE_CODEC_UNSET}, {"..png", TILE_CODEC_UNSET}, {".", TILE_CODEC_UNSET},
                    {"", TILE_CODEC_UNSET},     {NULL, TILE_CODEC_UNSET}};
    static const struct {
        const char *path;
        tile_codec codec;
    } paths[] = {{"photo.jpg", TILE_JPEG},
                 {"a.b/c.d.PNG", TILE_PNG},
                 {"s3://bucket/key.tif", TILE_TIFF},
                 {".npy", TILE_NPY},
                 {"a.png/photo", TILE_CODEC_UNSET},
                 {"a.png/", TILE_CODEC_UNSET},
                 {"photo.jpg.gz", TILE_CODEC_UNSET},
                 {"jpg", TILE_CODEC_UNSET},
                 {"photo.", TILE_CODEC_UNSET},
                 {"", TILE_CODEC_UNSET},
                 {NULL, TILE_CODEC_UNSET}};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        assert_int_equal(tile_codec_from_suffix(suffixes[i].suffix), suffixes[i].codec);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        assert_int_equal(tile_codec_of_path(paths[i].path), paths[i].codec);
}

/* One pixel in a format that most codecs carry, or few; what came of it. */
static tile_status write_pixel(tile_codec codec, struct tile_buffer *out) {
    static const struct tile_format formats[] = {{.space = TILE_SRGB, .sample = TILE_U8},
                                                 {.space = TILE_SRGB_LINEAR, .sample = TILE_F32}};
    struct tile_writer writer = tile_buffer_writer(out);
    tile_status status = TILE_UNSUPPORTED;
    for (size_t i = 0; i < 2 && status != TILE_OK; i++) {
        struct tile_image image = image_of(formats[i], 1, 1);
        out->size = 0;
        status = tile_encode(&image, codec, NULL, &writer, &error);
        tile_image_free(&image, NULL);
    }
    return status;
}

/* Whether `name` is one of "a, b or c". */
static bool is_listed(const char *list, const char *name) {
    char copy[512], *rest = copy;
    snprintf(copy, sizeof copy, "%s", list);
    for (char *word; (word = strtok_r(NULL, ", ", &rest));)
        if (strcmp(word, name) == 0)
            return true;
    return false;
}

static void what_can_be_written_is_what_is_written(void **state) {
    (void)state;
    char list[TILE_CODEC_NAMES];
    assert_ptr_equal(tile_codec_names(list, sizeof list), list);
    assert_true(strlen(list) + 1 < sizeof list); /* it is not cut off */
    for (int i = TILE_CODEC_UNSET + 1; i < TILE_CODEC_COUNT; i++) {
        tile_codec codec = (tile_codec)i;
        struct tile_buffer file = {0};
        bool written = write_pixel(codec, &file) == TILE_OK;
        assert_int_equal(tile_codec_can_write(codec), written);
        assert_int_equal(is_listed(list, tile_codec_name(codec)), written);
        if (!written) {
            assert_int_equal(error.status, TILE_UNSUPPORTED);
            assert_non_null(strstr(error.message, list));
            assert_int_equal(strncmp(error.message, tile_codec_name(codec), strlen(tile_codec_name(codec))), 0);
        } else if (codec != TILE_TGA) { /* which begins with nothing of its own */
            unsigned char first[TILE_FIRST_BYTES] = {0};
            memcpy(first, file.data, file.size < sizeof first ? file.size : sizeof first);
            assert_int_equal(tile_file_kind_of(first).codec, codec);
            assert_string_equal(tile_file_kind_of(first).title, tile_codec_title(codec));
        }
        tile_buffer_free(&file);
    }
}

static void what_can_be_read_is_what_opens(void **state) {
    (void)state;
    for (int i = TILE_CODEC_UNSET + 1; i < TILE_CODEC_COUNT; i++) {
        tile_codec codec = (tile_codec)i;
        struct tile_buffer file = {0};
        tile_source *source;
        if (write_pixel(codec, &file) == TILE_OK) {
            bool read = tile_source_open_memory(&source, file.data, file.size, NULL, &error) == TILE_OK;
            assert_int_equal(tile_codec_can_read(codec), read);
            if (read)
                assert_int_equal(tile_source_info(source)->codec, codec);
            else if (codec != TILE_TGA)
                assert_non_null(strstr(error.message, tile_codec_title(codec)));
            tile_source_close(source);
        }
        tile_buffer_free(&file);
    }
}

static void names_are_cut_to_their_room(void **state) {
    (void)state;
    char whole[TILE_CODEC_NAMES];
    tile_codec_names(whole, sizeof whole);
    for (size_t size = 1; size <= strlen(whole) + 1; size++) {
        struct test_guarded memory = test_guarded_new(size, true);
        tile_codec_names((char *)memory.data, size);
        assert_int_equal(strncmp((char *)memory.data, whole, size - 1), 0);
        assert_int_equal(memory.data[size - 1], '\0');
        test_guarded_free(memory);
    }
}

static void tiles_of_all_spaces_have_a_codec(void **state) {
    (void)state;
    static const tile_sample samples[] = {TILE_U8, TILE_U16, TILE_F32};
    for (int space = TILE_SPACE_UNSET + 1; space < TILE_SPACE_COUNT; space++)
        for (int s = 0; s < 3; s++) {
            struct tile_format format = format_of((tile_space)space, samples[s], TILE_ALPHA_PREMULTIPLIED);
            bool possible = tile_space_has_sample(format.space, format.sample);
            tile_codec codec = tile_codec_for(format);
            assert_int_equal(codec != TILE_CODEC_UNSET, possible);
            if (possible)
                assert_ok(tile_codec_can_carry(codec, format, &error));
        }
    assert_int_equal(tile_codec_for(format_of(TILE_SRGB, TILE_U16, TILE_ALPHA_STRAIGHT)), TILE_PNG);
    assert_int_equal(tile_codec_for(format_of(TILE_LAB, TILE_U8, TILE_ALPHA_NONE)),
                     tile_codec_can_write(TILE_TIFF) ? TILE_TIFF : TILE_NPY);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_codec_has_a_whole_row),
        cmocka_unit_test(suffixes_and_paths_name_a_codec),
        cmocka_unit_test(what_can_be_written_is_what_is_written),
        cmocka_unit_test(what_can_be_read_is_what_opens),
        cmocka_unit_test(names_are_cut_to_their_room),
        cmocka_unit_test(tiles_of_all_spaces_have_a_codec),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
