/* SPDX-License-Identifier: MIT */
/*
 * JPEGs read, cut and described through an index: pixels against libjpeg's decode of the whole file, coefficients
 * against those that libjpeg finds in it, and what is read against what is said to be read.
 */
#include "common.h"

#include "base/buffer.h"
#include "base/profile.h"

#include <glob.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static struct tile_error error;

static const struct jpeg_recipe kinds[] = {
    {.space = JCS_YCbCr, .sampling = {{2, 2}}},
    {.space = JCS_YCbCr, .sampling = {{1, 1}}},
    {.space = JCS_YCbCr, .sampling = {{2, 1}}},
    {.space = JCS_YCbCr, .sampling = {{1, 2}}},
    {.space = JCS_YCbCr, .sampling = {{4, 1}}},
    {.space = JCS_YCbCr, .sampling = {{4, 2}}},
    {.space = JCS_YCbCr, .sampling = {{2, 4}}},
    {.space = JCS_YCbCr, .sampling = {{3, 1}}},
    {.space = JCS_YCbCr, .sampling = {{1, 1}, {2, 2}, {2, 2}}},
    {.space = JCS_YCbCr, .sampling = {{2, 2}, {2, 1}, {1, 2}}},
    {.space = JCS_YCbCr, .sampling = {{2, 1}}, .high_slots = true},
    {.space = JCS_YCbCr, .sampling = {{2, 2}}, .wide_quantization = true},
    {.space = JCS_GRAYSCALE},
    {.space = JCS_GRAYSCALE, .sampling = {{2, 2}}},
    {.space = JCS_RGB},
    {.space = JCS_RGB, .without_adobe = true, .without_jfif = true, .ids = (const unsigned char *)"RGB"},
    {.space = JCS_YCbCr, .without_jfif = true, .ids = (const unsigned char *)"\x00\x01\xFF"},
    {.space = JCS_CMYK},
    {.space = JCS_CMYK, .sampling = {{2, 2}, {1, 1}, {1, 1}, {2, 1}}, .without_adobe = true},
    {.space = JCS_YCCK, .sampling = {{2, 2}, {1, 1}, {1, 1}, {2, 2}}},
    {.space = JCS_YCbCr, .sampling = {{2, 2}}, .slope = true},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* The restart interval in MCUs that number `i` of four stands for. */
static unsigned restart_of(const struct jpeg_recipe *recipe, int i) {
    int h = 1, v = 1;
    for (int c = 0; c < 4; c++) {
        h = recipe->sampling[c][0] > h ? recipe->sampling[c][0] : h;
        v = recipe->sampling[c][1] > v ? recipe->sampling[c][1] : v;
    }
    unsigned mcu = 8 * (unsigned)(recipe->space == JCS_GRAYSCALE ? 1 : h);
    const unsigned intervals[] = {0, 1, 3, (recipe->width + mcu - 1) / mcu, 11};
    return intervals[i];
}

/* Indexes `file` with checkpoints of several distances, and reads through each of them. */
static void check_file(struct test_bytes file, int count, struct test_random *random) {
    const uint32_t tiles[] = {16, 40, 256};
    tile_source *source;
    assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
    assert_null(tile_source_info(source)->no_index);
    struct expected expected = expected_of(source, file);
    for (int i = 0; i < 3; i++) {
        tile_index *index = index_of(source, tiles[i]);
        assert_ok(tile_source_use_index(source, index, &error));
        assert_true(tile_source_info(source)->indexed);
        check_reads(source, &expected, count, random);
        assert_ok(tile_source_use_index(source, NULL, &error));
        assert_false(tile_source_info(source)->indexed);
        tile_index_free(index);
    }
    expected_free(&expected);
    tile_source_close(source);
}

static void small_files_of_every_kind(void **state) {
    (void)state;
    struct test_random random = {21};
    static const uint32_t sizes[][2] = {{1, 1}, {8, 8}, {17, 1}, {1, 200}, {97, 71}, {300, 41}};
    static const int qualities[] = {30, 90, 100};
    for (int k = 0; k < KINDS; k++)
        for (int s = 0; s < 6; s++)
            for (int i = 0; i < 30; i++) {
                /* The larger ones in a third of the ways each, another third for each kind. */
                if (s > 3 && (i + k) % 3)
                    continue;
                struct jpeg_recipe recipe = kinds[k];
                recipe.width = sizes[s][0], recipe.height = sizes[s][1];
                recipe.optimized = i % 2;
                recipe.quality = qualities[i / 2 % 3];
                recipe.restart = restart_of(&recipe, i / 6);
                struct test_bytes file = jpeg_file(&recipe);
                check_file(file, 4, &random);
                free(file.data);
            }
}

static void larger_files_of_every_kind(void **state) {
    (void)state;
    struct test_random random = {22};
    for (int k = 0; k < KINDS; k++) {
        struct jpeg_recipe recipe = kinds[k];
        recipe.width = 640, recipe.height = 427;
        recipe.optimized = k % 2 || recipe.slope;
        recipe.quality = k % 5 == 2 ? 100 : 80;
        recipe.restart = restart_of(&recipe, k % 5);
        struct test_bytes file = jpeg_file(&recipe);
        check_file(file, 6, &random);
        free(file.data);
    }
}

/* Regions that are read by more than one piece: of many rows, and of many bytes. */
static void regions_of_many_pieces(void **state) {
    (void)state;
    struct test_random random = {31};
    static const uint32_t sizes[][2] = {{40, 3000}, {11000, 1300}};
    for (int i = 0; i < 5; i++) {
        struct jpeg_recipe recipe = kinds[i < 3 ? i : 0];
        const uint32_t *size = sizes[i / 4];
        recipe.width = size[0], recipe.height = size[1], recipe.quality = i < 4 ? 50 : 100;
        recipe.orientation = i == 3 ? 3 : 0;
        struct test_bytes file = jpeg_file(&recipe);
        tile_source *source;
        assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
        struct expected expected = expected_of(source, file);
        for (; i == 4 && expected.count > 1; expected.count--) /* one format will do */
            free((void *)(uintptr_t)expected.stored[expected.count - 1].pixels);
        tile_index *index = index_of(source, 256);
        assert_ok(tile_source_use_index(source, index, &error));
        check_reads(source, &expected, i < 4 ? 20 : 1, &random);
        tile_source_close(source);
        tile_index_free(index);
        expected_free(&expected);
        free(file.data);
    }
}

/* Either its regions equal the whole, or there is no index and a reason. */
static void check_found_file(const char *path, struct test_random *random) {
    tile_source *source;
    if (tile_source_open_file(&source, path, NULL, &error) != TILE_OK)
        return;
    const struct tile_info *info = tile_source_info(source);
    struct test_bytes file = test_read_file(path);
    struct tile_image image;
    assert_ok(tile_image_alloc(&image, info->format, info->width, info->height, NULL, &error));
    tile_status plain = tile_source_read(source, (struct tile_rect){0, 0, info->width, info->height}, &image, &error);
    tile_image_free(&image, NULL);
    tile_index *index;
    if (info->no_index) {
        assert_fails(TILE_UNSUPPORTED, tile_index_build(&index, source, NULL, &error));
        assert_non_null(strstr(error.message, info->no_index));
        assert_null(index);
    } else if (plain != TILE_OK) {
        assert_fails(TILE_BAD_DATA, tile_index_build(&index, source, NULL, &error));
        assert_non_null(strstr(error.message, "byte "));
        assert_null(index);
    } else {
        index = index_of(source, 256);
        assert_ok(tile_source_use_index(source, index, &error));
        struct expected expected = expected_of(source, file);
        check_reads(source, &expected, info->width > 4000 ? 2 : 10, random);
        expected_free(&expected);
        assert_ok(tile_source_use_index(source, NULL, &error));
        tile_index_free(index);
    }
    tile_source_close(source);
    free(file.data);
}

static void check_folder(const char *pattern, size_t least) {
    struct test_random random = {23};
    glob_t found;
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= least);
    for (size_t i = 0; i < found.gl_pathc; i++)
        check_found_file(found.gl_pathv[i], &random);
    globfree(&found);
}

