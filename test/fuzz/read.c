/* SPDX-License-Identifier: MIT */
/*
 * What is read through a file's index is what is read without; and what is cut out of it can be read.
 */
#include "fuzz.h"

#include <xxhash.h>

enum { MOST = 1 << 18 }; /* pixels of a rectangle */

static void check_read(tile_source *indexed, tile_source *plain, struct tile_rect rect) {
    struct tile_image image, other;
    struct tile_error error = {0};
    struct tile_format format = tile_source_info(plain)->format;
    require(tile_image_alloc(&image, format, rect.width, rect.height, NULL, NULL) == TILE_OK &&
            tile_image_alloc(&other, format, rect.width, rect.height, NULL, NULL) == TILE_OK);
    tile_status status = tile_source_read(indexed, rect, &image, &error);
    require_message(status, &error);
    /* A file that is damaged behind the rectangle's last row, or in what an index does not look at, reads as well. */
    if (tile_source_read(plain, rect, &other, NULL) == TILE_OK) {
        if (status != TILE_OK)
            fprintf(stderr, "%s\n", error.message);
        require(status == TILE_OK);
        require(memcmp(image.plane[0], other.plane[0], (size_t)image.stride * image.height) == 0);
    }
    tile_image_free(&image, NULL);
    tile_image_free(&other, NULL);
}

/* The rectangle with its edges moved to MCUs, of the file as it is stored. */
static void check_splice(tile_source *indexed, struct tile_rect rect) {
    const struct tile_info *info = tile_source_info(indexed);
    uint32_t width = info->part_width, height = info->part_height;
    uint32_t right = (rect.x + rect.width + width - 1) / width * width,
             bottom = (rect.y + rect.height + height - 1) / height * height;
    rect.x -= rect.x % width;
    rect.y -= rect.y % height;
    rect.width = (right < info->width ? right : info->width) - rect.x;
    rect.height = (bottom < info->height ? bottom : info->height) - rect.y;
    struct tile_buffer out = {0};
    struct tile_error error = {0};
    tile_status status = tile_source_splice(indexed, rect, &out, &error);
    require_message(status, &error);
    if (status == TILE_OK) {
        tile_source *part;
        if (tile_source_open_memory(&part, out.data, out.size, NULL, &error) == TILE_OK) {
            require(tile_source_info(part)->width == rect.width && tile_source_info(part)->height == rect.height);
            check_read(part, part, (struct tile_rect){0, 0, 1, rect.height});
            tile_source_close(part);
        }
    }
    tile_buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct tile_source_options options = small_limits();
    struct tile_index_options making = TILE_OPTIONS(struct tile_index_options);
    uint64_t seed = XXH3_64bits(data, size);
    tile_source *source, *plain;
    tile_index *index, *part;
    if (tile_source_open_memory(&source, data, size, &options, NULL) != TILE_OK)
        return 0;
    const struct tile_info *info = tile_source_info(source);
    making.tile_width = making.tile_height = 1 + (uint32_t)(seed % 100);
    if (!info->no_index && tile_index_build(&index, source, &making, NULL) == TILE_OK) {
        require(tile_source_use_index(source, index, NULL) == TILE_OK);
        require(tile_source_open_memory(&plain, data, size, &options, NULL) == TILE_OK);
        for (int i = 0; i < 2; i++) {
            struct tile_rect rect = rect_of(seed, i, info->width, info->height);
            if ((uint64_t)rect.width * rect.height > MOST)
                rect.height = 1 + MOST / rect.width;
            check_read(source, plain, rect);
            if (info->splices && info->orientation == 1)
                check_splice(source, rect);
            require(tile_index_part(&part, source, rect, NULL, NULL) == TILE_OK);
            require(tile_source_use_index(source, part, NULL) == TILE_OK);
            check_read(source, plain, rect);
            require(tile_source_use_index(source, index, NULL) == TILE_OK);
            tile_index_free(part);
        }
        tile_source_close(plain);
        tile_source_close(source);
        tile_index_free(index);
        return 0;
    }
    tile_source_close(source);
    return 0;
}
