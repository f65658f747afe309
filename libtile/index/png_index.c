/* SPDX-License-Identifier: MIT */
/*
 * Reading a PNG through its index: a checkpoint's rows are inflated from there on and unfiltered, and the region's
 * bytes of them become a small PNG, not filtered and in stored blocks of deflate.
 *
 * All bytes of the file that a piece is made of are held against checksums in the index: a file that changed never
 * gives a wrong picture.
 */
#include "png_rows.h"

#include "../base/buffer.h"
#include "../base/bytes.h"
#include "../base/memory.h"
#include "../deflate/unfilter.h"

#include <string.h>

struct access {
    struct tile_png_shape shape;
    struct tile_buffer kept; /* the chunks PLTE and tRNS, as they are in the file */
    unsigned char *table;
    size_t table_size;
};

/* ---- Opening ----------------------------------------------------------------------------------------------- */

/* The chunks between IHDR and the first IDAT that say what samples mean, of `size` bytes of header. */
static tile_status keep_chunks(struct access *state, const unsigned char *data, size_t size, struct tile_error *error) {
    enum { FRAME = 12, LONGEST = 768 }; /* a longer PLTE or tRNS is none */
    tile_status status = TILE_OK;
    size_t at = 8 + FRAME + 13;
    while (status == TILE_OK && size - at >= FRAME) {
        size_t length = (size_t)tile_get_be(data + at, 4);
        if (length > size - at - FRAME)
            break;
        bool kept = memcmp(data + at + 4, "PLTE", 4) == 0 || memcmp(data + at + 4, "tRNS", 4) == 0;
        if (kept && length <= LONGEST)
            status = tile_buffer_append(&state->kept, data + at, FRAME + length, error);
        at += FRAME + length;
    }
    if (status == TILE_OK && (size - at != 8 || memcmp(data + at + 4, "IDAT", 4) != 0))
        status = tile_png_changed(at, "no IDAT chunk", error);
    return status;
}

static tile_status read_header(struct tile_access *access, struct tile_error *error) {
    struct access *state = access->state;
    const struct tile_subject *subject = access->subject;
    uint64_t size = access->index->header.data_begin + 8;
    if (size < 8 + 25 + 8 || size > subject->reader.size)
        return tile_index_damaged(error, "the beginning of the pixel data");
    if (size > subject->limits.metadata)
        return tile_error_set(error, TILE_LIMIT_EXCEEDED, "has more than %ju bytes of metadata, which is the limit",
                              (uintmax_t)subject->limits.metadata);
    unsigned char *data = tile_alloc(subject->allocator, (size_t)size);
    if (!data)
        return tile_no_memory(error, (size_t)size);
    tile_status status = subject->reader.read_at(subject->reader.user, 0, data, (size_t)size, error);
    if (status == TILE_OK && XXH3_64bits(data, (size_t)size) != tile_get_le(state->table, 8))
        status = tile_png_changed(0, "its header is another", error);
    if (status == TILE_OK)
        status = tile_png_shape_of(&state->shape, data + 16, subject, error);
    if (status == TILE_OK)
        status = keep_chunks(state, data, (size_t)size, error);
    tile_free(subject->allocator, data);
    return status;
}

static tile_status read_table(struct tile_access *access, struct tile_error *error) {
    struct access *state = access->state;
    const struct tile_index_header *h = &access->index->header;
    uint64_t steps = ((uint64_t)h->height + h->step - 1) / h->step;
    size_t size = tile_png_table_size(h->rows);
    if (h->columns != 1 || h->first_column != 0 || h->first_row >= steps || h->rows > steps - h->first_row ||
        size == 0 || size > h->size)
        return tile_index_damaged(error, "its number of checkpoints");
    if (size > access->subject->limits.memory)
        return tile_error_set(error, TILE_LIMIT_EXCEEDED,
                              "has an index with a table of %zu bytes, more than the limit of %ju", size,
                              (uintmax_t)access->subject->limits.memory);
    state->table_size = size;
    state->table = tile_alloc(access->subject->allocator, size);
    if (!state->table)
        return tile_no_memory(error, size);
    tile_status status = tile_index_read(access->index, 0, state->table, size, error);
    if (status == TILE_OK &&
        tile_get_le(state->table + size - 8, 8) != tile_index_checksum(h, 0, state->table, size - 8))
        status = tile_error_set(error, TILE_BAD_INDEX, "has a damaged index: the checksum of its table is wrong");
    return status;
}

