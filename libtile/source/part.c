/* SPDX-License-Identifier: MIT */
/* Reading through an index: a region's part of the file becomes a small file, which the ordinary decoder reads. */
#include "source.h"

#include "../base/error.h"
#include "../base/memory.h"
#include "../base/pixels.h"

#include <string.h>

/* Rows of a piece to hold at a time: they are copied on while they are in the cache. */
enum { PIECE_ROWS = 32 };

/* The subject's reader: the source's own, one thread at a time. */
static tile_status read_locked(void *user, uint64_t offset, void *buffer, size_t length, struct tile_error *error) {
    tile_source *source = user;
    const struct tile_reader *reader = &source->input.reader;
    pthread_mutex_lock(&source->reading);
    tile_status status = reader->read_at(reader->user, offset, buffer, length, error);
    pthread_mutex_unlock(&source->reading);
    return status;
}

static void set_subject(tile_source *source) {
    const uint64_t most_gap = (uint64_t)1 << 40, usual_gap = (uint64_t)256 << 10;
    struct tile_subject *subject = &source->subject;
    *subject = (struct tile_subject){.reader = source->input.reader,
                                     .codec = source->info.codec,
                                     .width = source->width,
                                     .height = source->height,
                                     .limits = source->limits,
                                     .allocator = source->allocator};
    subject->reader.user = source;
    subject->reader.read_at = read_locked;
    subject->reader.close = NULL;
    uint64_t gap = subject->reader.gap;
    subject->reader.gap = gap == 0 ? usual_gap : gap < most_gap ? gap : most_gap;
}

/* Says whose fault it is. */
static tile_status named(const tile_source *source, tile_status status, const struct tile_error *why,
                         struct tile_error *error) {
    return status == TILE_OK ? TILE_OK : tile_error_name(error, source->name, status, why);
}

tile_status tile_index_build(tile_index **out, tile_source *source, const struct tile_index_options *options,
                             struct tile_error *error) {
    struct tile_index_options o;
    struct tile_error why = {0};
    *out = NULL;
    if (!source)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "the source is NULL");
    tile_status status = tile_options_copy(&o, sizeof o, options, &why);
    if (status == TILE_OK && source->info.no_index)
        status = tile_error_set(&why, TILE_UNSUPPORTED, "can have no index: it is %s", source->info.no_index);
    if (status == TILE_OK) {
        o.tile_width = o.tile_width ? o.tile_width : TILE_INDEX_TILE;
        o.tile_height = o.tile_height ? o.tile_height : TILE_INDEX_TILE;
        set_subject(source);
        status = tile_index_make(out, &source->subject, &o, &why);
    }
    return named(source, status, &why, error);
}

void tile_random_close(tile_source *source) {
    if (source->access.codec)
        source->access.codec->close(&source->access);
    source->access = (struct tile_access){0};
    source->info.indexed = false;
}

static tile_status use(tile_source *source, const tile_index *index, struct tile_error *error) {
    struct tile_watch watch = tile_source_watch(source);
    bool by_hash;
    set_subject(source);
    tile_status status = tile_index_compare(index, &source->subject, &by_hash, error);
    if (status != TILE_OK)
        return status;
    if (by_hash) {
        struct tile_hash hash;
        status = tile_source_read_hash(source, &hash, &watch, error);
        if (status != TILE_OK)
            return status;
        if (memcmp(hash.bytes, index->header.source_hash.bytes, sizeof hash.bytes) != 0)
            return tile_error_set(error, TILE_SOURCE_CHANGED, "changed: its bytes are not those that its index is of");
    }
    source->access = (struct tile_access){
        .index = index, .subject = &source->subject, .codec = tile_index_codec_of(index->header.codec)};
    status = source->access.codec->open(&source->access, error);
    if (status != TILE_OK)
        tile_random_close(source);
    else
        source->info.indexed = true;
    return status;
}

