/* SPDX-License-Identifier: MIT */
/* PNGs of all kinds, made here by libpng and zlib, read through an index and held against libpng's decoding of all. */
#include "picture.h"

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/input.h"
#include "index/png_table.h"
#include "index/png_unfilter.h"

#include <png.h>
#include <xxhash.h>
#include <zlib.h>

static struct tile_error error;

/* ---- Files ------------------------------------------------------------------------------------------------- */

struct kind {
    uint32_t width, height;
    int type, depth;
    bool transparent;
    int filters, level, strategy, memory; /* as libpng and zlib have them; 0: the default, but for level */
    uint32_t idat;                        /* the most bytes of data in an IDAT chunk */
    int orientation;
};

static const int types[][2] = {{0, 1}, {0, 2}, {0, 4}, {0, 8}, {0, 16}, {2, 8}, {2, 16}, {3, 1},
                               {3, 2}, {3, 4}, {3, 8}, {4, 8}, {4, 16}, {6, 8}, {6, 16}};
enum { TYPES = sizeof types / sizeof types[0] };

static void append(struct tile_buffer *buffer, const void *data, size_t size) {
    assert_ok(tile_buffer_append(buffer, data, size, &error));
}

static void append_chunk(struct tile_buffer *buffer, const char *type, const void *data, size_t size) {
    unsigned char head[8], tail[4];
    tile_put_be(head, size, 4);
    memcpy(head + 4, type, 4);
    tile_put_be(tail, crc32(crc32(0, head + 4, 4), size ? data : head, (uInt)size), 4);
    append(buffer, head, 8);
    append(buffer, data, size);
    append(buffer, tail, 4);
}

static void to_buffer(png_structp png, png_bytep data, png_size_t size) {
    append(png_get_io_ptr(png), data, size);
}

static void no_flush(png_structp png) {
    (void)png;
}

/* Where a file's IDAT chunks are, and their data as one. */
struct parts {
    size_t begin, end;
    struct tile_buffer stream;
};

static struct parts take_apart(const struct tile_buffer *file) {
    struct parts parts = {0};
    for (size_t at = 8; at + 12 <= file->size;) {
        size_t size = (size_t)tile_get_be(file->data + at, 4);
        if (memcmp(file->data + at + 4, "IDAT", 4) == 0) {
            if (!parts.begin)
                parts.begin = at;
            append(&parts.stream, file->data + at + 8, size);
            parts.end = at + 12 + size;
        }
        at += 12 + size;
    }
    return parts;
}

/* The file with another stream in chunks of `most` bytes, with an empty one in front where that is odd. */
static struct tile_buffer put_together(const struct tile_buffer *file, const struct parts *parts,
                                       const struct tile_buffer *stream, size_t most) {
    struct tile_buffer out = {0};
    append(&out, file->data, parts->begin);
    if (most % 2)
        append_chunk(&out, "IDAT", NULL, 0);
    for (size_t at = 0; at < stream->size; at += most)
        append_chunk(&out, "IDAT", stream->data + at, stream->size - at < most ? stream->size - at : most);
    append(&out, file->data + parts->end, file->size - parts->end);
    return out;
}

static struct tile_buffer make(const struct kind *k, uint64_t seed) {
    struct tile_buffer file = {0};
    struct test_random random = {seed};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(png, &file, to_buffer, no_flush);
    png_set_compression_level(png, k->level);
    png_set_compression_strategy(png, k->strategy);
    if (k->memory)
        png_set_compression_mem_level(png, k->memory);
    if (k->filters)
        png_set_filter(png, 0, k->filters);
    png_set_IHDR(png, info, k->width, k->height, k->depth, k->type, 0, 0, 0);
    if (k->type == PNG_COLOR_TYPE_PALETTE) {
        png_color palette[256];
        png_byte alpha[256];
        for (int i = 0; i < 256; i++) {
            palette[i] = (png_color){(png_byte)(i * 7), (png_byte)(255 - i), (png_byte)(i * i)};
            alpha[i] = (png_byte)(i * 31);
        }
        png_set_PLTE(png, info, palette, 1 << k->depth);
        if (k->transparent)
            png_set_tRNS(png, info, alpha, (1 << k->depth) / 2 + 1, NULL);
    } else if (k->transparent && !(k->type & PNG_COLOR_MASK_ALPHA)) {
        png_color_16 key = {.gray = 1, .red = 3, .green = 3, .blue = 3};
        png_set_tRNS(png, info, NULL, 0, &key);
    }
    unsigned char exif[26];
    if (k->orientation) {
        exif_block(exif, (unsigned)k->orientation, false);
        png_set_eXIf_1(png, info, sizeof exif, exif);
    }
    png_write_info(png, info);
    size_t row_size = png_get_rowbytes(png, info);
    unsigned char *row = calloc(1, row_size);
    assert_non_null(row);
    for (uint32_t y = 0; y < k->height; y++) {
        /* Slopes, flat places and noise: all filters are the best one somewhere. */
        for (size_t i = 0; i < row_size; i++)
            row[i] = (unsigned char)(y / 16 % 3 == 0   ? i + 3 * y
                                     : y / 16 % 3 == 1 ? test_random_next(&random) >> 56
                                                       : i / 32 * 5 + (test_random_below(&random, 9) == 0));
        png_write_row(png, row);
    }
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    free(row);
    if (k->idat == 0)
        return file;
    struct parts parts = take_apart(&file);
    struct tile_buffer out = put_together(&file, &parts, &parts.stream, k->idat);
    tile_buffer_free(&parts.stream);
    tile_buffer_free(&file);
    return out;
}

/* A file for the tests of what goes wrong: some checkpoints, boundaries of blocks and chunks between them. */
static struct tile_buffer make_usual(void) {
    return make(&(struct kind){.width = 150, .height = 200, .type = 2, .depth = 8, .level = 6, .idat = 3000}, 5);
}

/* ---- libpng's pixels --------------------------------------------------------------------------------------- */

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

