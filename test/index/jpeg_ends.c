/* SPDX-License-Identifier: MIT */
/* How JPEGs begin and end: what stands before the frame and behind the last MCU, and what a header lacks. */
#include "common.h"

static struct tile_error error;

static const struct jpeg_recipe kinds[] = {
    {.width = 97, .height = 71, .space = JCS_YCbCr, .sampling = {{2, 2}}},
    {.width = 97, .height = 71, .space = JCS_YCbCr, .restart = 3},
    {.width = 97, .height = 71, .space = JCS_GRAYSCALE, .restart = 13, .optimized = true},
    {.width = 97, .height = 71, .space = JCS_CMYK, .sampling = {{2, 1}, {1, 1}, {1, 1}, {2, 1}}},
    {.width = 16, .height = 16, .space = JCS_YCbCr, .sampling = {{2, 2}}, .restart = 1}, /* one MCU */
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* `size` bytes put at `at`. */
static struct test_bytes with(struct test_bytes file, size_t at, const void *bytes, size_t size) {
    struct test_bytes out = {malloc(file.size + size), file.size + size};
    assert_non_null(out.data);
    memcpy(out.data, file.data, at);
    memcpy(out.data + at, bytes, size);
    memcpy(out.data + at + size, file.data + at, file.size - at);
    return out;
}

/* `other` is whole, its pixels are those of `file`, and they are read through an index, too. */
static void check_same_picture(struct test_bytes file, struct test_bytes other, const struct jpeg_recipe *recipe,
                               struct test_random *random) {
    size_t step = recipe->space == JCS_GRAYSCALE ? 1 : recipe->space == JCS_CMYK ? 4 : 3;
    assert_true(jpeg_is_whole(other));
    unsigned char *before = jpeg_pixels(file, JCS_UNKNOWN), *after = jpeg_pixels(other, JCS_UNKNOWN);
    assert_true(before && after);
    assert_memory_equal(before, after, recipe->width * recipe->height * step);
    free(before);
    free(after);
    check_jpeg(other, 1, random);
}

static void whatever_decoders_pass_over_may_end_a_file(void **state) {
    (void)state;
    struct test_random random = {61};
    for (int k = 0; k < KINDS; k++) {
        struct test_bytes file = jpeg_file(&kinds[k]);
        for (int i = 0; i < JPEG_ENDINGS; i++) {
            struct test_bytes other = jpeg_ending(file, i);
            check_same_picture(file, other, &kinds[k], &random);
            free(other.data);
        }
        free(file.data);
    }
}

/* Far more of it than is read at a time. */
static void a_long_ending(void **state) {
    (void)state;
    struct test_random random = {62};
    struct test_bytes file = jpeg_file(&kinds[0]);
    enum { MUCH = 300000 };
    char *much = malloc(MUCH);
    assert_non_null(much);
    for (int i = 0; i < 3; i++) {
        memset(much, i ? 0 : 0xFF, MUCH); /* fill bytes; stray ones; a comment of 65535 bytes before these */
        if (i == 2)
            memcpy(much, "\xFF\xFE\xFF\xFF", 4);
        struct test_bytes other = with(file, file.size - 2, much, MUCH);
        check_same_picture(file, other, &kinds[0], &random);
        other.size -= 2;
        check_same_picture(file, other, &kinds[0], &random);
        free(other.data);
    }
    free(much);
    free(file.data);
}

static void another_scan_or_frame_may_not(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t size, at; /* at: where in it */
        const char *told;
    } endings[] = {
        {"\xFF\xC0\0\x0B\x08\0\x08\0\x08\1\1\x11\0", 13, 0, "a second frame"},
        {"\xFF\xC2\0\x0B\x08\0\x08\0\x08\1\1\x11\0", 13, 0, "a second frame"},
        {"\xFF\xDA\0\x08\1\1\0\0\x3F\0\x12\x34", 12, 0, "a second scan"},
        {"\xFF\xFE\0\4xx\xFF\xDA\0\x08\1\1\0\0\x3F\0\x12\x34", 18, 6, "a second scan"},
        {"\xFF\xD8\xFF\xE0", 4, 0, "a marker"}, /* another file, where this one should have ended */
        {"\xFF\x02", 2, 0, "a marker"},
        {"\xFF\xC8\0\2", 4, 0, "a marker"},
        {"\xFF\xDE\0\2", 4, 0, "a marker"},
        {"\xFF\xF0\0\2", 4, 0, "a marker"},
        {"so much is left of what went wrong\xFF\xD0", 36, 34, "a restart marker"},
    };
    for (int k = 0; k < KINDS; k++) {
        struct test_bytes file = jpeg_file(&kinds[k]);
        for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
            struct test_bytes other = with(file, file.size - 2, endings[i].bytes, endings[i].size);
            assert_false(jpeg_is_whole(other));
            tile_source *source;
            tile_index *index;
            char told[80];
            assert_ok(tile_source_open_memory(&source, other.data, other.size, NULL, &error));
            assert_fails(TILE_BAD_DATA, tile_index_build(&index, source, NULL, &error));
            assert_null(index);
            snprintf(told, sizeof told, "at byte %zu: ", file.size - 2 + endings[i].at);
            assert_non_null(strstr(error.message, told));
            assert_non_null(strstr(error.message, endings[i].told));
            tile_source_close(source);
            free(other.data);
        }
        free(file.data);
    }
}

