/* SPDX-License-Identifier: MIT */
/* What a PNG's index takes of the file, and does where it is another; memory, threads and progress. */
#include "chunks.h"
#include "common.h"

#include "base/buffer.h"
#include "base/bytes.h"
#include "index/index.h"

#include <zlib.h>

static struct tile_error error;

static void a_changed_file_never_gives_wrong_pixels(void **state) {
    (void)state;
    struct test_random random = {29};
    struct tile_buffer file = png_usual();
    struct stored stored;
    unsigned char *pixels = png_decoded(&file, &stored);
    struct test_guarded copy = test_guarded_new(file.size, true);
    memcpy(copy.data, file.data, file.size);
    struct test_reader spy = {.file = {copy.data, file.size}, .etag = "\"same\""};
    struct tile_reader reader = test_reader_of(&spy);
    tile_source *source;
    assert_ok(tile_source_open_reader(&source, &reader, NULL, &error));
    tile_index *index = index_of(source, 64);
    struct tile_image image;
    assert_ok(tile_image_alloc(&image, tile_source_info(source)->format, 150, 200, NULL, &error));
    size_t data_begin = (size_t)index->header.data_begin, data_end = (size_t)index->header.data_end;
    int read = 0, refused = 0;
    for (size_t at = 0; at < file.size; at += at < 100 ? 1 : 13) {
        copy.data[at] ^= (unsigned char)(1 + test_random_below(&random, 255));
        tile_status status = tile_source_use_index(source, index, &error);
        struct tile_rect rect = {0, test_random_below(&random, 200), 150, 1};
        if (status == TILE_OK) /* some rows, then all */
            status = read_to(source, rect, &image, &error);
        if (status == TILE_OK) {
            assert_memory_equal(image.plane[0], pixels + (size_t)rect.y * 450, 450);
            status = read_to(source, (struct tile_rect){0, 0, 150, 200}, &image, &error);
        }
        if (status == TILE_OK) {
            assert_memory_equal(image.plane[0], pixels, 450 * 200);
            /* zlib's header, or the end of the stream: what no row takes. */
            if (!(at >= data_begin + 8 && at < data_begin + 10) && at < data_end - 20)
                fail_msg("byte %zu was another, and that went unnoticed", at);
            read++;
        } else {
            assert_int_equal(status, TILE_SOURCE_CHANGED);
            refused++;
        }
        copy.data[at] = file.data[at];
    }
    assert_true(refused > 100 && read > 0);
    /* Without an ETag, it is the hash that tells. */
    tile_source *other;
    copy.data[file.size / 2] ^= 4;
    assert_ok(tile_source_open_memory(&other, copy.data, file.size, NULL, &error));
    assert_fails(TILE_SOURCE_CHANGED, tile_source_use_index(other, index, &error));
    tile_source_close(other);
    tile_image_free(&image, NULL);
    tile_source_close(source);
    tile_index_free(index);
    test_guarded_free(copy);
    tile_buffer_free(&file);
    free(pixels);
}

/* The reader's file is one of gray when it is opened, and then one of the same size that has more bytes a pixel. */
static void another_format_in_the_middle(void **state) {
    (void)state;
    struct tile_buffer gray =
        png_file(&(struct png_recipe){.width = 60, .height = 50, .type = 0, .depth = 8, .level = 0, .mixed = 3});
    struct tile_buffer color =
        png_file(&(struct png_recipe){.width = 60, .height = 50, .type = 2, .depth = 16, .level = 9, .mixed = 3});
    size_t size = gray.size > color.size ? gray.size : color.size;
    struct tile_buffer pad = {0};
    assert_ok(tile_buffer_reserve(&pad, size + 100, &error));
    memset(pad.data, 0, size + 100);
    png_append_chunk(&gray, "teSt", pad.data, size + 50 - gray.size);
    png_append_chunk(&color, "teSt", pad.data, size + 50 - color.size);
    assert_int_equal(gray.size, color.size);
    struct test_reader spy = {.file = {color.data, color.size}, .etag = "\"same\""};
    struct tile_reader reader = test_reader_of(&spy);
    tile_source *source;
    assert_ok(tile_source_open_reader(&source, &reader, NULL, &error));
    tile_index *index = index_of(source, 16);
    tile_source_close(source);
    spy.file.data = gray.data;
    assert_ok(tile_source_open_reader(&source, &reader, NULL, &error));
    spy.file.data = color.data;
    assert_ok(tile_source_use_index(source, index, &error));
    struct tile_image image;
    assert_ok(tile_image_alloc(&image, tile_source_info(source)->format, 60, 50, NULL, &error));
    assert_fails(TILE_SOURCE_CHANGED, read_to(source, (struct tile_rect){0, 0, 60, 50}, &image, &error));
    tile_image_free(&image, NULL);
    tile_source_close(source);
    tile_index_free(index);
    tile_buffer_free(&pad);
    tile_buffer_free(&gray);
    tile_buffer_free(&color);
}