static void every_fixture(void **state) {
    (void)state;
    check_folder(test_fixture("*.jpg"), 34);
    static const char *const none[][2] = {{"progressive.jpg", "progressive"},
                                          {"arithmetic.jpg", "arithmetic coded"},
                                          {"separate-scans.jpg", "coded in several scans"}};
    for (int i = 0; i < 3; i++) {
        tile_source *source;
        assert_ok(tile_source_open_file(&source, test_fixture(none[i][0]), NULL, &error));
        assert_string_equal(tile_source_info(source)->no_index, none[i][1]);
        tile_source_close(source);
    }
}

static void every_real_file(void **state) {
    (void)state;
    if (!test_shared_image("jpeg"))
        skip();
    check_folder(test_path(test_shared_image("jpeg"), "*.jpg"), 10);
    check_folder(test_path(test_shared_image("exif"), "*.jpg"), 8);
}

/* ---- Files that are written in other ways ---------------------------------------------------------------------- */

static void append(struct tile_buffer *buffer, const void *data, size_t size) {
    assert_ok(tile_buffer_append(buffer, data, size, &error));
}

/* The size of a segment with its marker. */
static size_t segment_size(const unsigned char *segment) {
    return 2u + (size_t)(segment[2] << 8 | segment[3]);
}

enum change {
    FILL_BYTES,
    COMMENTS,
    OTHER_TABLES_FIRST,
    TABLES_IN_ONE_SEGMENT,
    TABLES_BEFORE_FRAME,
    UNUSED_TABLES,
    RESTARTS_TWICE_DEFINED,
    ANOTHER_END_OF_BLOCK,
    BEHIND_THE_IMAGE,
    BETWEEN_SEGMENTS,
    CHANGES
};

/* The same image otherwise written. `standard` has tables that are others than those of `file`. */
static struct tile_buffer changed(struct test_bytes file, struct test_bytes standard, enum change change) {
    struct tile_buffer out = {0}, tables[2] = {{0}, {0}}, frame = {0};
    size_t scan = scan_at(file);
    static const unsigned char comment[] = {0xFF, 0xFE, 0, 10, 0xFF, 0xDA, 0xFF, 0xD8, 0xFF, 0xD9, 0, 0};
    append(&out, file.data, 2);
    for (size_t at = 2, size; at < scan; at += size) {
        unsigned char *segment = file.data + at;
        size = segment_size(segment);
        int marker = segment[1];
        bool table = marker == 0xC4 || marker == 0xDB;
        if (change == FILL_BYTES)
            append(&out, "\xFF\xFF\xFF", 3);
        if (change == COMMENTS)
            append(&out, comment, sizeof comment);
        if (change == BETWEEN_SEGMENTS && at > 100)
            append(&out, "\0padding", 8);
        if (change == OTHER_TABLES_FIRST && table && at < marker_at(file, 0xC4, 1)) {
            size_t other = marker_at(standard, marker, marker == 0xDB);
            append(&out, standard.data + other, segment_size(standard.data + other));
        }
        if (change == UNUSED_TABLES && marker == 0xC4) {
            size_t first = out.size;
            append(&out, segment, size);
            out.data[first + 4] |= 3;
        }
        if (change == RESTARTS_TWICE_DEFINED && (marker == 0xDD || marker == 0xDA)) {
            append(&out, marker == 0xDD ? "\xFF\xDD\0\4\0\x1" : "\xFF\xDD\0\4\0\0", 6);
            /* The scan's own one is the last one. */
            if (marker == 0xDA)
                append(&out, file.data + marker_at(file, 0xDD, 0), 6);
        }
        if (change == TABLES_IN_ONE_SEGMENT && table) {
            append(&tables[marker == 0xC4], segment + 4, size - 4);
            continue;
        }
        if (change == TABLES_BEFORE_FRAME && marker == 0xC0) {
            append(&frame, segment, size);
            continue;
        }
        if (change == ANOTHER_END_OF_BLOCK && marker == 0xC4 && segment[4] >> 4) {
            /* Of a run that is not 15 without a value, libjpeg makes an end of block too. */
            unsigned char *symbol = memchr(segment + 21, 0, size - 21);
            if (symbol)
                *symbol = 0xA0;
        }
        if (marker == 0xDA) {
            for (int i = 0; i < 2; i++)
                if (tables[i].size) {
                    unsigned char head[4] = {0xFF, i ? 0xC4 : 0xDB, (unsigned char)((tables[i].size + 2) >> 8),
                                             (unsigned char)(tables[i].size + 2)};
                    append(&out, head, 4);
                    append(&out, tables[i].data, tables[i].size);
                }
            append(&out, frame.data, frame.size);
        }
        append(&out, segment, size);
    }
    for (size_t at = scan; at < file.size; at++) {
        if (change == FILL_BYTES && file.data[at] == 0xFF && file.data[at + 1] != 0)
            append(&out, "\xFF\xFF", at % 2 ? 1 : 2);
        append(&out, file.data + at, 1);
    }
    if (change == BEHIND_THE_IMAGE)
        append(&out, file.data, file.size);
    tile_buffer_free(&tables[0]);
    tile_buffer_free(&tables[1]);
    tile_buffer_free(&frame);
    return out;
}

static void files_may_be_written_in_other_ways(void **state) {
    (void)state;
    struct test_random random = {24};
    for (int change = 0; change < CHANGES; change++)
        for (int i = 0; i < 4; i++) {
            struct jpeg_recipe recipe = {
                .width = 97, .height = 71, .space = JCS_YCbCr, .sampling = {{2, 2}}, .optimized = true};
            recipe.restart = i % 2 || change == RESTARTS_TWICE_DEFINED ? 3 : 0;
            recipe.slope = i / 2;
            struct test_bytes file = jpeg_file(&recipe);
            recipe.optimized = false;
            recipe.quality = 20;
            struct test_bytes standard = jpeg_file(&recipe);
            struct tile_buffer other = changed(file, standard, (enum change)change);
            struct test_bytes bytes = {other.data, other.size};
            unsigned char *before = jpeg_pixels(file, JCS_UNKNOWN), *after = jpeg_pixels(bytes, JCS_UNKNOWN);
            assert_memory_equal(before, after, 97 * 71 * 3);
            free(before);
            free(after);
            check_file(bytes, 8, &random);
            tile_buffer_free(&other);
            free(standard.data);
            free(file.data);
        }
}

/*
 * A gray JPEG of `width` x `height` blocks with nothing but DC, coded by `codes`, while its table has `declared`. AC
 * has one code, of one bit: end of block.
 */
struct codes {
    unsigned char counts[16], symbols[256];
};

static void put_bits(struct tile_buffer *out, uint32_t *pending, int *held, unsigned bits, int count) {
    while (count-- > 0) {
        *pending = *pending << 1 | (bits >> count & 1);
        if (++*held == 8) {
            append(out, &(unsigned char){(unsigned char)*pending}, 1);
            if ((*pending & 255) == 255)
                append(out, "", 1);
            *held = 0;
        }
    }
}

