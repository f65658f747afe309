/* SPDX-License-Identifier: MIT */
/* A PNG's index as a file: saved, in parts, damaged and forged. */
#include "chunks.h"
#include "common.h"

#include "base/bytes.h"
#include "index/png_table.h"

#include <xxhash.h>
#include <zlib.h>

static struct tile_error error;

static void a_saved_index_is_the_same(void **state) {
    (void)state;
    struct test_random random = {25};
    struct tile_buffer file = png_usual();
    struct stored stored;
    unsigned char *pixels = png_decoded(&file, &stored);
    tile_source *source = open_memory(&file);
    tile_index *index = index_of(source, 16), *loaded;
    struct test_bytes bytes = index_bytes(index);
    tile_index_free(index);
    assert_ok(index_load(&loaded, bytes, &error));
    struct test_bytes again = index_bytes(loaded);
    assert_int_equal(again.size, bytes.size);
    assert_memory_equal(again.data, bytes.data, bytes.size);
    assert_ok(tile_source_use_index(source, loaded, &error));
    check_regions(source, tile_source_info(source)->format, stored, 1, 30, &random);
    assert_ok(tile_source_use_index(source, NULL, &error));
    check_regions(source, tile_source_info(source)->format, stored, 1, 3, &random);
    tile_source_close(source);
    tile_index_free(loaded);
    free(again.data);
    free(bytes.data);
    tile_buffer_free(&file);
    free(pixels);
}