static void only_the_promised_bytes_are_read(void **state) {
    (void)state;
    struct test_random random = {30};
    struct tile_buffer file = png_in_chunks(
        &(struct png_recipe){.width = 400, .height = 600, .type = 2, .depth = 8, .level = 6, .mixed = 7}, 8192);
    struct test_reader spy = {.file = {file.data, file.size}, .etag = "\"same\""};
    unsigned char *promised = malloc(file.size);
    assert_non_null(promised);
    for (int run = 0; run < 60; run++) {
        uint64_t gap = run % 3 == 0 ? 1 : run % 3 == 1 ? 5000 : 1 << 20;
        spy.gap = gap;
        struct tile_reader reader = test_reader_of(&spy);
        tile_source *source;
        assert_ok(tile_source_open_reader(&source, &reader, NULL, &error));
        tile_index *index = index_of(source, 64);
        spy.count = 0;
        assert_ok(tile_source_use_index(source, index, &error));
        struct tile_rect rect = {.x = test_random_below(&random, 400), .y = test_random_below(&random, 600)};
        rect.width = 1 + test_random_below(&random, 400 - rect.x);
        rect.height = 1 + test_random_below(&random, 600 - rect.y < 90 ? 600 - rect.y : 90);
        struct tile_image image;
        assert_ok(tile_image_alloc(&image, tile_source_info(source)->format, 400, 90, NULL, &error));
        assert_ok(read_to(source, rect, &image, &error));
        unsigned char *asked = asked_bytes(&spy);

        struct tile_range ranges[20];
        size_t count, some = 0;
        assert_ok(tile_source_ranges(source, rect, ranges, 20, &count, &error));
        assert_true(count > 0 && count <= 20);
        memset(promised, 0, file.size);
        for (size_t i = 0; i < count; i++) {
            assert_true(ranges[i].size > 0 && ranges[i].offset + ranges[i].size <= file.size);
            assert_true(i == 0 || ranges[i].offset > ranges[i - 1].offset + ranges[i - 1].size + gap);
            memset(promised + ranges[i].offset, 1, ranges[i].size);
            some += ranges[i].size;
        }
        for (size_t i = 0; i < file.size; i++)
            if (asked[i] && !promised[i])
                fail_msg("byte %zu is read and was not promised", i);
        /* With the smallest gap, nothing is promised in vain. */
        for (size_t i = 0; i < file.size && gap == 1; i++)
            assert_int_equal(asked[i], promised[i]);
        /* And it is not much: the steps of the region, and some of the block before. */
        size_t steps = (rect.y + rect.height - 1) / 64 - rect.y / 64 + 1;
        if (gap == 1)
            assert_true(some < file.size * (steps + 2) * 64 / 600);
        free(asked);
        tile_image_free(&image, NULL);
        tile_source_close(source);
        tile_index_free(index);
    }
    free(promised);
    tile_buffer_free(&file);
}

