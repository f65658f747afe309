/* SPDX-License-Identifier: MIT */
/* JPEG, read back by libjpeg and compared with cjpeg. */
#include "common.h"

#include "base/profile.h"

#include <jpeglib.h>

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
        if (has_profile((tile_space)space))
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
    for (int i = 0; i < 24; i++) {
        uint32_t width = sizes[i % 4][0], height = sizes[i % 4][1];
        bool gray = i >= 12;
        struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
        options.quality = (int[]){0, 30, 92}[i / 4 % 3];
        options.subsampling = (tile_subsampling)(i / 4 % 3);
        struct tile_image image = image_of(format_of(gray ? TILE_GRAY : TILE_SRGB, TILE_U8, 0), width, height);
        const char *path = test_path(folder, "in.ppm");
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        fprintf(file, "P%d\n%u %u\n255\n", gray ? 5 : 6, width, height);
        assert_int_equal(fwrite(image.plane[0], (size_t)image.stride, height, file), height);
        fclose(file);
        struct test_bytes expected;
        assert_int_equal(test_run(&expected, "cjpeg -quality %d -sample %s '%s'",
                                  options.quality ? options.quality : 75, gray ? "1x1" : sampling[options.subsampling],
                                  path),
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_profile_too_large_for_its_markers_is_refused),
        cmocka_unit_test(components_are_stored_as_they_are),
        cmocka_unit_test(subsampling_is_as_asked),
        cmocka_unit_test(profiles_are_embedded),
        cmocka_unit_test(a_given_profile_replaces_the_spaces_own),
        cmocka_unit_test(bytes_are_those_of_cjpeg),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
