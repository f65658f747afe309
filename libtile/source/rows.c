/* SPDX-License-Identifier: MIT */
/*
 * The one way in which pixels are read: rows are decoded to a ring, and copied out of it cropped and upright; or
 * straight to where they go, if hardly anybody will want them again and neither is needed.
 */
#include "source.h"

#include "../base/error.h"
#include "../base/memory.h"
#include "../base/pixels.h"

#include <string.h>

/* Copying is so much faster than what TILE_WATCH_STEP is meant for. */
enum { COPYING = 8 };

/* What is kept of a read of whole rows, which nobody but an overlapping one will want again. */
#define WHOLE_ROWS_KEPT ((uint64_t)64 << 20)

/* What is kept where no row is read again: few enough bytes to be in the cache when they are copied. */
#define ONCE_KEPT ((uint64_t)256 << 10)

static unsigned char *row_at(const struct tile_rows *rows, uint32_t y) {
    return rows->memory + y % rows->capacity * rows->row_size;
}

/* Rows from `y` on that lie one after the other in the ring, at most `count`. */
static uint32_t run_at(const struct tile_rows *rows, uint32_t y, uint32_t count) {
    return tile_min_u32(count, rows->capacity - y % rows->capacity);
}

/* A constant `size` makes each memcpy one or two moves. */
static inline void copy_pixels(const unsigned char *from, ptrdiff_t from_step, unsigned char *to, ptrdiff_t to_step,
                               uint32_t count, size_t size) {
    for (uint32_t i = 0; i < count; i++)
        memcpy(to + (ptrdiff_t)i * to_step, from + (ptrdiff_t)i * from_step, size);
}

static void copy_line(const unsigned char *from, ptrdiff_t from_step, unsigned char *to, ptrdiff_t to_step,
                      uint32_t count, size_t size) {
    if (from_step == to_step && from_step == (ptrdiff_t)size) {
        memcpy(to, from, count * size);
        return;
    }
    switch (size) {
    case 1: copy_pixels(from, from_step, to, to_step, count, 1); break;
    case 2: copy_pixels(from, from_step, to, to_step, count, 2); break;
    case 3: copy_pixels(from, from_step, to, to_step, count, 3); break;
    case 4: copy_pixels(from, from_step, to, to_step, count, 4); break;
    case 6: copy_pixels(from, from_step, to, to_step, count, 6); break;
    case 8: copy_pixels(from, from_step, to, to_step, count, 8); break;
    default: copy_pixels(from, from_step, to, to_step, count, size); break;
    }
}

/* Copies the stored rows [y, y + count), which are kept and part of `stored`, to where they go in `image`. */
static tile_status copy_rows(const tile_source *source, struct tile_rect stored, uint32_t y, uint32_t count,
                             const struct tile_image *image, struct tile_error *error) {
    const struct tile_rows *rows = &source->rows;
    int orientation = source->info.orientation;
    bool swap = tile_orientation_swaps(orientation);
    size_t size = tile_format_step(image->format);
    /* Where the image goes on for the next stored column and row, and where the first of both is. */
    ptrdiff_t step_x = swap ? image->stride : (ptrdiff_t)size, step_y = swap ? (ptrdiff_t)size : image->stride;
    unsigned char *to = image->plane[0];
    if (tile_orientation_flips_x(orientation)) {
        to += (ptrdiff_t)(stored.width - 1) * step_x;
        step_x = -step_x;
    }
    if (tile_orientation_flips_y(orientation)) {
        to += (ptrdiff_t)(stored.height - 1) * step_y;
        step_y = -step_y;
    }
    to += (ptrdiff_t)(y - stored.y) * step_y;

    /* Where axes are exchanged, blocks keep both the rows read and the rows written in the cache. */
    enum { BLOCK = 32 };
    tile_status status = TILE_OK;
    for (uint32_t done = 0, run; done < count && status == TILE_OK; done += run) {
        run = run_at(rows, y + done, swap ? tile_min_u32(BLOCK, count - done) : 1);
        const unsigned char *from = row_at(rows, y + done) + stored.x * size;
        unsigned char *line = to + (ptrdiff_t)done * step_y;
        if (!swap)
            copy_line(from, (ptrdiff_t)size, line, step_x, stored.width, size);
        else
            for (uint32_t x = 0; x < stored.width; x++)
                copy_line(from + x * size, (ptrdiff_t)rows->row_size, line + (ptrdiff_t)x * step_x, step_y, run, size);
        source->watch->at = (struct tile_progress){y + done - stored.y, stored.height};
        status = tile_watch_pass(source->watch, (uint64_t)run * stored.width * size / COPYING, error);
    }
    return status;
}