static void files_that_cannot_be_indexed(void **state) {
    (void)state;
    tile_index *index;
    struct png_recipe recipe = {.width = 20, .height = 20, .type = 2, .depth = 8, .interlaced = true};
    struct tile_buffer file = png_file(&recipe);
    tile_source *source = open_memory(&file);
    assert_fails(TILE_UNSUPPORTED, index_build(&index, source, 8, &error));
    assert_non_null(strstr(error.message, "interlaced"));
    assert_null(index);
    tile_source_close(source);
    tile_buffer_free(&file);

    /* Cut off anywhere behind the header; the IEND is missed by nobody. */
    file = png_usual();
    struct png_parts parts = png_take_apart(&file);
    struct tile_buffer cut = {0};
    test_append(&cut, file.data, file.size);
    for (cut.size = parts.begin + 8; cut.size <= file.size; cut.size += cut.size > parts.end - 30 ? 1 : 211) {
        if (cut.size < file.size) { /* its own memory, so that nothing behind it is read unnoticed */
            struct test_guarded guarded = test_guarded_new(cut.size, true);
            memcpy(guarded.data, file.data, cut.size);
            struct tile_buffer shorter = {.data = guarded.data, .size = cut.size};
            source = open_memory(&shorter);
            if (cut.size >= parts.end) {
                index = index_of(source, 64);
                tile_index_free(index);
            } else {
                assert_fails(TILE_BAD_DATA, index_build(&index, source, 64, &error));
                assert_non_null(strstr(error.message, "at byte"));
            }
            tile_source_close(source);
            test_guarded_free(guarded);
        }
    }
    tile_buffer_free(&cut);

    /* Any byte of the pixel data flipped: a CRC, at the least. */
    for (size_t at = parts.begin + 8; at < parts.end; at += 37) {
        file.data[at] ^= 0x10;
        source = open_memory(&file);
        assert_fails(TILE_BAD_DATA, index_build(&index, source, 64, &error));
        tile_source_close(source);
        file.data[at] ^= 0x10;
    }

    /* What right CRCs say nothing about. */
    uLong size = 451 * 200;
    unsigned char *rows = png_rows(&parts, size);
    for (int wrong = 0; wrong < 5; wrong++) {
        uLong given = wrong == 0 ? size - 1 : size, packed = compressBound(size);
        struct tile_buffer stream = {0};
        assert_ok(tile_buffer_reserve(&stream, packed + 9, &error));
        rows[451 * 130] = wrong == 1 ? 5 : 0;
        assert_int_equal(compress(stream.data, &packed, rows, given), Z_OK);
        stream.size = packed;
        stream.data[packed - 1] ^= wrong == 2; /* Adler-32 */
        if (wrong == 3)
            stream.data[1] |= 0x20; /* a preset dictionary */
        if (wrong == 4)
            memcpy(stream.data + packed, "whatever", 8), stream.size += 8; /* behind the stream: harmless */
        struct tile_buffer whole = png_put_together(&file, &parts, &stream, 3000);
        source = open_memory(&whole);
        if (wrong == 4) {
            index = index_of(source, 64);
            tile_index_free(index);
        } else {
            assert_fails(TILE_BAD_DATA, index_build(&index, source, 64, &error));
            assert_non_null(strstr(error.message, "at byte"));
        }
        tile_source_close(source);
        tile_buffer_free(&whole);
        tile_buffer_free(&stream);
    }
    free(rows);
    tile_buffer_free(&parts.stream);
    tile_buffer_free(&file);
}

static tile_status use_all(const struct tile_buffer *file, const struct tile_allocator *allocator,
                           const unsigned char *pixels) {
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    struct tile_index_options how = TILE_OPTIONS(struct tile_index_options);
    options.allocator = how.allocator = allocator;
    how.tile_height = 64;
    tile_source *source = NULL;
    tile_index *index = NULL, *part = NULL;
    unsigned char memory[150 * 100 * 3];
    struct tile_image image = {.width = 150, .height = 100, .stride = 450, .plane[0] = memory};
    struct tile_range ranges[9];
    size_t count;
    struct tile_rect rect = {0, 50, 150, 100};
    tile_status status = tile_source_open_memory(&source, file->data, file->size, &options, &error);
    if (status == TILE_OK)
        status = tile_index_build(&index, source, &how, &error);
    if (status == TILE_OK)
        status = tile_source_use_index(source, index, &error);
    if (status == TILE_OK)
        status = tile_index_part(&part, source, rect, allocator, &error);
    if (status == TILE_OK)
        status = tile_source_use_index(source, part, &error);
    if (status == TILE_OK)
        status = tile_source_ranges(source, rect, ranges, 9, &count, &error);
    if (status == TILE_OK) {
        image.format = tile_source_info(source)->format;
        status = tile_source_read(source, rect, &image, &error);
    }
    if (status == TILE_OK)
        assert_memory_equal(memory, pixels + 50 * 450, sizeof memory);
    tile_source_close(source);
    tile_index_free(part);
    tile_index_free(index);
    return status;
}

static void memory_may_run_out_anywhere(void **state) {
    (void)state;
    struct tile_buffer file = png_usual();
    struct stored stored;
    unsigned char *pixels = png_decoded(&file, &stored);
    struct test_memory memory;
    size_t fail_at = 0;
    for (tile_status status = TILE_NO_MEMORY; status != TILE_OK; fail_at++) {
        test_memory_init(&memory, fail_at);
        error = (struct tile_error){0};
        status = use_all(&file, &memory.allocator, pixels);
        assert_true(status == TILE_OK || (status == TILE_NO_MEMORY && error.message[0]));
        assert_int_equal(memory.live, 0);
    }
    assert_true(fail_at > 40);
    tile_buffer_free(&file);
    free(pixels);
}