/* One bit of an MCU is missed, those that fill the last byte are not (T.81, F.1.2.3): libjpeg tells which it was. */
static void files_cut_off_near_their_end(void **state) {
    (void)state;
    struct test_random random = {63};
    int whole = 0, cut = 0;
    for (int k = 0; k < 2 * KINDS; k++) {
        struct jpeg_recipe recipe = kinds[k % KINDS];
        recipe.quality = 60 + 4 * k; /* other bits at the end */
        struct test_bytes file = jpeg_file(&recipe), longer = jpeg_ending(file, k % 2 ? 4 : 26);
        size_t scan = scan_at(file);
        for (size_t size = longer.size; size > scan && size + 100 > longer.size; size--) {
            struct test_guarded guarded = test_guarded_new(size, true);
            memcpy(guarded.data, longer.data, size);
            struct test_bytes shorter = {guarded.data, size};
            if (jpeg_is_whole(shorter)) {
                check_same_picture(file, shorter, &recipe, &random);
                whole++;
            } else {
                tile_source *source;
                tile_index *index;
                assert_ok(tile_source_open_memory(&source, shorter.data, size, NULL, &error));
                assert_fails(TILE_BAD_DATA, tile_index_build(&index, source, NULL, &error));
                char early[60];
                snprintf(early, sizeof early, "ends early at byte %zu", size);
                assert_non_null(strstr(error.message, early));
                assert_true(size < file.size - 2); /* nothing is refused that has all entropy-coded bytes */
                tile_source_close(source);
                cut++;
            }
            test_guarded_free(guarded);
        }
        free(longer.data);
        free(file.data);
    }
    assert_true(whole > 2 * KINDS && cut > 2 * KINDS);
}

static void beginnings_that_decoders_accept(void **state) {
    (void)state;
    struct test_random random = {64};
    static const struct {
        const char *bytes;
        size_t size;
    } beginnings[] = {
        {"\0\1", 2},
        {"\xFF", 1},
        {"\xFF\xFF\xFF", 3},
        {"\xFF\0", 2},
        {"\xFF\0\x12\xFF\xFF\0\xFE", 7},
        {"\xFF\1\xFF\xD3\0", 5}, /* markers without a segment */
        {"\xFF\xFE\0\0", 4},     /* lengths that leave out themselves */
        {"\xFF\xE5\0\1\x12", 5},
        {"\xFF\xEE\0\0", 4},
        {"\xFF\xC4\0\2", 4},       /* no tables */
        {"\xFF\xCC\0\4\0\x10", 6}, /* for arithmetic coding, of which this file has none */
        {"\xFF\xDC\0\4\0\x10", 6},
    };
    for (int k = 0; k < KINDS; k++) {
        struct test_bytes file = jpeg_file(&kinds[k]);
        const size_t places[] = {2, marker_at(file, 0xDB, 0), marker_at(file, 0xDA, 0)};
        for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++)
            for (int p = 0; p < 3; p++) {
                struct test_bytes other = with(file, places[p], beginnings[i].bytes, beginnings[i].size);
                check_same_picture(file, other, &kinds[k], &random);
                free(other.data);
            }
        free(file.data);
    }
}

/* ---- What the header tells ---------------------------------------------------------------------------------- */