static void put_code(struct tile_buffer *out, uint32_t *pending, int *held, const struct codes *codes, int symbol) {
    unsigned code = 0, at = 0;
    for (int length = 1; length <= 16; length++, code <<= 1)
        for (int i = 0; i < codes->counts[length - 1]; i++, code++)
            if (codes->symbols[at++] == symbol) {
                put_bits(out, pending, held, code, length);
                return;
            }
    fail();
}

static struct tile_buffer dc_only(const struct codes *declared, const struct codes *codes, unsigned width,
                                  unsigned height, const int *differences) {
    struct tile_buffer out = {0};
    unsigned total = 0;
    for (int i = 0; i < 16; i++)
        total += declared->counts[i];
    unsigned char table[69] = {0xFF, 0xDB, 0, 67, 0};
    memset(table + 5, 8, 64);
    append(&out, "\xFF\xD8", 2);
    append(&out, table, sizeof table);
    append(&out, (unsigned char[]){0xFF, 0xC4, (unsigned char)((19 + total) >> 8), (unsigned char)(19 + total), 0}, 5);
    append(&out, declared->counts, 16);
    append(&out, declared->symbols, total);
    append(&out, (unsigned char[]){0xFF, 0xC4, 0, 20, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 22);
    append(&out,
           (unsigned char[]){0xFF, 0xC0, 0, 11, 8, (unsigned char)(height >> 5), (unsigned char)(height << 3),
                             (unsigned char)(width >> 5), (unsigned char)(width << 3), 1, 1, 0x11, 0},
           13);
    append(&out, (unsigned char[]){0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0}, 10);
    uint32_t pending = 0;
    int held = 0;
    for (unsigned i = 0; i < width * height; i++) {
        int category = 0, value = differences[i];
        while (abs(value) >> category)
            category++;
        put_code(&out, &pending, &held, codes, category);
        put_bits(&out, &pending, &held, (unsigned)(value < 0 ? value - 1 : value), category);
        put_bits(&out, &pending, &held, 0, 1);
    }
    while (held)
        put_bits(&out, &pending, &held, 1, 1);
    append(&out, "\xFF\xD9", 2);
    return out;
}

/* Tables in which no room is left for a category that they lack, and values that no category can bring back. */
static void codes_that_cannot_be_added(void **state) {
    (void)state;
    struct test_random random = {25};
    enum { WIDE = 24, HIGH = 20 };
    static const struct {
        struct codes codes;
        int step; /* the largest difference */
    } cases[] = {
        /* One code of each length, 8 to 11 missing: room for them, for one more code of 16 bits, and for none. */
        {{{1, 1, 1, 1, 1, 1, 1, 1}, {0, 1, 2, 3, 4, 5, 6, 7}}, 127},
        {{{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, {0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15, 7, 7, 7}}, 127},
        {{{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, {0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15, 7, 7, 7, 7}}, 127},
        /* One missing, and none left but the code of ones only, which must stay unused. */
        {{{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 7}},
         127},
        /* As many codes of 16 bits as a file can tell. */
        {{{[15] = 255}, {0, 1, 2, 3, 4, 5, 6, 7}}, 127},
        /* A DC that leaves what a sample can mean, and what 16 bits can hold. */
        {{{0, 0, 0, 0, 12}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}}, 2047},
        {{{0, 0, 0, 0, 15}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}}, 2047},
        {{{0, 0, 0, 0, 16}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}}, 32767},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int run = 0; run < 10; run++) {
            int differences[WIDE * HIGH];
            bool up = true;
            for (int k = 0, at = 0; k < WIDE * HIGH; k++) {
                /* A walk through the values that DC can have, jumps among them, and any differences. */
                int step = (int)test_random_below(&random, (uint32_t)cases[i].step + 1);
                up = i > 4 ? test_random_below(&random, 2) : at > 800 ? false : at < -800 ? true : up;
                differences[k] = up ? step : -step;
                if (i > 4 && run < 5)
                    differences[k] = (int)test_random_below(&random, 2048) - 1024 - at;
                at += differences[k];
            }
            struct tile_buffer file = dc_only(&cases[i].codes, &cases[i].codes, WIDE, HIGH, differences);
            tile_source *source;
            assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
            struct expected expected = expected_of(source, (struct test_bytes){file.data, file.size});
            struct tile_index_options options = TILE_OPTIONS(struct tile_index_options);
            options.tile_width = 16;
            tile_index *index;
            error = (struct tile_error){0};
            if (tile_index_build(&index, source, &options, &error) == TILE_OK) {
                assert_ok(tile_source_use_index(source, index, &error));
                check_reads(source, &expected, 10, &random);
                assert_ok(tile_source_use_index(source, NULL, &error));
                tile_index_free(index);
            } else {
                assert_true(error.status == TILE_BAD_DATA || error.status == TILE_UNSUPPORTED);
                assert_true((i >= 1 && i <= 4) || (i > 4 && run >= 5));
            }
            expected_free(&expected);
            tile_source_close(source);
            tile_buffer_free(&file);
        }
}

/* What a splice adds to a table is no code in the file. */
static void codes_that_a_file_does_not_have(void **state) {
    (void)state;
    const struct codes declared = {{1, 1, 1, 1, 1, 1, 1, 1}, {0, 1, 2, 3, 4, 5, 6, 7}},
                       used = {{1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 4},
                               {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}};
    for (int category = 0; category < 12; category++) {
        int differences[8 * 8] = {[20] = (1 << category) - 1, [21] = 1 - (1 << category)};
        struct tile_buffer file = dc_only(&declared, &used, 8, 8, differences);
        tile_source *source;
        tile_index *index;
        assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
        if (category < 8)
            assert_ok(tile_index_build(&index, source, NULL, &error));
        else
            assert_fails(TILE_BAD_DATA, tile_index_build(&index, source, NULL, &error));
        tile_index_free(index);
        tile_source_close(source);
        tile_buffer_free(&file);
    }
}

/*
 * Another file under the same ETag, of which all is well formed: with one bit of a DC changed, so that every code is
 * where it was and the next checkpoint tells; and with a row that is shorter, whose end tells.
 */
static void a_changed_value_does_not_pass_its_checkpoint(void **state) {
    (void)state;
    enum { WIDE = 24, HIGH = 6 };
    const struct codes codes = {{1, 1, 1, 1, 1, 1, 1, 1}, {0, 1, 2, 3, 4, 5, 6, 7}};
    for (int shorter = 0; shorter < 2; shorter++) {
        int differences[WIDE * HIGH] = {[5] = 100, [WIDE * 3 + 10] = 64};
        struct tile_buffer file = dc_only(&codes, &codes, WIDE, HIGH, differences);
        differences[WIDE * 3 + 10] = shorter ? 0 : 65;
        differences[WIDE * 5 + 10] = shorter ? 64 : 0;
        struct tile_buffer other = dc_only(&codes, &codes, WIDE, HIGH, differences);
        assert_int_equal(other.size, file.size);
        struct watched watched = {.file = {file.data, file.size}, .etag = "\"1\""};
        struct tile_reader reader = watched_reader(&watched);
        tile_source *source;
        assert_ok(tile_source_open_reader(&source, &reader, NULL, &error));
        struct expected expected = expected_of(source, watched.file);
        tile_index *index = index_of(source, shorter ? 256 : 16);
        watched.file.data = other.data;
        assert_ok(tile_source_use_index(source, index, &error));
        static unsigned char pixels[WIDE * 8 * 8];
        struct tile_image image = {tile_source_info(source)->format, WIDE * 8, 8, {pixels}, WIDE * 8};
        struct tile_rect changed_row = {0, 24, WIDE * 8, 8}, above = {0, 0, WIDE * 8, 24};
        assert_fails(TILE_SOURCE_CHANGED, tile_source_read(source, changed_row, &image, &error));
        check_region(source, expected.formats[0], expected.stored[0], 1, above, 0);
        expected_free(&expected);
        tile_source_close(source);
        tile_index_free(index);
        tile_buffer_free(&file);
        tile_buffer_free(&other);
    }
}