/* Makes the ring hold `capacity` rows, taking along those that are kept. */
static tile_status grow(tile_source *source, uint32_t capacity, struct tile_error *error) {
    struct tile_rows *rows = &source->rows;
    if (capacity <= rows->capacity)
        return TILE_OK;
    size_t size;
    if (!tile_mul(&size, rows->row_size, capacity))
        return tile_error_set(error, TILE_LIMIT_EXCEEDED, "%u rows of %zu bytes do not fit in memory", capacity,
                              rows->row_size);
    if (rows->first == rows->next) { /* nothing to take along: do not hold both */
        tile_free(source->allocator, rows->memory);
        rows->memory = NULL;
        rows->allocated = rows->capacity = 0;
    }
    struct tile_rows grown = *rows;
    grown.capacity = capacity;
    grown.allocated = size;
    grown.memory = tile_alloc(source->allocator, size);
    if (!grown.memory)
        return tile_no_memory(error, size);
    for (uint32_t y = rows->first; y < rows->next; y++)
        memcpy(row_at(&grown, y), row_at(rows, y), rows->row_size);
    tile_free(source->allocator, rows->memory);
    *rows = grown;
    return TILE_OK;
}

/* How many rows the ring should hold for a read of `stored`. */
static tile_status plan_capacity(const tile_source *source, struct tile_rect stored, size_t row_size, uint32_t *out,
                                 struct tile_error *error) {
    uint64_t memory = source->limits.memory, used = source->info.memory;
    if (used > memory || row_size > memory - used)
        return tile_error_advise(error, TILE_REMEDY_MEMORY, TILE_LIMIT_EXCEEDED,
                                 "decoding it (%s, %u x %u) needs %ju bytes of memory, the limit is %ju",
                                 source->coding, source->width, source->height, (uintmax_t)used + row_size,
                                 (uintmax_t)memory);
    uint64_t most = memory - used;
    if (stored.width == source->width && most > WHOLE_ROWS_KEPT)
        most = WHOLE_ROWS_KEPT > row_size ? WHOLE_ROWS_KEPT : row_size;
    if (source->rows.once && most > ONCE_KEPT)
        most = ONCE_KEPT > row_size ? ONCE_KEPT : row_size;
    most /= row_size;
    if (source->manner.rows_held && most > source->manner.rows_held)
        most = source->manner.rows_held;
    *out = most < stored.height ? (uint32_t)most : stored.height;
    return TILE_OK;
}

static tile_status start(tile_source *source, struct tile_format format, size_t row_size, struct tile_error *error) {
    struct tile_rows *rows = &source->rows;
    rows->first = rows->next = 0;
    rows->started = false;
    rows->format = format;
    rows->row_size = row_size;
    /* Fewer or smaller channels make more rows of the same memory. */
    size_t capacity = rows->allocated / row_size;
    rows->capacity = capacity < UINT32_MAX ? (uint32_t)capacity : UINT32_MAX;
    tile_status status = source->decoder->start(source, format, error);
    rows->started = status == TILE_OK;
    return status;
}