static tile_status open_index(struct tile_access *access, struct tile_error *error) {
    struct access *state = access->state = tile_alloc_zero(access->subject->allocator, sizeof *state);
    if (!state)
        return tile_no_memory(error, sizeof *state);
    state->kept.allocator = access->subject->allocator;
    access->part_width = access->subject->width;
    access->part_height = access->index->header.step;
    tile_status status = read_table(access, error);
    return status == TILE_OK ? read_header(access, error) : status;
}

static void close_index(struct tile_access *access) {
    struct access *state = access->state;
    if (!state)
        return;
    tile_buffer_free(&state->kept);
    tile_free(access->subject->allocator, state->table);
    tile_free(access->subject->allocator, state);
    access->state = NULL;
}

/* ---- Checkpoints ------------------------------------------------------------------------------------------- */

/* The checkpoints [*first, *end) whose rows the region has, counted in the whole image. */
static tile_status steps_of(const struct tile_access *access, struct tile_rect region, uint32_t *first, uint32_t *end,
                            struct tile_error *error) {
    const struct tile_index_header *h = &access->index->header;
    *first = region.y / h->step;
    *end = (region.y + region.height - 1) / h->step + 1;
    if (*first >= h->first_row && *end <= h->first_row + h->rows)
        return TILE_OK;
    return tile_error_set(error, TILE_INVALID_ARGUMENT,
                          "rows %u to %u are outside of its index, which is a part that holds %ju to %ju", region.y,
                          region.y + region.height - 1, (uintmax_t)h->first_row * h->step,
                          (uintmax_t)(h->first_row + h->rows) * h->step - 1);
}

static const unsigned char *entry(const struct tile_access *access, uint32_t number) {
    const struct access *state = access->state;
    return state->table + 8 + (size_t)TILE_PNG_ENTRY * (number - access->index->header.first_row);
}

/* No compressor is that bad. */
static uint64_t packed_most(uint64_t size) {
    return 64 + 2 * size;
}

/* One of those that steps_of gives. Nobody but a forger gets past the checksum with one that cannot be. */
static tile_status get_checkpoint(const struct tile_access *access, uint32_t number, struct tile_png_checkpoint *out,
                                  struct tile_error *error) {
    const struct access *state = access->state;
    const struct tile_index_header *h = &access->index->header;
    struct tile_png_checkpoint c = tile_png_get_checkpoint(entry(access, number));
    uint64_t first = tile_png_row_begin(&state->shape, (uint64_t)number * h->step);
    uint64_t last = ((uint64_t)number + 1) * h->step;
    uint64_t end = tile_png_row_begin(&state->shape, last < h->height ? last : h->height);
    c.row.size = number > 0 ? (uint32_t)state->shape.row : 0;
    *out = c;
    if (c.begin < h->data_begin + 8 || c.begin > c.end || c.end > h->data_end || c.left > h->data_end - c.begin ||
        c.bits > 7 || c.end_bits > 7 || (c.inflated_end > 0 && (c.inflated_end < end || c.begin == c.end)) ||
        c.inflated > first || c.window.size > TILE_PNG_WINDOW || c.window.size > c.inflated ||
        c.window.packed > packed_most(c.window.size) || c.row.packed > packed_most(c.row.size))
        return tile_index_damaged(error, "a checkpoint");
    return TILE_OK;
}

/* ---- The piece --------------------------------------------------------------------------------------------- */

enum { BLOCK = 65535, BLOCK_HEAD = 5 }; /* a stored block: RFC 1951, 3.2.4 */

/* Stored blocks in the making; the memory is there already. */
struct blocks {
    unsigned char *at;
    size_t left; /* bytes still to come, in all */
    size_t room; /* of the block at `at` */
};

static size_t room(struct blocks *blocks) {
    if (blocks->room == 0 && blocks->left > 0) {
        size_t size = blocks->left < BLOCK ? blocks->left : BLOCK;
        blocks->at[0] = size == blocks->left; /* the last one */
        tile_put_le(blocks->at + 1, size, 2);
        tile_put_le(blocks->at + 3, ~size, 2);
        blocks->at += BLOCK_HEAD;
        blocks->room = size;
    }
    return blocks->room;
}

static void put(struct blocks *blocks, const unsigned char *from, size_t size) {
    while (size > 0) {
        size_t part = room(blocks);
        part = part < size ? part : size;
        memcpy(blocks->at, from, part);
        blocks->at += part;
        blocks->left -= part;
        blocks->room -= part;
        from += part;
        size -= part;
    }
}