/* Refused at once, by the words that tile_info has. */
static void check_reason(struct test_bytes file, const char *reason) {
    tile_source *source;
    tile_index *index;
    struct tile_buffer json = {0};
    char told[200];
    assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
    assert_string_equal(tile_source_info(source)->no_index, reason);
    assert_fails(TILE_UNSUPPORTED, tile_index_build(&index, source, NULL, &error));
    assert_null(index);
    assert_non_null(strstr(error.message, reason));
    assert_ok(tile_source_describe(source, &json, &error));
    int size = snprintf(told, sizeof told, "\"index\":\"none: %s\"", reason);
    bool found = false;
    for (size_t at = 0; at + (size_t)size <= json.size; at++)
        found |= memcmp(json.data + at, told, (size_t)size) == 0;
    assert_true(found);
    tile_buffer_free(&json);
    tile_source_close(source);
}

static void files_without_huffman_tables(void **state) {
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        struct test_bytes file = jpeg_file(&kinds[k]);
        const int tables = kinds[k].space == JCS_GRAYSCALE || kinds[k].space == JCS_CMYK ? 2 : 4;
        for (int only = -1; only < tables; only++) { /* all of them, and each alone */
            struct test_bytes other = with(file, 0, "", 0);
            for (int i = tables - 1; i >= 0; i--) {
                size_t at = marker_at(file, 0xC4, i), size = 2u + (size_t)(file.data[at + 2] << 8 | file.data[at + 3]);
                if (only >= 0 && i != only)
                    continue;
                memmove(other.data + at, other.data + at + size, other.size - at - size);
                other.size -= size;
            }
            check_reason(other, "without Huffman tables");
            free(other.data);
        }
        /* In a place that there is not. */
        size_t scan = marker_at(file, 0xDA, 0);
        for (unsigned place = 2; place < 16; place++) {
            file.data[scan + 6] = (unsigned char)(place << 4);
            check_reason(file, "without Huffman tables");
            file.data[scan + 6] = (unsigned char)place;
            check_reason(file, "without Huffman tables");
        }
        free(file.data);
    }
}

static void a_file_too_large(void **state) {
    (void)state;
    struct test_bytes file = jpeg_file(&kinds[0]);
    for (int large = 0; large < 2; large++) {
        struct test_reader sparse = {.file = file, .size = ((uint64_t)1 << 37) - 1 + (uint64_t)large};
        struct tile_reader reader = test_reader_of(&sparse);
        tile_source *source;
        tile_index *index;
        assert_ok(tile_source_open_reader(&source, &reader, NULL, &error));
        if (large) {
            assert_string_equal(tile_source_info(source)->no_index, "too large a file");
            assert_fails(TILE_UNSUPPORTED, tile_index_build(&index, source, NULL, &error));
        } else
            assert_null(tile_source_info(source)->no_index);
        tile_source_close(source);
    }
    free(file.data);
}

/* A DC category that there is not, in a code that nothing uses: libjpeg refuses the table, and so does an index. */
static void a_category_that_cannot_be(void **state) {
    (void)state;
    struct test_bytes file = jpeg_file(&kinds[0]);
    size_t table = marker_at(file, 0xC4, 0);
    unsigned char *counts = file.data + table + 4; /* [1] to [16] */
    assert_true(counts[8] == 1 && counts[9] == 1);
    counts[8]--, counts[9]--, counts[16] += 2; /* of the twelve, the two longest ones */
    assert_true(jpeg_is_whole(file));
    counts[17 + 11] = 16;
    assert_false(jpeg_is_whole(file));
    tile_source *source;
    tile_index *index;
    assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
    assert_fails(TILE_BAD_DATA, tile_index_build(&index, source, NULL, &error));
    tile_source_close(source);
    free(file.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_decoders_pass_over_may_end_a_file),
        cmocka_unit_test(a_long_ending),
        cmocka_unit_test(another_scan_or_frame_may_not),
        cmocka_unit_test(files_cut_off_near_their_end),
        cmocka_unit_test(beginnings_that_decoders_accept),
        cmocka_unit_test(files_without_huffman_tables),
        cmocka_unit_test(a_file_too_large),
        cmocka_unit_test(a_category_that_cannot_be),
    };
    return cmocka_run_group_tests_name("index-jpeg-ends", tests, NULL, NULL);
}
