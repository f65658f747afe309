/* SPDX-License-Identifier: MIT */
/* Reading a part: it becomes a small file, which the ordinary decoder reads. */
#include "source.h"

#include "../base/memory.h"
#include "../base/pixels.h"

#include <string.h>

/* Rows of a piece to hold at a time: they are copied on while they are in the cache. */
enum { ROWS_HELD = 32 };

/* Where rows [from, from + count) of `stored` go in an upright image of all of it. */
static struct tile_rect upright_rows(const tile_source *source, struct tile_rect stored, uint32_t from,
                                     uint32_t count) {
    int orientation = source->info.orientation;
    if (tile_orientation_flips_y(orientation))
        from = stored.height - from - count;
    return tile_orientation_swaps(orientation) ? (struct tile_rect){from, 0, count, stored.width}
                                               : (struct tile_rect){0, from, stored.width, count};
}

/* Reads a piece's part of the region by a source of its own, to where it goes in `image`. */
static tile_status read_piece(const tile_source *source, const struct tile_piece *piece, uint32_t width,
                              const struct tile_image *image, struct tile_watch *watch, struct tile_error *error) {
    struct tile_watch within = {.progress = tile_watch_relay, .user = watch};
    struct tile_source_options o = TILE_OPTIONS(struct tile_source_options);
    o.allocator = source->allocator;
    o.max_pixels = source->limits.pixels;
    o.max_memory = source->limits.memory;
    o.max_metadata = source->limits.metadata;
    o.max_side = source->limits.side;
    o.name = "a part of it"; /* the source's own name comes before that */
    o.ignore_profile = true;
    const struct tile_manner manner = {.orientation = source->info.orientation, .rows_held = ROWS_HELD, .piece = true};
    tile_source *part;
    tile_status status = tile_source_open_piece(&part, piece->bytes.data, piece->bytes.size, &o, &manner, error);
    if (status != TILE_OK)
        return status;
    if (part->width != piece->width || part->height != piece->height)
        status = tile_error_set(error, TILE_BAD_DATA, "a piece of it is %u x %u instead of %u x %u", part->width,
                                part->height, piece->width, piece->height);
    /* Rows are as long as `image` says by its format, which is the source's. */
    else if (part->info.format.sample != source->info.format.sample ||
             tile_format_step(part->info.format) != tile_format_step(source->info.format))
        status = tile_error_set(error, TILE_SOURCE_CHANGED, "changed: its samples are of another format");
    struct tile_rect rect = {piece->x, piece->y, width, piece->rows};
    part->rows.once = true;
    if (status == TILE_OK)
        status = tile_rows_read(part, rect, image, &within, error);
    tile_source_close(part);
    return status;
}

tile_status tile_part_read(const tile_source *source, struct tile_rect stored, const struct tile_image *image,
                           struct tile_watch *watch, struct tile_error *error) {
    const struct tile_access *access = &source->access;
    tile_status status = TILE_OK;
    for (uint32_t done = 0; done < stored.height && status == TILE_OK;) {
        struct tile_piece piece = {.bytes.allocator = source->allocator};
        struct tile_rect rest = {stored.x, stored.y + done, stored.width, stored.height - done};
        watch->at = (struct tile_progress){done, stored.height};
        status = access->codec->cut(access, rest, &piece, watch, error);
        if (status == TILE_OK) {
            struct tile_image part = tile_image_view(image, upright_rows(source, stored, done, piece.rows));
            status = read_piece(source, &piece, stored.width, &part, watch, error);
        }
        tile_buffer_free(&piece.bytes);
        done += piece.rows;
    }
    return status;
}

uint64_t tile_part_memory(const tile_source *source, struct tile_rect rect, struct tile_format format, uint64_t limit) {
    const uint64_t buffers = (uint64_t)512 << 10; /* of the source that reads the piece */
    const struct tile_access *access = &source->access;
    uint64_t row, cutting = access->codec->memory(access, tile_source_stored_rect(source, rect),
                                                  tile_format_step(format), limit, &row);
    return tile_u64_add(tile_u64_add(tile_u64_mul(row, ROWS_HELD), cutting),
                        tile_u64_add(source->info.memory, buffers));
}

/* The checks that all calls about a part of a source share. */
static tile_status check(const tile_source *source, struct tile_rect rect, struct tile_error *error) {
    if (!source->info.parts)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "has no index in use");
    return tile_source_check_rect(source, rect, error);
}

tile_status tile_source_ranges(const tile_source *source, struct tile_rect rect, struct tile_range *ranges,
                               size_t capacity, size_t *count, struct tile_error *error) {
    struct tile_error why = {0};
    struct tile_range_list list = {.allocator = source->allocator};
    *count = 0;
    tile_status status = check(source, rect, &why);
    if (status == TILE_OK)
        status = source->access.codec->ranges(&source->access, tile_source_stored_rect(source, rect), &list, &why);
    if (status == TILE_OK) {
        *count = list.count;
        for (size_t i = 0; i < list.count && i < capacity; i++)
            ranges[i] = list.ranges[i];
    }
    tile_free(source->allocator, list.ranges);
    return tile_source_named(source, status, &why, error);
}

tile_status tile_index_part(tile_index **out, const tile_source *source, struct tile_rect rect,
                            const struct tile_allocator *allocator, struct tile_error *error) {
    struct tile_error why = {0};
    struct tile_buffer payload = {.allocator = allocator};
    *out = NULL;
    tile_status status = check(source, rect, &why);
    if (status == TILE_OK && !source->info.indexed)
        status = tile_error_set(&why, TILE_INVALID_ARGUMENT,
                                "has no index to send a part of, and needs none: the file itself tells where its parts "
                                "are");
    if (status == TILE_OK) {
        struct tile_index_header header = source->access.index->header;
        status =
            source->access.codec->part(&source->access, tile_source_stored_rect(source, rect), &header, &payload, &why);
        if (status == TILE_OK)
            status = tile_index_assemble(out, header, &payload, allocator, &why);
    }
    tile_buffer_free(&payload);
    return tile_source_named(source, status, &why, error);
}

tile_status tile_source_splice_watched(const tile_source *source, struct tile_rect rect, struct tile_buffer *out,
                                       struct tile_watch *watch, struct tile_error *error) {
    struct tile_error why = {0};
    tile_status status = check(source, rect, &why);
    if (status == TILE_OK && !source->info.splices)
        status = tile_error_set(&why, TILE_UNSUPPORTED, "is not a JPEG: only a JPEG can be cut without decoding it");
    if (status == TILE_OK && source->info.orientation != 1)
        status = tile_error_set(&why, TILE_INVALID_ARGUMENT,
                                "has orientation %d: a part that is cut without decoding cannot be turned",
                                source->info.orientation);
    if (status == TILE_OK)
        status = tile_watch_ask(watch, &why);
    if (status == TILE_OK)
        status = source->access.codec->splice(&source->access, rect, out, watch, &why);
    return tile_source_named(source, status, &why, error);
}

tile_status tile_source_splice(const tile_source *source, struct tile_rect rect, struct tile_buffer *out,
                               struct tile_error *error) {
    struct tile_watch watch = tile_source_watch(source);
    return tile_source_splice_watched(source, rect, out, &watch, error);
}