static unsigned char *decode(const struct tile_buffer *file, struct stored *stored) {
    struct cursor cursor = {file->data, file->size};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    if (setjmp(png_jmpbuf(png)))
        fail_msg("libpng cannot decode it");
    png_set_read_fn(png, &cursor, from_cursor);
    png_read_info(png, info);
    png_set_expand(png);
    if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
        png_set_swap(png);
    png_read_update_info(png, info);
    uint32_t width = png_get_image_width(png, info), height = png_get_image_height(png, info);
    size_t row_size = png_get_rowbytes(png, info);
    unsigned char *pixels = malloc(row_size * height);
    assert_non_null(pixels);
    for (uint32_t y = 0; y < height; y++)
        png_read_row(png, pixels + y * row_size, NULL);
    *stored = (struct stored){pixels, width, height, row_size / width};
    png_destroy_read_struct(&png, &info, NULL);
    return pixels;
}

/* ---- Reading ----------------------------------------------------------------------------------------------- */

static tile_source *open_memory(const struct tile_buffer *file) {
    tile_source *source;
    assert_ok(tile_source_open_memory(&source, file->data, file->size, NULL, &error));
    return source;
}

static tile_status build(tile_index **index, tile_source *source, uint32_t step) {
    struct tile_index_options options = TILE_OPTIONS(struct tile_index_options);
    options.tile_height = step;
    return tile_index_build(index, source, &options, &error);
}

static struct tile_buffer saved(const tile_index *index) {
    struct tile_buffer out = {0};
    struct tile_writer writer = tile_buffer_writer(&out);
    assert_ok(tile_index_save(index, &writer, &error));
    return out;
}

static tile_status load(tile_index **index, const void *data, size_t size) {
    struct tile_reader reader;
    assert_ok(tile_reader_open_memory(&reader, data, size, NULL, &error));
    return tile_index_load(index, &reader, NULL, &error);
}

/* Builds, uses, compares `count` rectangles with libpng's pixels. */
static void check(const struct tile_buffer *file, uint32_t step, int orientation, int count,
                  struct test_random *random) {
    struct stored stored;
    unsigned char *pixels = decode(file, &stored);
    tile_source *source = open_memory(file);
    tile_index *index;
    assert_ok(build(&index, source, step));
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
        struct kind k = {.width = ANY(widths),
                         .height = ANY(heights),
                         .type = types[run % TYPES][0],
                         .depth = types[run % TYPES][1],
                         .transparent = run / TYPES % 2,
                         .filters = ANY(filters),
                         .level = ANY(levels),
                         .strategy = ANY(strategies),
                         .memory = (int)test_random_below(&random, 10),
                         .idat = ANY(idats),
                         .orientation = (int)test_random_below(&random, 9)};
        struct tile_buffer file = make(&k, (uint64_t)run + 1);
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
    struct kind k = {.width = 300, .height = 500, .type = 0, .depth = 8, .level = 6};
    struct tile_buffer file = make(&k, 9);
    struct parts parts = take_apart(&file);
    uLong size = 301 * 500;
    unsigned char *rows = malloc(size);
    assert_non_null(rows);
    assert_int_equal(uncompress(rows, &size, parts.stream.data, parts.stream.size), Z_OK);
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
        struct tile_buffer whole = put_together(&file, &parts, &stream, 2000);
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
    struct parts parts = take_apart(file);
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
    tile_index *index;
    assert_ok(build(&index, source, step));
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
        struct kind k = {.width = 150, .height = 200, .type = 2, .depth = 8, .level = run % 4 ? 6 : 0};
        k.memory = 1 + run % 3 * 4;
        k.strategy = strategies[run / 4 % 3];
        k.idat = run % 2 ? 0 : 77;
        struct tile_buffer file = make(&k, (uint64_t)run);
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
    struct kind k = {.width = 1800, .height = 1800, .type = 0, .depth = 8, .level = 6};
    struct tile_buffer file = make(&k, 3);
    struct parts parts = take_apart(&file);
    uLong size = 1801 * 1800;
    unsigned char *rows = malloc(size);
    assert_non_null(rows);
    assert_int_equal(uncompress(rows, &size, parts.stream.data, parts.stream.size), Z_OK);
    struct tile_buffer stream = one_block(rows, size);
    for (size_t most = 1000; most <= 10000000; most *= 10000) {
        struct tile_buffer whole = put_together(&file, &parts, &stream, most);
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
        assert_true(tile_png_unfilter(filter, row.data, prior.data, size, step));
        assert_memory_equal(row.data, original, size);
        assert_false(tile_png_unfilter(5 + test_random_below(&random, 251), row.data, prior.data, size, step));
        tile_png_filter_sub(row.data, original, size, step);
        assert_true(tile_png_unfilter(1, row.data, prior.data, size, step));
        assert_memory_equal(row.data, original, size);
        test_guarded_free(row);
        test_guarded_free(prior);
    }
}

/* ---- The index --------------------------------------------------------------------------------------------- */

static void a_saved_index_is_the_same(void **state) {
    (void)state;
    struct test_random random = {25};
    struct tile_buffer file = make_usual();
    struct stored stored;
    unsigned char *pixels = decode(&file, &stored);
    tile_source *source = open_memory(&file);
    tile_index *index, *loaded;
    assert_ok(build(&index, source, 16));
    struct tile_buffer bytes = saved(index);
    tile_index_free(index);
    assert_ok(load(&loaded, bytes.data, bytes.size));
    struct tile_buffer again = saved(loaded);
    assert_int_equal(again.size, bytes.size);
    assert_memory_equal(again.data, bytes.data, bytes.size);
    assert_ok(tile_source_use_index(source, loaded, &error));
    check_regions(source, tile_source_info(source)->format, stored, 1, 30, &random);
    assert_ok(tile_source_use_index(source, NULL, &error));
    check_regions(source, tile_source_info(source)->format, stored, 1, 3, &random);
    tile_source_close(source);
    tile_index_free(loaded);
    tile_buffer_free(&again);
    tile_buffer_free(&bytes);
    tile_buffer_free(&file);
    free(pixels);
}

static tile_status read_rect(tile_source *source, struct tile_rect rect, struct tile_image *image) {
    image->width = rect.width;
    image->height = rect.height;
    return tile_source_read(source, rect, image, &error);
}

