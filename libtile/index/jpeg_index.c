/* SPDX-License-Identifier: MIT */
/*
 * Reading a JPEG through its index: the MCUs of a region, and those around them, are cut out between checkpoints, and
 * become a small JPEG.
 */
#include "jpeg_table.h"

#include "../base/buffer.h"
#include "../base/bytes.h"
#include "../base/memory.h"
#include "../base/pixels.h"

#include <string.h>

enum {
    PIECE_MCU_ROWS = 64,
    PIECE_BYTES = 16 << 20,
    READ_BYTES = 1 << 20,
    /* libjpeg-turbo decodes Huffman codes faster while this much of its input is left: 512 bytes for each block. */
    TAIL_BYTES = 512 * TILE_MCU_BLOCKS,
};

/* ---- Opening ----------------------------------------------------------------------------------------------- */

static void close_access(struct tile_access *access) {
    struct tile_jpeg_access *a = access->state;
    if (!a)
        return;
    tile_jpeg_header_free(&a->header);
    tile_free(access->subject->allocator, a);
    access->state = NULL;
}

static tile_status open_access(struct tile_access *access, struct tile_error *error) {
    const struct tile_index_header *index = &access->index->header;
    struct tile_jpeg_access *a = tile_alloc_zero(access->subject->allocator, sizeof *a);
    access->state = a;
    if (!a)
        return tile_no_memory(error, sizeof *a);
    tile_status status = tile_jpeg_prepare(a, access->subject, index->data_begin, error);
    if (status == TILE_OK) {
        const struct tile_jpeg_header *h = &a->header;
        if (h->data_begin != index->data_begin)
            status =
                tile_error_set(error, TILE_SOURCE_CHANGED, "changed: its header is not the one that its index is of");
        else if (index->step > h->mcus || index->first_column + index->columns > tile_jpeg_columns(h, index->step) ||
                 index->first_row + index->rows > h->mcu_rows)
            status = tile_index_damaged(error, "its grid");
    }
    access->part_width = a->header.mcu_width;
    access->part_height = a->header.mcu_height;
    if (status != TILE_OK)
        close_access(access);
    return status;
}

/* ---- What a region needs of an index ------------------------------------------------------------------------ */

/* A stretch of MCUs, and the columns of checkpoints that it takes to read them. */
struct stretch {
    uint32_t begin, end;  /* MCUs in each row */
    uint32_t top, bottom; /* rows of MCUs */
    uint32_t first, last; /* columns */
};

static struct stretch stretch_of(const struct tile_jpeg_header *h, uint32_t step, struct tile_rect region,
                                 uint32_t around) {
    uint32_t left = region.x / h->mcu_width, right = (region.x + region.width - 1) / h->mcu_width + 1;
    uint32_t top = region.y / h->mcu_height, bottom = (region.y + region.height - 1) / h->mcu_height + 1;
    struct stretch s = {.begin = left > around ? left - around : 0,
                        .end = tile_min_u32(right + around, h->mcus),
                        .top = top > around ? top - around : 0,
                        .bottom = tile_min_u32(bottom + around, h->mcu_rows)};
    /* Those of the region's own MCUs, so that a part of it never takes others; their spans have the neighbors. */
    s.first = left / step;
    s.last = (right - 1) / step;
    return s;
}

static tile_status check_held(const struct tile_access *access, const struct stretch *s, struct tile_error *error) {
    const struct tile_index_header *header = &access->index->header;
    if (s->first >= header->first_column && s->last - header->first_column < header->columns &&
        s->top >= header->first_row && s->bottom - header->first_row <= header->rows)
        return TILE_OK;
    return tile_error_set(error, TILE_INVALID_ARGUMENT,
                          "has an index of a part only, and the rectangle is outside of it");
}

/* ---- Cutting ----------------------------------------------------------------------------------------------- */

struct cutting {
    const struct tile_access *access;
    struct tile_watch *watch; /* while data are read */
    struct stretch s;
    /* Of each row, the first and the last column's; the same where there is but one. */
    struct tile_jpeg_checkpoint *left, *right;
    struct tile_entropy entropy;
    unsigned char *bytes; /* of the file */
    size_t capacity;
    struct tile_splice splice;
};

static uint64_t row_begin(const struct cutting *c, uint32_t i) {
    return c->left[i].bit / 8;
}

static uint64_t row_end(const struct cutting *c, uint32_t i) {
    return c->right[i].bit / 8 + c->right[i].length;
}

static void end_cutting(struct cutting *c) {
    const struct tile_allocator *allocator = c->access->subject->allocator;
    tile_free(allocator, c->left);
    if (c->right != c->left)
        tile_free(allocator, c->right);
    tile_free(allocator, c->bytes);
    tile_entropy_free(&c->entropy);
}

