/* SPDX-License-Identifier: MIT */
/* How a PNG's pixel data end: with more than the rows, in other chunks, or wrong. What libpng reads whole has an index.
 */
#include "common.h"

#include "base/buffer.h"
#include "base/bytes.h"

#include <png.h>
#include <zlib.h>

static struct tile_error error;

/* ---- Files ------------------------------------------------------------------------------------------------- */

static void append_idat(struct tile_buffer *buffer, const void *data, size_t size) {
    png_append_chunk(buffer, "IDAT", data, size);
}

/* A PNG, its inflated rows, and where its only IDAT chunk is. */
struct base {
    struct tile_buffer file;
    size_t begin, end;
    unsigned char *rows;
    uLong size;
};

static struct base make_base(const struct png_recipe *recipe) {
    struct base base = {.file = png_file(recipe)};
    size_t at = 8, size;
    while (memcmp(base.file.data + at + 4, "IDAT", 4) != 0)
        at += 12 + (size_t)tile_get_be(base.file.data + at, 4);
    size = (size_t)tile_get_be(base.file.data + at, 4);
    base.begin = at;
    base.end = at + 12 + size;
    assert_memory_equal(base.file.data + base.end + 4, "IEND", 4);
    base.size = 1 << 20;
    base.rows = malloc(base.size);
    assert_non_null(base.rows);
    assert_int_equal(uncompress(base.rows, &base.size, base.file.data + at + 8, size), Z_OK);
    return base;
}

static void base_free(struct base *base) {
    free(base->rows);
    tile_buffer_free(&base->file);
}

/* The rows and `more` zeros. */
static struct tile_buffer deflated(const struct base *base, size_t more, int level) {
    struct tile_buffer out = {0};
    unsigned char *all = calloc(1, base->size + more);
    uLong size = compressBound(base->size + more);
    assert_non_null(all);
    memcpy(all, base->rows, base->size);
    assert_ok(tile_buffer_reserve(&out, size, &error));
    assert_int_equal(compress2(out.data, &size, all, base->size + more, level), Z_OK);
    out.size = size;
    free(all);
    return out;
}

/* The file with other data: up to `first` bytes in one chunk, then chunks of `most`. */
static struct tile_buffer put_together(const struct base *base, const struct tile_buffer *stream, size_t first,
                                       size_t most) {
    struct tile_buffer out = {0};
    test_append(&out, base->file.data, base->begin);
    for (size_t at = 0, size; at < stream->size || at == 0; at += size) {
        size = at == 0 ? first : most;
        size = stream->size - at < size ? stream->size - at : size;
        append_idat(&out, stream->data + at, size);
    }
    test_append(&out, base->file.data + base->end, base->file.size - base->end);
    return out;
}

/* ---- Held against each other --------------------------------------------------------------------------------- */

/* Where libpng has all rows, an index is made and gives them. Where not, it is refused, or `may` have all rows, too. */
static bool check(const struct tile_buffer *file, bool may, struct test_random *random) {
    struct stored stored;
    unsigned char *pixels = png_pixels(file, &stored);
    tile_source *source;
    assert_ok(tile_source_open_memory(&source, file->data, file->size, NULL, &error));
    const struct tile_info *info = tile_source_info(source);
    assert_null(info->no_index);
    static const uint32_t steps[] = {7, 256};
    for (int i = 0; i < 2; i++) {
        struct tile_index_options options = TILE_OPTIONS(struct tile_index_options);
        tile_index *index;
        options.tile_height = steps[i];
        error = (struct tile_error){0};
        tile_status status = tile_index_build(&index, source, &options, &error);
        if (pixels) {
            assert_ok(status);
            assert_ok(tile_source_use_index(source, index, &error));
            check_regions(source, info->format, stored, 1, 4, random);
            assert_ok(tile_source_use_index(source, NULL, &error));
        } else if (status != TILE_OK || !may) {
            assert_int_equal(status, TILE_BAD_DATA);
            assert_non_null(strstr(error.message, "at byte "));
        }
        tile_index_free(index);
    }
    tile_source_close(source);
    free(pixels);
    return pixels != NULL;
}

static const struct png_recipe recipes[] = {
    {.width = 97, .height = 71, .type = PNG_COLOR_TYPE_RGB, .depth = 8},
    {.width = 97, .height = 71, .type = PNG_COLOR_TYPE_GRAY, .depth = 1},
    {.width = 5, .height = 40, .type = PNG_COLOR_TYPE_PALETTE, .depth = 4, .transparent = true},
    {.width = 20, .height = 3, .type = PNG_COLOR_TYPE_RGB_ALPHA, .depth = 16},
};
enum { RECIPES = sizeof recipes / sizeof recipes[0] };

