/* SPDX-License-Identifier: MIT */
/* PNGs of all kinds, made here by libpng and zlib, read through an index and held against libpng's decoding of all. */
#include "chunks.h"
#include "common.h"

#include "base/buffer.h"
#include "base/bytes.h"
#include "index/png_table.h"
#include "deflate/unfilter.h"

#include <png.h>
#include <xxhash.h>
#include <zlib.h>

static struct tile_error error;

static const int types[][2] = {{0, 1}, {0, 2}, {0, 4}, {0, 8}, {0, 16}, {2, 8}, {2, 16}, {3, 1},
                               {3, 2}, {3, 4}, {3, 8}, {4, 8}, {4, 16}, {6, 8}, {6, 16}};
enum { TYPES = sizeof types / sizeof types[0] };

/* Builds, uses, compares `count` rectangles with libpng's pixels. */
static void check(const struct tile_buffer *file, uint32_t step, int orientation, int count,
                  struct test_random *random) {
    struct stored stored;
    unsigned char *pixels = png_decoded(file, &stored);
    tile_source *source = open_memory(file);
    tile_index *index = index_of(source, step);
    assert_ok(tile_source_use_index(source, index, &error));
    assert_true(tile_source_info(source)->indexed);
    check_regions(source, tile_source_info(source)->format, stored, orientation, count, random);
    tile_source_close(source);
    tile_index_free(index);
    free(pixels);
}

static void all_kinds_of_files(void **state) {
    (void)state;
    static const int strategies[] = {Z_DEFAULT_STRATEGY, Z_FILTERED, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE};
    static const int filters[] = {
        0, PNG_FILTER_NONE, PNG_FILTER_SUB, PNG_FILTER_UP, PNG_FILTER_AVG, PNG_FILTER_PAETH, PNG_ALL_FILTERS};
    static const int levels[] = {0, 1, 6, 9};
    static const uint32_t idats[] = {0, 1, 2, 7, 100, 4095, 1 << 20}, steps[] = {1, 7, 256, 33, 0};
    static const uint32_t widths[] = {1, 2, 3, 7, 31, 97, 200, 1030}, heights[] = {1, 2, 40, 131, 300};
    struct test_random random = {21};
#define ANY(list) list[test_random_below(&random, sizeof list / sizeof list[0])]
    for (int run = 0; run < 24 * TYPES; run++) {
        struct png_recipe k = {.width = ANY(widths),
                               .height = ANY(heights),
                               .type = types[run % TYPES][0],
                               .depth = types[run % TYPES][1],
                               .transparent = run / TYPES % 2,
                               .filters = ANY(filters),
                               .level = ANY(levels),
                               .strategy = ANY(strategies),
                               .memory = (int)test_random_below(&random, 10),
                               .mixed = (uint64_t)run + 1,
                               .orientation = (int)test_random_below(&random, 9)};
        uint32_t idat = ANY(idats);
        struct tile_buffer file = idat ? png_in_chunks(&k, idat) : png_file(&k);
        check(&file, ANY(steps), k.orientation ? k.orientation : 1, 6, &random);
        tile_buffer_free(&file);
    }
}

static void fixtures(void **state) {
    (void)state;
    static const char *const names[] = {"gray1.png",        "gray2.png",       "gray4.png",       "gray8.png",
                                        "gray16.png",       "rgb8.png",        "rgb16.png",       "palette1.png",
                                        "palette2.png",     "palette4.png",    "palette8.png",    "palette-trns.png",
                                        "gray-trns.png",    "gray16-trns.png", "rgb-trns.png",    "gray-alpha8.png",
                                        "gray-alpha16.png", "rgb-alpha8.png",  "rgb-alpha16.png", "gamma-1.png",
                                        "srgb.png",         "p3-profile.png",  "p3-cicp.png",     "orientation-6.png"};
    struct test_random random = {22};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct test_bytes bytes = test_read_file(test_fixture(names[i]));
        struct tile_buffer file = {.data = bytes.data, .size = bytes.size};
        check(&file, 20, strcmp(names[i], "orientation-6.png") == 0 ? 6 : 1, 12, &random);
        free(bytes.data);
    }
}

