/* SPDX-License-Identifier: MIT */
/* PNG, read back by libpng, and its chunks looked for by hand. */
#include "common.h"
#include "pngs.h"

#include "base/buffer.h"
#include "base/profile.h"

#include <png.h>
#include <zlib.h>

struct input {
    const struct tile_buffer *buffer;
    size_t position;
};

static void read_data(png_structp png, png_bytep to, size_t size) {
    struct input *input = png_get_io_ptr(png);
    assert_true(size <= input->buffer->size - input->position);
    memcpy(to, input->buffer->data + input->position, size);
    input->position += size;
}

static void complain(png_structp png, png_const_charp text) {
    (void)png;
    fail_msg("libpng: %s", text);
}

static const uint8_t *chunk(const struct tile_buffer *buffer, const char *type, uint32_t *size) {
    return png_chunk((struct test_bytes){buffer->data, buffer->size}, type, size);
}

static bool has(const struct tile_buffer *buffer, const char *type) {
    uint32_t size;
    return chunk(buffer, type, &size) != NULL;
}

/* Pixels equal bit for bit, and the ICC profile is `profile` (empty for none). */
static void check(const struct tile_buffer *buffer, const struct tile_image *image, const struct tile_buffer *profile) {
    static const int types[] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                                PNG_COLOR_TYPE_RGB_ALPHA};
    struct input input = {buffer, 0};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, complain, complain);
    png_infop info = png_create_info_struct(png);
    png_set_read_fn(png, &input, read_data);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
    png_read_info(png, info);
    assert_int_equal(png_get_image_width(png, info), image->width);
    assert_int_equal(png_get_image_height(png, info), image->height);
    assert_int_equal(png_get_bit_depth(png, info), 8 * (int)image->format.sample);
    assert_int_equal(png_get_color_type(png, info), types[tile_format_channels(image->format)]);
    png_charp name;
    png_bytep data;
    png_uint_32 size = 0;
    int method;
    if (!png_get_iCCP(png, info, &name, &method, &data, &size))
        size = 0;
    assert_int_equal(size, profile->size);
    if (size)
        assert_memory_equal(data, profile->data, size);
    size_t samples = image->width * (size_t)tile_format_channels(image->format);
    unsigned char *row = malloc(png_get_rowbytes(png, info));
    for (uint32_t y = 0; y < image->height; y++) {
        png_read_row(png, row, NULL);
        const void *expected = (const char *)image->plane[0] + y * image->stride;
        for (size_t i = 0; i < samples; i++)
            if (image->format.sample == TILE_U8)
                assert_int_equal(row[i], ((const uint8_t *)expected)[i]);
            else
                assert_int_equal(row[2 * i] << 8 | row[2 * i + 1], ((const uint16_t *)expected)[i]);
    }
    png_read_end(png, NULL);
    assert_int_equal(input.position, buffer->size);
    free(row);
    png_destroy_read_struct(&png, &info, NULL);
}

/*
 * ITU-T H.273: primaries 1 BT.709, 9 BT.2020, 12 P3-D65; transfer 8 linear, 13 sRGB, 14 BT.2020, 16 PQ, 18 HLG;
 * identity; full.
 */
static const uint8_t *code_points(tile_space space) {
    static const uint8_t linear[] = {1, 8, 0, 1}, p3[] = {12, 13, 0, 1}, rec2020[] = {9, 14, 0, 1};
    static const uint8_t pq[] = {9, 16, 0, 1}, hlg[] = {9, 18, 0, 1};
    switch (space) {
    case TILE_SRGB_LINEAR: return linear;
    case TILE_DISPLAY_P3: return p3;
    case TILE_REC2020: return rec2020;
    case TILE_REC2100_PQ: return pq;
    case TILE_REC2100_HLG: return hlg;
    default: return NULL;
    }
}