static void a_part_has_its_rows_and_no_others(void **state) {
    (void)state;
    struct test_random random = {26};
    /* Short blocks: there is a window at the second checkpoint. */
    struct tile_buffer file =
        make(&(struct kind){.width = 150, .height = 200, .type = 2, .depth = 8, .level = 6, .memory = 1}, 5);
    struct stored stored;
    unsigned char *pixels = decode(&file, &stored);
    tile_source *source = open_memory(&file), *other = open_memory(&file), *third = open_memory(&file);
    tile_index *indices[2], *part, *loaded;
    struct tile_image image;
    assert_ok(build(&indices[0], source, 16));
    assert_ok(build(&indices[1], source, 128));
    assert_ok(tile_image_alloc(&image, tile_source_info(source)->format, stored.width, stored.height, NULL, &error));
    for (int run = 0; run < 40; run++) {
        struct tile_rect rect = {.x = test_random_below(&random, 100), .y = test_random_below(&random, 200)};
        rect.width = 1 + test_random_below(&random, 50);
        rect.height = 1 + test_random_below(&random, 200 - rect.y);
        uint32_t step = run % 2 ? 128 : 16;
        assert_ok(tile_source_use_index(source, indices[run % 2], &error));
        assert_ok(tile_index_part(&part, source, rect, NULL, &error));
        struct tile_buffer bytes = saved(part);
        assert_int_equal(part->header.rows, (rect.y + rect.height - 1) / step - rect.y / step + 1);
        tile_index_free(part);
        assert_ok(load(&loaded, bytes.data, bytes.size));
        assert_ok(tile_source_use_index(other, loaded, &error));
        for (int i = 0; i < 12; i++) {
            struct tile_rect some = {.y = test_random_below(&random, 200), .width = 150};
            some.height = 1 + test_random_below(&random, 200 - some.y);
            if (i < 4) /* within */
                some.y = rect.y + test_random_below(&random, rect.height),
                some.height = 1 + test_random_below(&random, rect.y + rect.height - some.y);
            bool within = some.y / step >= rect.y / step &&
                          (some.y + some.height - 1) / step <= (rect.y + rect.height - 1) / step;
            if (!within) {
                assert_fails(TILE_INVALID_ARGUMENT, read_rect(other, some, &image));
                continue;
            }
            assert_ok(read_rect(other, some, &image));
            assert_memory_equal(image.plane[0], pixels + (size_t)some.y * 450, 450 * (size_t)some.height);
            /* A part of a part. */
            tile_index *smaller;
            assert_ok(tile_index_part(&smaller, other, some, NULL, &error));
            assert_ok(tile_source_use_index(third, smaller, &error));
            assert_ok(read_rect(third, some, &image));
            assert_memory_equal(image.plane[0], pixels + (size_t)some.y * 450, 450 * (size_t)some.height);
            assert_ok(tile_source_use_index(third, NULL, &error));
            tile_index_free(smaller);
        }
        tile_source_use_index(other, NULL, &error);
        tile_index_free(loaded);
        tile_buffer_free(&bytes);
    }
    tile_image_free(&image, NULL);
    tile_source_close(source);
    tile_source_close(other);
    tile_source_close(third);
    tile_index_free(indices[0]);
    tile_index_free(indices[1]);
    tile_buffer_free(&file);
    free(pixels);
}

/* Uses an index that may be anything and reads by it; whatever succeeds is right, unless `forged`. */
static void try_index(const struct tile_buffer *file, const unsigned char *bytes, size_t size,
                      const unsigned char *pixels, bool forged, struct test_random *random) {
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    options.max_memory = 64 << 20;
    tile_source *source;
    tile_index *index;
    assert_ok(tile_source_open_memory(&source, file->data, file->size, &options, &error));
    if (load(&index, bytes, size) == TILE_OK) {
        struct tile_image image;
        assert_ok(tile_image_alloc(&image, tile_source_info(source)->format, 150, 200, NULL, &error));
        if (tile_source_use_index(source, index, &error) == TILE_OK)
            for (int i = 0; i < 3; i++) {
                struct tile_rect rect = {0, i ? test_random_below(random, 200) : 0, 150, 200};
                rect.height -= rect.y;
                error.message[0] = 0;
                if (read_rect(source, rect, &image) != TILE_OK)
                    assert_true(error.message[0] && !strchr(error.message, '\n'));
                else if (!forged)
                    assert_memory_equal(image.plane[0], pixels + (size_t)rect.y * 450, 450 * (size_t)rect.height);
                size_t count;
                (void)tile_source_ranges(source, rect, NULL, 0, &count, &error);
                tile_index *part;
                if (tile_index_part(&part, source, rect, NULL, &error) == TILE_OK)
                    tile_index_free(part);
            }
        tile_image_free(&image, NULL);
        tile_source_close(source);
        tile_index_free(index);
    } else
        tile_source_close(source);
}

static void a_damaged_index_is_refused_or_right(void **state) {
    (void)state;
    struct test_random random = {27};
    struct tile_buffer file = make_usual();
    struct stored stored;
    unsigned char *pixels = decode(&file, &stored);
    tile_source *source = open_memory(&file);
    tile_index *index;
    assert_ok(build(&index, source, 64));
    struct tile_buffer bytes = saved(index);
    tile_index_free(index);
    tile_source_close(source);
    size_t table = 208 + tile_png_table_size(4);
    assert_true(table < bytes.size);
    struct test_guarded copy = test_guarded_new(bytes.size, true);
    /* Every byte of the tables; of what is behind, some. */
    for (size_t i = 0; i < bytes.size; i += i < table ? 1 : 97) {
        memcpy(copy.data, bytes.data, bytes.size);
        copy.data[i] ^= (unsigned char)(1 + test_random_below(&random, 255));
        try_index(&file, copy.data, bytes.size, pixels, false, &random);
    }
    test_guarded_free(copy);
    for (size_t size = 0; size < bytes.size; size += size < table ? 1 : 101) {
        copy = test_guarded_new(size, true);
        memcpy(copy.data, bytes.data, size);
        tile_index *cut;
        assert_true(load(&cut, copy.data, size) != TILE_OK);
        /* Also where the header tells that size. */
        if (size >= 208) {
            tile_put_le(copy.data + 16, size, 8);
            tile_put_le(copy.data + 200, XXH3_64bits(copy.data, 200), 8);
            try_index(&file, copy.data, size, pixels, false, &random);
        }
        test_guarded_free(copy);
    }
    tile_buffer_free(&bytes);
    tile_buffer_free(&file);
    free(pixels);
}