/* ---- The index file ------------------------------------------------------------------------------------------- */

static void a_saved_index_is_the_same(void **state) {
    (void)state;
    struct test_random random = {26};
    char *folder = test_folder_new();
    for (int k = 0; k < 4; k++) {
        struct jpeg_recipe recipe = kinds[k * 4];
        recipe.width = 301, recipe.height = 97, recipe.restart = (unsigned)k;
        struct test_bytes file = jpeg_file(&recipe);
        const char *path = test_path(folder, "source.jpg"), *index_path = test_path(folder, "source.jpg.index");
        test_write_file(path, file.data, file.size);
        tile_source *source;
        assert_ok(tile_source_open_file(&source, path, NULL, &error));
        struct expected expected = expected_of(source, file);
        tile_index *built = index_of(source, 40), *loaded;
        struct test_bytes bytes = index_bytes(built);
        tile_index_free(built);
        tile_source_close(source);

        assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
        test_write_file(index_path, bytes.data, bytes.size);
        for (int i = 0; i < 2; i++) {
            assert_ok(i ? tile_index_load_file(&loaded, index_path, NULL, &error) : index_load(&loaded, bytes, &error));
            assert_ok(tile_source_use_index(source, loaded, &error));
            check_reads(source, &expected, 10, &random);
            struct test_bytes again = index_bytes(loaded);
            assert_int_equal(again.size, bytes.size);
            assert_memory_equal(again.data, bytes.data, bytes.size);
            free(again.data);
            assert_ok(tile_source_use_index(source, NULL, &error));
            tile_index_free(loaded);
        }
        tile_source_close(source);
        expected_free(&expected);
        free(bytes.data);
        free(file.data);
    }
    tile_index *none;
    assert_fails(TILE_READ_FAILED, tile_index_load_file(&none, test_path(folder, "missing"), NULL, &error));
    assert_null(none);
    test_folder_remove(folder);
}

static void indexes_are_small(void **state) {
    (void)state;
    /* Under 3 % of the file, with tiles of 256 pixels. */
    for (int k = 0; k < 3; k++) {
        struct jpeg_recipe recipe = kinds[k];
        recipe.width = 2000, recipe.height = 1000;
        struct test_bytes file = jpeg_file(&recipe);
        tile_source *source;
        assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
        tile_index *index = index_of(source, 0);
        struct test_bytes bytes = index_bytes(index);
        assert_true(bytes.size < file.size * 3 / 100);
        free(bytes.data);
        tile_index_free(index);
        tile_source_close(source);
        free(file.data);
    }
}

/* What an index of one rectangle holds: all within it, nothing far away from it. */
static void check_part(tile_source *source, const struct expected *expected, struct tile_rect rect,
                       struct tile_rect outside, size_t most, struct test_random *random) {
    const struct tile_info *info = tile_source_info(source);
    tile_index *part, *loaded;
    assert_ok(tile_index_part(&part, source, rect, NULL, &error));
    struct test_bytes bytes = index_bytes(part);
    if (bytes.size > most)
        fail_msg("%zu bytes for %u x %u", bytes.size, rect.width, rect.height);
    tile_index_free(part);
    assert_ok(index_load(&loaded, bytes, &error));
    assert_ok(tile_source_use_index(source, loaded, &error));
    struct tile_image image;
    assert_ok(tile_image_alloc(&image, info->format, info->width, info->height, NULL, &error));
    for (int i = 0; i < 8; i++) {
        struct tile_rect inner = rect;
        if (i > 0) {
            inner.x += test_random_below(random, rect.width);
            inner.y += test_random_below(random, rect.height);
            inner.width = 1 + test_random_below(random, rect.x + rect.width - inner.x);
            inner.height = 1 + test_random_below(random, rect.y + rect.height - inner.y);
        }
        check_region(source, expected->formats[0], expected->stored[0], expected->orientation, inner, i);
        uint32_t mcu_width, mcu_height;
        tile_source_mcu(source, &mcu_width, &mcu_height);
        if (info->orientation == 1) { /* an MCU of it */
            struct tile_rect mcu = {inner.x / mcu_width * mcu_width, inner.y / mcu_height * mcu_height, 0, 0};
            mcu.width = info->width - mcu.x < mcu_width ? info->width - mcu.x : mcu_width;
            mcu.height = info->height - mcu.y < mcu_height ? info->height - mcu.y : mcu_height;
            struct tile_buffer cut = {0};
            assert_ok(tile_source_splice(source, mcu, &cut, &error));
            tile_buffer_free(&cut);
        }
        /* A part's part. */
        tile_index *smaller, *other;
        assert_ok(tile_index_part(&smaller, source, inner, NULL, &error));
        assert_ok(tile_source_use_index(source, smaller, &error));
        check_region(source, expected->formats[0], expected->stored[0], expected->orientation, inner, i);
        assert_ok(tile_source_use_index(source, loaded, &error));
        tile_index_free(smaller);

        const struct tile_rect far[] = {{0, 0, info->width, info->height}, outside};
        struct tile_range ranges[1];
        size_t count;
        struct tile_buffer spliced = {0};
        for (int k = 0; k < 2; k++) {
            image.width = far[k].width, image.height = far[k].height;
            assert_fails(TILE_INVALID_ARGUMENT, tile_source_read(source, far[k], &image, &error));
            assert_fails(TILE_INVALID_ARGUMENT, tile_source_ranges(source, far[k], ranges, 1, &count, &error));
            assert_fails(TILE_INVALID_ARGUMENT, tile_index_part(&other, source, far[k], NULL, &error));
            assert_null(other);
        }
        if (info->orientation == 1)
            assert_fails(TILE_INVALID_ARGUMENT, tile_source_splice(source, far[0], &spliced, &error));
        tile_buffer_free(&spliced);
        /* What is beside it may be held or not. */
        struct tile_rect near = random_rect(source, random);
        image.width = near.width, image.height = near.height;
        error = (struct tile_error){0};
        if (tile_source_read(source, near, &image, &error) == TILE_OK)
            check_region(source, expected->formats[0], expected->stored[0], expected->orientation, near, i);
        else
            assert_int_equal(error.status, TILE_INVALID_ARGUMENT);
    }
    tile_image_free(&image, NULL);
    assert_ok(tile_source_use_index(source, NULL, &error));
    tile_index_free(loaded);
    free(bytes.data);
}

static void a_part_is_enough_for_its_tile(void **state) {
    (void)state;
    struct test_random random = {27};
    for (int k = 0; k < 6; k++) {
        struct jpeg_recipe recipe = kinds[k % 3];
        recipe.width = 1000, recipe.height = 700, recipe.orientation = k > 2 ? k + 2 : 0;
        struct test_bytes file = jpeg_file(&recipe);
        tile_source *source;
        assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
        const struct tile_info *info = tile_source_info(source);
        struct expected expected = expected_of(source, file);
        uint32_t tile = k % 2 ? 256 : 40;
        tile_index *index = index_of(source, tile);
        struct tile_rect last = {info->width - 10, info->height - 10, 10, 10}, first = {0, 0, 10, 10};
        assert_ok(tile_source_use_index(source, index, &error));
        check_part(source, &expected, (struct tile_rect){256, 256, 256, 256}, last,
                   tile < 256 ? 10000
                   : k > 2    ? 1600
                              : 1000,
                   &random);
        assert_ok(tile_source_use_index(source, index, &error));
        check_part(source, &expected, (struct tile_rect){0, 0, 1, 1}, last, 500, &random);
        assert_ok(tile_source_use_index(source, index, &error));
        check_part(source, &expected, last, first, 500, &random);
        tile_index_free(index);
        expected_free(&expected);
        tile_source_close(source);
        free(file.data);
    }
}