/* One block of deflate over all rows; a block every few rows, as flushing makes them; a block every few bits. */
static void blocks_of_any_length(void **state) {
    (void)state;
    struct test_random random = {23};
    struct png_recipe k = {.width = 300, .height = 500, .type = 0, .depth = 8, .mixed = 9, .level = 6};
    struct tile_buffer file = png_file(&k);
    struct png_parts parts = png_take_apart(&file);
    uLong size = 301 * 500;
    unsigned char *rows = png_rows(&parts, size);
    for (int manner = 0; manner < 4; manner++) {
        struct tile_buffer stream = {0};
        assert_ok(tile_buffer_reserve(&stream, 1 << 22, &error));
        z_stream zlib = {0};
        assert_int_equal(deflateInit2(&zlib, 6, Z_DEFLATED, 15, manner == 0 ? 9 : 8, Z_DEFAULT_STRATEGY), Z_OK);
        zlib.next_in = rows;
        zlib.next_out = stream.data;
        zlib.avail_out = 1 << 22;
        for (size_t done = 0; done < size;) {
            size_t part = manner == 0 ? size : manner == 1 ? 7 * 301 : manner == 2 ? 1 : 5000;
            zlib.avail_in = (uInt)(size - done < part ? size - done : part);
            done += zlib.avail_in;
            assert_int_equal(deflate(&zlib, manner == 1   ? Z_FULL_FLUSH
                                            : manner == 2 ? Z_PARTIAL_FLUSH
                                                          : Z_SYNC_FLUSH),
                             Z_OK);
        }
        assert_int_equal(deflate(&zlib, Z_FINISH), Z_STREAM_END);
        stream.size = zlib.total_out;
        deflateEnd(&zlib);
        struct tile_buffer whole = png_put_together(&file, &parts, &stream, 2000);
        for (uint32_t step = 1; step < 400; step *= 7)
            check(&whole, step, 1, 10, &random);
        tile_buffer_free(&whole);
        tile_buffer_free(&stream);
    }
    free(rows);
    tile_buffer_free(&parts.stream);
    tile_buffer_free(&file);
}

/* Fixed codes (RFC 1951, 3.2.6), in one block over all, without matches. */
static struct tile_buffer one_block(const unsigned char *rows, size_t size) {
    struct tile_buffer stream = {0};
    assert_ok(tile_buffer_reserve(&stream, size + size / 8 + 64, &error));
    memset(stream.data, 0, size + size / 8 + 64);
    memcpy(stream.data, "\x78\x01\x03", 3); /* zlib's header; the last block, fixed */
    size_t at = 16 + 3;
    for (size_t i = 0; i < size; i++) {
        unsigned count = rows[i] < 144 ? 8 : 9, code = rows[i] < 144 ? 48u + rows[i] : 400u + (rows[i] - 144u);
        for (unsigned bit = count; bit-- > 0; at++)
            stream.data[at / 8] |= (unsigned char)((code >> bit & 1) << at % 8);
    }
    stream.size = (at + 7 + 7) / 8; /* its end: 7 zeros */
    tile_put_be(stream.data + stream.size, adler32(1, rows, (uInt)size), 4);
    stream.size += 4;
    return stream;
}

/* Behind the first `count` bytes of the IDAT chunks' data. */
static uint64_t place_behind(const struct tile_buffer *file, uint64_t count) {
    for (size_t at = 8;;) {
        size_t size = (size_t)tile_get_be(file->data + at, 4);
        if (memcmp(file->data + at + 4, "IDAT", 4) == 0) {
            if (count <= size)
                return at + 8 + count;
            count -= size;
        }
        at += 12 + size;
    }
}

struct boundaries {
    struct boundary {
        uint64_t inflated, place;
        unsigned bits;
    } * list;
    size_t count;
};