static uint64_t wild(struct test_random *random, uint64_t usual) {
    static const uint64_t edges[] = {0, 1, 255, 32768, 32769, INT32_MAX, UINT32_MAX, INT64_MAX, UINT64_MAX};
    switch (test_random_below(random, 4)) {
    case 0: return edges[test_random_below(random, sizeof edges / sizeof edges[0])];
    case 1: return usual + test_random_below(random, 64);
    case 2: return usual - test_random_below(random, 64);
    default: return test_random_below(random, 100000);
    }
}

/* Every checksum is right; what they are of is not. */
static void a_forged_index_never_reads_elsewhere(void **state) {
    (void)state;
    struct test_random random = {28};
    struct tile_buffer file = make_usual();
    struct stored stored;
    unsigned char *pixels = decode(&file, &stored);
    tile_source *source = open_memory(&file);
    tile_index *index;
    assert_ok(build(&index, source, 64));
    struct tile_buffer bytes = saved(index);
    tile_source_close(source);
    struct test_guarded copy = test_guarded_new(bytes.size, true);
    for (int run = 0; run < 4000; run++) {
        memcpy(copy.data, bytes.data, bytes.size);
        unsigned char *entry = copy.data + 208 + 8 + TILE_PNG_ENTRY * test_random_below(&random, 4);
        for (uint32_t i = 1 + test_random_below(&random, 3); i > 0; i--) {
            uint32_t field = test_random_below(&random, 15);
            int size = field < 9 ? 8 : 4;
            unsigned char *at = entry + (field < 9 ? 8 * field : field < 14 ? 72 + 4 * (field - 9) : 0);
            if (field == 14) { /* the header's: step, first and number of checkpoints, bounds of the data */
                static const int places[] = {156, 172, 176, 180, 184, 192};
                uint32_t which = test_random_below(&random, 6);
                at = copy.data + places[which];
                size = which < 4 ? 4 : 8;
            }
            tile_put_le(at, wild(&random, tile_get_le(at, size)), size);
        }
        struct tile_index_header header = index->header;
        uint64_t rows = tile_get_le(copy.data + 180, 4);
        /* Blobs, where they still are, and the table. */
        for (unsigned char *c = copy.data + 216; c < copy.data + 216 + 4 * TILE_PNG_ENTRY; c += TILE_PNG_ENTRY) {
            struct tile_png_checkpoint p = tile_png_get_checkpoint(c);
            const unsigned char *payload = copy.data + 208;
            size_t size = bytes.size - 208;
            if (p.window.offset < size && p.window.packed <= size - p.window.offset)
                p.window.checksum = tile_index_checksum(&header, tile_png_window_number(&p), payload + p.window.offset,
                                                        p.window.packed);
            uint32_t number = (uint32_t)((size_t)(c - copy.data - 216) / TILE_PNG_ENTRY);
            if (p.row.offset < size && p.row.packed <= size - p.row.offset)
                p.row.checksum =
                    tile_index_checksum(&header, tile_png_row_number(number), payload + p.row.offset, p.row.packed);
            if (p.begin <= p.end && p.end <= file.size)
                p.checksum = XXH3_64bits(file.data + p.begin, (size_t)(p.end - p.begin));
            tile_png_put_checkpoint(c, &p);
        }
        if (rows <= 100) {
            size_t table = tile_png_table_size((uint32_t)rows) - 8;
            tile_put_le(copy.data + 208 + table, tile_index_checksum(&header, 0, copy.data + 208, table), 8);
        }
        tile_put_le(copy.data + 200, XXH3_64bits(copy.data, 200), 8);
        try_index(&file, copy.data, bytes.size, pixels, true, &random);
    }
    test_guarded_free(copy);
    tile_index_free(index);
    tile_buffer_free(&bytes);
    tile_buffer_free(&file);
    free(pixels);
}

/* A window that is larger than windows are, and is really there. */
static void a_forged_window_has_no_room(void **state) {
    (void)state;
    struct test_random random = {31};
    struct tile_buffer file = make_usual();
    tile_source *source = open_memory(&file);
    tile_index *index;
    assert_ok(build(&index, source, 64));
    struct tile_buffer bytes = saved(index);
    unsigned char zeros[45000] = {0}, packed[200];
    uLong size = sizeof packed;
    assert_int_equal(compress(packed, &size, zeros, sizeof zeros), Z_OK);
    size_t at = bytes.size;
    append(&bytes, packed, size);
    unsigned char *entry = bytes.data + 216 + 3 * TILE_PNG_ENTRY;
    struct tile_png_checkpoint c = tile_png_get_checkpoint(entry);
    assert_true(c.inflated > TILE_PNG_WINDOW);
    for (int run = 0; run < 2; run++) { /* too large a window, and a window that is too large for itself */
        c.window = (struct tile_png_blob){.offset = at - 208, .packed = (uint32_t)size};
        c.window.size = run ? TILE_PNG_WINDOW : sizeof zeros;
        c.inflated = sizeof zeros;
        c.window.checksum = tile_index_checksum(&index->header, tile_png_window_number(&c), packed, size);
        tile_png_put_checkpoint(entry, &c);
        size_t table = tile_png_table_size(4) - 8;
        tile_put_le(bytes.data + 208 + table, tile_index_checksum(&index->header, 0, bytes.data + 208, table), 8);
        tile_put_le(bytes.data + 16, bytes.size, 8);
        tile_put_le(bytes.data + 200, XXH3_64bits(bytes.data, 200), 8);
        try_index(&file, bytes.data, bytes.size, NULL, true, &random);
        tile_index *forged;
        assert_ok(load(&forged, bytes.data, bytes.size));
        assert_ok(tile_source_use_index(source, forged, &error));
        struct tile_image image;
        assert_ok(tile_image_alloc(&image, tile_source_info(source)->format, 150, 8, NULL, &error));
        assert_fails(TILE_BAD_INDEX, read_rect(source, (struct tile_rect){0, 192, 150, 8}, &image));
        tile_image_free(&image, NULL);
        assert_ok(tile_source_use_index(source, NULL, &error));
        tile_index_free(forged);
    }
    tile_source_close(source);
    tile_index_free(index);
    tile_buffer_free(&bytes);
    tile_buffer_free(&file);
}

