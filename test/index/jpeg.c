/* SPDX-License-Identifier: MIT */
/*
 * JPEGs read and described through an index: pixels against libjpeg's decode of the whole file, and what is read
 * against what is said to be read.
 */
#include "common.h"

#include <glob.h>

static struct tile_error error;

static void small_files_of_every_kind(void **state) {
    (void)state;
    struct test_random random = {21};
    static const uint32_t sizes[][2] = {{1, 1}, {8, 8}, {17, 1}, {1, 200}, {97, 71}, {300, 41}};
    static const int qualities[] = {30, 90, 100};
    for (int k = 0; k < JPEG_KINDS; k++)
        for (int s = 0; s < 6; s++)
            for (int i = 0; i < 30; i++) {
                /* The larger ones in a third of the ways each, another third for each kind. */
                if (s > 3 && (i + k) % 3)
                    continue;
                struct jpeg_recipe recipe = jpeg_kinds[k];
                recipe.width = sizes[s][0], recipe.height = sizes[s][1];
                recipe.optimized = i % 2;
                recipe.quality = qualities[i / 2 % 3];
                recipe.restart = jpeg_restart_of(&recipe, i / 6);
                struct test_bytes file = jpeg_file(&recipe);
                check_jpeg(file, 4, &random);
                free(file.data);
            }
}

static void larger_files_of_every_kind(void **state) {
    (void)state;
    struct test_random random = {22};
    for (int k = 0; k < JPEG_KINDS; k++) {
        struct jpeg_recipe recipe = jpeg_kinds[k];
        recipe.width = 640, recipe.height = 427;
        recipe.optimized = k % 2 || recipe.slope;
        recipe.quality = k % 5 == 2 ? 100 : 80;
        recipe.restart = jpeg_restart_of(&recipe, k % 5);
        struct test_bytes file = jpeg_file(&recipe);
        check_jpeg(file, 6, &random);
        free(file.data);
    }
}

