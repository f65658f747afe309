/* SPDX-License-Identifier: MIT */
#include "picture.h"

#include "base/bytes.h"

#include <png.h>
#include <zlib.h>

int png_channels(int type) {
    return type == PNG_COLOR_TYPE_RGB          ? 3
           : type == PNG_COLOR_TYPE_RGB_ALPHA  ? 4
           : type == PNG_COLOR_TYPE_GRAY_ALPHA ? 2
                                               : 1;
}

/* The sample of channel `c` at (x, y), of the file's depth. Few values, so that the transparent one occurs. */
unsigned png_sample(const struct png_recipe *recipe, uint32_t x, uint32_t y, int c) {
    unsigned value = (x / 3 * 5 + y / 2 * 3 + (unsigned)c * 7 + (x * y) % 3) % 11;
    unsigned most = (1u << recipe->depth) - 1;
    return recipe->type == PNG_COLOR_TYPE_PALETTE ? value % (most < 11 ? most + 1 : 11) : value * 6113 & most;
}

void png_palette_entry(unsigned i, unsigned char rgba[4]) {
    rgba[0] = (unsigned char)(i * 23);
    rgba[1] = (unsigned char)(255 - i * 19);
    rgba[2] = (unsigned char)(i * i);
    rgba[3] = i < 5 ? (unsigned char)(i * 60) : 255;
}

static void to_buffer(png_structp png, png_bytep data, size_t size) {
    test_append(png_get_io_ptr(png), data, size);
}

static void no_flush(png_structp png) {
    (void)png;
}

static void fill(const struct png_recipe *recipe, png_bytep row, uint32_t y) {
    int channels = png_channels(recipe->type);
    for (uint32_t x = 0; x < recipe->width; x++)
        for (int c = 0; c < channels; c++) {
            unsigned value = png_sample(recipe, x, y, c);
            size_t at = (size_t)x * (size_t)channels + (size_t)c, bit = at * (size_t)recipe->depth;
            if (recipe->depth == 16) {
                row[2 * at] = (png_byte)(value >> 8);
                row[2 * at + 1] = (png_byte)value;
            } else
                row[bit / 8] |= (png_byte)(value << (8 - recipe->depth - (int)(bit % 8)));
        }
}

static void fill_mixed(png_bytep row, size_t size, uint32_t y, struct test_random *random) {
    for (size_t i = 0; i < size; i++)
        row[i] = (png_byte)(y / 16 % 3 == 0   ? i + 3 * y
                            : y / 16 % 3 == 1 ? test_random_next(random) >> 56
                                              : i / 32 * 5 + (test_random_below(random, 9) == 0));
}

