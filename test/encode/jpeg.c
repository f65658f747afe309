/* SPDX-License-Identifier: MIT */
/* JPEG, read back by libjpeg and compared with cjpeg. */
#include "base/profile.h"
#include "encode/for_job.h"

#include "common.h"

#include <jpeglib.h>

/* Nobody wants to know how far it is. */
static struct tile_watch unwatched;

struct decoded {
    struct jpeg_decompress_struct info; /* what the header said */
    unsigned char *pixels;
    size_t row;
    JOCTET *profile;
    unsigned profile_size;
};

/* The stored components, not converted: gray, YCbCr or CMYK. */
static struct decoded decode(const struct tile_buffer *buffer) {
    struct decoded decoded = {.pixels = NULL};
    struct jpeg_decompress_struct d;
    struct jpeg_error_mgr errors;
    d.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&d);
    jpeg_save_markers(&d, JPEG_APP0 + 2, 0xFFFF);
    jpeg_mem_src(&d, buffer->data, buffer->size);
    assert_int_equal(jpeg_read_header(&d, TRUE), JPEG_HEADER_OK);
    d.out_color_space = d.jpeg_color_space;
    d.do_fancy_upsampling = FALSE;
    jpeg_start_decompress(&d);
    decoded.row = d.output_width * (size_t)d.output_components;
    decoded.pixels = malloc(decoded.row * d.output_height);
    if (!jpeg_read_icc_profile(&d, &decoded.profile, &decoded.profile_size))
        decoded.profile = NULL;
    decoded.info = d;
    while (d.output_scanline < d.output_height) {
        JSAMPROW row = decoded.pixels + d.output_scanline * decoded.row;
        jpeg_read_scanlines(&d, &row, 1);
    }
    jpeg_finish_decompress(&d);
    assert_int_equal(errors.num_warnings, 0);
    jpeg_destroy_decompress(&d);
    return decoded;
}

static void decoded_free(struct decoded *decoded) {
    free(decoded->pixels);
    free(decoded->profile);
}

/* At quality 100 every coefficient is rounded to a whole number, and that is all that is lost. */
static void assert_close(const struct tile_image *image, const struct decoded *decoded, bool inverted) {
    assert_int_equal(decoded->info.image_width, image->width);
    assert_int_equal(decoded->info.image_height, image->height);
    assert_int_equal(decoded->row, image->stride);
    const unsigned char *pixels = image->plane[0];
    for (size_t i = 0; i < decoded->row * image->height; i++)
        assert_in_range(decoded->pixels[i] + 4 - (inverted ? 255 - pixels[i] : pixels[i]), 0, 8);
}

static void components_are_stored_as_they_are(void **state) {
    (void)state;
    static const uint32_t sizes[][2] = {{1, 1}, {1, 7}, {257, 3}, {64, 130}};
    static const tile_space spaces[] = {TILE_YCBCR, TILE_GRAY, TILE_LUMINANCE, TILE_CMYK};
    static const J_COLOR_SPACE stored[] = {JCS_YCbCr, JCS_GRAYSCALE, JCS_GRAYSCALE, JCS_CMYK};
    struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
    options.quality = 100;
    options.subsampling = TILE_444;
    for (int s = 0; s < 4; s++)
        for (int i = 0; i < 4; i++) {
            struct tile_image image = image_of(format_of(spaces[s], TILE_U8, 0), sizes[i][0], sizes[i][1]);
            struct tile_buffer buffer = encode(&image, TILE_JPEG, &options);
            struct decoded decoded = decode(&buffer);
            assert_int_equal(decoded.info.jpeg_color_space, stored[s]);
            assert_close(&image, &decoded, spaces[s] == TILE_CMYK);
            assert_int_equal(decoded.info.saw_Adobe_marker, spaces[s] == TILE_CMYK);
            assert_int_equal(decoded.info.saw_JFIF_marker, spaces[s] != TILE_CMYK);
            if (spaces[s] == TILE_CMYK)
                assert_int_equal(decoded.info.Adobe_transform, 0);
            assert_int_equal(decoded.profile != NULL, spaces[s] == TILE_LUMINANCE);
            decoded_free(&decoded);
            tile_buffer_free(&buffer);
            tile_image_free(&image, NULL);
        }
}

