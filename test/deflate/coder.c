/* SPDX-License-Identifier: MIT */
/*
 * What the fast coder writes is read back by zlib and by libdeflate, for contents that are hard on it; it keeps to its
 * memory and its bound, and all kernels write the same.
 */
#include "support.h"

#include "deflate/deflate.h"

#include <libdeflate.h>
#include <zlib.h>

static struct tile_error error;

/* ---- Contents ---- */

struct kind {
    const char *name;
    void (*fill)(uint8_t *data, size_t size, struct test_random *random);
};

static void fill_random(uint8_t *data, size_t size, struct test_random *random) {
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)test_random_next(random);
}

static void fill_one(uint8_t *data, size_t size, struct test_random *random) {
    memset(data, (int)test_random_below(random, 256), size);
}

static void fill_two(uint8_t *data, size_t size, struct test_random *random) {
    for (size_t i = 0; i < size; i++)
        data[i] = test_random_below(random, 2) ? 255 : 0;
}

static void fill_runs(uint8_t *data, size_t size, struct test_random *random) {
    for (size_t i = 0; i < size;) {
        size_t run = 1 + test_random_below(random, test_random_below(random, 8) ? 12 : 700);
        for (uint8_t value = (uint8_t)test_random_below(random, 5); run-- && i < size; i++)
            data[i] = value;
    }
}

static void fill_gradient(uint8_t *data, size_t size, struct test_random *random) {
    uint32_t slope = 1 + test_random_below(random, 9);
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)(i / slope);
}

static void fill_sparse(uint8_t *data, size_t size, struct test_random *random) {
    memset(data, 0, size);
    for (size_t i = 0; i < size / 50; i++)
        data[test_random_below(random, (uint32_t)size)] = (uint8_t)test_random_next(random);
}

/* Differences of neighbors as photographs have them: symbols from very frequent to very rare. */
static void fill_photograph(uint8_t *data, size_t size, struct test_random *random) {
    for (size_t i = 0; i < size; i++) {
        uint64_t bits = test_random_next(random);
        int magnitude = bits & 0xFFFFFF ? __builtin_ctzll(bits) : 24;
        data[i] = (uint8_t)((1 << magnitude >> 1) * (bits >> 63 ? 1 : -1) + (int)(bits >> 40 & 3));
    }
}

/* Each symbol as often as the two before it together, which makes the codes as long as the symbols are many. */
static void fill_fibonacci(uint8_t *data, size_t size, struct test_random *random) {
    size_t a = 1, b = 1, left = 1;
    uint8_t value = 0;
    for (size_t i = 0; i < size; i++, left--) {
        if (left == 0) {
            left = b;
            b += a;
            a = left;
            value++;
        }
        data[i] = value;
    }
    for (size_t i = size; i-- > 1;) { /* in any order */
        size_t k = test_random_below(random, (uint32_t)i + 1);
        uint8_t other = data[k];
        data[k] = data[i];
        data[i] = other;
    }
}

/* Pixels of 3 equal bytes, some of which come again soon; a text's rows, the same ones again and again. */
static void fill_grays(uint8_t *data, size_t size, struct test_random *random) {
    for (size_t i = 0; i < size; i++)
        data[i] = i % 3 ? data[i - 1] : (uint8_t)(test_random_below(random, 30) * test_random_below(random, 5));
}

static void fill_rows(uint8_t *data, size_t size, struct test_random *random) {
    enum { ROW = 97 };
    for (size_t i = 0; i < size; i++)
        data[i] = i >= ROW && test_random_below(random, 60) ? data[i - ROW] : (uint8_t)test_random_below(random, 200);
}

/* Halves that have nothing in common. */
static void fill_halves(uint8_t *data, size_t size, struct test_random *random) {
    fill_runs(data, size / 2, random);
    fill_random(data + size / 2, size - size / 2, random);
}