tile_status tile_source_use_index(tile_source *source, const tile_index *index, struct tile_error *error) {
    struct tile_error why = {0};
    if (!source)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "the source is NULL");
    tile_random_close(source);
    return index ? named(source, use(source, index, &why), &why, error) : TILE_OK;
}

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
    o.limits = source->limits;
    o.name = "a part of it"; /* the source's own name comes before that */
    o.ignore_profile = o.ignore_orientation = true;
    tile_source *part;
    tile_status status = tile_source_open_memory(&part, piece->bytes.data, piece->bytes.size, &o, error);
    if (status != TILE_OK)
        return status;
    if (part->width != piece->width || part->height != piece->height)
        status = tile_error_set(error, TILE_BAD_DATA, "a piece of it is %u x %u instead of %u x %u", part->width,
                                part->height, piece->width, piece->height);
    /* Rows are as long as `image` says by its format, which is the source's. */
    else if (part->info.format.sample != source->info.format.sample ||
             tile_format_step(part->info.format) != tile_format_step(source->info.format))
        status = tile_error_set(error, TILE_SOURCE_CHANGED, "changed: its samples are of another format");
    part->info.orientation = source->info.orientation;
    part->rows.most = PIECE_ROWS;
    part->trusted = true;
    part->watch = &within;
    struct tile_rect rect = {piece->x, piece->y, width, piece->rows};
    if (status == TILE_OK)
        status = tile_rows_read(part, rect, image, error);
    tile_source_close(part);
    return status;
}

tile_status tile_random_read(const tile_source *source, struct tile_rect stored, const struct tile_image *image,
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

/* The checks that all calls about a part of an indexed source share. */
static tile_status check(const tile_source *source, struct tile_rect rect, struct tile_error *error) {
    if (!source->info.indexed)
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
    return named(source, status, &why, error);
}

tile_status tile_index_part(tile_index **out, const tile_source *source, struct tile_rect rect,
                            const struct tile_allocator *allocator, struct tile_error *error) {
    struct tile_error why = {0};
    struct tile_buffer payload = {.allocator = allocator};
    *out = NULL;
    tile_status status = check(source, rect, &why);
    if (status == TILE_OK) {
        struct tile_index_header header = source->access.index->header;
        status =
            source->access.codec->part(&source->access, tile_source_stored_rect(source, rect), &header, &payload, &why);
        if (status == TILE_OK)
            status = tile_index_assemble(out, header, &payload, allocator, &why);
    }
    tile_buffer_free(&payload);
    return named(source, status, &why, error);
}

tile_status tile_source_splice_watched(const tile_source *source, struct tile_rect rect, struct tile_buffer *out,
                                       struct tile_watch *watch, struct tile_error *error) {
    struct tile_error why = {0};
    tile_status status = check(source, rect, &why);
    if (status == TILE_OK && source->info.codec != TILE_JPEG)
        status = tile_error_set(&why, TILE_UNSUPPORTED, "is not a JPEG: only a JPEG can be cut without decoding it");
    if (status == TILE_OK && source->info.orientation != 1)
        status = tile_error_set(&why, TILE_INVALID_ARGUMENT,
                                "has orientation %d: a part that is cut without decoding cannot be turned",
                                source->info.orientation);
    if (status == TILE_OK)
        status = tile_watch_ask(watch, &why);
    if (status == TILE_OK)
        status = tile_jpeg_extract(&source->access, rect, out, watch, &why);
    return named(source, status, &why, error);
}

tile_status tile_source_splice(const tile_source *source, struct tile_rect rect, struct tile_buffer *out,
                               struct tile_error *error) {
    struct tile_watch watch = tile_source_watch(source);
    return tile_source_splice_watched(source, rect, out, &watch, error);
}

void tile_source_mcu(const tile_source *source, uint32_t *width, uint32_t *height) {
    *width = source->mcu_width;
    *height = source->mcu_height;
}
