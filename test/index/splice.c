/* SPDX-License-Identifier: MIT */
/* Parts that are cut out of a JPEG without decoding it: their coefficients against those that libjpeg finds in the
 * whole. */
#include "common.h"

#include "base/buffer.h"
#include "base/profile.h"

static struct tile_error error;

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
    assert_ok(tile_buffer_append(&out, "what was there", 14, &error));
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

/* `same` has the coefficients, and nothing that libjpeg warns of. */
static void check_splices(struct test_bytes file, struct test_bytes same, int count, struct test_random *random) {
    tile_source *source;
    assert_ok(tile_source_open_memory(&source, file.data, file.size, NULL, &error));
    const struct tile_info *info = tile_source_info(source);
    tile_index *index = index_of(source, 64);
    assert_ok(tile_source_use_index(source, index, &error));
    struct expected expected = expected_of(source, file);
    struct decoded whole;
    decode(&whole, same.data, same.size);
    for (int i = 0; i < count; i++) {
        struct tile_rect rect = {0, 0, info->width, info->height};
        if (i) {
            aligned(&rect.x, &rect.width, info->width, info->part_width, random);
            aligned(&rect.y, &rect.height, info->height, info->part_height, random);
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
    for (int k = 0; k < JPEG_KINDS; k++)
        for (int s = 0; s < 4; s++)
            for (int i = 0; i < 4; i++) {
                struct jpeg_recipe recipe = jpeg_kinds[k];
                recipe.width = sizes[s][0], recipe.height = sizes[s][1];
                recipe.optimized = i % 2;
                recipe.restart = jpeg_restart_of(&recipe, (k + i) % 5);
                if (i == 3 && recipe.space == JCS_YCbCr)
                    recipe.profile = profile.data, recipe.profile_size = profile.size;
                struct test_bytes file = jpeg_file(&recipe);
                check_splices(file, file, 8, &random);
                free(file.data);
            }
    tile_buffer_free(&profile);
}

static void what_stands_behind_the_scan_is_not_spliced(void **state) {
    (void)state;
    struct test_random random = {65};
    for (int k = 0; k < 3; k++) {
        struct jpeg_recipe recipe = jpeg_kinds[k];
        recipe.width = 97, recipe.height = 71, recipe.restart = k == 1 ? 3 : 0;
        struct test_bytes file = jpeg_file(&recipe);
        for (int i = 0; i < JPEG_ENDINGS; i++) {
            struct test_bytes other = jpeg_ending(file, i);
            check_splices(other, file, 8, &random);
            free(other.data);
        }
        free(file.data);
    }
}

static void what_cannot_be_spliced(void **state) {
    (void)state;
    struct jpeg_recipe recipe = jpeg_kinds[0];
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splices_hold_the_same_coefficients),
        cmocka_unit_test(what_stands_behind_the_scan_is_not_spliced),
        cmocka_unit_test(what_cannot_be_spliced),
    };
    return cmocka_run_group_tests_name("index-splice", tests, NULL, NULL);
}