/* An end that is another boundary's, or none: every checksum is right. */
static void a_forged_end_is_refused(void **state) {
    (void)state;
    struct tile_buffer file =
        make(&(struct kind){.width = 150, .height = 200, .type = 2, .depth = 8, .level = 6, .memory = 1}, 5);
    tile_source *source = open_memory(&file);
    tile_index *index, *forged;
    assert_ok(build(&index, source, 64));
    struct tile_buffer bytes = saved(index);
    unsigned char *entry = bytes.data + 216 + TILE_PNG_ENTRY;
    const struct tile_png_checkpoint right = tile_png_get_checkpoint(entry);
    struct tile_image image;
    assert_ok(tile_image_alloc(&image, tile_source_info(source)->format, 150, 64, NULL, &error));
    assert_true(right.inflated_end > 128 * 451 + 1);
    for (int way = 0; way < 10; way++) {
        struct tile_png_checkpoint c = right;
        switch (way) {
        case 0: break; /* this one is right */
        case 1: c.inflated_end++; break;
        case 2: c.inflated_end--; break;
        case 3: c.inflated_end = 128 * 451 - 1; break; /* before its rows' end */
        case 4: c.end_bits = (c.end_bits + 3) % 8; break;
        case 5: c.end_bits = 8; break;
        case 6: c.end--; break;
        case 7: c.end -= 300; break;
        case 8: c.end = c.begin; break;
        case 9: c.inflated_end = 1 << 24; break; /* zlib's affair: it is too far */
        }
        c.checksum = XXH3_64bits(file.data + c.begin, (size_t)(c.end - c.begin));
        tile_png_put_checkpoint(entry, &c);
        size_t table = tile_png_table_size(4) - 8;
        tile_put_le(bytes.data + 208 + table, tile_index_checksum(&index->header, 0, bytes.data + 208, table), 8);
        assert_ok(load(&forged, bytes.data, bytes.size));
        assert_ok(tile_source_use_index(source, forged, &error));
        tile_status status = read_rect(source, (struct tile_rect){0, 64, 150, 64}, &image);
        if (way == 0 || way == 9)
            assert_int_equal(status, TILE_OK);
        else
            assert_int_equal(status, way == 3 || way == 5 || way == 8 ? TILE_BAD_INDEX : TILE_SOURCE_CHANGED);
        assert_ok(tile_source_use_index(source, NULL, &error));
        tile_index_free(forged);
    }
    tile_image_free(&image, NULL);
    tile_source_close(source);
    tile_index_free(index);
    tile_buffer_free(&bytes);
    tile_buffer_free(&file);
}

/* ---- The file ---------------------------------------------------------------------------------------------- */

/* A reader that says its file did not change, and notes what it is asked for. */
struct spy {
    const unsigned char *data;
    unsigned char *asked; /* a flag for each byte */
    uint64_t size;
};

static tile_status spy_read(void *user, uint64_t offset, void *buffer, size_t length, struct tile_error *why) {
    struct spy *spy = user;
    (void)why;
    assert_true(offset <= spy->size && length <= spy->size - offset);
    memcpy(buffer, spy->data + offset, length);
    if (spy->asked)
        memset(spy->asked + offset, 1, length);
    return TILE_OK;
}

static struct tile_reader spy_reader(struct spy *spy, uint64_t gap) {
    return (struct tile_reader){.user = spy, .size = spy->size, .read_at = spy_read, .etag = "\"same\"", .gap = gap};
}

static void a_changed_file_never_gives_wrong_pixels(void **state) {
    (void)state;
    struct test_random random = {29};
    struct tile_buffer file = make_usual();
    struct stored stored;
    unsigned char *pixels = decode(&file, &stored);
    struct test_guarded copy = test_guarded_new(file.size, true);
    memcpy(copy.data, file.data, file.size);
    struct spy spy = {.data = copy.data, .size = file.size};
    struct tile_reader reader = spy_reader(&spy, 0);
    tile_source *source;
    tile_index *index;
    assert_ok(tile_source_open_reader(&source, &reader, NULL, &error));
    assert_ok(build(&index, source, 64));
    struct tile_image image;
    assert_ok(tile_image_alloc(&image, tile_source_info(source)->format, 150, 200, NULL, &error));
    size_t data_begin = (size_t)index->header.data_begin, data_end = (size_t)index->header.data_end;
    int read = 0, refused = 0;
    for (size_t at = 0; at < file.size; at += at < 100 ? 1 : 13) {
        copy.data[at] ^= (unsigned char)(1 + test_random_below(&random, 255));
        tile_status status = tile_source_use_index(source, index, &error);
        struct tile_rect rect = {0, test_random_below(&random, 200), 150, 1};
        if (status == TILE_OK) /* some rows, then all */
            status = read_rect(source, rect, &image);
        if (status == TILE_OK) {
            assert_memory_equal(image.plane[0], pixels + (size_t)rect.y * 450, 450);
            status = read_rect(source, (struct tile_rect){0, 0, 150, 200}, &image);
        }
        if (status == TILE_OK) {
            assert_memory_equal(image.plane[0], pixels, 450 * 200);
            /* zlib's header, or the end of the stream: what no row takes. */
            if (!(at >= data_begin + 8 && at < data_begin + 10) && at < data_end - 20)
                fail_msg("byte %zu was another, and that went unnoticed", at);
            read++;
        } else {
            assert_int_equal(status, TILE_SOURCE_CHANGED);
            refused++;
        }
        copy.data[at] = file.data[at];
    }
    assert_true(refused > 100 && read > 0);
    /* Without an ETag, it is the hash that tells. */
    tile_source *other;
    copy.data[file.size / 2] ^= 4;
    assert_ok(tile_source_open_memory(&other, copy.data, file.size, NULL, &error));
    assert_fails(TILE_SOURCE_CHANGED, tile_source_use_index(other, index, &error));
    tile_source_close(other);
    tile_image_free(&image, NULL);
    tile_source_close(source);
    tile_index_free(index);
    test_guarded_free(copy);
    tile_buffer_free(&file);
    free(pixels);
}

