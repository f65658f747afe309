/* SPDX-License-Identifier: MIT */
/*
 * What the filters make of rows is what libpng takes back: each filter for each size of a pixel, and what is chosen of
 * them.
 */
#include "pngs.h"

#include "deflate/choice.h"
#include "deflate/filter.h"

#include <zlib.h>

enum { WIDTH = 37, HEIGHT = 11, MOST_STEP = 8, MOST_ROW = WIDTH * MOST_STEP };

static const struct {
    int type, depth;
    unsigned step;
} kinds[] = {{0, 8, 1}, {4, 8, 2}, {2, 8, 3}, {6, 8, 4}, {0, 16, 2}, {4, 16, 4}, {2, 16, 6}, {6, 16, 8}};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* Slopes with some noise, so that all filters come into question. Words are in the machine's order. */
static void fill(uint8_t *pixels, size_t size, unsigned step, struct test_random *random) {
    for (size_t i = 0; i < size; i++) {
        size_t x = i % (WIDTH * step) / step, y = i / (WIDTH * step);
        pixels[i] = (uint8_t)(y % 4 == 3 ? test_random_next(random) : 5 * x + 9 * y + test_random_below(random, 3));
    }
}

/* What libpng reads of filtered rows are the pixels. */
static void assert_reversed(int kind, const uint8_t *filtered, uint32_t height, const uint8_t *pixels) {
    uLong size = height * (1 + (uLong)WIDTH * kinds[kind].step), packed = compressBound(size);
    uint8_t head[13] = {
        0, 0, 0, WIDTH, 0, 0, 0, (uint8_t)height, (uint8_t)kinds[kind].depth, (uint8_t)kinds[kind].type};
    unsigned char *data = malloc(packed);
    assert_non_null(data);
    assert_int_equal(compress(data, &packed, filtered, size), Z_OK);
    struct tile_buffer file = {0};
    struct tile_error error;
    assert_ok(tile_buffer_append(&file, "\x89PNG\r\n\x1a\n", 8, &error));
    png_append_chunk(&file, "IHDR", head, sizeof head);
    png_append_chunk(&file, "IDAT", data, packed);
    png_append_chunk(&file, "IEND", NULL, 0);
    struct stored stored;
    unsigned char *read = png_pixels(&file, &stored);
    assert_non_null(read);
    assert_int_equal(stored.height, height);
    assert_memory_equal(stored.pixels, pixels, (size_t)height * WIDTH * kinds[kind].step);
    free(read);
    free(data);
    tile_buffer_free(&file);
}

static void run_all(void (*check)(const struct tile_deflate_kernels *kernels)) {
    for (int cpu = TILE_CPU_SCALAR; cpu < TILE_CPU_COUNT; cpu++)
        if (tile_cpu_available((tile_cpu)cpu))
            check(tile_deflate_kernels_of((tile_cpu)cpu));
}

/* The second of two rows by each filter; samples of 8 bits, in whose order nothing is to be changed. */
static void check_each(const struct tile_deflate_kernels *kernels) {
    struct test_random random = {1};
    for (int kind = 0; kind < KINDS; kind++) {
        if (kinds[kind].depth != 8)
            continue;
        size_t size = WIDTH * kinds[kind].step;
        for (int filter = 0; filter < TILE_FILTERS; filter++) {
            uint8_t pixels[2 * MOST_ROW], filtered[2 + 2 * MOST_ROW];
            fill(pixels, 2 * size, kinds[kind].step, &random);
            filtered[0] = 0;
            memcpy(filtered + 1, pixels, size);
            filtered[1 + size] = (uint8_t)filter;
            kernels->filter(filtered + 2 + size, pixels + size, pixels, size, kinds[kind].step, filter);
            assert_reversed(kind, filtered, 2, pixels);
        }
    }
}

static void each_filter_is_reversed(void **state) {
    (void)state;
    run_all(check_each);
}

static void check_chosen(const struct tile_deflate_kernels *kernels) {
    struct test_random random = {2};
    for (int kind = 0; kind < KINDS; kind++) {
        size_t size = WIDTH * kinds[kind].step;
        uint8_t pixels[HEIGHT * MOST_ROW], filtered[HEIGHT * (1 + MOST_ROW)];
        fill(pixels, HEIGHT * size, kinds[kind].step, &random);
        struct tile_filter_rows rows = {.pixels = pixels,
                                        .stride = (ptrdiff_t)size,
                                        .height = HEIGHT,
                                        .size = size,
                                        .step = kinds[kind].step,
                                        .words = kinds[kind].depth == 16};
        uint8_t memory[2 * MOST_ROW];
        assert_true(tile_filter_memory(size, rows.words) <= sizeof memory);
        tile_filter(filtered, &rows, memory, kernels);
        assert_true(filtered[0] <= 1);
        assert_reversed(kind, filtered, HEIGHT, pixels);
        struct tile_error error;
        assert_ok(tile_filter_smallest(filtered, &rows, memory, kernels, NULL, &error));
        assert_true(filtered[0] <= 1);
        assert_reversed(kind, filtered, HEIGHT, pixels);
    }
}