/* Checkpoints of a stretch's rows. `c` is to be ended also after a failure. */
static tile_status begin_cutting(struct cutting *c, const struct tile_access *access, struct stretch s,
                                 struct tile_error *error) {
    const struct tile_allocator *allocator = access->subject->allocator;
    const struct tile_jpeg_access *a = access->state;
    *c = (struct cutting){.access = access, .s = s, .splice = {.scanner = &a->scanner, .codes = a->codes}};
    tile_entropy_begin(&c->entropy, allocator);
    tile_status status = check_held(access, &s, error);
    if (status != TILE_OK)
        return status;
    uint32_t rows = s.bottom - s.top;
    c->left = tile_alloc(allocator, rows * sizeof *c->left);
    c->right = s.first == s.last ? c->left : tile_alloc(allocator, rows * sizeof *c->right);
    if (!c->left || !c->right)
        return tile_no_memory(error, rows * sizeof *c->left);
    status = tile_jpeg_checkpoints(access, s.first, s.top, rows, c->left, error);
    if (status == TILE_OK && c->right != c->left)
        status = tile_jpeg_checkpoints(access, s.last, s.top, rows, c->right, error);
    /* Two rows may share a byte, and the zero stuffed behind it. */
    for (uint32_t i = 0; i < rows && status == TILE_OK; i++)
        if (row_end(c, i) < row_begin(c, i) ||
            (i > 0 && (row_begin(c, i) < row_begin(c, i - 1) || row_begin(c, i) + 2 < row_end(c, i - 1))))
            status = tile_index_damaged(error, "the order of its checkpoints");
    return status;
}

static tile_status mismatch(uint64_t offset, struct tile_error *error) {
    return tile_error_set(error, TILE_SOURCE_CHANGED,
                          "does not match its index at byte %ju: one of the two was changed, or is damaged",
                          (uintmax_t)offset);
}

/* Whether a walk has come to a checkpoint, bit for bit. */
static bool is_at(const struct tile_walk *walk, const struct tile_jpeg_checkpoint *checkpoint) {
    return tile_walk_offset(walk) * 8 + (walk->place.bit & 7) == checkpoint->bit &&
           memcmp(walk->place.dc, checkpoint->dc, sizeof checkpoint->dc) == 0;
}

/* One row of the stretch, whose bytes are `bytes`. */
static tile_status cut_row(struct cutting *c, uint32_t i, const unsigned char *bytes, struct tile_error *error) {
    const struct tile_jpeg_access *a = c->access->state;
    const struct tile_jpeg_header *h = &a->header;
    const struct stretch *s = &c->s;
    uint32_t step = c->access->index->header.step;
    uint64_t base = (uint64_t)(s->top + i) * h->mcus, first = base + tile_jpeg_span_begin(h, step, s->first);
    struct tile_walk walk = {.scanner = &a->scanner, .entropy = &c->entropy, .mcu = first, .restarted = first};
    walk.place.bit = c->left[i].bit & 7;
    memcpy(walk.place.dc, c->left[i].dc, sizeof walk.place.dc);
    tile_status status = tile_entropy_reset(&c->entropy, row_begin(c, i), error);
    if (status == TILE_OK)
        status = tile_entropy_add(&c->entropy, bytes, (size_t)(row_end(c, i) - row_begin(c, i)), error);
    if (status == TILE_OK)
        status = tile_walk_to(&walk, base + s->begin, error);
    if (status == TILE_OK && s->first != s->last) {
        status = tile_splice_copy(&c->splice, &walk, base + tile_jpeg_span_begin(h, step, s->last), error);
        if (status == TILE_OK)
            status = tile_walk_restart(&walk, error);
        if (status == TILE_OK && !is_at(&walk, &c->right[i]))
            status = mismatch(tile_walk_offset(&walk), error);
    }
    if (status == TILE_OK)
        status = tile_splice_copy(&c->splice, &walk, base + s->end, error);
    if (status == TILE_OK)
        status = tile_walk_to(&walk, base + tile_jpeg_span_end(h, step, s->last), error);
    if (status == TILE_OK && tile_walk_end(&walk) != row_end(c, i))
        status = mismatch(tile_walk_end(&walk), error);
    return status;
}