/* ---- Threads and memory ---------------------------------------------------------------------------------------- */

struct reading {
    tile_source *source;
    const struct expected *expected;
    uint64_t seed;
    int wrong;
};

static void *read_some(void *user) {
    struct reading *reading = user;
    struct test_random random = {reading->seed};
    struct stored stored = reading->expected->stored[0];
    unsigned char *pixels = malloc((size_t)stored.width * stored.height * stored.step);
    for (int i = 0; i < 40 && pixels; i++) {
        struct tile_rect rect = random_rect(reading->source, &random);
        size_t row = rect.width * stored.step;
        struct tile_image image = {reading->expected->formats[0], rect.width, rect.height, {pixels}, (ptrdiff_t)row};
        reading->wrong += tile_source_read(reading->source, rect, &image, NULL) != TILE_OK;
        for (uint32_t y = 0; y < rect.height; y++)
            reading->wrong +=
                memcmp(pixels + y * row, stored.pixels + ((size_t)(rect.y + y) * stored.width + rect.x) * stored.step,
                       row) != 0;
        struct tile_range ranges[10];
        size_t count;
        tile_index *part;
        reading->wrong += tile_source_ranges(reading->source, rect, ranges, 10, &count, NULL) != TILE_OK;
        reading->wrong += tile_index_part(&part, reading->source, rect, NULL, NULL) != TILE_OK;
        tile_index_free(part);
    }
    reading->wrong += !pixels;
    free(pixels);
    return NULL;
}

/* Bytes whose reader notes whether two threads ever asked it at once. */
struct alone {
    struct test_bytes bytes;
    atomic_int inside;
    atomic_bool crowded;
};

static tile_status alone_read(void *user, uint64_t offset, void *to, size_t length, struct tile_error *why) {
    struct alone *alone = user;
    (void)why;
    if (atomic_fetch_add(&alone->inside, 1) != 0)
        atomic_store(&alone->crowded, true);
    sched_yield();
    memcpy(to, alone->bytes.data + offset, length);
    atomic_fetch_sub(&alone->inside, 1);
    return TILE_OK;
}

static struct tile_reader alone_reader(struct alone *alone) {
    return (struct tile_reader){.user = alone, .size = alone->bytes.size, .read_at = alone_read, .gap = 1};
}