static void a_part_has_its_rows_and_no_others(void **state) {
    (void)state;
    struct test_random random = {26};
    /* Short blocks: there is a window at the second checkpoint. */
    struct tile_buffer file = png_file(
        &(struct png_recipe){.width = 150, .height = 200, .type = 2, .depth = 8, .level = 6, .memory = 1, .mixed = 5});
    struct stored stored;
    unsigned char *pixels = png_decoded(&file, &stored);
    tile_source *source = open_memory(&file), *other = open_memory(&file), *third = open_memory(&file);
    tile_index *indices[2] = {index_of(source, 16), index_of(source, 128)}, *part, *loaded;
    struct tile_image image;
    assert_ok(tile_image_alloc(&image, tile_source_info(source)->format, stored.width, stored.height, NULL, &error));
    for (int run = 0; run < 40; run++) {
        struct tile_rect rect = {.x = test_random_below(&random, 100), .y = test_random_below(&random, 200)};
        rect.width = 1 + test_random_below(&random, 50);
        rect.height = 1 + test_random_below(&random, 200 - rect.y);
        uint32_t step = run % 2 ? 128 : 16;
        assert_ok(tile_source_use_index(source, indices[run % 2], &error));
        assert_ok(tile_index_part(&part, source, rect, NULL, &error));
        struct test_bytes bytes = index_bytes(part);
        assert_int_equal(part->header.rows, (rect.y + rect.height - 1) / step - rect.y / step + 1);
        tile_index_free(part);
        assert_ok(index_load(&loaded, bytes, &error));
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
                assert_fails(TILE_INVALID_ARGUMENT, read_to(other, some, &image, &error));
                continue;
            }
            assert_ok(read_to(other, some, &image, &error));
            assert_memory_equal(image.plane[0], pixels + (size_t)some.y * 450, 450 * (size_t)some.height);
            /* A part of a part. */
            tile_index *smaller;
            assert_ok(tile_index_part(&smaller, other, some, NULL, &error));
            assert_ok(tile_source_use_index(third, smaller, &error));
            assert_ok(read_to(third, some, &image, &error));
            assert_memory_equal(image.plane[0], pixels + (size_t)some.y * 450, 450 * (size_t)some.height);
            assert_ok(tile_source_use_index(third, NULL, &error));
            tile_index_free(smaller);
        }
        tile_source_use_index(other, NULL, &error);
        tile_index_free(loaded);
        free(bytes.data);
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
static void try_index(const struct tile_buffer *file, struct test_bytes bytes, const unsigned char *pixels, bool forged,
                      struct test_random *random) {
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    options.max_memory = 64 << 20;
    tile_source *source;
    tile_index *index;
    assert_ok(tile_source_open_memory(&source, file->data, file->size, &options, &error));
    if (index_load(&index, bytes, &error) == TILE_OK) {
        struct tile_image image;
        assert_ok(tile_image_alloc(&image, tile_source_info(source)->format, 150, 200, NULL, &error));
        if (tile_source_use_index(source, index, &error) == TILE_OK)
            for (int i = 0; i < 3; i++) {
                struct tile_rect rect = {0, i ? test_random_below(random, 200) : 0, 150, 200};
                rect.height -= rect.y;
                error.message[0] = 0;
                if (read_to(source, rect, &image, &error) != TILE_OK)
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
    struct tile_buffer file = png_usual();
    struct stored stored;
    unsigned char *pixels = png_decoded(&file, &stored);
    tile_source *source = open_memory(&file);
    tile_index *index = index_of(source, 64);
    struct test_bytes bytes = index_bytes(index);
    tile_index_free(index);
    tile_source_close(source);
    size_t table = 208 + tile_png_table_size(4);
    assert_true(table < bytes.size);
    struct test_guarded copy = test_guarded_new(bytes.size, true);
    /* Every byte of the tables; of what is behind, some. */
    for (size_t i = 0; i < bytes.size; i += i < table ? 1 : 97) {
        memcpy(copy.data, bytes.data, bytes.size);
        copy.data[i] ^= (unsigned char)(1 + test_random_below(&random, 255));
        try_index(&file, (struct test_bytes){copy.data, bytes.size}, pixels, false, &random);
    }
    test_guarded_free(copy);
    for (size_t size = 0; size < bytes.size; size += size < table ? 1 : 101) {
        copy = test_guarded_new(size, true);
        memcpy(copy.data, bytes.data, size);
        tile_index *cut;
        assert_true(index_load(&cut, (struct test_bytes){copy.data, size}, &error) != TILE_OK);
        /* Also where the header tells that size. */
        if (size >= 208) {
            tile_put_le(copy.data + 16, size, 8);
            tile_put_le(copy.data + 200, XXH3_64bits(copy.data, 200), 8);
            try_index(&file, (struct test_bytes){copy.data, size}, pixels, false, &random);
        }
        test_guarded_free(copy);
    }
    free(bytes.data);
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
    struct tile_buffer file = png_usual();
    struct stored stored;
    unsigned char *pixels = png_decoded(&file, &stored);
    tile_source *source = open_memory(&file);
    tile_index *index = index_of(source, 64);
    struct test_bytes bytes = index_bytes(index);
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
        try_index(&file, (struct test_bytes){copy.data, bytes.size}, pixels, true, &random);
    }
    test_guarded_free(copy);
    tile_index_free(index);
    free(bytes.data);
    tile_buffer_free(&file);
    free(pixels);
}

/* A window that is larger than windows are, and is really there. */
static void a_forged_window_has_no_room(void **state) {
    (void)state;
    struct test_random random = {31};
    struct tile_buffer file = png_usual();
    tile_source *source = open_memory(&file);
    tile_index *index = index_of(source, 64);
    struct test_bytes bytes = index_bytes(index);
    unsigned char zeros[45000] = {0}, packed[200];
    uLong size = sizeof packed;
    assert_int_equal(compress(packed, &size, zeros, sizeof zeros), Z_OK);
    size_t at = bytes.size;
    bytes = (struct test_bytes){realloc(bytes.data, at + size), at + size};
    assert_non_null(bytes.data);
    memcpy(bytes.data + at, packed, size);
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
        try_index(&file, bytes, NULL, true, &random);
        tile_index *forged;
        assert_ok(index_load(&forged, bytes, &error));
        assert_ok(tile_source_use_index(source, forged, &error));
        struct tile_image image;
        assert_ok(tile_image_alloc(&image, tile_source_info(source)->format, 150, 8, NULL, &error));
        assert_fails(TILE_BAD_INDEX, read_to(source, (struct tile_rect){0, 192, 150, 8}, &image, &error));
        tile_image_free(&image, NULL);
        assert_ok(tile_source_use_index(source, NULL, &error));
        tile_index_free(forged);
    }
    tile_source_close(source);
    tile_index_free(index);
    free(bytes.data);
    tile_buffer_free(&file);
}

/* An end that is another boundary's, or none: every checksum is right. */
static void a_forged_end_is_refused(void **state) {
    (void)state;
    struct tile_buffer file = png_file(
        &(struct png_recipe){.width = 150, .height = 200, .type = 2, .depth = 8, .level = 6, .memory = 1, .mixed = 5});
    tile_source *source = open_memory(&file);
    tile_index *index = index_of(source, 64), *forged;
    struct test_bytes bytes = index_bytes(index);
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
        assert_ok(index_load(&forged, bytes, &error));
        assert_ok(tile_source_use_index(source, forged, &error));
        tile_status status = read_to(source, (struct tile_rect){0, 64, 150, 64}, &image, &error);
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
    free(bytes.data);
    tile_buffer_free(&file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_saved_index_is_the_same),           cmocka_unit_test(a_part_has_its_rows_and_no_others),
        cmocka_unit_test(a_damaged_index_is_refused_or_right), cmocka_unit_test(a_forged_index_never_reads_elsewhere),
        cmocka_unit_test(a_forged_window_has_no_room),         cmocka_unit_test(a_forged_end_is_refused),
    };
    return cmocka_run_group_tests_name("index-png-index", tests, NULL, NULL);
}
