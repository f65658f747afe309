/* SPDX-License-Identifier: MIT */
/* Streams of all levels, whole and in pieces, inflated by zlib, which checks their Adler-32. */
#include "support.h"

#include "deflate/packer.h"

#include <zlib.h>

static struct tile_error error;

enum { SIZE = 300000, ROW = 301, STEP = 3 };

/* Runs, a gradient and noise. */
static void fill(uint8_t *data, size_t size) {
    struct test_random random = {7};
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)(i / 5000 % 3 == 0 ? 9 : i / 5000 % 3 == 1 ? i / 7 : test_random_below(&random, 256));
}

/* The pieces that end at the given places, as one stream. */
static tile_status pack(int level, const struct tile_allocator *allocator, const uint8_t *data, const size_t *ends,
                        size_t count, struct tile_buffer *out) {
    tile_packer *packer;
    uint8_t *room;
    uint32_t all = 1, adler;
    tile_status status = tile_packer_new(&packer, level, TILE_CPU_BEST, allocator, &error);
    for (size_t i = 0, begin = 0; i < count && status == TILE_OK; begin = ends[i++]) {
        struct tile_pack piece = {.row = ROW, .step = STEP, .first = i == 0, .last = i + 1 == count};
        status = tile_packer_room(packer, ends[i] - begin, &room, &error);
        if (status != TILE_OK)
            break;
        memcpy(room, data + begin, ends[i] - begin);
        status = tile_packer_pack(packer, &piece, out, &adler, &error);
        all = i ? tile_adler_join(all, adler, ends[i] - begin) : adler;
    }
    if (status == TILE_OK && count > 1)
        status = tile_packer_end(out, all, &error);
    tile_packer_free(packer);
    return status;
}

static void streams_inflate(void **state) {
    (void)state;
    static const size_t whole[] = {SIZE}, small[] = {1}, uneven[] = {1, 2, 700, 65537, 65538, 200000, SIZE};
    static const struct {
        const size_t *ends;
        size_t count;
    } ways[] = {{whole, 1}, {small, 1}, {uneven, 7}};
    static uint8_t data[SIZE], back[SIZE + 1];
    fill(data, SIZE);
    for (int level = 1; level <= 9; level++)
        for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
            struct tile_buffer out = {0};
            assert_ok(pack(level, NULL, data, ways[w].ends, ways[w].count, &out));
            uLongf size = sizeof back;
            uLong taken = out.size;
            assert_int_equal(uncompress2(back, &size, out.data, &taken), Z_OK);
            assert_int_equal(taken, out.size);
            assert_int_equal(size, ways[w].ends[ways[w].count - 1]);
            assert_memory_equal(back, data, size);
            tile_buffer_free(&out);
        }
}

/* Each piece can be inflated when the ones before have been: it ends on a whole byte. */
static void pieces_end_on_whole_bytes(void **state) {
    (void)state;
    static uint8_t data[SIZE], back[SIZE];
    fill(data, SIZE);
    for (int level = 1; level <= 9; level++)
        for (size_t size = 1; size < 40; size++) {
            struct tile_buffer out = {0};
            tile_packer *packer;
            uint8_t *room;
            uint32_t adler;
            struct tile_pack piece = {.first = true};
            assert_ok(tile_packer_new(&packer, level, TILE_CPU_BEST, NULL, &error));
            assert_ok(tile_packer_room(packer, size * 997, &room, &error));
            memcpy(room, data, size * 997);
            assert_ok(tile_packer_pack(packer, &piece, &out, &adler, &error));
            assert_int_equal(adler, adler32(1, data, (uInt)(size * 997)));
            z_stream zlib = {.next_in = out.data, .avail_in = (uInt)out.size, .next_out = back, .avail_out = SIZE};
            assert_int_equal(inflateInit(&zlib), Z_OK);
            assert_int_equal(inflate(&zlib, Z_SYNC_FLUSH), Z_OK);
            assert_int_equal(zlib.avail_in, 0);
            assert_int_equal(zlib.total_out, size * 997);
            assert_memory_equal(back, data, size * 997);
            inflateEnd(&zlib);
            tile_packer_free(packer);
            tile_buffer_free(&out);
        }
}

static void failing_memory_is_reported(void **state) {
    (void)state;
    static const size_t ends[] = {1000, 30000};
    static uint8_t data[SIZE];
    fill(data, SIZE);
    for (int level = 1; level <= 2; level++) {
        tile_status status = TILE_NO_MEMORY;
        for (size_t n = 0; status != TILE_OK; n++) {
            struct test_memory memory;
            test_memory_init(&memory, n);
            struct tile_buffer out = {.allocator = &memory.allocator};
            status = pack(level, &memory.allocator, data, ends, 2, &out);
            assert_true(status == TILE_OK || status == TILE_NO_MEMORY);
            tile_buffer_free(&out);
            assert_int_equal(memory.live, 0);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_inflate),
        cmocka_unit_test(pieces_end_on_whole_bytes),
        cmocka_unit_test(failing_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
