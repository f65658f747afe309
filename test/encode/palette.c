/* SPDX-License-Identifier: MIT */
/* PNGs of palettes and of gray in few bits, whose numbers libpng reads back as they are stored. */
#include "common.h"
#include "pngs.h"

#include <png.h>

struct input {
    const unsigned char *at, *end;
};

static void read_data(png_structp png, png_bytep to, size_t size) {
    struct input *input = png_get_io_ptr(png);
    assert_true(size <= (size_t)(input->end - input->at));
    memcpy(to, input->at, size);
    input->at += size;
}

static void complain(png_structp png, png_const_charp text) {
    (void)png;
    fail_msg("libpng: %s", text);
}

/* The number of each pixel, a byte each, and the header's and the palette's content. */
struct stored_png {
    int type, bits, colors, alphas;
    png_color color[256];
    png_byte alpha[256];
    unsigned char *numbers;
};

static struct stored_png read_png(const struct tile_buffer *file, uint32_t width, uint32_t height) {
    struct stored_png s = {0};
    struct input input = {file->data, file->data + file->size};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, complain, complain);
    png_infop info = png_create_info_struct(png);
    png_set_read_fn(png, &input, read_data);
    png_read_info(png, info);
    assert_int_equal(png_get_image_width(png, info), width);
    assert_int_equal(png_get_image_height(png, info), height);
    s.type = png_get_color_type(png, info);
    s.bits = png_get_bit_depth(png, info);
    png_colorp colors;
    png_bytep alphas;
    if (png_get_PLTE(png, info, &colors, &s.colors))
        memcpy(s.color, colors, (size_t)s.colors * sizeof *colors);
    if (png_get_tRNS(png, info, &alphas, &s.alphas, NULL))
        memcpy(s.alpha, alphas, (size_t)s.alphas);
    png_set_packing(png);
    png_read_update_info(png, info);
    s.numbers = malloc((size_t)width * height);
    for (uint32_t y = 0; y < height; y++)
        png_read_row(png, s.numbers + (size_t)y * width, NULL);
    png_read_end(png, NULL);
    assert_true(input.at == input.end);
    png_destroy_read_struct(&png, &info, NULL);
    return s;
}

/* An image whose pixel i is color number[i] of the palette. Of a color that is there twice, the first number. */
static struct tile_image draw(struct tile_format format, uint32_t width, uint32_t height, const uint8_t *palette,
                              uint32_t colors, unsigned char *numbers, struct test_random *random) {
    struct tile_image image;
    size_t step = tile_format_step(format);
    assert_ok(tile_image_alloc(&image, format, width, height, NULL, &error));
    uint32_t number = 0;
    for (size_t i = 0; i < (size_t)width * height; i++) {
        if (test_random_below(random, 3) == 0)
            number = test_random_below(random, colors);
        memcpy((uint8_t *)image.plane[0] + i * step, palette + number * step, step);
        uint32_t first = 0;
        while (memcmp(palette + first * step, palette + number * step, step) != 0)
            first++;
        numbers[i] = (unsigned char)first;
    }
    return image;
}

static void palettes_come_back(void **state) {
    (void)state;
    struct test_random random = {5};
    for (int bits = 1; bits <= 8; bits *= 2)
        for (int i = 0; i < 40; i++) {
            struct tile_format format = format_of(i % 4 == 3 ? TILE_DISPLAY_P3 : TILE_SRGB, TILE_U8,
                                                  i % 2 ? TILE_ALPHA_STRAIGHT : TILE_ALPHA_NONE);
            size_t step = tile_format_step(format);
            uint32_t width = 1 + test_random_below(&random, 70), height = 1 + test_random_below(&random, 30);
            uint32_t most = 1u << bits, colors = i < 8 ? most : 1 + test_random_below(&random, most), opaque = colors;
            uint8_t palette[256 * 4];
            for (size_t k = 0; k < colors * step; k++) /* colors that differ in one bit, and some that do not differ */
                palette[k] = (uint8_t)(i % 3 ? test_random_next(&random) : test_random_below(&random, 3));
            for (; i % 4 == 1 && opaque > colors / 2; opaque--)
                palette[(opaque - 1) * step + 3] = 255;
            while (step == 4 && opaque > 0 && palette[(opaque - 1) * step + 3] == 255)
                opaque--;
            unsigned char *numbers = malloc((size_t)width * height);
            struct tile_image image = draw(format, width, height, palette, colors, numbers, &random);
            struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
            options.palette = palette;
            options.palette_size = colors;
            options.bits = i % 5 ? bits : 0;
            options.compression = 1 + i % 9;
            struct tile_buffer file = encode(&image, TILE_PNG, &options);
            struct stored_png s = read_png(&file, width, height);
            int fewest = colors <= 2 ? 1 : colors <= 4 ? 2 : colors <= 16 ? 4 : 8;
            assert_int_equal(s.type, PNG_COLOR_TYPE_PALETTE);
            assert_int_equal(s.bits, options.bits ? bits : fewest);
            assert_int_equal(s.colors, colors);
            assert_int_equal(s.alphas, step == 4 ? opaque : 0);
            for (uint32_t k = 0; k < colors; k++) {
                const uint8_t *color = palette + k * step;
                assert_true(s.color[k].red == color[0] && s.color[k].green == color[1] && s.color[k].blue == color[2]);
                if (step == 4 && k < opaque)
                    assert_int_equal(s.alpha[k], color[3]);
            }
            assert_memory_equal(s.numbers, numbers, (size_t)width * height);
            free(s.numbers);
            free(numbers);
            tile_buffer_free(&file);
            tile_image_free(&image, NULL);
        }
}

