/* SPDX-License-Identifier: MIT */
/* PNGs of a source with a palette, or of gray in few bits, have the same where the pixels are the source's own. */
#include "folder.h"
#include "pngs.h"

#include "base/bytes.h"

static struct tile_error error;

static const char *const sources[] = {"gray1.png",    "gray2.png",        "gray4.png",
                                      "palette1.png", "palette2.png",     "palette4.png",
                                      "palette8.png", "palette-trns.png", "palette-interlaced.png"};
enum { SOURCES = sizeof sources / sizeof *sources };

static const struct tile_job_options usual = {.struct_size = sizeof(struct tile_job_options)};

static tile_status run(const char *path, struct tile_job_options options, bool indexed) {
    tile_source *source;
    tile_index *index = NULL;
    assert_ok(tile_source_open_file(&source, path, NULL, &error));
    if (indexed && !tile_source_info(source)->no_index) {
        assert_ok(tile_index_build(
            &index, source,
            &(struct tile_index_options){.struct_size = sizeof(struct tile_index_options), .tile_height = 16}, &error));
        assert_ok(tile_source_use_index(source, index, &error));
    }
    tile_status status = tile_job_run(source, &options, NULL, &error);
    tile_source_close(source);
    tile_index_free(index);
    return status;
}

/* The pixels of a file, by libpng; to be freed. */
static unsigned char *pixels_of(const char *path, struct stored *stored) {
    struct test_bytes file = test_read_file(path);
    struct tile_buffer buffer = {.data = file.data, .size = file.size};
    unsigned char *pixels = png_pixels(&buffer, stored);
    assert_non_null(pixels);
    free(file.data);
    return pixels;
}

/* Depth, color type, palette and transparency of a file are those of the other. */
static void check_same_palette(const char *path, const char *other) {
    struct test_bytes a = test_read_file(path), b = test_read_file(other);
    assert_memory_equal(a.data + 24, b.data + 24, 2); /* of IHDR */
    static const char *const types[] = {"PLTE", "tRNS"};
    for (int i = 0; i < 2; i++) {
        uint32_t size_a = 0, size_b = 0;
        const unsigned char *in_a = png_chunk(a, types[i], &size_a), *in_b = png_chunk(b, types[i], &size_b);
        assert_int_equal(!in_a, !in_b);
        assert_int_equal(size_a, size_b);
        if (in_a)
            assert_memory_equal(in_a, in_b, size_a);
    }
    free(a.data);
    free(b.data);
}

static void tiles_keep_palette_and_bits(void **state) {
    (void)state;
    for (int i = 0; i < SOURCES; i++) {
        char *folder = test_folder_new(), *tiles = strdup(test_path(folder, "tiles")),
             *source = strdup(test_fixture(sources[i]));
        char *again = strdup(test_path(folder, "again")), *image = strdup(test_path(folder, "image.png"));
        struct tile_job_options options = usual;
        struct tile_grid grid = TILE_OPTIONS(struct tile_grid);
        grid.tile_width = 40;
        grid.tile_height = 30;
        grid.overlap = 3;
        options.grid = &grid;
        options.folder = tiles;
        options.threads = 1;
        assert_ok(run(source, options, false));
        options.folder = again;
        options.threads = 3;
        assert_ok(run(source, options, true));
        assert_true(folders_are_equal(tiles, again));
        options = usual;
        options.image = image;
        assert_ok(run(source, options, false));
        check_same_palette(image, source);

        struct stored whole, one;
        unsigned char *expected = pixels_of(source, &whole), *got = pixels_of(image, &one);
        assert_true(one.width == whole.width && one.height == whole.height && one.step == whole.step);
        assert_memory_equal(got, expected, whole.width * whole.height * whole.step);
        free(got);
        json_t *manifest = manifest_read(tiles), *list = json_object_get(manifest, "tiles"), *tile;
        json_t *format = json_object_get(manifest, "format");
        assert_true(json_is_integer(json_object_get(format, "bits")));
        assert_int_equal(json_is_integer(json_object_get(format, "palette")), strstr(sources[i], "palette") != NULL);
        size_t k;
        json_array_foreach(list, k, tile) {
            const char *path = test_path(tiles, json_string_value(json_object_get(tile, "file")));
            json_t *rect = json_object_get(tile, "rect");
            size_t x = (size_t)json_integer_value(json_array_get(rect, 0)),
                   y = (size_t)json_integer_value(json_array_get(rect, 1));
            got = pixels_of(path, &one);
            for (size_t row = 0; row < one.height; row++)
                assert_memory_equal(got + row * one.width * one.step,
                                    expected + ((y + row) * whole.width + x) * whole.step, one.width * one.step);
            free(got);
            check_same_palette(path, source);
        }
        assert_int_equal(k, 9);
        json_decref(manifest);
        free(expected);
        free(tiles);
        free(again);
        free(image);
        free(source);
        test_folder_remove(folder);
    }
}

