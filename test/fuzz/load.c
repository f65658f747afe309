/* SPDX-License-Identifier: MIT */
/*
 * Any bytes are an index of one of two fixtures: as they are, when all that is read is right or an error, and with
 * checksums made right, and all that tells whose index it is, when it may be wrong, but within memory.
 */
#include "fuzz.h"
#include "reader.h"

#include "base/bytes.h"
#include "base/input.h"
#include "index/png_table.h"

#include <xxhash.h>

enum { HEADER = 208 }; /* libtile/index/index.c */

struct fixture {
    struct test_reader file;
    tile_source *source;
    struct tile_image whole;
    struct tile_index_header header; /* its hash is set, of which checksums are made */
};

static void open_fixture(struct fixture *fixture, const char *path) {
    FILE *file = fopen(path, "rb");
    struct test_bytes bytes = {malloc(1 << 20), 0};
    require(file && bytes.data);
    bytes.size = fread(bytes.data, 1, 1 << 20, file);
    fclose(file);
    fixture->file = (struct test_reader){.file = bytes, .etag = "\"1\""};
    struct tile_reader reader = test_reader_of(&fixture->file);
    struct tile_source_options options = small_limits();
    require(tile_source_open_reader(&fixture->source, &reader, &options, NULL) == TILE_OK);
    const struct tile_info *info = tile_source_info(fixture->source);
    struct tile_rect all = {0, 0, info->width, info->height};
    require(tile_image_alloc(&fixture->whole, info->format, all.width, all.height, NULL, NULL) == TILE_OK);
    require(tile_source_read(fixture->source, all, &fixture->whole, NULL) == TILE_OK);
    require(tile_source_hash(fixture->source, fixture->header.source_hash.bytes, NULL) == TILE_OK);
}

/* Reads two rectangles, and does all else that takes an index. */
static void use(struct fixture *fixture, const uint8_t *data, size_t size, bool must_be_right) {
    tile_source *source = fixture->source;
    const struct tile_info *info = tile_source_info(source);
    struct tile_error error = {0};
    struct tile_reader reader;
    tile_index *index, *part;
    require(tile_reader_open_memory(&reader, data, size, NULL, NULL) == TILE_OK);
    tile_status status = tile_index_load(&index, &reader, NULL, &error);
    require_message(status, &error);
    if (status != TILE_OK)
        return;
    status = tile_source_use_index(source, index, &error);
    require_message(status, &error);
    uint64_t seed = XXH3_64bits(data, size);
    for (int i = 0; i < 2 && status == TILE_OK; i++) {
        struct tile_rect rect = rect_of(seed, i, info->width, info->height);
        struct tile_image image;
        require(tile_image_alloc(&image, info->format, rect.width, rect.height, NULL, NULL) == TILE_OK);
        tile_status read = tile_source_read(source, rect, &image, &error);
        require_message(read, &error);
        if (read == TILE_OK && must_be_right) {
            struct tile_image part_of_whole = tile_image_view(&fixture->whole, rect);
            for (uint32_t y = 0; y < rect.height; y++)
                require(memcmp((char *)image.plane[0] + y * image.stride,
                               (char *)part_of_whole.plane[0] + y * part_of_whole.stride, (size_t)image.stride) == 0);
        }
        tile_image_free(&image, NULL);
        struct tile_range range;
        size_t count;
        tile_source_ranges(source, rect, &range, 1, &count, NULL);
        if (tile_index_part(&part, source, rect, NULL, NULL) == TILE_OK)
            tile_index_free(part);
        rect.x -= rect.x % info->part_width;
        rect.y -= rect.y % info->part_height;
        rect.width = info->width - rect.x;
        rect.height = info->height - rect.y;
        struct tile_buffer out = {0};
        tile_source_splice(source, rect, &out, NULL);
        tile_buffer_free(&out);
    }
    require(tile_source_use_index(source, NULL, NULL) == TILE_OK);
    tile_index_free(index);
}