static void gray_of_few_bits_comes_back(void **state) {
    (void)state;
    struct test_random random = {6};
    struct tile_format format = format_of(TILE_GRAY, TILE_U8, TILE_ALPHA_NONE);
    for (int bits = 1; bits <= 8; bits *= 2)
        for (uint32_t width = 1; width < 40; width++) {
            uint32_t codes = 1u << bits, height = 7;
            uint8_t grays[256];
            for (uint32_t k = 0; k < codes; k++)
                grays[k] = (uint8_t)(k * 255 / (codes - 1));
            unsigned char *numbers = malloc((size_t)width * height);
            struct tile_image image = draw(format, width, height, grays, codes, numbers, &random);
            struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
            options.bits = bits;
            struct tile_buffer file = encode(&image, TILE_PNG, &options);
            struct stored_png s = read_png(&file, width, height);
            assert_int_equal(s.type, PNG_COLOR_TYPE_GRAY);
            assert_int_equal(s.bits, bits);
            assert_memory_equal(s.numbers, numbers, (size_t)width * height);
            free(s.numbers);
            free(numbers);
            tile_buffer_free(&file);
            tile_image_free(&image, NULL);
        }
}

/* Where the chunks of a file stand: of what colors mean before the palette (PNG, third edition, 5.6). */
static void chunks_are_in_order(void **state) {
    (void)state;
    static const struct {
        tile_space space;
        const char *order[6];
    } cases[] = {{TILE_SRGB, {"IHDR", "sRGB", "PLTE", "tRNS", "IDAT", "IEND"}},
                 {TILE_REC2100_PQ, {"IHDR", "cICP", "PLTE", "tRNS", "IDAT", "IEND"}},
                 {TILE_A98_RGB, {"IHDR", "iCCP", "PLTE", "tRNS", "IDAT", "IEND"}}};
    const uint8_t palette[] = {1, 2, 3, 4};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
        options.palette = palette;
        options.palette_size = 1;
        struct tile_image image = {.format = format_of(cases[i].space, TILE_U8, TILE_ALPHA_STRAIGHT),
                                   .width = 1,
                                   .height = 1,
                                   .plane = {(void *)palette},
                                   .stride = 4};
        struct tile_buffer file = encode(&image, TILE_PNG, &options);
        size_t at = 8;
        for (int k = 0; k < 6; k++) {
            const unsigned char *chunk = file.data + at;
            assert_memory_equal(chunk + 4, cases[i].order[k], 4);
            at += 12 + ((size_t)chunk[2] << 8 | chunk[3]);
        }
        assert_int_equal(at, file.size);
        tile_buffer_free(&file);
    }
}

static void check_refused(struct tile_image *image, const struct tile_encode_options *options, const char *cause) {
    struct tile_buffer file = {0};
    struct tile_writer writer = tile_buffer_writer(&file);
    assert_fails(TILE_INVALID_ARGUMENT, tile_encode(image, TILE_PNG, options, &writer, &error));
    if (!strstr(error.message, cause))
        fail_msg("%s instead of %s", error.message, cause);
    tile_buffer_free(&file);
}

static void what_is_no_palette_is_refused(void **state) {
    (void)state;
    const uint8_t palette[257 * 3] = {0};
    const struct tile_encode_options usual = TILE_OPTIONS(struct tile_encode_options);
    struct tile_image rgb, gray, gray_alpha, wide;
    assert_ok(tile_image_alloc(&rgb, format_of(TILE_SRGB, TILE_U8, 0), 9, 7, NULL, &error));
    assert_ok(tile_image_alloc(&gray, format_of(TILE_GRAY, TILE_U8, 0), 9, 7, NULL, &error));
    assert_ok(tile_image_alloc(&gray_alpha, format_of(TILE_GRAY, TILE_U8, TILE_ALPHA_STRAIGHT), 9, 7, NULL, &error));
    assert_ok(tile_image_alloc(&wide, format_of(TILE_SRGB, TILE_U16, 0), 9, 7, NULL, &error));
    memset(rgb.plane[0], 0, 9 * 7 * 3);
    memset(gray.plane[0], 0, 9 * 7);
    struct tile_encode_options o = usual;
    o.bits = 3;
    check_refused(&gray, &o, "bits are 3");
    o.bits = 2;
    check_refused(&rgb, &o, "bits are for");
    check_refused(&gray_alpha, &o, "bits are for");
    o.palette = palette;
    check_refused(&rgb, &o, "contradict");
    o.palette_size = 5;
    check_refused(&rgb, &o, "5 colors");
    o.bits = 0;
    check_refused(&gray, &o, "not for u8 gray");
    check_refused(&wide, &o, "not for u16 srgb");
    o.palette_size = 257;
    check_refused(&rgb, &o, "257 colors");
    o.palette_size = 1;
    struct tile_buffer file = encode(&rgb, TILE_PNG, &o);
    tile_buffer_free(&file);
    ((uint8_t *)rgb.plane[0])[(6 * 9 + 4) * 3 + 1] = 77;
    check_refused(&rgb, &o, "the pixel 4,6 is 0,77,0, which is not in the palette");
    o = usual;
    o.bits = 4;
    ((uint8_t *)gray.plane[0])[2 * 9 + 8] = 18;
    check_refused(&gray, &o, "the pixel 8,2 is 18, which is no gray of 4 bits");
    tile_image_free(&rgb, NULL);
    tile_image_free(&gray, NULL);
    tile_image_free(&gray_alpha, NULL);
    tile_image_free(&wide, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(palettes_come_back),
        cmocka_unit_test(gray_of_few_bits_comes_back),
        cmocka_unit_test(chunks_are_in_order),
        cmocka_unit_test(what_is_no_palette_is_refused),
    };
    return cmocka_run_group_tests_name("encode-palette", tests, NULL, NULL);
}