/* The tile of a region is the tile of that part of the image, cut out before. */
static void a_region_is_the_part_cut_out(void **state) {
    (void)state;
    for (int i = 0; i < SOURCES; i++) {
        char *folder = test_folder_new(), *source = strdup(test_fixture(sources[i]));
        char *part = strdup(test_path(folder, "part.png")), *a = strdup(test_path(folder, "a.png")),
             *b = strdup(test_path(folder, "b.png"));
        const struct tile_rect outer = {13, 9, 61, 47}, inner = {5, 11, 33, 21}, both = {18, 20, 33, 21};
        const struct tile_rect rects[] = {outer, inner, both};
        const char *const from[] = {source, part, source}, *const to[] = {part, a, b};
        for (int k = 0; k < 3; k++) {
            struct tile_job_options options = usual;
            tile_plan *plan;
            assert_ok(tile_plan_new_rects(&plan, &rects[k], 1, NULL, &error));
            options.plan = plan;
            options.image = to[k];
            assert_ok(run(from[k], options, k == 2));
            tile_plan_free(plan);
        }
        struct test_bytes cut = test_read_file(a), direct = test_read_file(b);
        assert_int_equal(cut.size, direct.size);
        assert_memory_equal(cut.data, direct.data, cut.size);
        free(cut.data);
        free(direct.data);
        free(part);
        free(a);
        free(b);
        free(source);
        test_folder_remove(folder);
    }
}

/* Whether the one tile that the job makes of a fixture has fewer bits than its samples in memory. */
static bool keeps(const char *name, struct tile_job_options options, bool lenient) {
    char *folder = test_folder_new(), *tiles = strdup(test_path(folder, "tiles"));
    struct tile_source_options opening = TILE_OPTIONS(struct tile_source_options);
    opening.lenient = lenient;
    tile_source *source;
    assert_ok(tile_source_open_file(&source, test_fixture(name), &opening, &error));
    options.folder = tiles;
    struct tile_grid grid = options.grid ? *options.grid : (struct tile_grid)TILE_OPTIONS(struct tile_grid);
    options.grid = &grid;
    assert_ok(tile_job_run(source, &options, NULL, &error));
    tile_source_close(source);
    json_t *manifest = manifest_read(tiles), *format = json_object_get(manifest, "format");
    bool kept = json_object_get(format, "bits") != NULL;
    const char *codec = json_string_value(json_object_get(format, "codec"));
    if (strcmp(codec, "png") == 0) {
        struct test_bytes file = test_read_file(test_path(tiles, "r0_c0.png"));
        assert_int_equal(kept, file.data[24] < 8 || file.data[25] == 3);
        free(file.data);
    }
    json_decref(manifest);
    free(tiles);
    test_folder_remove(folder);
    return kept;
}