/* The rows [from, to) of the stretch, their bytes read with few calls. */
static tile_status cut_rows(struct cutting *c, uint32_t from, uint32_t to, struct tile_error *error) {
    const struct tile_subject *subject = c->access->subject;
    const struct tile_reader *reader = &subject->reader;
    tile_status status = TILE_OK;
    for (uint32_t i = from, next; i < to && status == TILE_OK; i = next) {
        uint64_t begin = row_begin(c, i), end = row_end(c, i);
        for (next = i + 1;
             next < to && row_begin(c, next) <= end + reader->gap && row_end(c, next) - begin <= READ_BYTES; next++)
            end = row_end(c, next) > end ? row_end(c, next) : end;
        size_t size = (size_t)(end - begin);
        if (size > c->capacity) {
            tile_free(subject->allocator, c->bytes);
            c->capacity = 0;
            c->bytes = tile_alloc(subject->allocator, size);
            if (!c->bytes)
                return tile_no_memory(error, size);
            c->capacity = size;
        }
        status = reader->read_at(reader->user, begin, c->bytes, size, error);
        for (; i < next && status == TILE_OK; i++) {
            status = cut_row(c, i, c->bytes + (row_begin(c, i) - begin), error);
            if (status == TILE_OK)
                status = tile_watch_pass(c->watch, row_end(c, i) - row_begin(c, i), error);
        }
    }
    return status;
}

/* Rows of the stretch that come to a piece of reasonable size; at least 1 and `around` more. */
static uint32_t rows_of_piece(const struct cutting *c, uint32_t least) {
    uint32_t rows = c->s.bottom - c->s.top;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < rows; i++) {
        bytes += row_end(c, i) - row_begin(c, i);
        if (bytes > PIECE_BYTES && i >= least)
            return i;
    }
    return rows;
}

static tile_status cut_jpeg(struct cutting *c, uint32_t rows, bool with_profile, struct tile_buffer *out,
                            uint32_t *width, uint32_t *height, struct tile_error *error) {
    const struct tile_jpeg_access *a = c->access->state;
    const struct tile_jpeg_header *h = &a->header;
    const struct stretch *s = &c->s;
    uint64_t bytes = 0, largest = 0, memory = c->access->subject->limits.memory;
    for (uint32_t i = 0; i < rows; i++) {
        uint64_t size = row_end(c, i) - row_begin(c, i);
        bytes += size;
        largest = size > largest ? size : largest;
    }
    /* As read, and as written with room to grow. A row also as scanned, with a mark (24 bytes) for each stuffed byte,
     * every other one at most, and half as much again of room: 18 times its bytes, and 12 while they are moved there.
     */
    if (4 * bytes + 32 * largest > memory)
        return tile_error_set(error, TILE_LIMIT_EXCEEDED, "has a part of %ju bytes, too much for %ju bytes of memory",
                              (uintmax_t)bytes, (uintmax_t)memory);
    *width = tile_min_u32(h->width, s->end * h->mcu_width) - s->begin * h->mcu_width;
    *height = tile_min_u32(h->height, (s->top + rows) * h->mcu_height) - s->top * h->mcu_height;
    tile_status status = tile_buffer_reserve(out, out->size + (size_t)bytes + 4096 + TAIL_BYTES, error);
    if (status == TILE_OK)
        status = tile_jpeg_header_write(h, *width, *height, with_profile, out, error);
    c->splice.out = out;
    if (status == TILE_OK)
        status = cut_rows(c, 0, rows, error);
    return status == TILE_OK ? tile_splice_end(&c->splice, error) : status;
}

static tile_status cut(const struct tile_access *access, struct tile_rect region, struct tile_piece *piece,
                       struct tile_watch *watch, struct tile_error *error) {
    static const unsigned char tail[TAIL_BYTES];
    const struct tile_jpeg_access *a = access->state;
    const struct tile_jpeg_header *h = &a->header;
    uint32_t most = PIECE_MCU_ROWS * h->mcu_height, around = tile_jpeg_margin(h);
    struct tile_rect part = region;
    part.height = tile_min_u32(region.height, most);
    struct cutting c;
    struct stretch s = stretch_of(h, access->index->header.step, part, around);
    tile_status status = begin_cutting(&c, access, s, error);
    c.watch = watch;
    if (status == TILE_OK) {
        uint32_t rows = rows_of_piece(&c, 2 * around + 1);
        /* Fewer rows than the region wants: the last one is only there for its neighbor. */
        if (rows < s.bottom - s.top)
            part.height = (s.top + rows - around) * h->mcu_height - region.y;
        status = cut_jpeg(&c, rows, false, &piece->bytes, &piece->width, &piece->height, error);
    }
    if (status == TILE_OK)
        status = tile_buffer_append(&piece->bytes, tail, sizeof tail, error);
    end_cutting(&c);
    piece->x = region.x - s.begin * h->mcu_width;
    piece->y = region.y - s.top * h->mcu_height;
    piece->rows = part.height;
    return status;
}