static struct boundaries find_boundaries(const struct tile_buffer *file) {
    struct boundaries all = {.list = malloc(200000 * sizeof *all.list)};
    struct png_parts parts = png_take_apart(file);
    unsigned char output[4096];
    z_stream zlib = {.next_in = parts.stream.data, .avail_in = (uInt)parts.stream.size};
    assert_non_null(all.list);
    assert_int_equal(inflateInit(&zlib), Z_OK);
    for (int result = Z_OK; result != Z_STREAM_END;) {
        zlib.next_out = output;
        zlib.avail_out = sizeof output;
        result = inflate(&zlib, Z_BLOCK);
        assert_true(result == Z_OK || result == Z_STREAM_END);
        if (zlib.data_type & 128) {
            assert_true(all.count < 200000);
            all.list[all.count++] =
                (struct boundary){zlib.total_out, place_behind(file, zlib.total_in), (unsigned)zlib.data_type & 7};
        }
    }
    inflateEnd(&zlib);
    tile_buffer_free(&parts.stream);
    return all;
}

struct seen {
    int ends, none, bits[8], end_bits[8];
};

/* Where each checkpoint begins and ends is a boundary that zlib tells, the ends being the first possible ones. */
static void check_ends(const struct tile_buffer *file, uint32_t step, size_t row, uint32_t height, struct seen *seen) {
    struct boundaries all = find_boundaries(file);
    tile_source *source = open_memory(file);
    tile_index *index = index_of(source, step);
    for (uint32_t i = 0; i < index->header.rows; i++) {
        unsigned char entry[TILE_PNG_ENTRY];
        assert_ok(tile_index_read(index, 8 + (uint64_t)TILE_PNG_ENTRY * i, entry, sizeof entry, &error));
        struct tile_png_checkpoint c = tile_png_get_checkpoint(entry);
        uint64_t last = (uint64_t)(i + 1) * step, end = (row + 1) * (last < height ? last : height);
        uint64_t overtaken = (row + 1) * (uint64_t)step * (i + 8); /* it waits for no longer than that */
        size_t from = 0, to = 0;
        while (from < all.count && (all.list[from].place != c.begin || all.list[from].bits != c.bits))
            from++;
        while (to < all.count && all.list[to].inflated < end)
            to++;
        assert_true(from < all.count && to < all.count && all.list[from].inflated == c.inflated);
        const struct boundary *b = &all.list[to];
        assert_int_equal(c.checksum, XXH3_64bits(file->data + c.begin, (size_t)(c.end - c.begin)));
        if (c.inflated_end == 0) {
            assert_true(!tile_png_is_near(end - c.inflated, b->inflated - c.inflated) || overtaken < b->inflated);
            assert_true(c.end <= b->place);
            seen->none++;
            continue;
        }
        assert_true(c.inflated_end == b->inflated && c.end == b->place && c.end_bits == b->bits);
        assert_true(b->inflated - c.inflated <= 2 * (end - c.inflated) + (1 << 20));
        seen->ends++;
        seen->bits[c.bits]++;
        seen->end_bits[c.end_bits]++;
    }
    tile_source_close(source);
    tile_index_free(index);
    free(all.list);
}

static void checkpoints_end_at_boundaries(void **state) {
    (void)state;
    struct seen seen = {0};
    static const int strategies[] = {Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY};
    for (int run = 0; run < 36; run++) {
        struct png_recipe k = {
            .width = 150, .height = 200, .type = 2, .depth = 8, .mixed = (uint64_t)run + 2, .level = run % 4 ? 6 : 0};
        k.memory = 1 + run % 3 * 4;
        k.strategy = strategies[run / 4 % 3];
        struct tile_buffer file = run % 2 ? png_file(&k) : png_in_chunks(&k, 77);
        for (uint32_t step = 1; step <= 256; step *= 4)
            check_ends(&file, step, 450, 200, &seen);
        tile_buffer_free(&file);
    }
    for (int i = 0; i < 8; i++)
        assert_true(seen.bits[i] > 0 && seen.end_bits[i] > 0);
    assert_true(seen.ends > 500);
}

