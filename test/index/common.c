/* SPDX-License-Identifier: MIT */
#include "common.h"

#include <pthread.h>

static struct tile_error error;

unsigned char *asked_bytes(const struct test_reader *reader) {
    unsigned char *asked = calloc(reader->file.size, 1);
    assert_non_null(asked);
    assert_true(reader->count < sizeof reader->asked / sizeof reader->asked[0]); /* none is missing */
    for (size_t i = 0; i < reader->count; i++)
        memset(asked + reader->asked[i].offset, 1, reader->asked[i].size);
    return asked;
}

tile_source *open_memory(const struct tile_buffer *file) {
    tile_source *source;
    assert_ok(tile_source_open_memory(&source, file->data, file->size, NULL, &error));
    return source;
}

tile_status index_build(tile_index **out, tile_source *source, uint32_t tile, struct tile_error *why) {
    struct tile_index_options options = TILE_OPTIONS(struct tile_index_options);
    options.tile_width = options.tile_height = tile;
    return tile_index_build(out, source, &options, why);
}

tile_index *index_of(tile_source *source, uint32_t tile) {
    tile_index *index;
    assert_ok(index_build(&index, source, tile, &error));
    return index;
}

struct test_bytes index_bytes(const tile_index *index) {
    struct tile_buffer buffer = {0};
    struct tile_writer writer = tile_buffer_writer(&buffer);
    assert_ok(tile_index_save(index, &writer, &error));
    return (struct test_bytes){buffer.data, buffer.size};
}

tile_status index_load(tile_index **out, struct test_bytes bytes, struct tile_error *why) {
    return tile_index_load_memory(out, bytes.data, bytes.size, NULL, why);
}

struct expected expected_of(const tile_source *source, struct test_bytes file) {
    const struct tile_info *info = tile_source_info(source);
    const J_COLOR_SPACE direct[] = {JCS_UNKNOWN, JCS_YCbCr, JCS_GRAYSCALE};
    const struct tile_format formats[] = {info->format, tile_source_format_for(source, TILE_YCBCR),
                                          tile_source_format_for(source, TILE_GRAY)};
    bool swap = info->orientation > 4;
    struct expected expected = {.orientation = info->orientation};
    for (int i = 0; i < 3; i++) {
        if (i > 0 && formats[i].space == info->format.space)
            continue;
        struct stored stored = {jpeg_pixels(file, direct[i]), swap ? info->height : info->width,
                                swap ? info->width : info->height, tile_format_step(formats[i])};
        assert_non_null(stored.pixels);
        expected.formats[expected.count] = formats[i];
        expected.stored[expected.count++] = stored;
    }
    return expected;
}

void expected_free(struct expected *expected) {
    for (int i = 0; i < expected->count; i++)
        free((void *)(uintptr_t)expected->stored[i].pixels);
}

struct tile_rect random_rect(const tile_source *source, struct test_random *random) {
    const struct tile_info *info = tile_source_info(source);
    struct tile_rect rect = {.x = test_random_below(random, info->width), .y = test_random_below(random, info->height)};
    uint32_t width = info->width - rect.x, height = info->height - rect.y;
    if (test_random_below(random, 2)) {
        width = width < 50 ? width : 50;
        height = height < 50 ? height : 50;
    }
    rect.width = 1 + test_random_below(random, width);
    rect.height = 1 + test_random_below(random, height);
    return rect;
}

void check_reads(tile_source *source, const struct expected *expected, int count, struct test_random *random) {
    const struct tile_info *info = tile_source_info(source);
    uint32_t right = info->width - 1, bottom = info->height - 1;
    const struct tile_rect rects[] = {{0, 0, info->width, info->height},
                                      {0, bottom, info->width, 1},
                                      {right, 0, 1, info->height},
                                      {0, 0, 1, 1},
                                      {right, 0, 1, 1},
                                      {0, bottom, 1, 1},
                                      {right, bottom, 1, 1}};
    for (int i = 0; i < expected->count; i++) {
        for (int k = 0; k < 7; k++)
            check_region(source, expected->formats[i], expected->stored[i], expected->orientation, rects[k], k);
        for (int k = 0; k < count; k++)
            check_region(source, expected->formats[i], expected->stored[i], expected->orientation,
                         random_rect(source, random), k);
    }
}

tile_status read_to(tile_source *source, struct tile_rect rect, struct tile_image *image, struct tile_error *why) {
    image->width = rect.width;
    image->height = rect.height;
    return tile_source_read(source, rect, image, why);
}

struct reading {
    tile_source *source;
    struct tile_format format;
    struct stored stored;
    uint64_t seed;
    int wrong;
};

static void *read_some(void *user) {
    struct reading *reading = user;
    struct test_random random = {reading->seed};
    struct stored stored = reading->stored;
    unsigned char *pixels = malloc((size_t)stored.width * stored.height * stored.step);
    for (int i = 0; i < 40 && pixels; i++) {
        struct tile_rect rect = random_rect(reading->source, &random);
        size_t row = rect.width * stored.step;
        struct tile_image image = {reading->format, rect.width, rect.height, {pixels}, (ptrdiff_t)row};
        reading->wrong += tile_source_read(reading->source, rect, &image, NULL) != TILE_OK;
        for (uint32_t y = 0; y < rect.height; y++)
            reading->wrong +=
                memcmp(pixels + y * row, stored.pixels + ((size_t)(rect.y + y) * stored.width + rect.x) * stored.step,
                       row) != 0;
        struct tile_range ranges[10];
        size_t count;
        tile_index *part;
        reading->wrong += tile_source_ranges(reading->source, rect, ranges, 10, &count, NULL) != TILE_OK;
        bool there = tile_index_part(&part, reading->source, rect, NULL, NULL) == TILE_OK;
        reading->wrong += there != tile_source_info(reading->source)->indexed;
        tile_index_free(part);
    }
    reading->wrong += !pixels;
    free(pixels);
    return NULL;
}