/* The piece is as wide as the MCUs around the region. It is read, and made anew. */
static uint64_t memory(const struct tile_access *access, struct tile_rect region, size_t step, uint64_t limit,
                       uint64_t *row) {
    (void)limit;
    *row = tile_u64_mul((uint64_t)region.width + 4 * access->part_width, step);
    uint64_t decoded = tile_u64_mul(*row, region.height), file = access->subject->reader.size;
    return tile_u64_mul(decoded < file ? decoded : file, 2);
}

static tile_status splice(const struct tile_access *access, struct tile_rect region, struct tile_buffer *out,
                          struct tile_watch *watch, struct tile_error *error) {
    const struct tile_jpeg_access *a = access->state;
    const struct tile_jpeg_header *h = &a->header;
    uint32_t right = region.x + region.width, bottom = region.y + region.height;
    if (region.x % h->mcu_width || region.y % h->mcu_height || (right % h->mcu_width && right != h->width) ||
        (bottom % h->mcu_height && bottom != h->height))
        return tile_error_set(
            error, TILE_INVALID_ARGUMENT,
            "can be cut without decoding at multiples of %u x %u pixels only, which %u,%u %u x %u is not", h->mcu_width,
            h->mcu_height, region.x, region.y, region.width, region.height);
    struct cutting c;
    struct stretch s = stretch_of(h, access->index->header.step, region, 0);
    uint32_t width, height;
    size_t before = out->size;
    tile_status status = begin_cutting(&c, access, s, error);
    c.watch = watch;
    if (status == TILE_OK)
        status = cut_jpeg(&c, s.bottom - s.top, true, out, &width, &height, error);
    if (status != TILE_OK)
        out->size = before;
    end_cutting(&c);
    return status;
}

/* ---- What a region needs ----------------------------------------------------------------------------------- */

static tile_status ranges(const struct tile_access *access, struct tile_rect region, struct tile_range_list *list,
                          struct tile_error *error) {
    const struct tile_jpeg_access *a = access->state;
    struct cutting c;
    struct stretch s = stretch_of(&a->header, access->index->header.step, region, tile_jpeg_margin(&a->header));
    uint64_t gap = access->subject->reader.gap;
    tile_status status = begin_cutting(&c, access, s, error);
    if (status == TILE_OK)
        status = tile_range_add(list, 0, a->header.data_begin, gap, error);
    for (uint32_t i = 0; status == TILE_OK && i < s.bottom - s.top; i++)
        status = tile_range_add(list, row_begin(&c, i), row_end(&c, i) - row_begin(&c, i), gap, error);
    end_cutting(&c);
    return status;
}

static tile_status part(const struct tile_access *access, struct tile_rect region, struct tile_index_header *header,
                        struct tile_buffer *payload, struct tile_error *error) {
    const struct tile_jpeg_access *a = access->state;
    struct stretch s = stretch_of(&a->header, header->step, region, tile_jpeg_margin(&a->header));
    tile_status status = check_held(access, &s, error);
    if (status != TILE_OK)
        return status;
    *header = access->index->header;
    header->first_column = s.first;
    header->columns = s.last - s.first + 1;
    header->first_row = s.top;
    header->rows = s.bottom - s.top;
    size_t size = tile_jpeg_record_size(&a->header), all = size * header->columns * header->rows;
    const struct tile_allocator *allocator = access->subject->allocator;
    unsigned char *records = tile_alloc(allocator, all);
    struct tile_jpeg_checkpoint *points = tile_alloc(allocator, header->rows * sizeof *points);
    if (!records || !points)
        status = tile_no_memory(error, all);
    for (uint32_t column = 0; column < header->columns && status == TILE_OK; column++) {
        status = tile_jpeg_checkpoints(access, s.first + column, s.top, header->rows, points, error);
        for (uint32_t row = 0; row < header->rows && status == TILE_OK; row++) {
            unsigned char *to = records + ((size_t)row * header->columns + column) * size;
            tile_put_le(to, points[row].bit, 5);
            tile_put_le(to + 5, points[row].length, 3);
            for (int c = 0; c < a->header.components; c++)
                tile_put_le(to + 8 + 2 * c, (uint16_t)points[row].dc[c], 2);
        }
    }
    if (status == TILE_OK)
        status = tile_jpeg_write_payload(header, records, size, payload, error);
    tile_free(allocator, points);
    tile_free(allocator, records);
    return status;
}

const struct tile_index_codec tile_jpeg_index = {
    .quick = true,
    .build = tile_jpeg_build,
    .open = open_access,
    .close = close_access,
    .cut = cut,
    .memory = memory,
    .ranges = ranges,
    .part = part,
    .splice = splice,
};