/* Decodes rows up to `end`, as many as the ring holds, dropping the oldest ones where it is full. */
static tile_status decode(tile_source *source, uint32_t end, struct tile_error *error) {
    struct tile_rows *rows = &source->rows;
    uint32_t count = tile_min_u32(end - rows->next, rows->capacity);
    if (rows->next - rows->first > rows->capacity - count)
        rows->first = rows->next + count - rows->capacity;
    while (count > 0) {
        uint32_t run = run_at(rows, rows->next, count);
        tile_status status = source->decoder->rows(source, run, row_at(rows, rows->next), rows->row_size, error);
        if (status != TILE_OK)
            return status;
        rows->next += run;
        count -= run;
    }
    return TILE_OK;
}

/*
 * Whether rows are decoded to where they go in `image`. Of a whole image that the ring cannot hold, only the bottom
 * would be kept, and it is not worth the memory.
 */
static bool goes_straight(const tile_source *source, struct tile_rect stored, uint32_t capacity,
                          const struct tile_image *image) {
    bool unwanted = source->rows.once || (stored.height == source->height && capacity < stored.height);
    return unwanted && source->info.orientation == 1 && stored.width == source->width && image->stride > 0;
}

static tile_status read_straight(tile_source *source, uint32_t count, unsigned char *to, size_t stride,
                                 struct tile_error *error) {
    struct tile_rows *rows = &source->rows;
    tile_status status = source->decoder->rows(source, count, to, stride, error);
    rows->first = rows->next += count;
    return status;
}

static tile_status read_rows(tile_source *source, struct tile_rect stored, const struct tile_image *image,
                             struct tile_error *error) {
    struct tile_rows *rows = &source->rows;
    struct tile_format format = image->format;
    size_t row_size;
    uint32_t capacity = 0;
    if (!tile_mul(&row_size, source->width, tile_format_step(format)))
        return tile_error_set(error, TILE_LIMIT_EXCEEDED, "a row of %u pixels does not fit in memory", source->width);
    tile_status status = plan_capacity(source, stored, row_size, &capacity, error);
    if (status == TILE_OK && (!rows->started || rows->format.space != format.space || stored.y < rows->first))
        status = start(source, format, row_size, error);
    if (status == TILE_OK && rows->next < stored.y) {
        source->watch->at = (struct tile_progress){rows->next, source->height};
        status = source->decoder->rows(source, stored.y - rows->next, NULL, 0, error);
        rows->next = stored.y;
    }
    rows->first = stored.y;
    source->watch->at = (struct tile_progress){0, stored.height};
    bool straight = goes_straight(source, stored, capacity, image);
    if (status == TILE_OK && !straight)
        status = grow(source, capacity, error);

    uint32_t end = stored.y + stored.height;
    for (uint32_t y = stored.y, count; status == TILE_OK && y < end; y += count) {
        if (y == rows->next && straight) {
            count = end - y;
            status = read_straight(source, count, tile_image_row(image, 0, y - stored.y), (size_t)image->stride, error);
            continue;
        }
        if (y == rows->next)
            status = decode(source, end, error);
        count = tile_min_u32(end, rows->next) - y;
        if (status == TILE_OK)
            status = copy_rows(source, stored, y, count, image, error);
    }
    /* Where decoding stopped in the middle, only the top is a place to go on from. */
    if (status != TILE_OK)
        rows->started = false;
    return status;
}

tile_status tile_rows_read(tile_source *source, struct tile_rect stored, const struct tile_image *image,
                           struct tile_watch *watch, struct tile_error *error) {
    source->watch = watch;
    tile_status status = read_rows(source, stored, image, error);
    source->watch = NULL;
    return status;
}

void tile_source_read_once(tile_source *source, bool once) {
    source->rows.once = once;
}

uint64_t tile_rows_kept(uint64_t bytes, bool once) {
    uint64_t most = once ? ONCE_KEPT : WHOLE_ROWS_KEPT;
    return bytes < most ? bytes : most;
}

uint64_t tile_rows_memory(const tile_source *source, struct tile_rect stored, struct tile_format format) {
    uint64_t rows = tile_u64_mul(tile_u64_mul(source->width, stored.height), tile_format_step(format));
    return tile_u64_add(source->info.memory, stored.width == source->width ? tile_rows_kept(rows, false) : rows);
}
