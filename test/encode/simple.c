/* SPDX-License-Identifier: MIT */
/* NPY by its specification and numpy; BMP, TGA and HDR by stb_image. */
#include "common.h"

#include <float.h>
#include <math.h>

#define STB_IMAGE_IMPLEMENTATION
#include <stb/stb_image.h>

static const uint32_t sizes[][2] = {{1, 1}, {1, 7}, {257, 3}, {40, 90}};

/* numpy.lib.format, version 1.0. */
static void npy_is_by_the_specification(void **state) {
    (void)state;
    for (int i = 0; i < 4 * 3 * TILE_SPACE_COUNT; i++) {
        tile_sample sample = (tile_sample)(1 << i / 4 % 3);
        struct tile_format format = format_of((tile_space)(i / 12), sample, (tile_alpha)(i % 3));
        if (!tile_space_has_sample(format.space, sample))
            continue;
        struct tile_image image = image_of(format, sizes[i % 4][0], sizes[i % 4][1]);
        struct tile_buffer buffer = encode(&image, TILE_NPY, NULL);
        assert_memory_equal(buffer.data, "\x93NUMPY\x01\x00", 8);
        size_t length = (size_t)buffer.data[8] | (size_t)buffer.data[9] << 8;
        assert_int_equal((10 + length) % 64, 0);
        assert_int_equal(buffer.data[10 + length - 1], '\n');
        char expected[128];
        snprintf(expected, sizeof expected, "{'descr': '%s', 'fortran_order': False, 'shape': (%u, %u, %d), }",
                 sample == TILE_U8    ? "|u1"
                 : sample == TILE_U16 ? "<u2"
                                      : "<f4",
                 image.height, image.width, tile_format_channels(format));
        assert_memory_equal(buffer.data + 10, expected, strlen(expected));
        for (size_t at = 10 + strlen(expected); at < 10 + length - 1; at++)
            assert_int_equal(buffer.data[at], ' ');
        size_t pixels = (size_t)image.stride * image.height;
        assert_int_equal(buffer.size, 10 + length + pixels);
        assert_memory_equal(buffer.data + 10 + length, image.plane[0], pixels);
        tile_buffer_free(&buffer);
        tile_image_free(&image, NULL);
    }
}

static void numpy_reads_npy(void **state) {
    (void)state;
    if (test_run(NULL, "/usr/bin/python3 -c 'import numpy' 2>/dev/null") != 0)
        skip();
    char *folder = test_folder_new();
    struct tile_image image = image_of(format_of(TILE_LAB, TILE_F32, TILE_ALPHA_STRAIGHT), 5, 3);
    struct tile_buffer buffer = encode(&image, TILE_NPY, NULL);
    const char *path = test_path(folder, "a.npy");
    test_write_file(path, buffer.data, buffer.size);
    struct test_bytes text;
    assert_int_equal(test_run(&text,
                              "/usr/bin/python3 -c 'import numpy, sys; a = numpy.load(sys.argv[1]);"
                              "sys.stdout.buffer.write(str((a.shape, a.dtype)).encode() + a.tobytes())' '%s'",
                              path),
                     0);
    static const char shape[] = "((3, 5, 4), dtype('float32'))";
    assert_int_equal(text.size, strlen(shape) + 240);
    assert_memory_equal(text.data, shape, strlen(shape));
    assert_memory_equal(text.data + strlen(shape), image.plane[0], 240);
    free(text.data);
    tile_buffer_free(&buffer);
    tile_image_free(&image, NULL);
    test_folder_remove(folder);
}