static void several_threads_read_one_source(void **state) {
    (void)state;
    struct jpeg_recipe recipe = kinds[0];
    recipe.width = 500, recipe.height = 300;
    struct test_bytes file = jpeg_file(&recipe);
    tile_source *source, *second;
    struct alone alone[3] = {{.bytes = file}, {.bytes = file}}; /* the sources' bytes, and the index's */
    struct tile_reader readers[3] = {alone_reader(&alone[0]), alone_reader(&alone[1])};
    assert_ok(tile_source_open_reader(&source, &readers[0], NULL, &error));
    assert_ok(tile_source_open_reader(&second, &readers[1], NULL, &error));
    struct expected expected = expected_of(source, file);
    tile_index *index = index_of(source, 64);
    alone[2].bytes = index_bytes(index);
    readers[2] = alone_reader(&alone[2]);
    tile_index_free(index);
    assert_ok(tile_index_load(&index, &readers[2], NULL, &error));
    assert_ok(tile_source_use_index(source, index, &error));
    assert_ok(tile_source_use_index(second, index, &error));
    enum { THREADS = 6 };
    struct reading readings[THREADS];
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        readings[i] = (struct reading){i % 3 ? source : second, &expected, 28 + (uint64_t)i, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, read_some, &readings[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(readings[i].wrong, 0);
    }
    for (int i = 0; i < 3; i++)
        assert_false(atomic_load(&alone[i].crowded));
    tile_source_close(source);
    tile_source_close(second);
    free(alone[2].bytes.data);
    tile_index_free(index);
    expected_free(&expected);
    free(file.data);
}

/* A gray JPEG, one MCU high, most of whose data is 0xFF and the zero stuffed behind it. */
static struct tile_buffer stuffed(unsigned mcus) {
    struct tile_buffer out = {0};
    struct codes codes = {.symbols = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0x11, 15}};
    unsigned char table[69] = {0xFF, 0xDB, 0, 67, 0};
    memset(table + 5, 1, 64);
    memset(codes.counts, 1, sizeof codes.counts);
    append(&out, "\xFF\xD8", 2);
    append(&out, table, sizeof table);
    append(&out, (unsigned char[]){0xFF, 0xC4, 0, 20, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 22);
    append(&out, (unsigned char[]){0xFF, 0xC4, 0, 35, 0x10}, 5);
    append(&out, codes.counts, 16);
    append(&out, codes.symbols, 16);
    append(&out,
           (unsigned char[]){0xFF, 0xC0, 0, 11, 8, 0, 8, (unsigned char)(mcus >> 5), (unsigned char)(mcus << 3), 1, 1,
                             0x11, 0},
           13);
    append(&out, (unsigned char[]){0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0}, 10);
    uint32_t pending = 0;
    int held = 0;
    for (unsigned i = 0; i < mcus; i++) {
        put_bits(&out, &pending, &held, 0, 1);
        for (int k = 1; k < 64; k++) {
            put_code(&out, &pending, &held, &codes, 15);
            put_bits(&out, &pending, &held, 0x7FFF, 15);
        }
    }
    while (held)
        put_bits(&out, &pending, &held, 1, 1);
    append(&out, "\xFF\xD9", 2);
    return out;
}

/* Where bytes came from is noted for each that is stuffed: that, too, stays below the limit. */
static void stuffed_bytes_stay_below_the_limit(void **state) {
    (void)state;
    static unsigned char pixels[8 * 8 * 3200];
    for (unsigned mcus = 2000; mcus < 3200; mcus += 200) {
        struct tile_buffer file = stuffed(mcus);
        tile_source *source;
        assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
        tile_index *index = index_of(source, 256);
        tile_source_close(source);
        int done = 0, refused = 0;
        for (uint64_t limit = 8 * file.size; limit < 64 * file.size; limit += 2 * file.size) {
            struct gauge gauge = {0};
            struct tile_allocator allocator = gauge_allocator(&gauge);
            struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
            options.allocator = &allocator;
            options.limits.memory = limit;
            assert_ok(tile_source_open_memory(&source, file.data, file.size, &options, &error));
            assert_ok(tile_source_use_index(source, index, &error));
            struct tile_image image = {tile_source_info(source)->format, 8 * mcus, 8, {pixels}, 8 * (ptrdiff_t)mcus};
            tile_status status = tile_source_read(source, (struct tile_rect){0, 0, 8 * mcus, 8}, &image, &error);
            refused += status == TILE_LIMIT_EXCEEDED;
            done += status == TILE_OK;
            assert_true(gauge.peak <= limit);
            tile_source_close(source);
        }
        assert_true(done > 0 && refused > 0 && done + refused == 28);
        tile_index_free(index);
        tile_buffer_free(&file);
    }
}

static tile_status all_calls(struct test_bytes file, const struct tile_allocator *allocator) {
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    struct tile_index_options making = TILE_OPTIONS(struct tile_index_options);
    options.allocator = making.allocator = allocator;
    making.tile_width = 32;
    struct tile_buffer saved = {.allocator = allocator}, spliced = {.allocator = allocator};
    struct tile_writer writer = tile_buffer_writer(&saved);
    struct tile_range ranges[4];
    struct tile_rect rect = {32, 32, 48, 32};
    static unsigned char pixels[48 * 32 * 3];
    size_t count;
    tile_index *built = NULL, *loaded = NULL, *part = NULL;
    tile_source *source;
    char *folder = test_folder_new();
    tile_status status = tile_source_open_memory(&source, file.data, file.size, &options, &error);
    if (status == TILE_OK)
        status = tile_index_build(&built, source, &making, &error);
    if (status == TILE_OK)
        status = tile_index_save(built, &writer, &error);
    if (status == TILE_OK) {
        test_write_file(test_path(folder, "index"), saved.data, saved.size);
        status = tile_index_load_file(&loaded, test_path(folder, "index"), allocator, &error);
    }
    if (status == TILE_OK)
        status = tile_source_use_index(source, loaded, &error);
    if (status == TILE_OK) {
        struct tile_image image = {tile_source_info(source)->format, 48, 32, {pixels}, 48 * 3};
        status = tile_source_read(source, rect, &image, &error);
    }
    if (status == TILE_OK)
        status = tile_source_ranges(source, rect, ranges, 4, &count, &error);
    if (status == TILE_OK)
        status = tile_index_part(&part, source, rect, allocator, &error);
    if (status == TILE_OK)
        status = tile_source_splice(source, rect, &spliced, &error);
    tile_source_close(source);
    tile_index_free(part);
    tile_index_free(loaded);
    tile_index_free(built);
    tile_buffer_free(&saved);
    tile_buffer_free(&spliced);
    test_folder_remove(folder);
    return status;
}

static void memory_may_fail_at_any_request(void **state) {
    (void)state;
    struct jpeg_recipe recipe = kinds[0];
    recipe.width = 120, recipe.height = 100;
    struct test_bytes file = jpeg_file(&recipe);
    tile_status status = TILE_NO_MEMORY;
    for (size_t n = 0; status != TILE_OK; n++) {
        struct test_memory memory;
        test_memory_init(&memory, n);
        assert_true(n < 500);
        status = all_calls(file, &memory.allocator);
        if (status != TILE_OK)
            assert_int_equal(status, TILE_NO_MEMORY);
        assert_int_equal(memory.live, 0);
    }
    free(file.data);
}

/* ---- What is read ---------------------------------------------------------------------------------------------- */

static bool is_within(const struct tile_range *ranges, size_t count, struct tile_range asked) {
    for (size_t i = 0; i < count; i++)
        if (asked.offset >= ranges[i].offset && asked.offset + asked.size <= ranges[i].offset + ranges[i].size)
            return true;
    return false;
}

/* Whether `asked`, in any order and overlapping, are all bytes of `ranges`. */
static bool cover(const struct watched *watched, const struct tile_range *ranges, size_t count) {
    unsigned char *read = calloc(watched->file.size, 1);
    assert_non_null(read);
    for (size_t i = 0; i < watched->count; i++)
        memset(read + watched->asked[i].offset, 1, watched->asked[i].size);
    bool all = true;
    for (size_t i = 0; i < count; i++)
        all &= !memchr(read + ranges[i].offset, 0, ranges[i].size);
    free(read);
    return all;
}

static void only_the_said_ranges_are_read(void **state) {
    (void)state;
    struct test_random random = {29};
    static const uint64_t gaps[] = {1, 50, 700, 5000, UINT64_MAX, 0};
    enum { MOST = 400 };
    for (int k = 0; k < KINDS; k++) {
        struct jpeg_recipe recipe = kinds[k];
        recipe.width = 640, recipe.height = 427, recipe.restart = restart_of(&recipe, k % 5);
        recipe.orientation = k % 9;
        struct watched watched = {.file = jpeg_file(&recipe), .etag = "\"etag\""};
        struct tile_reader reader = watched_reader(&watched);
        tile_source *source;
        assert_ok(tile_source_open_reader(&source, &reader, NULL, &error));
        tile_index *index = index_of(source, 64);
        tile_source_close(source);
        for (int i = 0; i < 12; i++) {
            struct tile_range fine[MOST], merged[MOST], ranges[MOST];
            size_t fine_count = 0, count;
            struct tile_rect rect = {0};
            for (int g = 0; g < 6; g++) {
                reader.gap = gaps[g];
                assert_ok(tile_source_open_reader(&source, &reader, NULL, &error));
                watched.count = 0;
                assert_ok(tile_source_use_index(source, index, &error));
                if (g == 0)
                    rect =
                        i ? random_rect(source, &random)
                          : (struct tile_rect){0, 0, tile_source_info(source)->width, tile_source_info(source)->height};
                struct tile_image image;
                assert_ok(
                    tile_image_alloc(&image, tile_source_info(source)->format, rect.width, rect.height, NULL, &error));
                size_t asked = watched.count;
                assert_ok(tile_source_ranges(source, rect, ranges, MOST, &count, &error));
                assert_int_equal(watched.count, asked); /* it reads nothing */
                assert_true(count > 0 && count <= MOST);
                assert_ok(tile_source_read(source, rect, &image, &error));
                assert_true(watched.count < sizeof watched.asked / sizeof watched.asked[0]);
                tile_image_free(&image, NULL);
                for (size_t n = 0; n < watched.count; n++)
                    if (!is_within(ranges, count, watched.asked[n]))
                        fail_msg("bytes %ju + %ju", (uintmax_t)watched.asked[n].offset,
                                 (uintmax_t)watched.asked[n].size);
                uint64_t gap = gaps[g] ? gaps[g] : 256 << 10;
                if (g == 0) {
                    memcpy(fine, ranges, sizeof fine);
                    fine_count = count;
                    if (!cover(&watched, ranges, count))
                        fail_msg("ranges that are not read");
                }
                /* Those of the finest gap, merged. */
                size_t expected = 0;
                for (size_t n = 0; n < fine_count; n++) {
                    struct tile_range *last = expected ? &merged[expected - 1] : NULL;
                    uint64_t end = last ? last->offset + last->size : 0;
                    if (g == 0 && last)
                        assert_true(fine[n].offset > end + gap);
                    if (last && fine[n].offset - end <= gap)
                        last->size = fine[n].offset + fine[n].size - last->offset;
                    else
                        merged[expected++] = fine[n];
                }
                assert_int_equal(count, expected);
                assert_memory_equal(ranges, merged, count * sizeof ranges[0]);
                assert_true(ranges[count - 1].offset + ranges[count - 1].size <= watched.file.size);

                /* The first of them where there is no room for all. */
                struct tile_range first[2] = {{0, 0}, {77, 77}};
                size_t all;
                assert_ok(tile_source_ranges(source, rect, first, 1, &all, &error));
                assert_int_equal(all, count);
                assert_memory_equal(first, ranges, sizeof first[0]);
                assert_int_equal(first[1].offset, 77);
                assert_ok(tile_source_ranges(source, rect, NULL, 0, &all, &error));
                assert_int_equal(all, count);
                tile_source_close(source);
            }
        }
        tile_index_free(index);
        free(watched.file.data);
    }
}

static void a_tile_takes_its_share_of_the_file(void **state) {
    (void)state;
    struct jpeg_recipe recipe = kinds[0];
    recipe.width = 2048, recipe.height = 1024;
    struct watched watched = {.file = jpeg_file(&recipe), .etag = "\"etag\"", .gap = 1};
    struct tile_reader reader = watched_reader(&watched);
    tile_source *source;
    assert_ok(tile_source_open_reader(&source, &reader, NULL, &error));
    tile_index *index = index_of(source, 128);
    watched.bytes = 0;
    assert_ok(tile_source_use_index(source, index, &error));
    static unsigned char pixels[128 * 128 * 3];
    struct tile_image image = {tile_source_info(source)->format, 128, 128, {pixels}, 128 * 3};
    assert_ok(tile_source_read(source, (struct tile_rect){1024, 512, 128, 128}, &image, &error));
    /* 1 of 16 x 8 tiles, and with the margin's MCUs, which are in the next tiles, 3 times as wide and 10 / 8 as high.
     */
    assert_true(watched.bytes < watched.file.size * 3 * 10 / 8 / 128 * 5 / 4 + scan_at(watched.file));
    tile_source_close(source);
    tile_index_free(index);
    free(watched.file.data);
}

/* ---- Splicing --------------------------------------------------------------------------------------------------- */

struct decoded {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    jvirt_barray_ptr *blocks;
};

static void libjpeg_fails(j_common_ptr common) {
    char text[JMSG_LENGTH_MAX];
    common->err->format_message(common, text);
    fail_msg("libjpeg: %s", text);
}

static void libjpeg_warns(j_common_ptr common, int level) {
    if (level < 0)
        libjpeg_fails(common);
}

static void decode(struct decoded *decoded, const void *data, size_t size) {
    decoded->jpeg.err = jpeg_std_error(&decoded->errors);
    decoded->errors.error_exit = libjpeg_fails;
    decoded->errors.emit_message = libjpeg_warns;
    jpeg_create_decompress(&decoded->jpeg);
    jpeg_mem_src(&decoded->jpeg, data, size);
    jpeg_save_markers(&decoded->jpeg, JPEG_APP0 + 2, 0xFFFF);
    jpeg_read_header(&decoded->jpeg, TRUE);
    decoded->blocks = jpeg_read_coefficients(&decoded->jpeg);
}

static void compare_headers(struct jpeg_decompress_struct *a, struct jpeg_decompress_struct *b) {
    assert_int_equal(a->jpeg_color_space, b->jpeg_color_space);
    assert_int_equal(a->saw_JFIF_marker, b->saw_JFIF_marker);
    if (a->saw_JFIF_marker) {
        assert_int_equal(a->density_unit, b->density_unit);
        assert_int_equal(a->X_density, b->X_density);
        assert_int_equal(a->Y_density, b->Y_density);
    }
    assert_int_equal(a->saw_Adobe_marker, b->saw_Adobe_marker);
    assert_int_equal(a->Adobe_transform, b->Adobe_transform);
    assert_int_equal(a->num_components, b->num_components);
    JOCTET *profiles[2] = {NULL, NULL};
    unsigned sizes[2] = {0, 0};
    assert_int_equal(jpeg_read_icc_profile(a, &profiles[0], &sizes[0]),
                     jpeg_read_icc_profile(b, &profiles[1], &sizes[1]));
    assert_int_equal(sizes[0], sizes[1]);
    if (sizes[0])
        assert_memory_equal(profiles[0], profiles[1], sizes[0]);
    free(profiles[0]);
    free(profiles[1]);
}

/* Every block of the spliced JPEG is the source's block at its place. */
static void compare_blocks(struct decoded *whole, struct decoded *part, struct tile_rect rect) {
    for (int i = 0; i < part->jpeg.num_components; i++) {
        jpeg_component_info *a = &whole->jpeg.comp_info[i], *b = &part->jpeg.comp_info[i];
        assert_int_equal(a->component_id, b->component_id);
        assert_memory_equal(a->quant_table->quantval, b->quant_table->quantval, sizeof a->quant_table->quantval);
        bool one = part->jpeg.num_components == 1;
        if (!one) {
            assert_int_equal(a->h_samp_factor, b->h_samp_factor);
            assert_int_equal(a->v_samp_factor, b->v_samp_factor);
        }
        unsigned h = one ? 1 : (unsigned)a->h_samp_factor, v = one ? 1 : (unsigned)a->v_samp_factor;
        unsigned left = rect.x / (8 * (one ? 1 : (unsigned)whole->jpeg.max_h_samp_factor)) * h;
        unsigned top = rect.y / (8 * (one ? 1 : (unsigned)whole->jpeg.max_v_samp_factor)) * v;
        assert_true(left + b->width_in_blocks <= a->width_in_blocks);
        assert_true(top + b->height_in_blocks <= a->height_in_blocks);
        for (unsigned y = 0; y < b->height_in_blocks; y++) {
            JBLOCKARRAY from = whole->jpeg.mem->access_virt_barray((j_common_ptr)&whole->jpeg, whole->blocks[i],
                                                                   top + y, 1, FALSE),
                        to =
                            part->jpeg.mem->access_virt_barray((j_common_ptr)&part->jpeg, part->blocks[i], y, 1, FALSE);
            if (memcmp(from[0] + left, to[0], b->width_in_blocks * sizeof(JBLOCK)))
                fail_msg("component %d, blocks of row %u of %u,%u %u x %u differ", i, y, rect.x, rect.y, rect.width,
                         rect.height);
        }
    }
}

/* Pixels beside a cut may differ by one; all others are the same. */
static void compare_interiors(struct stored whole, const unsigned char *part, struct tile_rect rect) {
    uint32_t left = rect.x > 0, right = rect.x + rect.width < whole.width, bottom = rect.y + rect.height < whole.height;
    if (rect.width <= left + right)
        return;
    for (uint32_t y = rect.y > 0; y < rect.height - bottom; y++)
        assert_memory_equal(part + ((size_t)y * rect.width + left) * whole.step,
                            whole.pixels + ((size_t)(rect.y + y) * whole.width + rect.x + left) * whole.step,
                            (rect.width - left - right) * whole.step);
}

static void check_splice(const tile_source *source, struct decoded *whole, struct stored stored,
                         struct tile_rect rect) {
    struct tile_buffer out = {0};
    append(&out, "what was there", 14);
    assert_ok(tile_source_splice(source, rect, &out, &error));
    assert_true(out.size > 14 && memcmp(out.data, "what was there", 14) == 0);
    struct test_bytes spliced = {out.data + 14, out.size - 14};
    assert_memory_equal(spliced.data, "\xFF\xD8\xFF", 3);
    assert_memory_equal(spliced.data + spliced.size - 2, "\xFF\xD9", 2);
    struct decoded part;
    decode(&part, spliced.data, spliced.size);
    assert_int_equal(part.jpeg.image_width, rect.width);
    assert_int_equal(part.jpeg.image_height, rect.height);
    compare_headers(&whole->jpeg, &part.jpeg);
    compare_blocks(whole, &part, rect);
    jpeg_destroy_decompress(&part.jpeg);
    unsigned char *pixels = jpeg_pixels(spliced, JCS_UNKNOWN);
    assert_non_null(pixels);
    compare_interiors(stored, pixels, rect);
    free(pixels);
    tile_buffer_free(&out);
}

/* A random number of MCUs from a random one on, in one direction. */
static void aligned(uint32_t *from, uint32_t *length, uint32_t size, uint32_t mcu, struct test_random *random) {
    uint32_t count = (size + mcu - 1) / mcu, first = test_random_below(random, count),
             end = first + 1 + test_random_below(random, count - first);
    *from = first * mcu;
    *length = (end * mcu < size ? end * mcu : size) - *from;
}

static void check_splices(struct test_bytes file, int count, struct test_random *random) {
    tile_source *source;
    assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
    const struct tile_info *info = tile_source_info(source);
    tile_index *index = index_of(source, 64);
    assert_ok(tile_source_use_index(source, index, &error));
    struct expected expected = expected_of(source, file);
    struct decoded whole;
    decode(&whole, file.data, file.size);
    uint32_t width, height;
    tile_source_mcu(source, &width, &height);
    for (int i = 0; i < count; i++) {
        struct tile_rect rect = {0, 0, info->width, info->height};
        if (i) {
            aligned(&rect.x, &rect.width, info->width, width, random);
            aligned(&rect.y, &rect.height, info->height, height, random);
        }
        check_splice(source, &whole, expected.stored[0], rect);
    }
    jpeg_destroy_decompress(&whole.jpeg);
    expected_free(&expected);
    tile_source_close(source);
    tile_index_free(index);
}

static void splices_hold_the_same_coefficients(void **state) {
    (void)state;
    struct test_random random = {30};
    struct tile_buffer profile = {0};
    assert_ok(tile_profile_of_space(&profile, TILE_DISPLAY_P3, &error));
    static const uint32_t sizes[][2] = {{1, 1}, {97, 71}, {300, 41}, {256, 128}};
    for (int k = 0; k < KINDS; k++)
        for (int s = 0; s < 4; s++)
            for (int i = 0; i < 4; i++) {
                struct jpeg_recipe recipe = kinds[k];
                recipe.width = sizes[s][0], recipe.height = sizes[s][1];
                recipe.optimized = i % 2;
                recipe.restart = restart_of(&recipe, (k + i) % 5);
                if (i == 3 && recipe.space == JCS_YCbCr)
                    recipe.profile = profile.data, recipe.profile_size = profile.size;
                struct test_bytes file = jpeg_file(&recipe);
                check_splices(file, 8, &random);
                free(file.data);
            }
    tile_buffer_free(&profile);
}

static void what_cannot_be_spliced(void **state) {
    (void)state;
    struct jpeg_recipe recipe = kinds[0];
    recipe.width = 97, recipe.height = 71;
    struct test_bytes file = jpeg_file(&recipe);
    tile_source *source;
    struct tile_buffer out = {0};
    assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
    tile_index *index = index_of(source, 32);
    struct tile_range range;
    size_t count;
    tile_index *part;
    /* Without an index. */
    assert_fails(TILE_INVALID_ARGUMENT, tile_source_splice(source, (struct tile_rect){0, 0, 97, 71}, &out, &error));
    assert_fails(TILE_INVALID_ARGUMENT,
                 tile_source_ranges(source, (struct tile_rect){0, 0, 97, 71}, &range, 1, &count, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_index_part(&part, source, (struct tile_rect){0, 0, 97, 71}, NULL, &error));
    assert_null(part);

    assert_ok(tile_source_use_index(source, index, &error));
    static const struct tile_rect unaligned[] = {{1, 0, 31, 32}, {0, 1, 32, 31}, {0, 0, 31, 32},  {0, 0, 32, 31},
                                                 {8, 0, 32, 32}, {0, 8, 32, 32}, {0, 0, 96, 70},  {0, 0, 98, 71},
                                                 {0, 0, 0, 16},  {96, 64, 2, 7}, {96, 64, 1, 16}, {112, 64, 16, 7}};
    for (size_t i = 0; i < sizeof unaligned / sizeof unaligned[0]; i++)
        assert_fails(TILE_INVALID_ARGUMENT, tile_source_splice(source, unaligned[i], &out, &error));
    assert_ok(tile_source_splice(source, (struct tile_rect){96, 64, 1, 7}, &out, &error));
    tile_buffer_free(&out);
    tile_source_close(source);
    tile_index_free(index);
    free(file.data);

    recipe.orientation = 6;
    file = jpeg_file(&recipe);
    assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
    index = index_of(source, 32);
    assert_ok(tile_source_use_index(source, index, &error));
    out = (struct tile_buffer){0};
    assert_fails(TILE_INVALID_ARGUMENT, tile_source_splice(source, (struct tile_rect){0, 0, 71, 97}, &out, &error));
    assert_non_null(strstr(error.message, "orientation 6"));
    tile_source_close(source);
    /* As it is stored, it can be. */
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    options.ignore_orientation = true;
    assert_ok(tile_source_open_memory(&source, file.data, file.size, &options, &error));
    assert_ok(tile_source_use_index(source, index, &error));
    assert_ok(tile_source_splice(source, (struct tile_rect){0, 0, 97, 71}, &out, &error));
    tile_buffer_free(&out);
    tile_source_close(source);
    tile_index_free(index);
    free(file.data);
}

/* ---- Progress and arguments ------------------------------------------------------------------------------------ */

struct progress {
    uint64_t last, calls, stop_at;
};

static bool progressed(void *user, uint64_t done, uint64_t total) {
    struct progress *progress = user;
    assert_true(done >= progress->last && done <= total);
    progress->last = done;
    return ++progress->calls != progress->stop_at;
}

static void building_can_be_watched_and_stopped(void **state) {
    (void)state;
    struct jpeg_recipe recipe = kinds[1];
    recipe.width = 1500, recipe.height = 1000, recipe.quality = 100;
    struct test_bytes file = jpeg_file(&recipe);
    tile_source *source;
    assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
    struct progress progress = {0};
    struct tile_index_options options = TILE_OPTIONS(struct tile_index_options);
    options.progress = progressed;
    options.user = &progress;
    tile_index *index;
    assert_ok(tile_index_build(&index, source, &options, &error));
    assert_int_equal(progress.last, file.size);
    assert_true(progress.calls > 2);
    tile_index_free(index);
    for (uint64_t stop = 1; stop <= 2; stop++) {
        progress = (struct progress){.stop_at = stop};
        assert_fails(TILE_CANCELLED, tile_index_build(&index, source, &options, &error));
        assert_null(index);
        assert_int_equal(progress.calls, stop);
    }
    tile_source_close(source);

    struct tile_source_options limited = TILE_OPTIONS(struct tile_source_options);
    limited.limits.memory = 500000;
    assert_ok(tile_source_open_memory(&source, file.data, file.size, &limited, &error));
    options.progress = NULL;
    options.tile_width = 8; /* 188 x 125 checkpoints of 14 bytes, held twice */
    assert_fails(TILE_LIMIT_EXCEEDED, tile_index_build(&index, source, &options, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_index_build(&index, NULL, NULL, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_source_use_index(NULL, NULL, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_index_save(NULL, NULL, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_index_load(&index, NULL, NULL, &error));
    tile_index_free(NULL);
    tile_source_close(source);
    free(file.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_files_of_every_kind),
        cmocka_unit_test(larger_files_of_every_kind),
        cmocka_unit_test(regions_of_many_pieces),
        cmocka_unit_test(every_fixture),
        cmocka_unit_test(every_real_file),
        cmocka_unit_test(files_may_be_written_in_other_ways),
        cmocka_unit_test(codes_that_cannot_be_added),
        cmocka_unit_test(codes_that_a_file_does_not_have),
        cmocka_unit_test(a_changed_value_does_not_pass_its_checkpoint),
        cmocka_unit_test(a_saved_index_is_the_same),
        cmocka_unit_test(indexes_are_small),
        cmocka_unit_test(a_part_is_enough_for_its_tile),
        cmocka_unit_test(several_threads_read_one_source),
        cmocka_unit_test(memory_may_fail_at_any_request),
        cmocka_unit_test(stuffed_bytes_stay_below_the_limit),
        cmocka_unit_test(only_the_said_ranges_are_read),
        cmocka_unit_test(a_tile_takes_its_share_of_the_file),
        cmocka_unit_test(splices_hold_the_same_coefficients),
        cmocka_unit_test(what_cannot_be_spliced),
        cmocka_unit_test(building_can_be_watched_and_stopped),
    };
    return cmocka_run_group_tests_name("index-jpeg", tests, NULL, NULL);
}