/* libtile/index/jpeg_table.h: columns of records, a checksum behind every 64 of them. */
static void repair_jpeg(uint8_t *index, size_t size, const struct fixture *fixture) {
    enum { RECORD = 8 + 2 * 3, GROUP = 64 };
    uint64_t step = tile_get_le(index + 156, 4), first_column = tile_get_le(index + 168, 4),
             columns = tile_get_le(index + 172, 4), first_row = tile_get_le(index + 176, 4),
             rows = tile_get_le(index + 180, 4);
    size_t at = HEADER;
    for (uint64_t column = 0; column < columns && rows > 0; column++)
        for (uint64_t row = 0; row < rows; row += GROUP) {
            size_t bytes = (size_t)(rows - row < GROUP ? rows - row : GROUP) * RECORD;
            if (bytes + 8 > size - at)
                return;
            uint64_t number = step << 32 | (first_column + column) << 16 | (first_row + row);
            tile_put_le(index + at + bytes, tile_index_checksum(&fixture->header, number, index + at, bytes), 8);
            at += bytes + 8;
        }
}

/* The checksum of a blob in the payload, if it lies in there. */
static void repair_blob(struct tile_png_blob *blob, const uint8_t *payload, size_t size, uint64_t number,
                        const struct fixture *fixture) {
    if (blob->offset <= size && blob->packed <= size - blob->offset)
        blob->checksum = tile_index_checksum(&fixture->header, number, payload + blob->offset, blob->packed);
}

/* libtile/index/png_table.h */
static void repair_png(uint8_t *index, size_t size, const struct fixture *fixture) {
    uint64_t first_row = tile_get_le(index + 176, 4), rows = tile_get_le(index + 180, 4),
             begin = tile_get_le(index + 184, 8);
    uint8_t *payload = index + HEADER;
    size -= HEADER;
    if (16 + rows * TILE_PNG_ENTRY > size)
        return;
    if (begin < fixture->file.file.size - 8)
        tile_put_le(payload, XXH3_64bits(fixture->file.file.data, (size_t)begin + 8), 8);
    for (uint64_t i = 0; i < rows; i++) {
        struct tile_png_checkpoint c = tile_png_get_checkpoint(payload + 8 + i * TILE_PNG_ENTRY);
        if (c.begin <= c.end && c.end <= fixture->file.file.size)
            c.checksum = XXH3_64bits(fixture->file.file.data + c.begin, (size_t)(c.end - c.begin));
        repair_blob(&c.window, payload, size, tile_png_window_number(&c), fixture);
        repair_blob(&c.row, payload, size, tile_png_row_number((uint32_t)(first_row + i)), fixture);
        tile_png_put_checkpoint(payload + 8 + i * TILE_PNG_ENTRY, &c);
    }
    size_t table = 8 + (size_t)rows * TILE_PNG_ENTRY;
    tile_put_le(payload + table, tile_index_checksum(&fixture->header, 0, payload, table), 8);
}

/* The header becomes one of the fixture's index, except its grid and its bounds; the payload's checksums are right. */
static void repair(uint8_t *index, size_t size, const struct fixture *fixture) {
    const struct tile_info *info = tile_source_info(fixture->source);
    memcpy(index, "\x89TIX\r\n\x1A\n", 8);
    tile_put_le(index + 8, 1, 4);
    tile_put_le(index + 12, HEADER, 4);
    tile_put_le(index + 16, size, 8);
    tile_put_le(index + 24, fixture->file.file.size, 8);
    memcpy(index + 32, fixture->header.source_hash.bytes, 16);
    memset(index + 48, 0, 96);
    memcpy(index + 48, "\"1\"", 3);
    tile_put_le(index + 144, info->codec, 4);
    tile_put_le(index + 148, info->width, 4);
    tile_put_le(index + 152, info->height, 4);
    tile_put_le(index + 200, XXH3_64bits(index, 200), 8);
    if (info->codec == TILE_JPEG)
        repair_jpeg(index, size, fixture);
    else
        repair_png(index, size, fixture);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct fixture fixtures[2];
    if (!fixtures[0].source) {
        open_fixture(&fixtures[0], FIXTURES "/420.jpg");
        open_fixture(&fixtures[1], FIXTURES "/rgb8.png");
    }
    for (int i = 0; i < 2; i++) {
        use(&fixtures[i], data, size, true);
        /* Whose index it is, the codec in it says. */
        if (size < HEADER || (data[144] & 1) != (i == 0))
            continue;
        uint8_t *copy = malloc(size);
        require(copy);
        memcpy(copy, data, size);
        repair(copy, size, &fixtures[i]);
        use(&fixtures[i], copy, size, false);
        free(copy);
    }
    return 0;
}
