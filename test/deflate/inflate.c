/* SPDX-License-Identifier: MIT */
/* Inflating, held against zlib: streams of every kind, whole, damaged and cut off, in pieces of any size. */
#include "inflated.h"
#include "support.h"

#include "deflate/inflate.h"

#include <zlib.h>

enum { MOST = 100000 };

/* Differences of a photograph's pixels, runs, repetitions near and far, or noise; now one, then another. */
static void fill(unsigned char *data, size_t size, struct test_random *random) {
    for (size_t at = 0; at < size;) {
        size_t part = 1 + test_random_below(random, 4000), kind = test_random_below(random, 4);
        size_t distance = 1 + test_random_below(random, test_random_below(random, 2) ? 8 : 40000);
        part = part < size - at ? part : size - at;
        for (size_t i = at; i < at + part; i++)
            data[i] = (unsigned char)(kind == 0 && i >= distance ? data[i - distance]
                                      : kind == 1                ? at
                                      : kind == 2                ? test_random_next(random)
                                                  : test_random_below(random, 9) * test_random_below(random, 9) - 20);
        at += part;
    }
}

/* One of zlib's streams, to be freed. */
static unsigned char *make_stream(bool is_zlib, size_t *size, struct test_random *random) {
    static unsigned char data[MOST];
    size_t all = test_random_below(random, test_random_below(random, 3) ? 3000 : MOST);
    z_stream zlib = {0};
    fill(data, all, random);
    int bits = 9 + (int)test_random_below(random, 7), level = (int)test_random_below(random, 10);
    assert_int_equal(deflateInit2(&zlib, level, Z_DEFLATED, is_zlib ? bits : -bits,
                                  1 + (int)test_random_below(random, 9), (int)test_random_below(random, 5)),
                     Z_OK);
    *size = deflateBound(&zlib, all) + 10000;
    unsigned char *out = malloc(*size);
    assert_non_null(out);
    zlib.next_out = out;
    zlib.avail_out = (uInt)*size;
    zlib.next_in = data;
    while (zlib.total_in < all) { /* with empty blocks, and with those that end anywhere */
        size_t part = 1 + test_random_below(random, 30000);
        zlib.avail_in = (uInt)(part < all - zlib.total_in ? part : all - zlib.total_in);
        deflate(&zlib, (int)test_random_below(random, 4));
    }
    assert_int_equal(deflate(&zlib, Z_FINISH), Z_STREAM_END);
    *size = zlib.total_out;
    deflateEnd(&zlib);
    return out;
}

static void check(const unsigned char *stream, size_t size, bool is_zlib, struct test_random *random) {
    size_t most = test_random_below(random, 4) ? 2 * MOST : test_random_below(random, 5000);
    const char *what = inflated_differs(stream, size, is_zlib, most, test_random_next(random));
    if (what)
        fail_msg("%s: other than zlib's", what);
}

static void whole_streams(void **state) {
    (void)state;
    struct test_random random = {81};
    for (int run = 0; run < 400; run++) {
        size_t size;
        unsigned char *stream = make_stream(run % 2, &size, &random);
        check(stream, size, run % 2, &random);
        free(stream);
    }
}

/* Bits that are others, mostly among the first, where the codes are, or in what is left after a cut. */
static void damaged_streams(void **state) {
    (void)state;
    struct test_random random = {82};
    for (int run = 0; run < 150; run++) {
        size_t size;
        unsigned char *stream = make_stream(run % 2, &size, &random);
        for (int k = 0; k < 60; k++) {
            unsigned char *copy = malloc(size);
            assert_non_null(copy);
            memcpy(copy, stream, size);
            size_t left = k % 4 ? size : test_random_below(&random, (uint32_t)size);
            for (int flips = k % 4 ? 1 + k % 3 : 0; flips > 0; flips--) {
                uint32_t bound = test_random_below(&random, 2) && size > 120 ? 120 : (uint32_t)size;
                copy[test_random_below(&random, bound)] ^= (unsigned char)(1 << test_random_below(&random, 8));
            }
            check(copy, left, run % 2, &random);
            free(copy);
        }
        free(stream);
    }
}

/* Noise is soon refused; behind the head of a dynamic block that says how many codes there are, not so soon. */
static void any_bytes(void **state) {
    (void)state;
    struct test_random random = {83};
    for (int run = 0; run < 30000; run++) {
        unsigned char data[200];
        for (size_t i = 0; i < sizeof data; i++)
            data[i] = (unsigned char)(run % 3 ? test_random_next(&random) : test_random_below(&random, 5) * 9);
        if (run % 2)
            data[0] = (unsigned char)((data[0] & 0xF8) | 5);
        check(data, test_random_below(&random, sizeof data), false, &random);
    }
}

/* From a bit within a byte on, with what was before. */
static void from_the_middle(void **state) {
    (void)state;
    struct test_random random = {84};
    static unsigned char data[MOST], room[MOST];
    static struct tile_inflate inflate;
    fill(data, MOST, &random);
    int boundaries = 0;
    for (int level = 1; level < 10; level += 4) {
        uLongf size = compressBound(MOST);
        unsigned char *stream = malloc(size);
        assert_non_null(stream);
        assert_int_equal(compress2(stream, &size, data, MOST, level), Z_OK);
        tile_inflate_begin_zlib(&inflate);
        inflate.stop_at_blocks = true;
        inflate.next = stream;
        inflate.ready = size;
        inflate.history = inflate.to = room;
        inflate.room = MOST;
        while (tile_inflate_run(&inflate) == TILE_INFLATE_BLOCK && !inflate.last) {
            static struct tile_inflate other;
            unsigned bits = inflate.count;
            size_t at = (size_t)(inflate.to - room), used = size - inflate.ready;
            static unsigned char rest[MOST];
            memcpy(rest, room, at);
            other.next = stream + used;
            other.ready = size - used;
            other.history = rest;
            other.to = rest + at;
            other.room = MOST - at;
            tile_inflate_begin_raw(&other, (unsigned)stream[used - 1] >> (8 - bits), bits);
            assert_int_equal(tile_inflate_run(&other), TILE_INFLATE_END);
            assert_memory_equal(rest, data, MOST);
            assert_int_equal(other.ready, 4); /* the checksum, which is not deflate's */
            boundaries++;
        }
        free(stream);
    }
    assert_true(boundaries > 6);
}

static void a_wrong_checksum_can_be_ignored(void **state) {
    (void)state;
    static struct tile_inflate inflate;
    unsigned char stream[100], out[10];
    uLongf size = sizeof stream;
    assert_int_equal(compress(stream, &size, (const unsigned char *)"checksum", 8), Z_OK);
    stream[size - 1] ^= 1;
    for (int ignore = 0; ignore < 2; ignore++) {
        tile_inflate_begin_zlib(&inflate);
        inflate.ignore_checksum = ignore;
        inflate.next = stream;
        inflate.ready = size;
        inflate.history = inflate.to = out;
        inflate.room = sizeof out;
        assert_int_equal(tile_inflate_run(&inflate), ignore ? TILE_INFLATE_END : TILE_INFLATE_BAD);
        assert_memory_equal(out, "checksum", 8);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_streams),
        cmocka_unit_test(damaged_streams),
        cmocka_unit_test(any_bytes),
        cmocka_unit_test(from_the_middle),
        cmocka_unit_test(a_wrong_checksum_can_be_ignored),
    };
    return cmocka_run_group_tests_name("deflate-inflate", tests, NULL, NULL);
}