/* Regions that are read by more than one piece: of many rows, and of many bytes. */
static void regions_of_many_pieces(void **state) {
    (void)state;
    struct test_random random = {31};
    static const uint32_t sizes[][2] = {{40, 3000}, {11000, 1300}};
    for (int i = 0; i < 5; i++) {
        struct jpeg_recipe recipe = jpeg_kinds[i < 3 ? i : 0];
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

/* ---- The index file ------------------------------------------------------------------------------------------- */

static void a_saved_index_is_the_same(void **state) {
    (void)state;
    struct test_random random = {26};
    char *folder = test_folder_new();
    for (int k = 0; k < 4; k++) {
        struct jpeg_recipe recipe = jpeg_kinds[k * 4];
        recipe.width = 301, recipe.height = 97, recipe.restart = (unsigned)k;
        struct test_bytes file = jpeg_file(&recipe);
        const char *path = test_path(folder, "source.jpg"), *index_path = test_path(folder, "source.jpg.index");
        test_write_file(path, file.data, file.size);
        tile_source *source;
        assert_ok(tile_source_open_file(&source, path, NULL, &error));
        struct expected expected = expected_of(source, file);
        tile_index *built = index_of(source, 40), *loaded;
        struct test_bytes bytes = index_bytes(built);
        assert_ok(tile_index_save_file(built, index_path, k > 0, &error));
        assert_fails(TILE_WRITE_FAILED, tile_index_save_file(built, index_path, false, &error));
        assert_int_equal(error.remedies, TILE_REMEDY_OVERWRITE);
        tile_index_free(built);
        tile_source_close(source);
        struct test_bytes on_disk = test_read_file(index_path);
        assert_int_equal(on_disk.size, bytes.size);
        assert_memory_equal(on_disk.data, bytes.data, bytes.size);
        free(on_disk.data);

        assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
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
    assert_fails(TILE_INVALID_ARGUMENT, tile_index_load_memory(&none, NULL, 5, NULL, &error));
    assert_null(none);
    assert_fails(TILE_BAD_INDEX, tile_index_load_memory(&none, NULL, 0, NULL, &error));
    assert_fails(TILE_INVALID_ARGUMENT, tile_index_save_file(NULL, test_path(folder, "none"), true, &error));
    assert_fails(TILE_READ_FAILED, tile_index_load_file(&none, test_path(folder, "missing"), NULL, &error));
    assert_null(none);
    test_folder_remove(folder);
}

static void indexes_are_small(void **state) {
    (void)state;
    /* Under 3 % of the file, with tiles of 256 pixels. */
    for (int k = 0; k < 3; k++) {
        struct jpeg_recipe recipe = jpeg_kinds[k];
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
        uint32_t mcu_width = info->part_width, mcu_height = info->part_height;
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
        struct jpeg_recipe recipe = jpeg_kinds[k % 3];
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

static void several_threads_read_one_source(void **state) {
    (void)state;
    struct jpeg_recipe recipe = jpeg_kinds[0];
    recipe.width = 500, recipe.height = 300;
    struct test_bytes file = jpeg_file(&recipe);
    tile_source *source, *second;
    /* The sources' bytes, and the index's: none is read by two threads at once. */
    static struct test_reader alone[3];
    for (int i = 0; i < 3; i++)
        alone[i] = (struct test_reader){.file = file, .gap = 1};
    struct tile_reader readers[3] = {test_reader_of(&alone[0]), test_reader_of(&alone[1])};
    assert_ok(tile_source_open_reader(&source, &readers[0], NULL, &error));
    assert_ok(tile_source_open_reader(&second, &readers[1], NULL, &error));
    struct expected expected = expected_of(source, file);
    tile_index *index = index_of(source, 64);
    alone[2].file = index_bytes(index);
    readers[2] = test_reader_of(&alone[2]);
    tile_index_free(index);
    assert_ok(tile_index_load(&index, &readers[2], NULL, &error));
    assert_ok(tile_source_use_index(source, index, &error));
    assert_ok(tile_source_use_index(second, index, &error));
    check_threads((tile_source *const[]){source, second}, 2, expected.formats[0], expected.stored[0]);
    tile_source_close(source);
    tile_source_close(second);
    free(alone[2].file.data);
    tile_index_free(index);
    expected_free(&expected);
    free(file.data);
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
    if (status == TILE_OK)
        status = tile_index_load_memory(&loaded, saved.data, saved.size, allocator, &error);
    tile_index_free(loaded);
    loaded = NULL;
    if (status == TILE_OK)
        status = tile_index_save_file(built, test_path(folder, "index"), true, &error);
    if (status == TILE_OK)
        status = tile_index_load_file(&loaded, test_path(folder, "index"), allocator, &error);
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
    struct jpeg_recipe recipe = jpeg_kinds[0];
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
static bool cover(const struct test_reader *watched, const struct tile_range *ranges, size_t count) {
    unsigned char *read = asked_bytes(watched);
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
    for (int k = 0; k < JPEG_KINDS; k++) {
        struct jpeg_recipe recipe = jpeg_kinds[k];
        recipe.width = 640, recipe.height = 427, recipe.restart = jpeg_restart_of(&recipe, k % 5);
        recipe.orientation = k % 9;
        struct test_reader watched = {.file = jpeg_file(&recipe), .etag = "\"etag\""};
        struct tile_reader reader = test_reader_of(&watched);
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
    struct jpeg_recipe recipe = jpeg_kinds[0];
    recipe.width = 2048, recipe.height = 1024;
    struct test_reader watched = {.file = jpeg_file(&recipe), .etag = "\"etag\"", .gap = 1};
    struct tile_reader reader = test_reader_of(&watched);
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

/* ---- Progress and arguments ------------------------------------------------------------------------------------ */

static void building_can_be_watched_and_stopped(void **state) {
    (void)state;
    struct jpeg_recipe recipe = jpeg_kinds[1];
    recipe.width = 1500, recipe.height = 1000, recipe.quality = 100;
    struct test_bytes file = jpeg_file(&recipe);
    tile_source *source;
    assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
    struct steps progress = {0};
    struct tile_index_options options = TILE_OPTIONS(struct tile_index_options);
    options.progress = steps_ask;
    options.user = &progress;
    tile_index *index;
    assert_ok(tile_index_build(&index, source, &options, &error));
    assert_int_equal(progress.last, file.size);
    assert_true(progress.calls > 2);
    tile_index_free(index);
    for (uint64_t stop = 1; stop <= 2; stop++) {
        progress = (struct steps){.stop_at = stop};
        assert_fails(TILE_CANCELLED, tile_index_build(&index, source, &options, &error));
        assert_null(index);
        assert_int_equal(progress.calls, stop);
    }
    tile_source_close(source);

    struct tile_source_options limited = TILE_OPTIONS(struct tile_source_options);
    limited.max_memory = 500000;
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
        cmocka_unit_test(a_saved_index_is_the_same),
        cmocka_unit_test(indexes_are_small),
        cmocka_unit_test(a_part_is_enough_for_its_tile),
        cmocka_unit_test(several_threads_read_one_source),
        cmocka_unit_test(memory_may_fail_at_any_request),
        cmocka_unit_test(only_the_said_ranges_are_read),
        cmocka_unit_test(a_tile_takes_its_share_of_the_file),
        cmocka_unit_test(building_can_be_watched_and_stopped),
    };
    return cmocka_run_group_tests_name("index-jpeg", tests, NULL, NULL);
}
