/* SPDX-License-Identifier: MIT */
/* JPEGs that other programs may write, or only a hostile one would: what the scanner and the splicer make of them. */
#include "common.h"

#include "base/buffer.h"

static struct tile_error error;

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
    test_append(&out, file.data, 2);
    for (size_t at = 2, size; at < scan; at += size) {
        unsigned char *segment = file.data + at;
        size = segment_size(segment);
        int marker = segment[1];
        bool table = marker == 0xC4 || marker == 0xDB;
        if (change == FILL_BYTES)
            test_append(&out, "\xFF\xFF\xFF", 3);
        if (change == COMMENTS)
            test_append(&out, comment, sizeof comment);
        if (change == BETWEEN_SEGMENTS && at > 100)
            test_append(&out, "\0padding", 8);
        if (change == OTHER_TABLES_FIRST && table && at < marker_at(file, 0xC4, 1)) {
            size_t other = marker_at(standard, marker, marker == 0xDB);
            test_append(&out, standard.data + other, segment_size(standard.data + other));
        }
        if (change == UNUSED_TABLES && marker == 0xC4) {
            size_t first = out.size;
            test_append(&out, segment, size);
            out.data[first + 4] |= 3;
        }
        if (change == RESTARTS_TWICE_DEFINED && (marker == 0xDD || marker == 0xDA)) {
            test_append(&out, marker == 0xDD ? "\xFF\xDD\0\4\0\x1" : "\xFF\xDD\0\4\0\0", 6);
            /* The scan's own one is the last one. */
            if (marker == 0xDA)
                test_append(&out, file.data + marker_at(file, 0xDD, 0), 6);
        }
        if (change == TABLES_IN_ONE_SEGMENT && table) {
            test_append(&tables[marker == 0xC4], segment + 4, size - 4);
            continue;
        }
        if (change == TABLES_BEFORE_FRAME && marker == 0xC0) {
            test_append(&frame, segment, size);
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
                    test_append(&out, head, 4);
                    test_append(&out, tables[i].data, tables[i].size);
                }
            test_append(&out, frame.data, frame.size);
        }
        test_append(&out, segment, size);
    }
    for (size_t at = scan; at < file.size; at++) {
        if (change == FILL_BYTES && file.data[at] == 0xFF && file.data[at + 1] != 0)
            test_append(&out, "\xFF\xFF", at % 2 ? 1 : 2);
        test_append(&out, file.data + at, 1);
    }
    if (change == BEHIND_THE_IMAGE)
        test_append(&out, file.data, file.size);
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
            check_jpeg(bytes, 8, &random);
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
            test_append(out, &(unsigned char){(unsigned char)*pending}, 1);
            if ((*pending & 255) == 255)
                test_append(out, "", 1);
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
    test_append(&out, "\xFF\xD8", 2);
    test_append(&out, table, sizeof table);
    test_append(&out, (unsigned char[]){0xFF, 0xC4, (unsigned char)((19 + total) >> 8), (unsigned char)(19 + total), 0},
                5);
    test_append(&out, declared->counts, 16);
    test_append(&out, declared->symbols, total);
    test_append(&out, (unsigned char[]){0xFF, 0xC4, 0, 20, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
                22);
    test_append(&out,
                (unsigned char[]){0xFF, 0xC0, 0, 11, 8, (unsigned char)(height >> 5), (unsigned char)(height << 3),
                                  (unsigned char)(width >> 5), (unsigned char)(width << 3), 1, 1, 0x11, 0},
                13);
    test_append(&out, (unsigned char[]){0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0}, 10);
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
    test_append(&out, "\xFF\xD9", 2);
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
                /* That there is no room, the header tells. */
                assert_int_equal(error.status, tile_source_info(source)->no_index ? TILE_UNSUPPORTED : TILE_BAD_DATA);
                assert_true((i >= 1 && i <= 4) || (i > 4 && run >= 5));
                assert_int_equal(error.status == TILE_UNSUPPORTED, i <= 4);
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
        struct test_reader watched = {.file = {file.data, file.size}, .etag = "\"1\""};
        struct tile_reader reader = test_reader_of(&watched);
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

/* A gray JPEG, one MCU high, most of whose data is 0xFF and the zero stuffed behind it. */
static struct tile_buffer stuffed(unsigned mcus) {
    struct tile_buffer out = {0};
    struct codes codes = {.symbols = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0x11, 15}};
    unsigned char table[69] = {0xFF, 0xDB, 0, 67, 0};
    memset(table + 5, 1, 64);
    memset(codes.counts, 1, sizeof codes.counts);
    test_append(&out, "\xFF\xD8", 2);
    test_append(&out, table, sizeof table);
    test_append(&out, (unsigned char[]){0xFF, 0xC4, 0, 20, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 22);
    test_append(&out, (unsigned char[]){0xFF, 0xC4, 0, 35, 0x10}, 5);
    test_append(&out, codes.counts, 16);
    test_append(&out, codes.symbols, 16);
    test_append(&out,
                (unsigned char[]){0xFF, 0xC0, 0, 11, 8, 0, 8, (unsigned char)(mcus >> 5), (unsigned char)(mcus << 3), 1,
                                  1, 0x11, 0},
                13);
    test_append(&out, (unsigned char[]){0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0}, 10);
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
    test_append(&out, "\xFF\xD9", 2);
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
            options.max_memory = limit;
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_may_be_written_in_other_ways),
        cmocka_unit_test(codes_that_cannot_be_added),
        cmocka_unit_test(codes_that_a_file_does_not_have),
        cmocka_unit_test(a_changed_value_does_not_pass_its_checkpoint),
        cmocka_unit_test(stuffed_bytes_stay_below_the_limit),
    };
    return cmocka_run_group_tests_name("index-syntax", tests, NULL, NULL);
}
