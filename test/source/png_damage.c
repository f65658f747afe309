/* SPDX-License-Identifier: MIT */
/*
 * Damaged PNGs, whole rows of which libpng reads: a strict source refuses what libpng refuses, and a lenient one gives
 * the rows that libpng gives, and perhaps some more.
 *
 * There are files that libpng refuses and this library reads: those whose zlib stream says that its window is smaller
 * than what it refers to. libpng only warns of what is wrong with the stream's end unless it gives it to zlib together
 * with the last row's; it does so in pieces of 8 KiB of a chunk, which is why there are streams longer than that here.
 * Between two rows it fetches another piece even where a match that it has read makes the whole next row, and may find
 * the damage in there too early; this takes many small chunks.
 */
#include "pngs.h"

#include "base/bytes.h"

#include <png.h>
#include <zlib.h>

static struct tile_error error;

struct reading {
    const unsigned char *data;
    size_t left;
};

static void read_data(png_structp png, png_bytep to, png_size_t size) {
    struct reading *reading = png_get_io_ptr(png);
    if (size > reading->left)
        png_error(png, "ends early");
    memcpy(to, reading->data, size);
    reading->data += size;
    reading->left -= size;
}

static PNG_NORETURN void on_error(png_structp png, png_const_charp text) {
    (void)text;
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}

/* How many rows libpng reads to `pixels`, in the machine's order of bytes. */
static uint32_t rows_by_libpng(const struct tile_buffer *file, unsigned char *pixels, size_t row, uint32_t height) {
    struct reading reading = {file->data, file->size};
    volatile uint32_t rows = 0;
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, on_error, on_warning);
    png_infop info = png_create_info_struct(png);
    assert_non_null(info);
    if (!setjmp(png_jmpbuf(png))) {
        png_set_read_fn(png, &reading, read_data);
        png_set_option(png, PNG_MAXIMUM_INFLATE_WINDOW, PNG_OPTION_ON);
        png_read_info(png, info);
        if (png_get_bit_depth(png, info) == 16 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
            png_set_swap(png);
        png_read_update_info(png, info);
        for (; rows < height; rows++)
            png_read_row(png, pixels + row * rows, NULL);
    }
    png_destroy_read_struct(&png, &info, NULL);
    return rows;
}

/*
 * The file with its pixel data damaged, in chunks of `most` bytes with right CRCs, but for one in `wrong` cases. Where
 * chunks are long and there are enough data, one of libpng's pieces ends near their end.
 */
static struct tile_buffer damaged(const struct tile_buffer *file, size_t most, bool wrong, struct test_random *random) {
    struct tile_buffer out = {0};
    unsigned char *data = malloc(file->size);
    size_t size = 0, begin = 0;
    assert_non_null(data);
    test_append(&out, file->data, 8);
    for (size_t at = 8, chunk; at < file->size; at += 12 + chunk) {
        chunk = (size_t)tile_get_be(file->data + at, 4);
        if (memcmp(file->data + at + 4, "IDAT", 4) == 0) {
            memcpy(data + size, file->data + at + 8, chunk);
            size += chunk;
        } else if (size == 0)
            test_append(&out, file->data + at, 12 + chunk);
    }
    if (!wrong) {
        if (test_random_below(random, 3) == 0)
            size -= test_random_below(random, (uint32_t)(test_random_below(random, 2) ? size : size < 10 ? size : 10));
        else {
            size_t from = test_random_below(random, 3) == 0 && size > 10 ? size - 10 : 0;
            data[from + test_random_below(random, (uint32_t)(size - from))] ^=
                (unsigned char)(1 << test_random_below(random, 8));
        }
    }
    size_t last = PNG_ZBUF_SIZE + test_random_below(random, 9);
    if (most > size && size > last) {
        png_append_chunk(&out, "IDAT", data, size - last);
        begin = size - last;
    }
    for (size_t part; begin < size; begin += part) {
        part = size - begin < most ? size - begin : most;
        png_append_chunk(&out, "IDAT", data + begin, part);
        if (wrong && test_random_below(random, (uint32_t)(size / most + 2)) == 0)
            out.data[out.size - 1] ^= 1;
    }
    png_append_chunk(&out, "IEND", "", 0);
    free(data);
    return out;
}

static void check(const struct tile_buffer *file, bool long_chunks, int *whole, int *broken) {
    tile_source *source;
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    options.lenient = true;
    assert_ok(tile_source_open_memory(&source, file->data, file->size, &options, &error));
    const struct tile_info *info = tile_source_info(source);
    struct tile_image image;
    struct tile_rect all = {0, 0, info->width, info->height};
    assert_ok(tile_image_alloc(&image, info->format, info->width, info->height, NULL, &error));
    assert_ok(tile_source_read(source, all, &image, &error));
    size_t row = (size_t)image.stride;
    unsigned char *pixels = malloc(row * info->height);
    assert_non_null(pixels);
    uint32_t rows = rows_by_libpng(file, pixels, row, info->height);
    assert_memory_equal(image.plane[0], pixels, row * rows);
    const char *damage = tile_source_damage(source), *at = damage ? strstr(damage, "(row ") : NULL;
    assert_true(!damage || rows < info->height);
    assert_true(!damage == (rows == info->height) || !long_chunks);
    if (at)
        assert_true((uint32_t)strtoul(at + 5, NULL, 10) >= rows);
    if (damage)
        ++*broken;
    else
        ++*whole;
    options.lenient = false;
    tile_source *strict;
    assert_ok(tile_source_open_memory(&strict, file->data, file->size, &options, &error));
    tile_status status = tile_source_read(strict, all, &image, &error);
    assert_int_equal(status, damage ? TILE_BAD_DATA : TILE_OK);
    tile_source_close(strict);
    free(pixels);
    tile_image_free(&image, NULL);
    tile_source_close(source);
}

static void rows_before_the_damage_are_libpngs(void **state) {
    (void)state;
    struct test_random random = {91};
    static const int types[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_GRAY_ALPHA,
                                PNG_COLOR_TYPE_RGB_ALPHA};
    int whole = 0, broken = 0;
    for (int run = 0; run < 48; run++) {
        struct png_recipe recipe = {.width = 1 + test_random_below(&random, 200),
                                    .height = 1 + test_random_below(&random, 90),
                                    .type = types[run % 4],
                                    .depth = run % 8 < 4 ? 8 : 16,
                                    .mixed = 1 + (uint64_t)run,
                                    .filters = PNG_ALL_FILTERS,
                                    .level = run % 10,
                                    .memory = 8};
        struct tile_buffer file = png_file(&recipe);
        for (int k = 0; k < 30; k++) {
            size_t most = k % 3 ? 1 << 30 : 1 + test_random_below(&random, 700);
            struct tile_buffer bad = damaged(&file, most, k % 5 == 0, &random);
            check(&bad, k % 3 != 0, &whole, &broken);
            tile_buffer_free(&bad);
        }
        tile_buffer_free(&file);
    }
    assert_true(whole > 20 && broken > 500);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_before_the_damage_are_libpngs),
    };
    return cmocka_run_group_tests_name("source-png-damage", tests, NULL, NULL);
}
