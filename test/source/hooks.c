/* SPDX-License-Identifier: MIT */
/* Calls that read are asked often, whatever the file, and stop when they are told to; the source is as good as before.
 */
#include "picture.h"

#include <png.h>

static struct tile_error error;

enum { WIDTH = 1000, HEIGHT = 700 };

static const struct kind {
    const char *name;
    struct jpeg_recipe jpeg;
    struct png_recipe png;
    bool indexed;
} kinds[] = {
    {"baseline", .jpeg = {.space = JCS_YCbCr, .sampling = {{2, 2}}}},
    {"turned", .jpeg = {.space = JCS_YCbCr, .orientation = 6}},
    {"arithmetic", .jpeg = {.space = JCS_YCbCr, .arithmetic = true}},
    {"progressive", .jpeg = {.space = JCS_YCbCr, .sampling = {{2, 2}}, .progressive = true}},
    {"in several scans", .jpeg = {.space = JCS_YCbCr, .separate = true}},
    {"indexed JPEG", .jpeg = {.space = JCS_YCbCr, .sampling = {{2, 2}}}, .indexed = true},
    {"PNG", .png = {.type = PNG_COLOR_TYPE_RGB, .depth = 8}},
    {"interlaced", .png = {.type = PNG_COLOR_TYPE_RGB, .depth = 8, .interlaced = true}},
    {"indexed PNG", .png = {.type = PNG_COLOR_TYPE_RGB, .depth = 8}, .indexed = true},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static struct test_bytes make_file(const struct kind *kind) {
    struct jpeg_recipe jpeg = kind->jpeg;
    struct png_recipe png = kind->png;
    jpeg.width = png.width = WIDTH;
    jpeg.height = png.height = HEIGHT;
    if (!png.depth)
        return jpeg_file(&jpeg);
    struct tile_buffer buffer = png_file(&png);
    return (struct test_bytes){buffer.data, buffer.size};
}

static const uint64_t stops[] = {1, 2, 5, 0}; /* 0: at the last call */
enum { STOPS = sizeof stops / sizeof *stops };

static void reading_stops(void **state) {
    (void)state;
    for (int i = 0; i < KINDS; i++) {
        struct test_bytes file = make_file(&kinds[i]);
        struct gauge gauge = {0};
        struct tile_allocator allocator = gauge_allocator(&gauge);
        struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
        struct test_hook hook = {0};
        tile_source *source;
        tile_index *index = NULL;
        options.allocator = &allocator;
        options.progress = test_hook_ask;
        options.user = &hook;
        assert_ok(tile_source_open_memory(&source, file.data, file.size, &options, &error));
        if (kinds[i].indexed) {
            assert_ok(tile_index_build(&index, source, NULL, &error));
            assert_ok(tile_source_use_index(source, index, &error));
        }
        const struct tile_info *info = tile_source_info(source);
        struct tile_image whole, again;
        assert_ok(tile_image_alloc(&whole, info->format, info->width, info->height, NULL, &error));
        assert_ok(tile_image_alloc(&again, info->format, info->width, info->height, NULL, &error));
        const size_t size = (size_t)WIDTH * HEIGHT * 3;
        const struct tile_rect all = {0, 0, info->width, info->height};
        hook = (struct test_hook){0};
        assert_ok(tile_source_read(source, all, &whole, &error));
        const uint64_t calls = hook.calls;
        printf("%s: %ju calls, %.1f ms at most\n", kinds[i].name, (uintmax_t)calls, 1000 * hook.longest);
        assert_true(calls >= size / 32768);
        for (int k = 0; k < STOPS; k++) {
            if (!index) { /* what is held already would take fewer calls */
                tile_source_close(source);
                assert_ok(tile_source_open_memory(&source, file.data, file.size, &options, &error));
            }
            hook = (struct test_hook){.stop_at = stops[k] ? stops[k] : calls};
            assert_fails(TILE_CANCELLED, tile_source_read(source, all, &again, &error));
            assert_int_equal(hook.late, 0);
            hook.stop_at = 0;
            assert_ok(tile_source_read(source, all, &again, &error));
            assert_memory_equal(again.plane[0], whole.plane[0], size);
        }
        /* The rows above what is wanted are not free either. */
        tile_source_close(source);
        assert_ok(tile_source_open_memory(&source, file.data, file.size, &options, &error));
        struct tile_image last = tile_image_view(&again, (struct tile_rect){0, 0, 1, 1});
        hook = (struct test_hook){0};
        assert_ok(tile_source_read(source, (struct tile_rect){all.width - 1, all.height - 1, 1, 1}, &last, &error));
        assert_true(kinds[i].jpeg.orientation || hook.calls >= file.size / 65536);
        tile_source_close(source);
        tile_index_free(index);
        tile_image_free(&whole, NULL);
        tile_image_free(&again, NULL);
        free(file.data);
        assert_int_equal(gauge.live, 0);
    }
}

static void hashing_and_taking_an_index_stop(void **state) {
    (void)state;
    struct test_hook hook = {0};
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    options.progress = test_hook_ask;
    options.user = &hook;
    struct test_bytes file =
        jpeg_file(&(struct jpeg_recipe){.width = 2000, .height = 1500, .space = JCS_YCbCr, .quality = 100});
    tile_source *source;
    tile_index *index;
    unsigned char hash[16];
    assert_ok(tile_source_open_memory(&source, file.data, file.size, &options, &error));
    hook = (struct test_hook){0};
    assert_ok(tile_source_hash(source, hash, &error));
    const uint64_t calls = hook.calls;
    assert_true(calls >= file.size / (256 * 1024) && calls >= 5);
    assert_ok(tile_index_build(&index, source, NULL, &error));
    for (int k = 0; k < STOPS; k++) {
        hook = (struct test_hook){.stop_at = stops[k] ? stops[k] : calls};
        assert_fails(TILE_CANCELLED, tile_source_hash(source, hash, &error));
        assert_int_equal(hook.late, 0);
        hook.calls = 0; /* of what is in memory, only the hash tells that it is the index's */
        assert_fails(TILE_CANCELLED, tile_source_use_index(source, index, &error));
        assert_int_equal(hook.late, 0);
        assert_false(tile_source_info(source)->indexed);
    }
    tile_source_close(source);
    tile_index_free(index);
    free(file.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_stops),
        cmocka_unit_test(hashing_and_taking_an_index_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
