/* SPDX-License-Identifier: MIT */
/*
 * PNGs of all kinds of pictures at every level, read back by libpng whole and piece by piece, by libspng where it is
 * there (which checks CRC and Adler-32 itself), and their IDATs inflated by zlib and libdeflate, to the last byte.
 */
#include "common.h"
#include "contents.h"

#include <libdeflate.h>
#include <png.h>
#include <zlib.h>
#if HAVE_SPNG
#include <spng.h>
#endif

static const struct kind {
    tile_space space;
    tile_sample sample;
    tile_alpha alpha;
} kinds[] = {
    {TILE_GRAY, TILE_U8, TILE_ALPHA_NONE},     {TILE_GRAY, TILE_U16, TILE_ALPHA_NONE},
    {TILE_GRAY, TILE_U8, TILE_ALPHA_STRAIGHT}, {TILE_GRAY, TILE_U16, TILE_ALPHA_STRAIGHT},
    {TILE_SRGB, TILE_U8, TILE_ALPHA_NONE},     {TILE_SRGB, TILE_U16, TILE_ALPHA_NONE},
    {TILE_SRGB, TILE_U8, TILE_ALPHA_STRAIGHT}, {TILE_SRGB, TILE_U16, TILE_ALPHA_STRAIGHT},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static void complain(png_structp png, png_const_charp text) {
    (void)png;
    fail_msg("libpng: %s", text);
}

/* The picture's rows, in PNG's order of bytes; to be freed. */
static uint8_t *packed(const struct tile_image *image) {
    size_t row_size = image->width * tile_format_step(image->format);
    uint8_t *bytes = malloc(row_size * image->height);
    assert_non_null(bytes);
    for (uint32_t y = 0; y < image->height; y++) {
        const uint8_t *row = (const uint8_t *)image->plane[0] + (ptrdiff_t)y * image->stride;
        uint8_t *to = bytes + y * row_size;
        if (image->format.sample == TILE_U8)
            memcpy(to, row, row_size);
        else
            for (size_t i = 0; i < row_size / 2; i++)
                png_save_uint_16(to + 2 * i, ((const uint16_t *)(const void *)row)[i]);
    }
    return bytes;
}

/* ---- libpng ---- */

struct whole {
    const struct tile_buffer *file;
    size_t position;
};

static void read_data(png_structp png, png_bytep to, size_t size) {
    struct whole *whole = png_get_io_ptr(png);
    assert_true(size <= whole->file->size - whole->position);
    memcpy(to, whole->file->data + whole->position, size);
    whole->position += size;
}

static void libpng_reads_it(const struct tile_buffer *file, const struct tile_image *image, const uint8_t *pixels) {
    struct whole whole = {file, 0};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, complain, complain);
    png_infop info = png_create_info_struct(png);
    png_set_read_fn(png, &whole, read_data);
    png_read_png(png, info, PNG_TRANSFORM_IDENTITY, NULL);
    size_t row_size = image->width * tile_format_step(image->format);
    assert_int_equal(png_get_rowbytes(png, info), row_size);
    assert_int_equal(png_get_image_height(png, info), image->height);
    png_bytepp rows = png_get_rows(png, info);
    for (uint32_t y = 0; y < image->height; y++)
        assert_memory_equal(rows[y], pixels + y * row_size, row_size);
    assert_int_equal(whole.position, file->size);
    png_destroy_read_struct(&png, &info, NULL);
}

struct progress {
    const uint8_t *pixels;
    size_t row_size;
    uint32_t rows;
    bool ended;
};

static void on_info(png_structp png, png_infop info) {
    (void)info;
    png_start_read_image(png);
}

static void on_row(png_structp png, png_bytep row, png_uint_32 y, int pass) {
    struct progress *progress = png_get_progressive_ptr(png);
    assert_int_equal(pass, 0);
    assert_int_equal(y, progress->rows++);
    assert_memory_equal(row, progress->pixels + y * progress->row_size, progress->row_size);
}

static void on_end(png_structp png, png_infop info) {
    (void)info;
    ((struct progress *)png_get_progressive_ptr(png))->ended = true;
}

static void libpng_reads_pieces(const struct tile_buffer *file, const struct tile_image *image, const uint8_t *pixels) {
    struct progress progress = {.pixels = pixels, .row_size = image->width * tile_format_step(image->format)};
    struct test_random random = {file->size};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, complain, complain);
    png_infop info = png_create_info_struct(png);
    png_set_progressive_read_fn(png, &progress, on_info, on_row, on_end);
    for (size_t at = 0, size; at < file->size; at += size) {
        size = 1 + test_random_below(&random, 1000);
        size = size < file->size - at ? size : file->size - at;
        png_process_data(png, info, file->data + at, size);
    }
    assert_int_equal(progress.rows, image->height);
    assert_true(progress.ended);
    png_destroy_read_struct(&png, &info, NULL);
}

/* ---- libspng ---- */

static void libspng_reads_it(const struct tile_buffer *file, const struct tile_image *image, const uint8_t *pixels) {
#if HAVE_SPNG
    spng_ctx *spng = spng_ctx_new(0);
    assert_non_null(spng);
    size_t size, expected = image->width * tile_format_step(image->format) * image->height;
    assert_int_equal(spng_set_crc_action(spng, SPNG_CRC_ERROR, SPNG_CRC_ERROR), 0);
    assert_int_equal(spng_set_png_buffer(spng, file->data, file->size), 0);
    assert_int_equal(spng_decoded_image_size(spng, SPNG_FMT_RAW, &size), 0);
    assert_int_equal(size, expected);
    uint8_t *read = malloc(size);
    assert_non_null(read);
    int status = spng_decode_image(spng, read, size, SPNG_FMT_RAW, 0);
    if (status == 0)
        status = spng_decode_chunks(spng);
    if (status != 0)
        fail_msg("libspng: %s", spng_strerror(status));
    assert_memory_equal(read, pixels, size);
    free(read);
    spng_ctx_free(spng);
#else
    (void)file;
    (void)image;
    (void)pixels;
#endif
}