/* The reader's file is one of gray when it is opened, and then one of the same size that has more bytes a pixel. */
static void another_format_in_the_middle(void **state) {
    (void)state;
    struct tile_buffer gray = make(&(struct kind){.width = 60, .height = 50, .type = 0, .depth = 8, .level = 0}, 3);
    struct tile_buffer color = make(&(struct kind){.width = 60, .height = 50, .type = 2, .depth = 16, .level = 9}, 3);
    size_t size = gray.size > color.size ? gray.size : color.size;
    struct tile_buffer pad = {0};
    assert_ok(tile_buffer_reserve(&pad, size + 100, &error));
    memset(pad.data, 0, size + 100);
    append_chunk(&gray, "teSt", pad.data, size + 50 - gray.size);
    append_chunk(&color, "teSt", pad.data, size + 50 - color.size);
    assert_int_equal(gray.size, color.size);
    struct spy spy = {.data = color.data, .size = color.size};
    struct tile_reader reader = spy_reader(&spy, 0);
    tile_source *source;
    tile_index *index;
    assert_ok(tile_source_open_reader(&source, &reader, NULL, &error));
    assert_ok(build(&index, source, 16));
    tile_source_close(source);
    spy.data = gray.data;
    assert_ok(tile_source_open_reader(&source, &reader, NULL, &error));
    spy.data = color.data;
    assert_ok(tile_source_use_index(source, index, &error));
    struct tile_image image;
    assert_ok(tile_image_alloc(&image, tile_source_info(source)->format, 60, 50, NULL, &error));
    assert_fails(TILE_SOURCE_CHANGED, read_rect(source, (struct tile_rect){0, 0, 60, 50}, &image));
    tile_image_free(&image, NULL);
    tile_source_close(source);
    tile_index_free(index);
    tile_buffer_free(&pad);
    tile_buffer_free(&gray);
    tile_buffer_free(&color);
}

static void only_the_promised_bytes_are_read(void **state) {
    (void)state;
    struct test_random random = {30};
    struct tile_buffer file =
        make(&(struct kind){.width = 400, .height = 600, .type = 2, .depth = 8, .level = 6, .idat = 8192}, 7);
    struct spy spy = {.data = file.data, .asked = malloc(file.size), .size = file.size};
    unsigned char *promised = malloc(file.size);
    assert_true(spy.asked && promised);
    for (int run = 0; run < 60; run++) {
        uint64_t gap = run % 3 == 0 ? 1 : run % 3 == 1 ? 5000 : 1 << 20;
        struct tile_reader reader = spy_reader(&spy, gap);
        tile_source *source;
        tile_index *index;
        assert_ok(tile_source_open_reader(&source, &reader, NULL, &error));
        assert_ok(build(&index, source, 64));
        memset(spy.asked, 0, file.size);
        assert_ok(tile_source_use_index(source, index, &error));
        struct tile_rect rect = {.x = test_random_below(&random, 400), .y = test_random_below(&random, 600)};
        rect.width = 1 + test_random_below(&random, 400 - rect.x);
        rect.height = 1 + test_random_below(&random, 600 - rect.y < 90 ? 600 - rect.y : 90);
        struct tile_image image;
        assert_ok(tile_image_alloc(&image, tile_source_info(source)->format, 400, 90, NULL, &error));
        assert_ok(read_rect(source, rect, &image));

        struct tile_range ranges[20];
        size_t count, some = 0;
        assert_ok(tile_source_ranges(source, rect, ranges, 20, &count, &error));
        assert_true(count > 0 && count <= 20);
        memset(promised, 0, file.size);
        for (size_t i = 0; i < count; i++) {
            assert_true(ranges[i].size > 0 && ranges[i].offset + ranges[i].size <= file.size);
            assert_true(i == 0 || ranges[i].offset > ranges[i - 1].offset + ranges[i - 1].size + gap);
            memset(promised + ranges[i].offset, 1, ranges[i].size);
            some += ranges[i].size;
        }
        for (size_t i = 0; i < file.size; i++)
            if (spy.asked[i] && !promised[i])
                fail_msg("byte %zu is read and was not promised", i);
        /* With the smallest gap, nothing is promised in vain. */
        for (size_t i = 0; i < file.size && gap == 1; i++)
            assert_int_equal(spy.asked[i], promised[i]);
        /* And it is not much: the steps of the region, and some of the block before. */
        size_t steps = (rect.y + rect.height - 1) / 64 - rect.y / 64 + 1;
        if (gap == 1)
            assert_true(some < file.size * (steps + 2) * 64 / 600);
        tile_image_free(&image, NULL);
        tile_source_close(source);
        tile_index_free(index);
    }
    free(spy.asked);
    free(promised);
    tile_buffer_free(&file);
}