static void what_changes_pixels_or_asks_for_depth_has_whole_samples(void **state) {
    (void)state;
    struct tile_job_options o = usual;
    assert_true(keeps("palette4.png", o, false));
    assert_false(keeps("palette4.png", o, true)); /* what is missing would be transparent or black */
    assert_true(keeps("gray4.png", o, true));
    o.to_space = TILE_SRGB;
    assert_true(keeps("palette4.png", o, false));
    assert_false(keeps("gray4.png", o, false));
    o.to_space = TILE_DISPLAY_P3;
    assert_false(keeps("palette4.png", o, false));
    o = usual;
    o.to_sample = TILE_U8;
    assert_false(keeps("palette4.png", o, false));
    assert_false(keeps("gray1.png", o, false));
    o = usual;
    o.drop_alpha = true;
    assert_false(keeps("palette-trns.png", o, false));
    assert_true(keeps("palette4.png", o, false));
    o = usual;
    o.flatten = true;
    assert_false(keeps("palette-trns.png", o, false));
    o = usual;
    o.codec = TILE_NPY;
    assert_false(keeps("palette4.png", o, false));
    o = usual;
    struct tile_encode_options encode = TILE_OPTIONS(struct tile_encode_options);
    encode.bits = 4;
    o.encode = &encode;
    assert_false(keeps("rgb8.png", o, false)); /* few colors are never looked for */
    assert_false(keeps("gray8.png", o, false));
    assert_false(keeps("gray-trns.png", o, false));
    o = usual;
    struct tile_grid grid = TILE_OPTIONS(struct tile_grid);
    grid.edge = TILE_EDGE_REPLICATE;
    o.grid = &grid;
    assert_true(keeps("palette4.png", o, false));
    grid.edge = TILE_EDGE_PAD;
    memcpy(grid.pad_color, (float[4]){0, 0, 0, 1}, sizeof grid.pad_color);
    assert_true(keeps("gray1.png", o, false));
    grid.pad_color[1] = .5f;
    assert_false(keeps("gray1.png", o, false));
    assert_false(keeps("palette4.png", o, false));
}

/* A palette that is cut off: libpng reads numbers beyond it as black, and so do tiles. */
static void numbers_beyond_the_palette_are_black(void **state) {
    (void)state;
    static const char *const names[] = {"palette4.png", "palette-trns.png"};
    for (int i = 0; i < 2; i++) {
        struct test_bytes file = test_read_file(test_fixture(names[i]));
        struct tile_buffer shorter = {0};
        assert_ok(tile_buffer_append(&shorter, file.data, 8, &error));
        for (size_t at = 8, size; at < file.size; at += 12 + size) {
            size = tile_get_be(file.data + at, 4);
            const char *type = (const char *)file.data + at + 4;
            png_append_chunk(&shorter, type, file.data + at + 8, memcmp(type, "PLTE", 4) == 0 ? 7 * 3 : size);
        }
        tile_source *source;
        assert_ok(tile_source_open_memory(&source, shorter.data, shorter.size, NULL, &error));
        const struct tile_info *info = tile_source_info(source);
        assert_int_equal(info->palette_size, 8);
        char *folder = test_folder_new(), *image = strdup(test_path(folder, "image.png"));
        struct tile_job_options options = usual;
        options.image = image;
        assert_ok(tile_job_run(source, &options, NULL, &error));
        tile_source_close(source);
        struct stored whole, one;
        unsigned char *expected = png_pixels(&shorter, &whole), *got = pixels_of(image, &one);
        assert_int_equal(one.step, whole.step);
        assert_memory_equal(got, expected, whole.width * whole.height * whole.step);
        struct test_bytes written = test_read_file(image);
        assert_int_equal(written.data[25], 3);
        free(written.data);
        free(got);
        free(expected);
        free(image);
        test_folder_remove(folder);
        tile_buffer_free(&shorter);
        free(file.data);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiles_keep_palette_and_bits),
        cmocka_unit_test(a_region_is_the_part_cut_out),
        cmocka_unit_test(what_changes_pixels_or_asks_for_depth_has_whole_samples),
        cmocka_unit_test(numbers_beyond_the_palette_are_black),
    };
    return cmocka_run_group_tests_name("job-palette", tests, NULL, NULL);
}