/* ---- zlib and libdeflate ---- */

/* What all IDATs hold together. No other chunk is between them. */
static struct tile_buffer zlib_stream(const struct tile_buffer *file) {
    struct tile_buffer stream = {0};
    bool begun = false, ended = false;
    for (size_t at = 8; at < file->size;) {
        assert_true(file->size - at >= 12);
        size_t size = png_get_uint_32(file->data + at);
        assert_true(size <= file->size - at - 12);
        bool data = memcmp(file->data + at + 4, "IDAT", 4) == 0;
        assert_false(data && ended);
        ended = begun && !data;
        begun = begun || data;
        if (data)
            test_append(&stream, file->data + at + 8, size);
        at += 12 + size;
    }
    assert_true(begun && ended);
    return stream;
}

static void inflaters_read_it(const struct tile_buffer *file, const struct tile_image *image) {
    struct tile_buffer stream = zlib_stream(file);
    size_t row_size = image->width * tile_format_step(image->format) + 1, size = row_size * image->height;
    uint8_t *by_zlib = malloc(size), *by_libdeflate = malloc(size);
    assert_true(by_zlib && by_libdeflate);
    /* Deflate, with a window of 32 KiB or less, no dictionary, and the check of the two bytes. */
    assert_true((stream.data[0] & 15) == 8 && stream.data[0] >> 4 <= 7 && !(stream.data[1] & 32) &&
                (stream.data[0] << 8 | stream.data[1]) % 31 == 0);
    uLongf length = size;
    uLong taken = stream.size;
    assert_int_equal(uncompress2(by_zlib, &length, stream.data, &taken), Z_OK);
    assert_int_equal(length, size);
    assert_int_equal(taken, stream.size);
    struct libdeflate_decompressor *decompressor = libdeflate_alloc_decompressor();
    size_t in, out;
    assert_int_equal(
        libdeflate_zlib_decompress_ex(decompressor, stream.data, stream.size, by_libdeflate, size, &in, &out),
        LIBDEFLATE_SUCCESS);
    assert_int_equal(in, stream.size);
    assert_int_equal(out, size);
    assert_memory_equal(by_zlib, by_libdeflate, size);
    for (uint32_t y = 0; y < image->height; y++)
        assert_in_range(by_zlib[y * row_size], 0, 4);
    libdeflate_free_decompressor(decompressor);
    free(by_zlib);
    free(by_libdeflate);
    tile_buffer_free(&stream);
}

/* ---- Pictures ---- */

static void check(struct kind kind, uint32_t width, uint32_t height, enum content content, int level) {
    struct tile_encode_options options = TILE_OPTIONS(struct tile_encode_options);
    options.compression = level;
    struct tile_image image = image_of(format_of(kind.space, kind.sample, kind.alpha), width, height);
    content_fill(&image, content, width * 31 + height);
    struct tile_buffer file = encode(&image, TILE_PNG, &options);
    uint8_t *pixels = packed(&image);
    libpng_reads_it(&file, &image, pixels);
    libpng_reads_pieces(&file, &image, pixels);
    libspng_reads_it(&file, &image, pixels);
    inflaters_read_it(&file, &image);
    free(pixels);
    tile_buffer_free(&file);
    tile_image_free(&image, NULL);
}

static void all_read_every_kind(void **state) {
    (void)state;
    static const uint32_t sizes[][2] = {{1, 1}, {67, 41}, {300, 2}, {3, 200}, {64, 64}, {31, 1}, {1, 300}};
    for (int i = 0; i < KINDS * CONTENT_COUNT * 9; i++) {
        const uint32_t *size = sizes[i % 7];
        check(kinds[i % KINDS], size[0], size[1], (enum content)(i / KINDS % CONTENT_COUNT),
              1 + i / KINDS / CONTENT_COUNT);
    }
}

/* More than a mebibyte of samples, and rows that are longer than that. */
static void all_read_large_ones(void **state) {
    (void)state;
    static const struct {
        uint32_t width, height;
        int kind;
        enum content content;
        int level;
    } cases[] = {
        {800, 700, 4, CONTENT_MIXED, 1},  {800, 700, 4, CONTENT_MIXED, 2},     {601, 500, 6, CONTENT_PHOTO, 6},
        {1500, 900, 0, CONTENT_TEXT, 9},  {300000, 5, 1, CONTENT_MIXED, 1},    {400001, 3, 4, CONTENT_GRADIENT, 3},
        {3, 200001, 5, CONTENT_MIXED, 1}, {1200, 300, 7, CONTENT_NOISE, 1},    {1024, 1025, 0, CONTENT_FLAT, 1},
        {700, 1100, 2, CONTENT_LINES, 1}, {513, 1021, 3, CONTENT_REPEATED, 1}, {4096, 400, 4, CONTENT_PALETTE, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(kinds[cases[i].kind], cases[i].width, cases[i].height, cases[i].content, cases[i].level);
}

static void libspng_is_there(void **state) {
    (void)state;
    if (!HAVE_SPNG) {
        puts("libspng is not here");
        skip();
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_read_every_kind),
        cmocka_unit_test(all_read_large_ones),
        cmocka_unit_test(libspng_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