static const struct kind kinds[] = {
    {"random", fill_random},         {"one symbol", fill_one},
    {"two symbols", fill_two},       {"runs", fill_runs},
    {"gradient", fill_gradient},     {"sparse", fill_sparse},
    {"photograph", fill_photograph}, {"fibonacci", fill_fibonacci},
    {"grays", fill_grays},           {"rows", fill_rows},
    {"halves", fill_halves},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* ---- Reading back ---- */

static void assert_zlib_reads(const char *name, const uint8_t *stream, size_t size, const uint8_t *data,
                              size_t wanted) {
    uint8_t *back = malloc(wanted + 1);
    assert_non_null(back);
    z_stream z = {
        .next_in = (uint8_t *)stream, .avail_in = (uInt)size, .next_out = back, .avail_out = (uInt)wanted + 1};
    assert_int_equal(inflateInit2(&z, -15), Z_OK);
    int status = inflate(&z, Z_FINISH);
    if (status != Z_STREAM_END || z.avail_in || z.total_out != wanted || memcmp(back, data, wanted) != 0)
        fail_msg("%s, %zu bytes: zlib reads %lu, status %d, and leaves %u", name, wanted, z.total_out, status,
                 z.avail_in);
    inflateEnd(&z);
    free(back);
}

static void assert_libdeflate_reads(const char *name, const uint8_t *stream, size_t size, const uint8_t *data,
                                    size_t wanted) {
    size_t read = 0, written = 0;
    uint8_t *back = malloc(wanted + 1);
    struct libdeflate_decompressor *reader = libdeflate_alloc_decompressor();
    assert_true(back && reader);
    enum libdeflate_result result =
        libdeflate_deflate_decompress_ex(reader, stream, size, back, wanted + 1, &read, &written);
    if (result != LIBDEFLATE_SUCCESS || read != size || written != wanted || memcmp(back, data, wanted) != 0)
        fail_msg("%s, %zu bytes: libdeflate reads %zu of %zu to %zu, result %d", name, wanted, read, size, written,
                 result);
    libdeflate_free_decompressor(reader);
    free(back);
}

static void assert_read(const char *name, const uint8_t *stream, size_t size, const uint8_t *data, size_t wanted) {
    assert_zlib_reads(name, stream, size, data, wanted);
    assert_libdeflate_reads(name, stream, size, data, wanted);
}

/* ---- Tests ---- */

static tile_deflate *new_coder(tile_cpu cpu) {
    tile_deflate *coder;
    assert_ok(tile_deflate_new(&coder, cpu, NULL, &error));
    return coder;
}

static const size_t hints[][2] = {
    {0, 0}, {97, 3}, {1, 1}, {30, 4}, {40001, 6}, {SIZE_MAX, 3}, {SIZE_MAX, SIZE_MAX}}; /* row, step */
enum { HINTS = sizeof hints / sizeof *hints };

/* Any small size, at either end of what can be read and written. */
static void small_pieces_are_read_back(void **state) {
    (void)state;
    enum { MOST = 300 };
    struct test_random random = {1};
    tile_deflate *coder = new_coder(TILE_CPU_BEST);
    for (int at_end = 0; at_end < 2; at_end++)
        for (size_t size = 0; size <= MOST; size++) {
            size_t bound = tile_deflate_bound(size);
            struct test_guarded in = test_guarded_new(size, at_end), out = test_guarded_new(bound, at_end);
            for (int k = 0; k < KINDS; k++) {
                kinds[k].fill(in.data, size, &random);
                const size_t *hint = hints[test_random_below(&random, HINTS)];
                struct tile_deflate_piece piece = {in.data, size, hint[0], hint[1], true};
                size_t written = tile_deflate_run(coder, out.data, &piece);
                assert_true(written < bound);
                assert_read(kinds[k].name, out.data, written, in.data, size);
            }
            test_guarded_free(in);
            test_guarded_free(out);
        }
    tile_deflate_free(coder);
}

static const size_t sizes[] = {1000, 65535, 65536, 100000, 262144, 262145, 800001};
enum { SIZES = sizeof sizes / sizeof *sizes };

/* Every kernel writes the same. */
static void large_pieces_are_read_back(void **state) {
    (void)state;
    struct test_random random = {1};
    tile_deflate *scalar = new_coder(TILE_CPU_SCALAR);
    for (int i = 0; i < SIZES; i++) {
        size_t size = sizes[i], bound = tile_deflate_bound(size);
        struct test_guarded in = test_guarded_new(size, true), out = test_guarded_new(bound, true);
        uint8_t *by_scalar = malloc(bound);
        assert_non_null(by_scalar);
        for (int k = 0; k < KINDS; k++) {
            kinds[k].fill(in.data, size, &random);
            const size_t *hint = hints[test_random_below(&random, HINTS)];
            struct tile_deflate_piece piece = {in.data, size, hint[0], hint[1], true};
            size_t wanted = tile_deflate_run(scalar, by_scalar, &piece);
            assert_true(wanted < bound);
            assert_read(kinds[k].name, by_scalar, wanted, in.data, size);
            for (int cpu = TILE_CPU_SCALAR + 1; cpu < TILE_CPU_COUNT; cpu++) {
                if (!tile_cpu_available((tile_cpu)cpu))
                    continue;
                tile_deflate *coder = new_coder((tile_cpu)cpu);
                size_t written = tile_deflate_run(coder, out.data, &piece);
                if (written != wanted || memcmp(out.data, by_scalar, wanted) != 0)
                    fail_msg("%s, %zu bytes: %s writes something else", kinds[k].name, size,
                             tile_cpu_name((tile_cpu)cpu));
                tile_deflate_free(coder);
            }
        }
        free(by_scalar);
        test_guarded_free(in);
        test_guarded_free(out);
    }
    tile_deflate_free(scalar);
}

/* Pieces one behind the other are one stream, whatever the coder did before each. */
static void pieces_join(void **state) {
    (void)state;
    enum { PIECES = 12, MOST = 30000 };
    struct test_random random = {1};
    uint8_t *data = malloc(PIECES * MOST), *stream = malloc(PIECES * tile_deflate_bound(MOST));
    uint8_t *alone = malloc(tile_deflate_bound(MOST));
    assert_true(data && stream && alone);
    tile_deflate *coder = new_coder(TILE_CPU_BEST);
    size_t size = 0, written = 0;
    for (int i = 0; i < PIECES; i++) {
        size_t now = i % 5 == 4 ? 0 : test_random_below(&random, MOST);
        kinds[i % KINDS].fill(data + size, now, &random);
        struct tile_deflate_piece piece = {data + size, now, 97, 3, i == PIECES - 1};
        size_t bytes = tile_deflate_run(coder, stream + written, &piece);
        tile_deflate *fresh = new_coder(TILE_CPU_BEST);
        assert_int_equal(tile_deflate_run(fresh, alone, &piece), bytes);
        assert_memory_equal(alone, stream + written, bytes);
        tile_deflate_free(fresh);
        size += now;
        written += bytes;
    }
    assert_read("pieces", stream, written, data, size);
    tile_deflate_free(coder);
    free(data);
    free(stream);
    free(alone);
}

/* What has no order is stored: 5 bytes for each 65535, as the format has it, and little else. */
static void noise_is_stored(void **state) {
    (void)state;
    enum { SIZE = 200000 };
    struct test_random random = {1};
    uint8_t *data = malloc(SIZE), *out = malloc(tile_deflate_bound(SIZE));
    assert_true(data && out);
    tile_deflate *coder = new_coder(TILE_CPU_BEST);
    fill_random(data, SIZE, &random);
    struct tile_deflate_piece piece = {data, SIZE, 0, 0, true};
    assert_true(tile_deflate_run(coder, out, &piece) <= SIZE + 5 * 4 + 1);
    tile_deflate_free(coder);
    free(data);
    free(out);
}

/* Four times the same photograph, side by side: the three others cost next to nothing. */
static void far_repetitions_are_found(void **state) {
    (void)state;
    static const size_t distances[] = {3001, 12000, 24577, 32700};
    enum { MOST = 4 * 32700 };
    static uint8_t data[MOST], once[MOST], out[2 * MOST];
    tile_deflate *coder = new_coder(TILE_CPU_BEST);
    struct test_random random = {5};
    for (size_t k = 0; k < sizeof distances / sizeof *distances; k++) {
        size_t distance = distances[k], size = 4 * distance;
        fill_photograph(once, distance, &random);
        for (size_t i = 0; i < size; i++)
            data[i] = once[i % distance];
        struct tile_deflate_piece alone = {.data = once, .size = distance, .row = distance, .step = 3, .last = true};
        struct tile_deflate_piece all = {.data = data, .size = size, .row = size, .step = 3, .last = true};
        size_t least = tile_deflate_run(coder, out, &alone), got = tile_deflate_run(coder, out, &all);
        assert_read("repetitions", out, got, data, size);
        assert_true(got < least + least / 4);
    }
    tile_deflate_free(coder);
}

static void bounds_do_not_overflow(void **state) {
    (void)state;
    assert_true(tile_deflate_bound(0) >= 5);
    assert_true(tile_deflate_bound(SIZE_MAX) == SIZE_MAX);
    assert_true(tile_deflate_bound(SIZE_MAX / 2) > SIZE_MAX / 2);
}

static void memory_runs_out(void **state) {
    (void)state;
    struct test_memory memory;
    tile_deflate *coder;
    test_memory_init(&memory, 0);
    assert_fails(TILE_NO_MEMORY, tile_deflate_new(&coder, TILE_CPU_BEST, &memory.allocator, &error));
    assert_null(coder);
    test_memory_init(&memory, SIZE_MAX);
    assert_ok(tile_deflate_new(&coder, TILE_CPU_BEST, &memory.allocator, &error));
    tile_deflate_free(coder);
    assert_int_equal(memory.live, 0);
    tile_deflate_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_pieces_are_read_back),
        cmocka_unit_test(large_pieces_are_read_back),
        cmocka_unit_test(pieces_join),
        cmocka_unit_test(noise_is_stored),
        cmocka_unit_test(far_repetitions_are_found),
        cmocka_unit_test(bounds_do_not_overflow),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