static void files_that_cannot_be_indexed(void **state) {
    (void)state;
    tile_index *index;
    struct png_recipe recipe = {.width = 20, .height = 20, .type = 2, .depth = 8, .interlaced = true};
    struct tile_buffer file = png_file(&recipe);
    tile_source *source = open_memory(&file);
    assert_fails(TILE_UNSUPPORTED, build(&index, source, 8));
    assert_non_null(strstr(error.message, "interlaced"));
    assert_null(index);
    tile_source_close(source);
    tile_buffer_free(&file);

    /* Cut off anywhere behind the header; the IEND is missed by nobody. */
    file = make_usual();
    struct parts parts = take_apart(&file);
    struct tile_buffer cut = {0};
    append(&cut, file.data, file.size);
    for (cut.size = parts.begin + 8; cut.size <= file.size; cut.size += cut.size > parts.end - 30 ? 1 : 211) {
        if (cut.size < file.size) { /* its own memory, so that nothing behind it is read unnoticed */
            struct test_guarded guarded = test_guarded_new(cut.size, true);
            memcpy(guarded.data, file.data, cut.size);
            struct tile_buffer shorter = {.data = guarded.data, .size = cut.size};
            source = open_memory(&shorter);
            if (cut.size >= parts.end) {
                assert_ok(build(&index, source, 64));
                tile_index_free(index);
            } else {
                assert_fails(TILE_BAD_DATA, build(&index, source, 64));
                assert_non_null(strstr(error.message, "at byte"));
            }
            tile_source_close(source);
            test_guarded_free(guarded);
        }
    }
    tile_buffer_free(&cut);

    /* Any byte of the pixel data flipped: a CRC, at the least. */
    for (size_t at = parts.begin + 8; at < parts.end; at += 37) {
        file.data[at] ^= 0x10;
        source = open_memory(&file);
        assert_fails(TILE_BAD_DATA, build(&index, source, 64));
        tile_source_close(source);
        file.data[at] ^= 0x10;
    }

    /* What right CRCs say nothing about. */
    uLong size = 451 * 200;
    unsigned char *rows = malloc(size);
    assert_non_null(rows);
    assert_int_equal(uncompress(rows, &size, parts.stream.data, parts.stream.size), Z_OK);
    for (int wrong = 0; wrong < 5; wrong++) {
        uLong given = wrong == 0 ? size - 1 : size, packed = compressBound(size);
        struct tile_buffer stream = {0};
        assert_ok(tile_buffer_reserve(&stream, packed + 9, &error));
        rows[451 * 130] = wrong == 1 ? 5 : 0;
        assert_int_equal(compress(stream.data, &packed, rows, given), Z_OK);
        stream.size = packed;
        stream.data[packed - 1] ^= wrong == 2; /* Adler-32 */
        if (wrong == 3)
            stream.data[1] |= 0x20; /* a preset dictionary */
        if (wrong == 4)
            memcpy(stream.data + packed, "whatever", 8), stream.size += 8; /* behind the stream: harmless */
        struct tile_buffer whole = put_together(&file, &parts, &stream, 3000);
        source = open_memory(&whole);
        if (wrong == 4) {
            assert_ok(build(&index, source, 64));
            tile_index_free(index);
        } else {
            assert_fails(TILE_BAD_DATA, build(&index, source, 64));
            assert_non_null(strstr(error.message, "at byte"));
        }
        tile_source_close(source);
        tile_buffer_free(&whole);
        tile_buffer_free(&stream);
    }
    free(rows);
    tile_buffer_free(&parts.stream);
    tile_buffer_free(&file);
}

/* ---- Memory and progress ----------------------------------------------------------------------------------- */

static tile_status use_all(const struct tile_buffer *file, const struct tile_allocator *allocator,
                           const unsigned char *pixels) {
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    struct tile_index_options how = TILE_OPTIONS(struct tile_index_options);
    options.allocator = how.allocator = allocator;
    how.tile_height = 64;
    tile_source *source = NULL;
    tile_index *index = NULL, *part = NULL;
    unsigned char memory[150 * 100 * 3];
    struct tile_image image = {.width = 150, .height = 100, .stride = 450, .plane[0] = memory};
    struct tile_range ranges[9];
    size_t count;
    struct tile_rect rect = {0, 50, 150, 100};
    tile_status status = tile_source_open_memory(&source, file->data, file->size, &options, &error);
    if (status == TILE_OK)
        status = tile_index_build(&index, source, &how, &error);
    if (status == TILE_OK)
        status = tile_source_use_index(source, index, &error);
    if (status == TILE_OK)
        status = tile_index_part(&part, source, rect, allocator, &error);
    if (status == TILE_OK)
        status = tile_source_use_index(source, part, &error);
    if (status == TILE_OK)
        status = tile_source_ranges(source, rect, ranges, 9, &count, &error);
    if (status == TILE_OK) {
        image.format = tile_source_info(source)->format;
        status = tile_source_read(source, rect, &image, &error);
    }
    if (status == TILE_OK)
        assert_memory_equal(memory, pixels + 50 * 450, sizeof memory);
    tile_source_close(source);
    tile_index_free(part);
    tile_index_free(index);
    return status;
}

static void memory_may_run_out_anywhere(void **state) {
    (void)state;
    struct tile_buffer file = make_usual();
    struct stored stored;
    unsigned char *pixels = decode(&file, &stored);
    struct test_memory memory;
    size_t fail_at = 0;
    for (tile_status status = TILE_NO_MEMORY; status != TILE_OK; fail_at++) {
        test_memory_init(&memory, fail_at);
        error = (struct tile_error){0};
        status = use_all(&file, &memory.allocator, pixels);
        assert_true(status == TILE_OK || (status == TILE_NO_MEMORY && error.message[0]));
        assert_int_equal(memory.live, 0);
    }
    assert_true(fail_at > 40);
    tile_buffer_free(&file);
    free(pixels);
}