/* The columns of a piece: whole bytes of a row. */
struct columns {
    uint32_t x, width;
    size_t from, to; /* in bytes of a row */
};

static struct columns columns_of(const struct tile_png_shape *shape, struct tile_rect region) {
    uint32_t group = shape->bits < 8 ? 8 / shape->bits : 1; /* pixels that share bytes with no others */
    uint32_t x = region.x - region.x % group, end = region.x + region.width;
    return (struct columns){.x = x,
                            .width = end - x,
                            .from = (size_t)((uint64_t)x * shape->bits / 8),
                            .to = (size_t)(((uint64_t)end * shape->bits + 7) / 8)};
}

/* Skips rows, and puts those after them, without filters. What is right of the columns predicts nothing in them. */
static tile_status put_rows(struct tile_png_rows *r, uint32_t skipped, uint32_t rows, struct columns columns,
                            struct blocks *blocks, struct tile_error *error) {
    static const unsigned char none = TILE_PNG_NONE;
    tile_status status = TILE_OK;
    for (uint32_t y = 0; y < skipped + rows && status == TILE_OK; y++) {
        const unsigned char *row;
        status = tile_png_next_row(r, columns.to, &row, error);
        if (status == TILE_OK)
            status = tile_watch_pass(r->watch, columns.to, error);
        if (status == TILE_OK && y >= skipped) {
            put(blocks, &none, 1);
            put(blocks, row + columns.from, columns.to - columns.from);
        }
    }
    return status;
}

/*
 * A PNG of `rows` rows after those that are skipped. The CRC of its IDAT and the Adler-32 within stay zero: its reader
 * does not look (tile_manner.piece), and making and checking them takes a tenth to a fifth of the time of wide
 * regions.
 */
static tile_status put_png(struct tile_png_rows *r, uint32_t skipped, uint32_t rows, struct columns columns,
                           struct tile_buffer *out, struct tile_error *error) {
    const struct access *state = r->access->state;
    size_t data = (1 + columns.to - columns.from) * rows,
           stream = 2 + (data + BLOCK - 1) / BLOCK * BLOCK_HEAD + data + 4;
    size_t size = 8 + 25 + state->kept.size + 12 + stream + 12;
    tile_status status = tile_buffer_reserve(out, size, error);
    if (status != TILE_OK)
        return status;
    unsigned char *to = out->data, *ihdr = to + 12;
    memcpy(to, tile_png_signature, 8);
    tile_put_be(to + 8, 13, 4);
    memcpy(ihdr, "IHDR", 4);
    memcpy(ihdr + 4, state->shape.ihdr, 13);
    tile_put_be(ihdr + 4, columns.width, 4);
    tile_put_be(ihdr + 8, rows, 4);
    tile_put_be(ihdr + 17, libdeflate_crc32(0, ihdr, 17), 4);
    to = ihdr + 21;
    if (state->kept.size > 0)
        memcpy(to, state->kept.data, state->kept.size);
    to += state->kept.size;
    tile_put_be(to, stream, 4);
    memcpy(to + 4, "IDAT\x78\x01", 6); /* RFC 1950: deflate, a window of 32 KiB, no effort */
    struct blocks blocks = {.at = to + 10, .left = data};
    status = put_rows(r, skipped, rows, columns, &blocks, error);
    if (status != TILE_OK)
        return status;
    memset(blocks.at, 0, 8);
    memcpy(blocks.at + 8, "\0\0\0\0IEND\xAE\x42\x60\x82", 12);
    out->size = size;
    return status;
}

/* Bytes that a piece may have. */
static uint64_t piece_most(uint64_t limit) {
    const uint64_t largest = (uint64_t)1 << 30; /* a chunk has 31 bits */
    return limit / 16 < largest ? limit / 16 : largest;
}

/* Rows are inflated all at once where that is quick, before and after which the same bytes are held. */
static uint64_t memory(const struct tile_access *access, struct tile_rect region, size_t step, uint64_t limit,
                       uint64_t *row) {
    (void)access;
    *row = tile_u64_mul((uint64_t)region.width + 4, step);
    uint64_t decoded = tile_u64_mul(*row, region.height), most = piece_most(limit);
    return (decoded < most ? decoded : most) + 2 * tile_png_inflated_most(limit);
}

/*
 * A piece has rows of one checkpoint. As a rule that is all that the region has of them; where that would be too much
 * memory, the next piece begins at the checkpoint again.
 */