static void chosen_filters_are_reversed(void **state) {
    (void)state;
    run_all(check_chosen);
}

/* Rows whose best filter is known: it is the one that leaves nothing but zeros. */
static void the_exact_filter_is_chosen(void **state) {
    (void)state;
    uint8_t rows[3][64], filtered[3 * 65];
    for (int x = 0; x < 64; x++) {
        rows[0][x] = 77;                    /* Sub */
        rows[1][x] = (uint8_t)(x * x * 31); /* hard on all */
        rows[2][x] = rows[1][x];            /* Up */
    }
    struct tile_filter_rows image = {.pixels = rows[0], .stride = 64, .height = 3, .size = 64, .step = 1};
    tile_filter(filtered, &image, NULL, tile_deflate_kernels_of(TILE_CPU_BEST));
    assert_int_equal(filtered[0], 1);
    assert_int_equal(filtered[2 * 65], 2);
}

/* Few colors side by side: what recurs are pixels. Slopes with noise: what recurs are differences. */
static void few_colors_are_not_filtered(void **state) {
    (void)state;
    enum { SIDE = 64, STRIDE = 3 * SIDE };
    static uint8_t colors[SIDE * STRIDE], slopes[SIDE * STRIDE], filtered[SIDE * (1 + STRIDE)];
    struct test_random random = {3};
    uint8_t palette[20][3];
    for (int i = 0; i < 20; i++)
        for (int c = 0; c < 3; c++)
            palette[i][c] = (uint8_t)test_random_next(&random);
    for (int i = 0; i < SIDE * SIDE; i++) {
        memcpy(colors + 3 * i, palette[test_random_below(&random, 20)], 3);
        for (int c = 0; c < 3; c++)
            slopes[3 * i + c] = (uint8_t)(i / SIDE + 2 * (i % SIDE) + (int)test_random_below(&random, 3));
    }
    struct tile_filter_rows rows = {.pixels = colors, .stride = STRIDE, .height = SIDE, .size = STRIDE, .step = 3};
    tile_filter(filtered, &rows, NULL, tile_deflate_kernels_of(TILE_CPU_BEST));
    for (int y = 0; y < SIDE; y++)
        assert_int_equal(filtered[y * (1 + STRIDE)], 0);
    rows.pixels = slopes;
    tile_filter(filtered, &rows, NULL, tile_deflate_kernels_of(TILE_CPU_BEST));
    for (int y = 0; y < SIDE; y++)
        assert_int_not_equal(filtered[y * (1 + STRIDE)], 0);
}

static size_t deflated(const uint8_t *data, size_t size) {
    uLong packed = compressBound(size);
    unsigned char *to = malloc(packed);
    assert_non_null(to);
    assert_int_equal(compress2(to, &packed, data, size, 9), Z_OK);
    free(to);
    return packed;
}

static void *no_memory(void *user, size_t size) {
    (void)user;
    (void)size;
    return NULL;
}

static void nothing(void *user, void *memory) {
    (void)user;
    (void)memory;
}

/* Slopes whose last bit is left to chance: which differences recur is seen by deflating only. */
static void trials_find_smaller_ones(void **state) {
    (void)state;
    enum { SIDE = 128, STRIDE = 3 * SIDE };
    static uint8_t slopes[SIDE * STRIDE], filtered[SIDE * (1 + STRIDE)];
    struct test_random random = {4};
    for (int i = 0; i < SIDE * STRIDE; i++)
        slopes[i] = (uint8_t)((90 * (i / STRIDE) + 13 * (i % STRIDE) + (int)test_random_below(&random, 100)) / 100);
    struct tile_filter_rows rows = {.pixels = slopes, .stride = STRIDE, .height = SIDE, .size = STRIDE, .step = 3};
    const struct tile_deflate_kernels *kernels = tile_deflate_kernels_of(TILE_CPU_BEST);
    struct tile_error error;
    tile_filter(filtered, &rows, NULL, kernels);
    size_t estimated = deflated(filtered, sizeof filtered);
    assert_ok(tile_filter_smallest(filtered, &rows, NULL, kernels, NULL, &error));
    assert_true(deflated(filtered, sizeof filtered) < estimated);
    struct tile_allocator none = {NULL, no_memory, nothing};
    assert_fails(TILE_NO_MEMORY, tile_filter_smallest(filtered, &rows, NULL, kernels, &none, &error));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_filter_is_reversed),    cmocka_unit_test(chosen_filters_are_reversed),
        cmocka_unit_test(the_exact_filter_is_chosen), cmocka_unit_test(few_colors_are_not_filtered),
        cmocka_unit_test(trials_find_smaller_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