static void subsampling_is_as_asked(void **state) {
    (void)state;
    static const int factors[3][2] = {[TILE_420] = {2, 2}, [TILE_422] = {2, 1}, [TILE_444] = {1, 1}};
    static const tile_space spaces[] = {TILE_SRGB, TILE_YCBCR};
    for (int i = 0; i < 6; i++) {
        struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
        options.subsampling = (tile_subsampling)(i % 3);
        struct tile_image image = image_of(format_of(spaces[i / 3], TILE_U8, 0), 37, 19);
        struct tile_buffer buffer = encode(&image, TILE_JPEG, &options);
        struct jpeg_decompress_struct d;
        struct jpeg_error_mgr errors;
        d.err = jpeg_std_error(&errors);
        jpeg_create_decompress(&d);
        jpeg_mem_src(&d, buffer.data, buffer.size);
        jpeg_read_header(&d, TRUE);
        for (int c = 0; c < 3; c++) {
            assert_int_equal(d.comp_info[c].h_samp_factor, c ? 1 : factors[i % 3][0]);
            assert_int_equal(d.comp_info[c].v_samp_factor, c ? 1 : factors[i % 3][1]);
        }
        jpeg_destroy_decompress(&d);
        tile_buffer_free(&buffer);
        tile_image_free(&image, NULL);
    }
}

static void profiles_are_embedded(void **state) {
    (void)state;
    for (int space = TILE_SRGB; space <= TILE_LUMINANCE; space++) {
        struct tile_format format = format_of((tile_space)space, TILE_U8, 0);
        if (tile_codec_can_carry(TILE_JPEG, format, NULL) != TILE_OK)
            continue;
        struct tile_buffer profile = {0};
        if (has_profile(TILE_JPEG, (struct tile_format){.space = (tile_space)space, .sample = TILE_U8}))
            assert_ok(tile_profile_of_space(&profile, (tile_space)space, &error));
        struct tile_image image = image_of(format, 8, 8);
        struct tile_buffer buffer = encode(&image, TILE_JPEG, NULL);
        struct decoded decoded = decode(&buffer);
        assert_int_equal(decoded.profile_size, profile.size);
        if (profile.size)
            assert_memory_equal(decoded.profile, profile.data, profile.size);
        decoded_free(&decoded);
        tile_buffer_free(&buffer);
        tile_image_free(&image, NULL);
        tile_buffer_free(&profile);
    }
}

/* Too large for one APP2 marker, of which there must be several. */
static void a_given_profile_replaces_the_spaces_own(void **state) {
    (void)state;
    enum { SIZE = 200001 };
    unsigned char *profile = malloc(SIZE);
    assert_non_null(profile);
    for (int i = 0; i < SIZE; i++)
        profile[i] = (unsigned char)(i * 31);
    memcpy(profile + 36, "acsp", 4);
    static const tile_space spaces[] = {TILE_SRGB, TILE_DISPLAY_P3, TILE_YCBCR, TILE_GRAY, TILE_CMYK};
    static const char *const models[] = {"RGB ", "RGB ", "RGB ", "GRAY", "CMYK"};
    for (int s = 0; s < 5; s++) {
        memcpy(profile + 16, models[s], 4);
        struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
        options.profile = profile;
        options.profile_size = SIZE;
        struct tile_image image = image_of(format_of(spaces[s], TILE_U8, 0), 8, 8);
        struct tile_buffer buffer = encode(&image, TILE_JPEG, &options);
        struct decoded decoded = decode(&buffer);
        assert_int_equal(decoded.profile_size, SIZE);
        assert_memory_equal(decoded.profile, profile, SIZE);
        decoded_free(&decoded);
        tile_buffer_free(&buffer);
        tile_image_free(&image, NULL);
    }
    free(profile);
}

static void bytes_are_those_of_cjpeg(void **state) {
    (void)state;
    if (test_run(NULL, "command -v cjpeg >/dev/null") != 0)
        skip();
    static const uint32_t sizes[][2] = {{1, 1}, {1, 7}, {257, 33}, {256, 256}};
    static const char *const sampling[] = {"2x2", "2x1", "1x1"};
    char *folder = test_folder_new();
    for (int i = 0; i < 48; i++) {
        uint32_t width = sizes[i % 4][0], height = sizes[i % 4][1];
        bool gray = i / 12 % 2 == 1;
        struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
        options.quality = (int[]){0, 30, 92}[i / 4 % 3];
        options.subsampling = (tile_subsampling)(i / 4 % 3);
        options.optimize = i >= 24;
        struct tile_image image = image_of(format_of(gray ? TILE_GRAY : TILE_SRGB, TILE_U8, 0), width, height);
        const char *path = test_path(folder, "in.ppm");
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        fprintf(file, "P%d\n%u %u\n255\n", gray ? 5 : 6, width, height);
        assert_int_equal(fwrite(image.plane[0], (size_t)image.stride, height, file), height);
        fclose(file);
        struct test_bytes expected;
        assert_int_equal(test_run(&expected, "cjpeg -quality %d -sample %s %s '%s'",
                                  options.quality ? options.quality : 75, gray ? "1x1" : sampling[options.subsampling],
                                  options.optimize ? "-optimize" : "", path),
                         0);
        struct tile_buffer buffer = encode(&image, TILE_JPEG, &options);
        assert_int_equal(buffer.size, expected.size);
        assert_memory_equal(buffer.data, expected.data, expected.size);
        free(expected.data);
        tile_buffer_free(&buffer);
        tile_image_free(&image, NULL);
    }
    test_folder_remove(folder);
}