static tile_status cut(const struct tile_access *access, struct tile_rect region, struct tile_piece *piece,
                       struct tile_watch *watch, struct tile_error *error) {
    const struct access *state = access->state;
    uint32_t number, last, step = access->index->header.step;
    tile_status status = steps_of(access, region, &number, &last, error);
    if (status != TILE_OK)
        return status;
    uint32_t above = region.y % step;
    struct columns columns = columns_of(&state->shape, region);
    uint64_t rows = piece_most(access->subject->limits.memory) / (1 + columns.to - columns.from);
    rows = rows > 1 ? rows : 1;
    rows = rows < step - above ? rows : step - above;
    rows = rows < region.height ? rows : region.height;

    struct tile_png_checkpoint checkpoint;
    status = get_checkpoint(access, number, &checkpoint, error);
    if (status != TILE_OK)
        return status;
    struct tile_png_rows r;
    status = tile_png_begin_rows(&r, access, &state->shape, &checkpoint, number, above + (uint32_t)rows, watch, error);
    if (status == TILE_OK)
        status = put_png(&r, above, (uint32_t)rows, columns, &piece->bytes, error);
    if (status == TILE_OK)
        status = tile_png_verify_rows(&r, error);
    tile_png_end_rows(&r);
    piece->width = columns.width;
    piece->height = piece->rows = (uint32_t)rows;
    piece->x = region.x - columns.x;
    piece->y = 0;
    return status;
}

/* ---- About regions ----------------------------------------------------------------------------------------- */

static tile_status ranges(const struct tile_access *access, struct tile_rect region, struct tile_range_list *list,
                          struct tile_error *error) {
    uint64_t gap = access->subject->reader.gap;
    uint32_t from, to;
    tile_status status = steps_of(access, region, &from, &to, error);
    if (status == TILE_OK)
        status = tile_range_add(list, 0, access->index->header.data_begin + 8, gap, error);
    for (uint32_t i = from; i < to && status == TILE_OK; i++) {
        struct tile_png_checkpoint c;
        status = get_checkpoint(access, i, &c, error);
        if (status == TILE_OK)
            status = tile_range_add(list, c.begin, c.end - c.begin, gap, error);
    }
    return status;
}

/* Copies a blob to the end of the payload. */
static tile_status copy_blob(const struct tile_access *access, struct tile_png_blob *blob, struct tile_buffer *payload,
                             struct tile_error *error) {
    uint64_t from = blob->offset, all = (uint64_t)payload->size + blob->packed;
    blob->offset = payload->size;
    if (all > access->subject->limits.memory)
        return tile_error_set(error, TILE_LIMIT_EXCEEDED, "a part of its index has more than %ju bytes, the limit",
                              (uintmax_t)access->subject->limits.memory);
    tile_status status = tile_buffer_reserve(payload, (size_t)all, error);
    if (status == TILE_OK)
        status = tile_index_read(access->index, from, payload->data + payload->size, blob->packed, error);
    payload->size = (size_t)all;
    return status;
}

static tile_status part(const struct tile_access *access, struct tile_rect region, struct tile_index_header *header,
                        struct tile_buffer *payload, struct tile_error *error) {
    const struct access *state = access->state;
    uint32_t from, to;
    tile_status status = steps_of(access, region, &from, &to, error);
    if (status != TILE_OK)
        return status;
    header->first_row = from;
    header->rows = to - from;
    size_t table = tile_png_table_size(header->rows);
    status = tile_buffer_reserve(payload, table, error);
    if (status != TILE_OK)
        return status;
    payload->size = table;
    memcpy(payload->data, state->table, 8);
    struct tile_png_blob window = {.offset = UINT64_MAX}, copy = {0};
    for (uint32_t i = from; i < to; i++) {
        struct tile_png_checkpoint c;
        status = get_checkpoint(access, i, &c, error);
        if (status == TILE_OK && (c.window.offset != window.offset || c.window.packed != window.packed)) {
            window = copy = c.window;
            status = copy_blob(access, &copy, payload, error);
        }
        c.window = copy;
        if (status == TILE_OK)
            status = copy_blob(access, &c.row, payload, error);
        if (status != TILE_OK)
            return status;
        tile_png_put_checkpoint(payload->data + 8 + (size_t)TILE_PNG_ENTRY * (i - from), &c);
    }
    tile_put_le(payload->data + table - 8, tile_index_checksum(header, 0, payload->data, table - 8), 8);
    return TILE_OK;
}

const struct tile_index_codec tile_png_index = {
    .build = tile_png_build,
    .open = open_index,
    .close = close_index,
    .cut = cut,
    .memory = memory,
    .ranges = ranges,
    .part = part,
};