static void limits_hold(void **state) {
    (void)state;
    tile_index *index;
    tile_source *source;
    struct gauge gauge = {0};
    struct tile_allocator allocator = gauge_allocator(&gauge);
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    options.allocator = &allocator;

    /* Rows of 2^31 - 1 pixels, of 8 bytes and of an eighth. */
    struct tile_buffer file = make(&(struct kind){.width = 9, .height = 9, .type = 6, .depth = 16, .level = 6}, 1);
    options.max_pixels = options.max_side = UINT64_MAX;
    for (int bits = 0; bits < 2; bits++) {
        tile_put_be(file.data + 16, INT32_MAX, 4);
        if (bits)
            file.data[24] = 1, file.data[25] = 0;
        tile_put_be(file.data + 29, crc32(0, file.data + 12, 17), 4);
        assert_ok(tile_source_open_memory(&source, file.data, file.size, &options, &error));
        assert_fails(bits ? TILE_BAD_DATA : TILE_LIMIT_EXCEEDED, build(&index, source, 1)); /* it ends before */
        tile_source_close(source);
    }
    /* As many checkpoints as rows, of 2^31 - 1 rows. */
    tile_put_be(file.data + 16, 1, 4);
    tile_put_be(file.data + 20, INT32_MAX, 4);
    tile_put_be(file.data + 29, crc32(0, file.data + 12, 17), 4);
    assert_ok(tile_source_open_memory(&source, file.data, file.size, &options, &error));
    assert_fails(TILE_LIMIT_EXCEEDED, build(&index, source, 1));
    assert_fails(TILE_BAD_DATA, build(&index, source, UINT32_MAX)); /* it ends before */
    tile_source_close(source);
    tile_buffer_free(&file);

    /* A long picture: memory does not grow with it, pieces do not with the region. */
    file = make(&(struct kind){.width = 200, .height = 20000, .type = 0, .depth = 8, .level = 6}, 1);
    options.max_pixels = 0;
    options.max_memory = 4 << 20;
    struct stored stored;
    unsigned char *pixels = decode(&file, &stored);
    assert_ok(tile_source_open_memory(&source, file.data, file.size, &options, &error));
    gauge.peak = 0;
    assert_ok(build(&index, source, 6000));
    assert_true(gauge.peak < 2 << 20);
    assert_ok(tile_source_use_index(source, index, &error));
    gauge.peak = 0;
    struct tile_image image;
    assert_ok(tile_image_alloc(&image, tile_source_info(source)->format, 200, 20000, NULL, &error));
    assert_ok(read_rect(source, (struct tile_rect){0, 0, 200, 20000}, &image));
    assert_memory_equal(image.plane[0], pixels, 200 * 20000);
    assert_true(gauge.peak < 3 << 20);
    tile_image_free(&image, NULL);
    tile_source_close(source);
    tile_index_free(index);

    /* Too much before the pixels. */
    options.max_memory = 0;
    options.max_metadata = 40;
    tile_status status = tile_source_open_memory(&source, file.data, file.size, &options, &error);
    assert_int_equal(status, TILE_LIMIT_EXCEEDED);
    assert_int_equal(gauge.live, 0);
    tile_buffer_free(&file);
    free(pixels);
}

struct reader_thread {
    tile_source *source;
    const unsigned char *pixels;
    uint64_t seed;
    int wrong;
};

static void *read_much(void *user) {
    struct reader_thread *thread = user;
    struct test_random random = {thread->seed};
    struct tile_error why;
    struct tile_image image;
    if (tile_image_alloc(&image, tile_source_info(thread->source)->format, 150, 200, NULL, &why) != TILE_OK)
        return NULL;
    for (int run = 0; run < 60; run++) {
        struct tile_rect rect = {0, test_random_below(&random, 200), 150, 1};
        rect.height += test_random_below(&random, 200 - rect.y);
        image.height = rect.height;
        thread->wrong += tile_source_read(thread->source, rect, &image, &why) != TILE_OK ||
                         memcmp(image.plane[0], thread->pixels + (size_t)rect.y * 450, 450 * (size_t)rect.height) != 0;
    }
    tile_image_free(&image, NULL);
    return NULL;
}

static void threads_read_at_once(void **state) {
    (void)state;
    struct tile_buffer file = make_usual();
    struct stored stored;
    unsigned char *pixels = decode(&file, &stored);
    tile_source *source = open_memory(&file);
    tile_index *index;
    assert_ok(build(&index, source, 16));
    assert_ok(tile_source_use_index(source, index, &error));
    pthread_t ids[4];
    struct reader_thread threads[4];
    for (int i = 0; i < 4; i++) {
        threads[i] = (struct reader_thread){source, pixels, (uint64_t)i + 1, 0};
        assert_int_equal(pthread_create(&ids[i], NULL, read_much, &threads[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(ids[i], NULL);
        assert_int_equal(threads[i].wrong, 0);
    }
    tile_source_close(source);
    tile_index_free(index);
    tile_buffer_free(&file);
    free(pixels);
}

struct watch {
    uint64_t last, calls, stop_at;
};

static bool watching(void *user, const struct tile_progress *now) {
    struct watch *watch = user;
    assert_true(now->done >= watch->last && now->done <= now->total);
    watch->last = now->done;
    return watch->calls++ != watch->stop_at;
}

static void building_can_be_watched_and_stopped(void **state) {
    (void)state;
    struct tile_buffer file = make(&(struct kind){.width = 800, .height = 900, .type = 2, .depth = 8, .level = 0}, 1);
    tile_source *source = open_memory(&file);
    struct tile_index_options options = TILE_OPTIONS(struct tile_index_options);
    struct watch watch = {.stop_at = UINT64_MAX};
    tile_index *index;
    options.progress = watching;
    options.user = &watch;
    assert_ok(tile_index_build(&index, source, &options, &error));
    assert_true(watch.last == file.size && watch.calls > 5);
    tile_index_free(index);
    for (uint64_t stop = 0; stop < 5; stop++) {
        watch = (struct watch){.stop_at = stop};
        assert_fails(TILE_CANCELLED, tile_index_build(&index, source, &options, &error));
        assert_null(index);
        assert_int_equal(watch.calls, stop + 1);
    }
    tile_source_close(source);
    tile_buffer_free(&file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_kinds_of_files),
        cmocka_unit_test(fixtures),
        cmocka_unit_test(blocks_of_any_length),
        cmocka_unit_test(checkpoints_end_at_boundaries),
        cmocka_unit_test(one_large_block),
        cmocka_unit_test(filters_are_undone),
        cmocka_unit_test(a_saved_index_is_the_same),
        cmocka_unit_test(a_part_has_its_rows_and_no_others),
        cmocka_unit_test(a_damaged_index_is_refused_or_right),
        cmocka_unit_test(a_forged_index_never_reads_elsewhere),
        cmocka_unit_test(a_forged_window_has_no_room),
        cmocka_unit_test(a_forged_end_is_refused),
        cmocka_unit_test(a_changed_file_never_gives_wrong_pixels),
        cmocka_unit_test(another_format_in_the_middle),
        cmocka_unit_test(only_the_promised_bytes_are_read),
        cmocka_unit_test(files_that_cannot_be_indexed),
        cmocka_unit_test(memory_may_run_out_anywhere),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(threads_read_at_once),
        cmocka_unit_test(building_can_be_watched_and_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