/* In the rows' last block or in blocks of their own, within a chunk or over chunks; much of it, too. */
static void more_data_than_rows(void **state) {
    (void)state;
    struct test_random random = {71};
    static const size_t more[] = {1, 2, 300, 70000, 1000000}, chunks[] = {1 << 30, 1000, 7};
    for (int k = 0; k < RECIPES; k++) {
        struct base base = make_base(&recipes[k]);
        for (int i = 0; i < 5; i++)
            for (int level = 0; level < 10; level += i < 4 ? 3 : 9)
                for (int c = 0; c < 3 - (i == 4); c++) {
                    struct tile_buffer stream = deflated(&base, more[i], level);
                    struct tile_buffer file = put_together(&base, &stream, chunks[c], chunks[c]);
                    assert_true(check(&file, false, &random));
                    tile_buffer_free(&file);
                    tile_buffer_free(&stream);
                }
        base_free(&base);
    }
}

static void chunks_that_hold_nothing(void **state) {
    (void)state;
    struct test_random random = {72};
    for (int k = 0; k < RECIPES; k++) {
        struct base base = make_base(&recipes[k]);
        struct tile_buffer stream = deflated(&base, 0, 6);
        size_t size = stream.size;
        test_append(&stream, "more than zlib's stream", 23);
        for (int i = 0; i < 7; i++) {
            struct tile_buffer file = {0};
            test_append(&file, base.file.data, base.begin);
            switch (i) {
            case 0: /* empty ones everywhere */
                for (size_t at = 0; at < size; at += size / 4 + 1) {
                    append_idat(&file, "", 0);
                    append_idat(&file, "", 0);
                    append_idat(&file, stream.data + at, size - at < size / 4 + 1 ? size - at : size / 4 + 1);
                }
                append_idat(&file, "", 0);
                break;
            case 1: append_idat(&file, stream.data, stream.size); break; /* more in the chunk that the stream ends in */
            case 2:                                                      /* more in chunks behind it */
            case 3: /* the last of which is damaged: libpng has finished before */
            case 4: /* or cut off */
            case 5: /* or of a length that cannot be */
                append_idat(&file, stream.data, size);
                append_idat(&file, stream.data + size, 23);
                break;
            default: /* more in the chunk that the stream ends in, which is damaged */
                append_idat(&file, stream.data, stream.size);
                file.data[file.size - 1] ^= 1;
            }
            if (i == 3)
                file.data[file.size - 1] ^= 1;
            if (i == 4)
                file.size -= 10;
            else
                test_append(&file, base.file.data + base.end, base.file.size - base.end);
            if (i == 5)
                memset(file.data + file.size - 12 - 35, 0xFF, 4);
            assert_int_equal(check(&file, false, &random), i < 6);
            tile_buffer_free(&file);
        }
        tile_buffer_free(&stream);
        base_free(&base);
    }
}

/*
 * The last bytes cut off, or one of them changed, with every division into two chunks around there. libpng refuses what
 * it meets in the chunk with the last row's end, and of the next one only some.
 */
static void streams_that_end_wrong(void **state) {
    (void)state;
    struct test_random random = {73};
    int right = 0, wrong = 0;
    for (int k = 0; k < 2; k++)
        for (int level = 0; level < 10; level += 6)
            for (size_t more = 0; more < 3; more += 2) {
                struct base base = make_base(&recipes[k]);
                struct tile_buffer stream = deflated(&base, more, level);
                const size_t size = stream.size;
                for (size_t first = size; first + 12 > size; first--)
                    for (size_t at = size; at + 10 > size; at--) {
                        for (int cut = 0; cut < 2; cut++) {
                            stream.size = cut ? at : size;
                            if (at < size)
                                stream.data[at] ^= 1;
                            struct tile_buffer file = put_together(&base, &stream, first, 1000);
                            bool read = check(&file, first < stream.size, &random);
                            right += read;
                            wrong += !read;
                            tile_buffer_free(&file);
                            if (at < size)
                                stream.data[at] ^= 1;
                        }
                    }
                tile_buffer_free(&stream);
                base_free(&base);
            }
    assert_true(right > 100 && wrong > 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_data_than_rows),
        cmocka_unit_test(chunks_that_hold_nothing),
        cmocka_unit_test(streams_that_end_wrong),
    };
    return cmocka_run_group_tests_name("index-png-ends", tests, NULL, NULL);
}