struct tile_buffer png_file(const struct png_recipe *recipe) {
    struct tile_buffer file = {0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    assert_non_null(info);
    png_set_write_fn(png, &file, to_buffer, no_flush);
    png_set_IHDR(png, info, recipe->width, recipe->height, recipe->depth, recipe->type,
                 recipe->interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    if (recipe->mixed) {
        png_set_compression_level(png, recipe->level);
        png_set_compression_strategy(png, recipe->strategy);
        if (recipe->memory)
            png_set_compression_mem_level(png, recipe->memory);
        if (recipe->filters)
            png_set_filter(png, 0, recipe->filters);
    }
    if (recipe->type == PNG_COLOR_TYPE_PALETTE) {
        png_color palette[256];
        png_byte alpha[256];
        int count = recipe->mixed || recipe->depth < 4 ? 1 << recipe->depth : 11;
        for (int i = 0; i < count; i++) {
            unsigned char rgba[4];
            png_palette_entry((unsigned)i, rgba);
            palette[i] = (png_color){rgba[0], rgba[1], rgba[2]};
            alpha[i] = rgba[3];
        }
        png_set_PLTE(png, info, palette, count);
        if (recipe->transparent)
            png_set_tRNS(png, info, alpha, count < 5 ? count : 5, NULL);
    } else if (recipe->transparent && !(recipe->type & PNG_COLOR_MASK_ALPHA)) {
        png_color_16 key = {0};
        key.gray = key.red = (png_uint_16)png_sample(recipe, 0, 0, 0);
        key.green = (png_uint_16)png_sample(recipe, 0, 0, 1);
        key.blue = (png_uint_16)png_sample(recipe, 0, 0, 2);
        png_set_tRNS(png, info, NULL, 0, &key);
    }
    if (recipe->profile)
        png_set_iCCP(png, info, "x", 0, recipe->profile, (png_uint_32)recipe->profile_size);
    if (recipe->gamma)
        png_set_gAMA_fixed(png, info, recipe->gamma);
    if (recipe->p3_primaries)
        png_set_cHRM_fixed(png, info, 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000);
    if (recipe->srgb_primaries)
        png_set_cHRM_fixed(png, info, 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000);
    if (recipe->srgb)
        png_set_sRGB(png, info, PNG_sRGB_INTENT_PERCEPTUAL);
    unsigned char exif[26];
    if (recipe->orientation) {
        exif_block(exif, (unsigned)recipe->orientation, true);
        png_set_eXIf_1(png, info, sizeof exif, exif);
    }
    png_write_info_before_PLTE(png, info);
    if (recipe->cicp)
        png_write_chunk(png, (png_const_bytep) "cICP", recipe->cicp, 4);
    png_write_info(png, info);

    size_t row_size = png_get_rowbytes(png, info);
    png_bytep memory = calloc(row_size, recipe->height), *rows = malloc(recipe->height * sizeof *rows);
    assert_true(memory && rows);
    struct test_random random = {recipe->mixed};
    for (uint32_t y = 0; y < recipe->height; y++) {
        rows[y] = memory + y * row_size;
        if (recipe->mixed)
            fill_mixed(rows[y], row_size, y, &random);
        else
            fill(recipe, rows[y], y);
    }
    png_write_image(png, rows);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    free(rows);
    free(memory);
    return file;
}

struct cursor {
    const unsigned char *data;
    size_t left;
};

static void from_cursor(png_structp png, png_bytep to, png_size_t size) {
    struct cursor *cursor = png_get_io_ptr(png);
    if (size > cursor->left)
        png_error(png, "short");
    memcpy(to, cursor->data, size);
    cursor->data += size;
    cursor->left -= size;
}

static void give_up(png_structp png, png_const_charp text) {
    (void)text;
    longjmp(*(jmp_buf *)png_get_error_ptr(png), 1);
}

static void pass_over(png_structp png, png_const_charp text) {
    (void)png, (void)text;
}

unsigned char *png_pixels(const struct tile_buffer *file, struct stored *stored) {
    struct cursor cursor = {file->data, file->size};
    jmp_buf jump;
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &jump, give_up, pass_over);
    png_infop info = png_create_info_struct(png);
    unsigned char *volatile result = NULL;
    if (setjmp(jump)) {
        png_destroy_read_struct(&png, &info, NULL);
        free(result);
        return NULL;
    }
    png_set_read_fn(png, &cursor, from_cursor);
    png_read_info(png, info);
    png_set_expand(png);
    if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
        png_set_swap(png);
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    uint32_t width = png_get_image_width(png, info), height = png_get_image_height(png, info);
    size_t row_size = png_get_rowbytes(png, info);
    unsigned char *pixels = result = malloc(row_size * height);
    assert_non_null(pixels);
    for (int pass = 0; pass < passes; pass++)
        for (uint32_t y = 0; y < height; y++)
            png_read_row(png, pixels + y * row_size, NULL);
    *stored = (struct stored){pixels, width, height, row_size / width};
    png_destroy_read_struct(&png, &info, NULL);
    return pixels;
}

void png_append_chunk(struct tile_buffer *file, const char *type, const void *data, size_t size) {
    unsigned char head[8], tail[4];
    tile_put_be(head, size, 4);
    memcpy(head + 4, type, 4);
    tile_put_be(tail, crc32(crc32(0, head + 4, 4), size ? data : head, (uInt)size), 4);
    test_append(file, head, 8);
    test_append(file, data, size);
    test_append(file, tail, 4);
}

const unsigned char *png_chunk(struct test_bytes png, const char *type, uint32_t *size) {
    const unsigned char *found = NULL;
    bool data = false;
    for (size_t at = 8; at < png.size;) {
        uint32_t length = (uint32_t)tile_get_be(png.data + at, 4);
        assert_true(length <= png.size - at - 12);
        data |= memcmp(png.data + at + 4, "IDAT", 4) == 0;
        if (memcmp(png.data + at + 4, type, 4) == 0) {
            assert_false(data || found);
            found = png.data + at + 8;
            *size = length;
        }
        at += 12 + length;
    }
    return found;
}