static void pixels_and_color_come_back(void **state) {
    (void)state;
    static const uint32_t sizes[][2] = {{1, 1}, {1, 7}, {257, 3}, {100, 300}};
    int seen = 0;
    for (int space = TILE_SRGB; space <= TILE_LUMINANCE; space++)
        for (int variant = 0; variant < 16; variant++) {
            struct tile_format format =
                format_of((tile_space)space, variant & 1 ? TILE_U16 : TILE_U8, (tile_alpha)(variant >> 1 & 1));
            if (tile_codec_can_carry(TILE_PNG, format, NULL) != TILE_OK)
                continue;
            seen++;
            struct tile_buffer profile = {0};
            if (has_profile(TILE_PNG, format))
                assert_ok(tile_profile_of_space(&profile, (tile_space)space, &error));
            struct tile_image image = image_of(format, sizes[variant >> 2][0], sizes[variant >> 2][1]);
            struct tile_buffer buffer = encode(&image, TILE_PNG, NULL);
            check(&buffer, &image, &profile);
            assert_int_equal(has(&buffer, "sRGB"), space == TILE_SRGB || space == TILE_GRAY);
            assert_false(has(&buffer, "gAMA") && (space == TILE_REC2100_PQ || space == TILE_REC2100_HLG));
            uint32_t size = 0;
            const uint8_t *points = chunk(&buffer, "cICP", &size), *expected = code_points((tile_space)space);
            assert_int_equal(points != NULL, expected != NULL);
            if (expected) {
                assert_int_equal(size, 4);
                assert_memory_equal(points, expected, 4);
            }
            tile_buffer_free(&profile);
            tile_buffer_free(&buffer);
            tile_image_free(&image, NULL);
        }
    assert_int_equal(seen, 10 * 16);
}

static void a_given_profile_is_all_that_is_said(void **state) {
    (void)state;
    struct tile_buffer profile = {0};
    assert_ok(tile_profile_of_space(&profile, TILE_PROPHOTO_RGB, &error));
    struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
    options.profile = profile.data;
    options.profile_size = profile.size;
    static const tile_space spaces[] = {TILE_SRGB, TILE_DISPLAY_P3};
    for (int i = 0; i < 2; i++) {
        struct tile_image image = image_of(format_of(spaces[i], TILE_U8, 0), 9, 9);
        struct tile_buffer buffer = encode(&image, TILE_PNG, &options);
        check(&buffer, &image, &profile);
        assert_false(has(&buffer, "sRGB") || has(&buffer, "cICP"));
        tile_buffer_free(&buffer);
        tile_image_free(&image, NULL);
    }
    /* Of BT.2100's pixels it could only be wrong. */
    struct tile_image pq = image_of(format_of(TILE_REC2100_PQ, TILE_U16, 0), 9, 9);
    struct tile_buffer none = {0};
    struct tile_writer nowhere = tile_buffer_writer(&none);
    assert_fails(TILE_INVALID_ARGUMENT, tile_encode(&pq, TILE_PNG, &options, &nowhere, &error));
    assert_int_equal(none.size, 0);
    tile_image_free(&pq, NULL);
    /* Damaged where libpng looks, its tag table, and where it does not, behind its end: what is given is written. */
    memset(profile.data + 128, 0xFF, 8);
    struct tile_image image = image_of(format_of(TILE_SRGB, TILE_U8, 0), 9, 9);
    options.profile_size = profile.size;
    assert_ok(tile_buffer_append(&profile, "more", 4, &error));
    options.profile = profile.data;
    options.profile_size = profile.size;
    struct tile_buffer buffer = encode(&image, TILE_PNG, &options);
    uint32_t size = 0;
    const uint8_t *iccp = chunk(&buffer, "iCCP", &size);
    uint8_t inflated[4096];
    uLongf count = sizeof inflated;
    size_t head = strlen((const char *)iccp) + 2; /* the name, NUL, the method */
    assert_int_equal(uncompress(inflated, &count, iccp + head, size - head), Z_OK);
    assert_int_equal(count, profile.size - 4);
    assert_memory_equal(inflated, profile.data, count);
    assert_false(has(&buffer, "sRGB") || has(&buffer, "cICP"));
    tile_buffer_free(&buffer);

    /* Without its profile nothing says that it is sRGB; and code points go before what the space says. */
    options.no_profile = true;
    buffer = encode(&image, TILE_PNG, &options);
    assert_false(has(&buffer, "sRGB") || has(&buffer, "cICP") || has(&buffer, "iCCP"));
    tile_buffer_free(&buffer);
    options = (struct tile_encode_options)TILE_OPTIONS(struct tile_encode_options);
    options.code_points = (const unsigned char[]){12, 16, 0, 1};
    buffer = encode(&image, TILE_PNG, &options);
    const uint8_t *points = chunk(&buffer, "cICP", &size);
    assert_true(points && size == 4 && memcmp(points, options.code_points, 4) == 0);
    assert_false(has(&buffer, "sRGB") || has(&buffer, "iCCP"));
    tile_buffer_free(&buffer);
    struct tile_writer writer = tile_buffer_writer(&buffer);
    assert_fails(TILE_UNSUPPORTED, tile_encode(&image, TILE_NPY, &options, &writer, &error));
    assert_non_null(strstr(error.message, "png can"));
    tile_buffer_free(&buffer);
    options.code_points = NULL;
    options.profile = "no profile at all, of some length";
    options.profile_size = 33;
    assert_fails(TILE_INVALID_ARGUMENT, tile_encode(&image, TILE_PNG, &options, &writer, &error));
    tile_buffer_free(&buffer);
    tile_image_free(&image, NULL);
    tile_buffer_free(&profile);
}