static void bmp_and_tga_come_back(void **state) {
    (void)state;
    static const struct tile_format formats[] = {{.space = TILE_GRAY, .sample = TILE_U8},
                                                 {.space = TILE_SRGB, .sample = TILE_U8},
                                                 {.space = TILE_SRGB, .sample = TILE_U8, .alpha = TILE_ALPHA_STRAIGHT}};
    for (int i = 0; i < 2 * 3 * 4; i++) {
        tile_codec codec = i / 12 ? TILE_TGA : TILE_BMP;
        struct tile_format format = formats[i / 4 % 3];
        struct tile_image image = image_of(format, sizes[i % 4][0], sizes[i % 4][1]);
        struct tile_buffer buffer = encode(&image, codec, NULL);
        int width, height, stored, channels = tile_format_channels(format);
        unsigned char *pixels =
            stbi_load_from_memory(buffer.data, (int)buffer.size, &width, &height, &stored, channels);
        assert_non_null(pixels);
        assert_int_equal(width, image.width);
        assert_int_equal(height, image.height);
        assert_int_equal(stored, codec == TILE_BMP && channels == 1 ? 3 : channels); /* BMP has no plain gray */
        assert_memory_equal(pixels, image.plane[0], (size_t)image.stride * image.height);
        if (codec == TILE_BMP) { /* the file's size, in its header */
            const uint8_t *d = buffer.data + 2;
            assert_int_equal(buffer.size, d[0] | d[1] << 8 | d[2] << 16 | d[3] << 24);
        }
        free(pixels);
        tile_buffer_free(&buffer);
        tile_image_free(&image, NULL);
    }
}

/* Ward's RGBE: 8 bits of mantissa, cut off, below the largest channel's power of two. */
static void hdr_comes_back(void **state) {
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct tile_image image = image_of(format_of(TILE_SRGB_LINEAR, TILE_F32, 0), sizes[i][0], sizes[i][1]);
        float *in = image.plane[0];
        size_t count = (size_t)3 * image.width * image.height;
        for (size_t j = 0; j < count; j++)
            in[j] *= j / 3 % 5 == 0 ? 1e4F : j / 3 % 5 == 1 ? 1e-4F : 1;
        struct tile_buffer buffer = encode(&image, TILE_HDR, NULL);
        int width, height, stored;
        float *out = stbi_loadf_from_memory(buffer.data, (int)buffer.size, &width, &height, &stored, 3);
        assert_non_null(out);
        assert_int_equal(width, image.width);
        assert_int_equal(height, image.height);
        for (size_t j = 0; j < count; j++) {
            const float *pixel = in + j / 3 * 3;
            float top = fmaxf(pixel[0], fmaxf(pixel[1], pixel[2]));
            assert_true(fabsf(out[j] - in[j]) <= top / 128);
        }
        free(out);
        tile_buffer_free(&buffer);
        tile_image_free(&image, NULL);
    }
}

static void hdr_takes_any_float(void **state) {
    (void)state;
    float pixels[] = {NAN, -1, -INFINITY, INFINITY, 0, 0, FLT_MAX, FLT_MAX, 1, -1e30F, 2, 1, 1e-40F, 0, 0};
    struct tile_image image = {.format = {.space = TILE_SRGB_LINEAR, .sample = TILE_F32},
                               .width = 5,
                               .height = 1,
                               .plane = {pixels},
                               .stride = 60};
    struct tile_buffer buffer = encode(&image, TILE_HDR, NULL);
    int width, height, stored;
    float *out = stbi_loadf_from_memory(buffer.data, (int)buffer.size, &width, &height, &stored, 3);
    assert_non_null(out);
    for (int i = 0; i < 3; i++)
        assert_true(out[i] == 0);
    assert_true(out[3] > 1e38F && out[4] == 0 && out[6] > 1e38F && out[7] > 1e38F && out[8] == 0);
    assert_true(out[9] == 0 && out[10] == 2 && out[11] == 1 && out[12] == 0);
    free(out);
    tile_buffer_free(&buffer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(npy_is_by_the_specification), cmocka_unit_test(numpy_reads_npy),
        cmocka_unit_test(bmp_and_tga_come_back),       cmocka_unit_test(hdr_comes_back),
        cmocka_unit_test(hdr_takes_any_float),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
