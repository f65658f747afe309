/* SPDX-License-Identifier: MIT */
#include "chunks.h"

#include "base/bytes.h"

#include <png.h>
#include <zlib.h>

struct png_parts png_take_apart(const struct tile_buffer *file) {
    struct png_parts parts = {0};
    for (size_t at = 8; at + 12 <= file->size;) {
        size_t size = (size_t)tile_get_be(file->data + at, 4);
        if (memcmp(file->data + at + 4, "IDAT", 4) == 0) {
            if (!parts.begin)
                parts.begin = at;
            test_append(&parts.stream, file->data + at + 8, size);
            parts.end = at + 12 + size;
        }
        at += 12 + size;
    }
    return parts;
}

struct tile_buffer png_put_together(const struct tile_buffer *file, const struct png_parts *parts,
                                    const struct tile_buffer *stream, size_t most) {
    struct tile_buffer out = {0};
    test_append(&out, file->data, parts->begin);
    if (most % 2)
        png_append_chunk(&out, "IDAT", NULL, 0);
    for (size_t at = 0; at < stream->size; at += most)
        png_append_chunk(&out, "IDAT", stream->data + at, stream->size - at < most ? stream->size - at : most);
    test_append(&out, file->data + parts->end, file->size - parts->end);
    return out;
}

unsigned char *png_rows(const struct png_parts *parts, size_t size) {
    uLong inflated = size;
    unsigned char *rows = malloc(size);
    assert_non_null(rows);
    assert_int_equal(uncompress(rows, &inflated, parts->stream.data, parts->stream.size), Z_OK);
    assert_int_equal(inflated, size);
    return rows;
}

struct tile_buffer png_in_chunks(const struct png_recipe *recipe, size_t most) {
    struct tile_buffer file = png_file(recipe);
    struct png_parts parts = png_take_apart(&file);
    struct tile_buffer out = png_put_together(&file, &parts, &parts.stream, most);
    tile_buffer_free(&parts.stream);
    tile_buffer_free(&file);
    return out;
}

struct tile_buffer png_usual(void) {
    struct png_recipe recipe = {
        .width = 150, .height = 200, .type = PNG_COLOR_TYPE_RGB, .depth = 8, .mixed = 5, .level = 6};
    return png_in_chunks(&recipe, 3000);
}

unsigned char *png_decoded(const struct tile_buffer *file, struct stored *stored) {
    unsigned char *pixels = png_pixels(file, stored);
    assert_non_null(pixels);
    return pixels;
}