/* More than 255 markers hold (ICC.1:2022, B.4) is refused, not cut. */
static void a_profile_too_large_for_its_markers_is_refused(void **state) {
    (void)state;
    size_t size = (size_t)255 * 65519 + 1;
    unsigned char *profile = calloc(1, size), pixel[3] = {1, 2, 3};
    assert_non_null(profile);
    memcpy(profile + 16, "RGB ", 4);
    memcpy(profile + 36, "acsp", 4);
    for (int i = 0; i < 4; i++) /* its size */
        profile[i] = (unsigned char)(size >> 8 * (3 - i));
    struct tile_format format = {.space = TILE_SRGB, .sample = TILE_U8};
    struct tile_image image = {.format = format, .width = 1, .height = 1, .plane = {pixel}, .stride = 3};
    struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
    struct tile_buffer bytes = {0};
    struct tile_writer writer = tile_buffer_writer(&bytes);
    options.profile = profile;
    options.profile_size = size;
    assert_fails(TILE_UNSUPPORTED, tile_encode(&image, TILE_JPEG, &options, &writer, &error));
    options.profile_size = size - 1;
    assert_ok(tile_encode(&image, TILE_JPEG, &options, &writer, &error));
    tile_buffer_free(&bytes);
    free(profile);
}

/* ---- Huffman tables of its own ---- */

static bool same_tables(JHUFF_TBL *const a[2], JHUFF_TBL *const b[2], int count) {
    bool same = true;
    for (int i = 0; i < count && same; i++)
        same = memcmp(a[i]->bits, b[i]->bits, sizeof a[i]->bits) == 0 &&
               memcmp(a[i]->huffval, b[i]->huffval, sizeof a[i]->huffval) == 0;
    return same;
}

/* Whether the file's tables are those of T.81, Annex K, which libjpeg's compressor begins with. */
static bool has_annex_k_tables(const struct tile_buffer *buffer, int tables) {
    struct jpeg_decompress_struct d;
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr errors;
    c.err = d.err = jpeg_std_error(&errors);
    jpeg_create_compress(&c);
    c.in_color_space = JCS_RGB;
    c.input_components = 3;
    jpeg_set_defaults(&c);
    jpeg_create_decompress(&d);
    jpeg_mem_src(&d, buffer->data, buffer->size);
    jpeg_read_header(&d, TRUE);
    bool dc = same_tables(d.dc_huff_tbl_ptrs, c.dc_huff_tbl_ptrs, tables);
    bool ac = same_tables(d.ac_huff_tbl_ptrs, c.ac_huff_tbl_ptrs, tables);
    jpeg_destroy_decompress(&d);
    jpeg_destroy_compress(&c);
    return dc || ac;
}

static const tile_space optimized_spaces[] = {TILE_SRGB, TILE_DISPLAY_P3, TILE_YCBCR, TILE_GRAY, TILE_CMYK};

static void own_tables_change_no_pixel(void **state) {
    (void)state;
    for (int s = 0; s < 5; s++)
        for (int i = 0; i < 3; i++) {
            struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
            options.subsampling = (tile_subsampling)i;
            struct tile_image image = image_of(format_of(optimized_spaces[s], TILE_U8, 0), 83, 61);
            struct tile_buffer plain = encode(&image, TILE_JPEG, &options);
            options.optimize = true;
            struct tile_buffer own = encode(&image, TILE_JPEG, &options);
            assert_true(own.size < plain.size);
            int tables = image.format.space == TILE_GRAY || image.format.space == TILE_CMYK ? 1 : 2;
            assert_true(has_annex_k_tables(&plain, tables));
            assert_false(has_annex_k_tables(&own, tables));
            struct decoded expected = decode(&plain), got = decode(&own);
            assert_int_equal(got.row, expected.row);
            assert_memory_equal(got.pixels, expected.pixels, got.row * image.height);
            assert_int_equal(got.profile_size, expected.profile_size);
            /* What was encoded plainly and coded anew is what was encoded so. */
            struct tile_buffer anew = {0};
            assert_ok(tile_jpeg_rewrite(&plain, &(struct tile_jpeg_rewrite){.memory = UINT64_MAX, .optimize = true},
                                        &anew, &unwatched, &error));
            assert_int_equal(anew.size, own.size);
            assert_memory_equal(anew.data, own.data, own.size);
            decoded_free(&expected);
            decoded_free(&got);
            tile_buffer_free(&anew);
            tile_buffer_free(&own);
            tile_buffer_free(&plain);
            tile_image_free(&image, NULL);
        }
}

