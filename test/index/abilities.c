/* SPDX-License-Identifier: MIT */
/* What tile_info says that a source can do, with an index and without, against libjpeg's MCUs and a PNG's rows. */
#include "common.h"

#include <png.h>

static struct tile_error error;

static const struct tile_info *info_of(tile_source *source) {
    const struct tile_info *info = tile_source_info(source);
    assert_int_equal(info->pages, 1);
    assert_int_equal(info->levels, 1);
    return info;
}

static void check_alone(tile_source *source, uint32_t width, uint32_t height) {
    const struct tile_info *info = info_of(source);
    assert_false(info->parts || info->indexed);
    assert_int_equal(info->part_width, width);
    assert_int_equal(info->part_height, height);
}

static void check_with_index(tile_source *source, uint32_t step, uint32_t width, uint32_t height) {
    tile_index *index = index_of(source, step);
    assert_ok(tile_source_use_index(source, index, &error));
    const struct tile_info *info = info_of(source);
    assert_true(info->parts && info->indexed);
    assert_int_equal(info->part_width, width);
    assert_int_equal(info->part_height, height);
    assert_ok(tile_source_use_index(source, NULL, &error));
    tile_index_free(index);
}

/* The MCU of the file's first scan, in pixels, as libjpeg lays it out for decoding. */
static void libjpegs_mcu(struct test_bytes file, uint32_t *width, uint32_t *height) {
    struct jpeg_decompress_struct d;
    struct jpeg_error_mgr errors;
    d.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&d);
    jpeg_mem_src(&d, file.data, file.size);
    jpeg_read_header(&d, TRUE);
    jpeg_start_decompress(&d);
    *width = *height = 0;
    for (int i = 0; i < d.comps_in_scan; i++) {
        const jpeg_component_info *c = d.cur_comp_info[i];
        *width = (uint32_t)c->MCU_width * DCTSIZE > *width ? (uint32_t)c->MCU_width * DCTSIZE : *width;
        *height = (uint32_t)c->MCU_height * DCTSIZE > *height ? (uint32_t)c->MCU_height * DCTSIZE : *height;
    }
    assert_int_equal((d.image_width + *width - 1) / *width, d.MCUs_per_row);
    assert_int_equal((d.image_height + *height - 1) / *height, d.MCU_rows_in_scan);
    jpeg_destroy_decompress(&d);
}

static void a_jpegs_part_is_its_mcu(void **state) {
    (void)state;
    static const uint32_t sizes[][2] = {{133, 97}, {5, 3}};
    for (int i = 0; i < JPEG_KINDS * 2; i++) {
        struct jpeg_recipe recipe = jpeg_kinds[i / 2];
        recipe.width = sizes[i % 2][0];
        recipe.height = sizes[i % 2][1];
        recipe.orientation = 1 + i % 8;
        struct test_bytes file = jpeg_file(&recipe);
        uint32_t width, height;
        libjpegs_mcu(file, &width, &height);
        tile_source *source;
        assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
        assert_true(tile_source_info(source)->splices);
        check_alone(source, width, height);
        check_with_index(source, 64, width, height);
        check_alone(source, width, height);
        tile_source_close(source);
        free(file.data);
    }
}

static void a_pngs_part_is_whole_rows(void **state) {
    (void)state;
    static const uint32_t steps[] = {1, 16, 40, 500};
    for (int orientation = 1; orientation <= 8; orientation++) {
        struct png_recipe recipe = {
            .width = 61, .height = 130, .type = PNG_COLOR_TYPE_RGB, .depth = 8, .orientation = orientation};
        struct tile_buffer file = png_file(&recipe);
        tile_source *source = open_memory(&file);
        assert_false(tile_source_info(source)->splices);
        check_alone(source, 61, 1);
        for (int i = 0; i < 4; i++)
            check_with_index(source, steps[i], 61, steps[i]);
        check_alone(source, 61, 1);
        tile_source_close(source);
        tile_buffer_free(&file);
    }
}

/* What cannot have an index can do no more with one that is not of it. */
static void what_has_no_index_has_no_parts(void **state) {
    (void)state;
    struct test_bytes jpeg = jpeg_file(&(struct jpeg_recipe){
        .width = 61, .height = 83, .space = JCS_YCbCr, .sampling = {{2, 1}}, .progressive = true});
    struct tile_buffer png = png_file(
        &(struct png_recipe){.width = 61, .height = 83, .type = PNG_COLOR_TYPE_GRAY, .depth = 8, .interlaced = true});
    struct tile_buffer usual =
        png_file(&(struct png_recipe){.width = 61, .height = 83, .type = PNG_COLOR_TYPE_GRAY, .depth = 8});
    tile_source *source, *other = open_memory(&usual);
    tile_index *index = index_of(other, 16);
    assert_ok(tile_source_open_memory(&source, jpeg.data, jpeg.size, NULL, &error));
    assert_non_null(tile_source_info(source)->no_index);
    check_alone(source, 16, 8);
    assert_fails(TILE_SOURCE_CHANGED, tile_source_use_index(source, index, &error));
    check_alone(source, 16, 8);
    tile_source_close(source);
    source = open_memory(&png);
    assert_non_null(tile_source_info(source)->no_index);
    check_alone(source, 61, 1);
    assert_fails(TILE_SOURCE_CHANGED, tile_source_use_index(source, index, &error));
    check_alone(source, 61, 1);
    tile_source_close(source);
    tile_source_close(other);
    tile_index_free(index);
    tile_buffer_free(&usual);
    tile_buffer_free(&png);
    free(jpeg.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_jpegs_part_is_its_mcu),
        cmocka_unit_test(a_pngs_part_is_whole_rows),
        cmocka_unit_test(what_has_no_index_has_no_parts),
    };
    return cmocka_run_group_tests_name("index-abilities", tests, NULL, NULL);
}