/* Longer than any memory for libdeflate: zlib reads the beginning, and libdeflate what is near the end. */
static void one_large_block(void **state) {
    (void)state;
    struct test_random random = {32};
    struct png_recipe k = {.width = 1800, .height = 1800, .type = 0, .depth = 8, .mixed = 3, .level = 6};
    struct tile_buffer file = png_file(&k);
    struct png_parts parts = png_take_apart(&file);
    uLong size = 1801 * 1800;
    unsigned char *rows = png_rows(&parts, size);
    struct tile_buffer stream = one_block(rows, size);
    for (size_t most = 1000; most <= 10000000; most *= 10000) {
        struct tile_buffer whole = png_put_together(&file, &parts, &stream, most);
        struct seen seen = {0};
        check_ends(&whole, 256, 1800, 1800, &seen);
        assert_true(seen.ends == 6 && seen.none == 2);
        check(&whole, 256, 1, 10, &random);
        check_ends(&whole, 16, 1800, 1800, &seen);
        tile_buffer_free(&whole);
    }
    free(rows);
    tile_buffer_free(&stream);
    tile_buffer_free(&parts.stream);
    tile_buffer_free(&file);
}

/* PNG (third edition), 9: written down once more, a byte at a time. */
static unsigned predicted(unsigned filter, int left, int above, int corner) {
    int p = left + above - corner, a = abs(p - left), b = abs(p - above), c = abs(p - corner);
    switch (filter) {
    case 1: return (unsigned)left;
    case 2: return (unsigned)above;
    case 3: return (unsigned)(left + above) / 2;
    case 4: return (unsigned)(a <= b && a <= c ? left : b <= c ? above : corner);
    default: return 0;
    }
}

static void filters_are_undone(void **state) {
    (void)state;
    struct test_random random = {24};
    static const unsigned steps[] = {1, 2, 3, 4, 6, 8};
    const struct tile_deflate_kernels *kernels = tile_deflate_kernels_of(TILE_CPU_SCALAR);
    for (int run = 0; run < 3000; run++) {
        unsigned step = steps[run % 6], filter = test_random_below(&random, 5);
        size_t size = step * (1 + test_random_below(&random, 60));
        struct test_guarded row = test_guarded_new(size, run % 2), prior = test_guarded_new(size, run % 4 < 2);
        unsigned char original[480];
        bool extreme = run % 3 == 0;
        for (size_t i = 0; i < size; i++) {
            original[i] =
                (unsigned char)(extreme ? -(int)test_random_below(&random, 2) : (int)test_random_next(&random));
            prior.data[i] =
                (unsigned char)(extreme ? -(int)test_random_below(&random, 2) : (int)test_random_next(&random));
        }
        for (size_t i = 0; i < size; i++)
            row.data[i] = (unsigned char)(original[i] - predicted(filter, i < step ? 0 : original[i - step],
                                                                  prior.data[i], i < step ? 0 : prior.data[i - step]));
        assert_true(tile_png_unfilter(kernels, filter, row.data, prior.data, size, step));
        assert_memory_equal(row.data, original, size);
        assert_false(tile_png_unfilter(kernels, 5 + test_random_below(&random, 251), row.data, prior.data, size, step));
        kernels->filter(row.data, original, prior.data, size, step, TILE_PNG_SUB);
        assert_true(tile_png_unfilter(kernels, 1, row.data, prior.data, size, step));
        assert_memory_equal(row.data, original, size);
        test_guarded_free(row);
        test_guarded_free(prior);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_kinds_of_files),   cmocka_unit_test(fixtures),
        cmocka_unit_test(blocks_of_any_length), cmocka_unit_test(checkpoints_end_at_boundaries),
        cmocka_unit_test(one_large_block),      cmocka_unit_test(filters_are_undone),
    };
    return cmocka_run_group_tests_name("index-png", tests, NULL, NULL);
}