void check_threads(tile_source *const sources[], int count, struct tile_format format, struct stored stored) {
    enum { THREADS = 6 };
    struct reading readings[THREADS];
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        readings[i] = (struct reading){sources[i % count], format, stored, 28 + (uint64_t)i, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, read_some, &readings[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(readings[i].wrong, 0);
    }
}

bool steps_ask(void *user, const struct tile_progress *now) {
    struct steps *steps = user;
    assert_true(now->done >= steps->last && now->done <= now->total);
    steps->last = now->done;
    return ++steps->calls != steps->stop_at;
}

size_t marker_at(struct test_bytes file, int marker, int nth) {
    for (size_t at = 0; at + 1 < file.size; at++)
        if (file.data[at] == 0xFF && file.data[at + 1] == marker && nth-- == 0)
            return at;
    fail_msg("no marker %02X", (unsigned)marker);
    return 0;
}

size_t scan_at(struct test_bytes file) {
    size_t at = 2;
    while (file.data[at + 1] != 0xDA)
        at += 2u + (size_t)(file.data[at + 2] << 8 | file.data[at + 3]);
    return at + 2u + (size_t)(file.data[at + 2] << 8 | file.data[at + 3]);
}

const struct jpeg_recipe jpeg_kinds[JPEG_KINDS] = {
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
unsigned jpeg_restart_of(const struct jpeg_recipe *recipe, int i) {
    int h = 1, v = 1;
    for (int c = 0; c < 4; c++) {
        h = recipe->sampling[c][0] > h ? recipe->sampling[c][0] : h;
        v = recipe->sampling[c][1] > v ? recipe->sampling[c][1] : v;
    }
    unsigned mcu = 8 * (unsigned)(recipe->space == JCS_GRAYSCALE ? 1 : h);
    const unsigned intervals[] = {0, 1, 3, (recipe->width + mcu - 1) / mcu, 11};
    return intervals[i];
}

struct test_bytes jpeg_ending(struct test_bytes file, int i) {
#define BYTES(literal)                                                                                                 \
    { literal, sizeof literal - 1 }
#define EOI "\xFF\xD9"
#define COM "\xFF\xFE\0\x0B\xFF\xDA\xFF\xD8\xFF\xD9\xFF\xD0z"
    static const struct {
        const char *bytes;
        size_t size;
    } endings[JPEG_ENDINGS] = {
        /* No EOI, half of it, fill bytes before it (T.81, B.1.1.2). */
        BYTES(""),
        BYTES("\xFF"),
        BYTES("\xFF\xFF\xFF"),
        BYTES("\xFF\xFF\xFF" EOI),
        /* Comments: of several lengths, the last three as nobody may write them; with fill bytes; cut off. */
        BYTES(COM EOI),
        BYTES(COM "\xFF\xFF\xFF" COM EOI),
        BYTES("\xFF\xFE\0\2" EOI),
        BYTES("\xFF\xFE\0\1" EOI),
        BYTES("\xFF\xFE\0\0" EOI),
        BYTES(COM),
        BYTES(COM "\xFF"),
        BYTES("\xFF\xFE\x7F\0 and so on"),
        BYTES("\xFF\xFE\0"),
        BYTES("\xFF\xFE"),
        /* Applications' data that would change the color before the scan: Adobe's RGB, and a profile's beginning. */
        BYTES("\xFF\xEE\0\x0E"
              "Adobe\0\x64\0\0\0\0\0" EOI),
        BYTES("\xFF\xE2\0\x12"
              "ICC_PROFILE\0\1\2xx" EOI),
        BYTES("\xFF\xE1\0\x08"
              "Exif\0\0" EOI),
        /* Tables for no scan, and the number of lines that the frame has told. */
        BYTES("\xFF\xDD\0\4\0\1" EOI),
        BYTES("\xFF\xC4\0\x14\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\5" EOI),
        BYTES("\xFF\xCC\0\4\0\x10" EOI),
        BYTES("\xFF\xDB\0\x43\0"
              "1111111111111111111111111111111111111111111111111111111111111111" EOI),
        BYTES("\xFF\xDC\0\4\0\x47" EOI),
        BYTES("\xFF\xDC\0\4\0\x47"),
        BYTES("\xFF\xDC\0\4\1\0" EOI),
        /* Markers without a segment. */
        BYTES("\xFF\1" EOI),
        BYTES("\xFF\xD0" EOI),
        BYTES("\xFF\xD5\xFF\xFF\xD6" COM EOI),
        /* Stray bytes. */
        BYTES("\x12\x34" EOI),
        BYTES("\0\xFF\0\0" EOI),
        BYTES("\xFF\xFF\0\x12" EOI),
        BYTES("what is it?" COM "\xFF\0\xFF\xFF\0\xFE" EOI),
        /* Behind EOI. */
        BYTES(EOI "\xFF\xDA\0\0"),
        BYTES(EOI "\xFF\xD8\xFF\xE0"),
    };
    struct test_bytes out = {malloc(file.size - 2 + endings[i].size), file.size - 2 + endings[i].size};
    assert_non_null(out.data);
    assert_memory_equal(file.data + file.size - 2, EOI, 2);
    memcpy(out.data, file.data, file.size - 2);
    memcpy(out.data + file.size - 2, endings[i].bytes, endings[i].size);
    return out;
}

void check_jpeg(struct test_bytes file, int count, struct test_random *random) {
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