static void raw_channels_say_nothing(void **state) {
    (void)state;
    struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
    options.raw_channels = true;
    static const tile_space spaces[] = {TILE_LAB, TILE_CMYK, TILE_GRAY709};
    for (int i = 0; i < 3; i++) {
        struct tile_image image = image_of(format_of(spaces[i], TILE_U16, 0), 13, 9);
        struct tile_buffer buffer = encode(&image, TILE_PNG, &options);
        check(&buffer, &image, &(struct tile_buffer){0});
        assert_false(has(&buffer, "sRGB") || has(&buffer, "cICP") || has(&buffer, "gAMA"));
        tile_buffer_free(&buffer);
        tile_image_free(&image, NULL);
    }
    /* What can be told, is told. */
    struct tile_image image = image_of(format_of(TILE_SRGB, TILE_U16, 0), 13, 9);
    struct tile_buffer buffer = encode(&image, TILE_PNG, &options);
    assert_true(has(&buffer, "sRGB"));
    tile_buffer_free(&buffer);
    tile_image_free(&image, NULL);
}

static void compression_is_used(void **state) {
    (void)state;
    struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
    struct tile_image image = image_of(format_of(TILE_GRAY, TILE_U8, 0), 500, 300);
    size_t sizes[2];
    for (int i = 0; i < 2; i++) {
        options.compression = i ? 9 : 1;
        struct tile_buffer buffer = encode(&image, TILE_PNG, &options);
        check(&buffer, &image, &(struct tile_buffer){0});
        sizes[i] = buffer.size;
        tile_buffer_free(&buffer);
    }
    assert_true(sizes[1] < sizes[0]);
    tile_image_free(&image, NULL);
}

/* libpng by itself refuses more than a million. */
static void very_wide_images_are_written(void **state) {
    (void)state;
    struct tile_image image = image_of(format_of(TILE_GRAY, TILE_U8, 0), 1000001, 1);
    struct tile_buffer buffer = encode(&image, TILE_PNG, NULL);
    assert_int_equal(png_get_uint_32(buffer.data + 16), 1000001);
    tile_buffer_free(&buffer);
    tile_image_free(&image, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pixels_and_color_come_back),   cmocka_unit_test(a_given_profile_is_all_that_is_said),
        cmocka_unit_test(raw_channels_say_nothing),     cmocka_unit_test(compression_is_used),
        cmocka_unit_test(very_wide_images_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
