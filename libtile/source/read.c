/* SPDX-License-Identifier: MIT */
/* Reading pixels: of a source with parts by them, of others from the top. */
#include "source.h"

#include "../base/error.h"
#include "../base/pixels.h"

static tile_status read_checked(tile_source *source, struct tile_rect rect, const struct tile_image *image,
                                struct tile_watch *watch, struct tile_error *error) {
    const struct tile_info *info = &source->info;
    tile_status status = tile_source_check_rect(source, rect, error);
    if (status == TILE_OK)
        status = tile_image_check(image, "the image to read to", error);
    if (status != TILE_OK)
        return status;
    if (image->width != rect.width || image->height != rect.height)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "the image to read to is %u x %u, the rectangle %u x %u",
                              image->width, image->height, rect.width, rect.height);
    if (!tile_format_equal(image->format, info->format) &&
        !tile_format_equal(image->format, tile_source_format_for(source, image->format.space)))
        return tile_error_set(error, TILE_INVALID_ARGUMENT,
                              "the image to read to is of another format: tile_source_format_for tells the one");
    struct tile_rect stored = tile_source_stored_rect(source, rect);
    status = tile_watch_ask(watch, error);
    if (status != TILE_OK)
        return status;
    return info->parts ? tile_part_read(source, stored, image, watch, error)
                       : tile_rows_read(source, stored, image, watch, error);
}

tile_status tile_source_read_watched(tile_source *source, struct tile_rect rect, struct tile_image *image,
                                     struct tile_watch *watch, struct tile_error *error) {
    struct tile_error why = {0};
    tile_status status = read_checked(source, rect, image, watch, &why);
    return tile_source_named(source, status, &why, error);
}

tile_status tile_source_read(tile_source *source, struct tile_rect rect, struct tile_image *image,
                             struct tile_error *error) {
    struct tile_watch watch = tile_source_watch(source);
    return tile_source_read_watched(source, rect, image, &watch, error);
}

tile_status tile_source_read_all(tile_source *source, struct tile_image *out, const struct tile_allocator *allocator,
                                 struct tile_error *error) {
    const struct tile_info *info = &source->info;
    uint64_t limit = source->limits.memory;
    *out = (struct tile_image){0};
    if (info->height > limit / tile_format_step(info->format) / info->width)
        return tile_error_advise(error, TILE_REMEDY_MEMORY, TILE_LIMIT_EXCEEDED,
                                 "%s: all of its %u x %u pixels take more than the limit of %ju bytes of memory",
                                 source->name, info->width, info->height, (uintmax_t)limit);
    tile_status status = tile_image_alloc(out, info->format, info->width, info->height, allocator, error);
    if (status == TILE_OK)
        status = tile_source_read(source, (struct tile_rect){0, 0, info->width, info->height}, out, error);
    if (status != TILE_OK)
        tile_image_free(out, allocator);
    return status;
}

uint64_t tile_reading_memory(const tile_source *source, struct tile_rect rect, struct tile_format format,
                             uint64_t limit) {
    return source->info.parts ? tile_part_memory(source, rect, format, limit)
                              : tile_rows_memory(source, tile_source_stored_rect(source, rect), format);
}