static void limits_hold(void **state) {
    (void)state;
    tile_index *index;
    tile_source *source;
    struct gauge gauge = {0};
    struct tile_allocator allocator = gauge_allocator(&gauge);
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    options.allocator = &allocator;

    /* Rows of 2^31 - 1 pixels, of 8 bytes and of an eighth. */
    struct tile_buffer file =
        png_file(&(struct png_recipe){.width = 9, .height = 9, .type = 6, .depth = 16, .level = 6, .mixed = 1});
    options.max_pixels = options.max_side = UINT64_MAX;
    for (int bits = 0; bits < 2; bits++) {
        tile_put_be(file.data + 16, INT32_MAX, 4);
        if (bits)
            file.data[24] = 1, file.data[25] = 0;
        tile_put_be(file.data + 29, crc32(0, file.data + 12, 17), 4);
        assert_ok(tile_source_open_memory(&source, file.data, file.size, &options, &error));
        assert_fails(bits ? TILE_BAD_DATA : TILE_LIMIT_EXCEEDED,
                     index_build(&index, source, 1, &error)); /* it ends before */
        tile_source_close(source);
    }
    /* As many checkpoints as rows, of 2^31 - 1 rows. */
    tile_put_be(file.data + 16, 1, 4);
    tile_put_be(file.data + 20, INT32_MAX, 4);
    tile_put_be(file.data + 29, crc32(0, file.data + 12, 17), 4);
    assert_ok(tile_source_open_memory(&source, file.data, file.size, &options, &error));
    assert_fails(TILE_LIMIT_EXCEEDED, index_build(&index, source, 1, &error));
    assert_fails(TILE_BAD_DATA, index_build(&index, source, UINT32_MAX, &error)); /* it ends before */
    tile_source_close(source);
    tile_buffer_free(&file);

    /* A long picture: memory does not grow with it, pieces do not with the region. */
    file = png_file(&(struct png_recipe){.width = 200, .height = 20000, .type = 0, .depth = 8, .level = 6, .mixed = 1});
    options.max_pixels = 0;
    options.max_memory = 4 << 20;
    struct stored stored;
    unsigned char *pixels = png_decoded(&file, &stored);
    assert_ok(tile_source_open_memory(&source, file.data, file.size, &options, &error));
    gauge.peak = 0;
    index = index_of(source, 6000);
    assert_true(gauge.peak < 2 << 20);
    assert_ok(tile_source_use_index(source, index, &error));
    gauge.peak = 0;
    struct tile_image image;
    assert_ok(tile_image_alloc(&image, tile_source_info(source)->format, 200, 20000, NULL, &error));
    assert_ok(read_to(source, (struct tile_rect){0, 0, 200, 20000}, &image, &error));
    assert_memory_equal(image.plane[0], pixels, 200 * 20000);
    assert_true(gauge.peak < 3 << 20);
    tile_image_free(&image, NULL);
    tile_source_close(source);
    tile_index_free(index);

    /* Too much before the pixels. */
    options.max_memory = 0;
    options.max_metadata = 40;
    tile_status status = tile_source_open_memory(&source, file.data, file.size, &options, &error);
    assert_int_equal(status, TILE_LIMIT_EXCEEDED);
    assert_int_equal(gauge.live, 0);
    tile_buffer_free(&file);
    free(pixels);
}

static void threads_read_at_once(void **state) {
    (void)state;
    struct tile_buffer file = png_usual();
    struct stored stored;
    unsigned char *pixels = png_decoded(&file, &stored);
    tile_source *source = open_memory(&file);
    tile_index *index = index_of(source, 16);
    assert_ok(tile_source_use_index(source, index, &error));
    check_threads(&source, 1, tile_source_info(source)->format, stored);
    tile_source_close(source);
    tile_index_free(index);
    tile_buffer_free(&file);
    free(pixels);
}

static void building_can_be_watched_and_stopped(void **state) {
    (void)state;
    struct tile_buffer file =
        png_file(&(struct png_recipe){.width = 800, .height = 900, .type = 2, .depth = 8, .level = 0, .mixed = 1});
    tile_source *source = open_memory(&file);
    struct tile_index_options options = TILE_OPTIONS(struct tile_index_options);
    struct steps watch = {0};
    tile_index *index;
    options.progress = steps_ask;
    options.user = &watch;
    assert_ok(tile_index_build(&index, source, &options, &error));
    assert_true(watch.last == file.size && watch.calls > 5);
    tile_index_free(index);
    for (uint64_t stop = 1; stop <= 5; stop++) {
        watch = (struct steps){.stop_at = stop};
        assert_fails(TILE_CANCELLED, tile_index_build(&index, source, &options, &error));
        assert_null(index);
        assert_int_equal(watch.calls, stop);
    }
    tile_source_close(source);
    tile_buffer_free(&file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_changed_file_never_gives_wrong_pixels),
        cmocka_unit_test(another_format_in_the_middle),
        cmocka_unit_test(only_the_promised_bytes_are_read),
        cmocka_unit_test(files_that_cannot_be_indexed),
        cmocka_unit_test(memory_may_run_out_anywhere),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(threads_read_at_once),
        cmocka_unit_test(building_can_be_watched_and_stopped),
    };
    return cmocka_run_group_tests_name("index-png-file", tests, NULL, NULL);
}