/* 37 x 19 pixels of 4:2:0 are 3 x 2 MCUs of 6 blocks of 128 bytes; gray: 5 x 3 blocks. JPEGMEM allows 1000 bytes. */
static void coefficients_are_counted(void **state) {
    (void)state;
    static const tile_space spaces[] = {TILE_SRGB, TILE_GRAY};
    static const uint64_t sizes[] = {3 * 2 * 6 * 128, 5 * 3 * 128};
    setenv("JPEGMEM", "1", 1);
    for (int s = 0; s < 2; s++) {
        struct tile_image image = image_of(format_of(spaces[s], TILE_U8, 0), 37, 19);
        struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
        struct tile_buffer out = {0};
        struct tile_writer writer = tile_buffer_writer(&out);
        options.max_memory = sizes[s] - 1;
        struct tile_buffer plain = encode(&image, TILE_JPEG, &options);
        options.optimize = true;
        assert_fails(TILE_LIMIT_EXCEEDED, tile_encode(&image, TILE_JPEG, &options, &writer, &error));
        assert_non_null(strstr(error.message, "without optimize"));
        struct tile_jpeg_rewrite rewrite = {.memory = options.max_memory, .optimize = true};
        assert_fails(TILE_LIMIT_EXCEEDED, tile_jpeg_rewrite(&plain, &rewrite, &out, &unwatched, &error));
        assert_int_equal(out.size, 0);
        options.max_memory++;
        assert_ok(tile_encode(&image, TILE_JPEG, &options, &writer, &error));
        rewrite.memory++;
        assert_ok(tile_jpeg_rewrite(&plain, &rewrite, &out, &unwatched, &error));
        tile_buffer_free(&plain);
        tile_buffer_free(&out);
        tile_image_free(&image, NULL);
    }
    unsetenv("JPEGMEM");
}

static tile_status rewrite_copy(const struct tile_buffer *jpeg, size_t size, bool luma_only) {
    struct test_guarded guarded = test_guarded_new(size, true);
    memcpy(guarded.data, jpeg->data, size);
    struct tile_buffer in = {.data = guarded.data, .size = size}, out = {0};
    const struct tile_jpeg_rewrite rewrite = {.memory = 1 << 20, .optimize = !luma_only, .luma_only = luma_only};
    error = (struct tile_error){0};
    tile_status status = tile_jpeg_rewrite(&in, &rewrite, &out, &unwatched, &error);
    assert_int_equal(error.status, status);
    assert_true(status == TILE_OK || error.message[0]);
    tile_buffer_free(&out);
    test_guarded_free(guarded);
    return status;
}

static void a_damaged_jpeg_is_not_coded_anew(void **state) {
    (void)state;
    struct test_random random = {77};
    struct tile_image image = image_of(format_of(TILE_SRGB, TILE_U8, 0), 37, 19);
    struct tile_buffer jpeg = encode(&image, TILE_JPEG, NULL);
    for (size_t size = 0; size < jpeg.size; size++)
        assert_int_equal(rewrite_copy(&jpeg, size, size % 2), TILE_BAD_DATA);
    int refused = 0;
    for (int i = 0; i < 3000; i++) {
        size_t at = test_random_below(&random, (uint32_t)(i % 2 ? jpeg.size : 650));
        uint8_t was = jpeg.data[at];
        jpeg.data[at] = (uint8_t)test_random_next(&random);
        tile_status status = rewrite_copy(&jpeg, jpeg.size, i % 4 < 2);
        assert_true(status == TILE_OK || status == TILE_BAD_DATA || status == TILE_LIMIT_EXCEEDED);
        refused += status != TILE_OK;
        jpeg.data[at] = was;
    }
    assert_true(refused > 300);
    tile_buffer_free(&jpeg);
    tile_image_free(&image, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_profile_too_large_for_its_markers_is_refused),
        cmocka_unit_test(components_are_stored_as_they_are),
        cmocka_unit_test(subsampling_is_as_asked),
        cmocka_unit_test(profiles_are_embedded),
        cmocka_unit_test(a_given_profile_replaces_the_spaces_own),
        cmocka_unit_test(bytes_are_those_of_cjpeg),
        cmocka_unit_test(own_tables_change_no_pixel),
        cmocka_unit_test(coefficients_are_counted),
        cmocka_unit_test(a_damaged_jpeg_is_not_coded_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
