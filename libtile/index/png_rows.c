/* SPDX-License-Identifier: MIT */
/*
 * Inflating from a checkpoint on. Where it ends at a boundary of deflate's blocks, what lies between is made a deflate
 * stream of its own in memory, for libdeflate; where that boundary is too far or takes too much memory, our own
 * inflater goes as far as the rows need.
 */
#include "png_rows.h"

#include "../base/bytes.h"
#include "../base/memory.h"
#include "../deflate/unfilter.h"

#include <string.h>

enum { INPUT = 1 << 18, ROWS = 1 << 17 };

tile_status tile_png_changed(uint64_t offset, const char *why, struct tile_error *error) {
    return tile_error_set(error, TILE_SOURCE_CHANGED,
                          "does not match its index at byte %ju: it changed, or one of the two is damaged (%s)",
                          (uintmax_t)offset, why);
}

static tile_status damaged(struct tile_png_stream *stream, const char *why, struct tile_error *error) {
    return tile_png_changed(stream->offset, why, error);
}

static tile_status fill(struct tile_png_stream *stream, struct tile_error *error) {
    struct tile_png_rows *r = (struct tile_png_rows *)stream;
    const struct tile_reader *reader = &r->access->subject->reader;
    uint64_t left = r->checkpoint.end - r->filled;
    size_t size = left < INPUT ? (size_t)left : INPUT;
    stream->next = r->input;
    stream->ready = 0;
    tile_status status = size > 0 ? reader->read_at(reader->user, r->filled, r->input, size, error) : TILE_OK;
    if (status != TILE_OK)
        return status;
    XXH3_64bits_update(r->hash, r->input, size);
    r->filled += size;
    stream->ready = size;
    return tile_watch_pass(r->watch, size, error);
}

tile_status tile_png_verify_rows(struct tile_png_rows *r, struct tile_error *error) {
    tile_status status = TILE_OK;
    while (status == TILE_OK && r->filled < r->checkpoint.end)
        status = fill(&r->stream, error);
    if (status == TILE_OK && XXH3_64bits_digest(r->hash) != r->checkpoint.checksum)
        status = tile_png_changed(r->checkpoint.begin, "a checksum", error);
    return status;
}

/* `blob->size` bytes to `to`. */
static tile_status unpack(struct tile_png_rows *r, const struct tile_png_blob *blob, uint64_t number, unsigned char *to,
                          struct tile_error *error) {
    const struct tile_allocator *allocator = r->access->subject->allocator;
    const tile_index *index = r->access->index;
    if (blob->size == 0)
        return TILE_OK;
    unsigned char *packed = blob->packed ? tile_alloc(allocator, blob->packed) : NULL;
    if (!packed)
        return blob->packed ? tile_no_memory(error, blob->packed) : tile_index_damaged(error, "a checkpoint");
    tile_status status = tile_index_read(index, blob->offset, packed, blob->packed, error);
    if (status == TILE_OK && tile_index_checksum(&index->header, number, packed, blob->packed) != blob->checksum)
        status = tile_error_set(error, TILE_BAD_INDEX, "has a damaged index: the checksum of a checkpoint is wrong");
    if (status == TILE_OK &&
        libdeflate_zlib_decompress(r->inflater, packed, blob->packed, to, blob->size, NULL) != LIBDEFLATE_SUCCESS)
        status = tile_index_damaged(error, "a checkpoint");
    tile_free(allocator, packed);
    return status;
}

/* ---- By libdeflate ----------------------------------------------------------------------------------------- */

/* Bytes: a stored block's head (RFC 1951, 3.2.4), at most what align takes, and the last block. */
enum { STORED_HEAD = 5, ALIGN = 16, LAST = 3 };

/* The memory is zeros, and has 8 bytes from where these bits begin. */
static void put_bits(unsigned char *to, size_t *position, uint64_t value, unsigned count) {
    unsigned char *at = to + *position / 8;
    tile_put_le(at, tile_get_le(at, 8) | value << *position % 8, 8);
    *position += count;
}

/*
 * Blocks that inflate to nothing, so that what follows begins at bit `bit` of a byte, as in the file: a stored block
 * among it goes on at the next whole byte. (RFC 1951, 3.2.5 to 3.2.7)
 */
static void align(unsigned char *to, size_t *position, unsigned bit) {
    if (bit % 2) {
        /* 93 bits. Dynamic codes: 257 literals and lengths, 1 distance, 19 lengths of codes, which are 1 for ... */
        put_bits(to, position, 2 << 1 | 15 << 13, 17);
        put_bits(to, position, 1 << 6, 51);      /* ... 18, the third of them, */
        put_bits(to, position, 1, 6);            /* and 1, the last but one. Of the two codes, 1 means 18: */
        put_bits(to, position, 1 | 127 << 1, 8); /* 138 times 0, */
        put_bits(to, position, 1 | 107 << 1, 8); /* 118 times 0; and 0 means 1: */
        put_bits(to, position, 0, 2);            /* the end of the block has a code of a bit, as has the distance. */
        put_bits(to, position, 0, 1);            /* That end. */
    }
    while (*position % 8 != bit)
        put_bits(to, position, 1 << 1, 10); /* fixed codes: 01, and 0000000, their end */
}

/*
 * From a boundary of blocks to another, as a stream of its own: a stored block that holds the window, the bits between,
 * and a last block that is empty.
 */
static tile_status inflate_whole(struct tile_png_rows *r, uint64_t begin, struct tile_error *error) {
    const struct tile_png_checkpoint *c = &r->checkpoint;
    const struct tile_allocator *allocator = r->access->subject->allocator;
    size_t size = STORED_HEAD + c->window.size + ALIGN + 8 + (size_t)(c->end - c->begin) + LAST;
    size_t all = c->window.size + (size_t)(c->inflated_end - c->inflated);
    unsigned char *deflated = tile_alloc(allocator, size);
    r->inflated = tile_alloc(allocator, all);
    tile_status status = deflated && r->inflated ? TILE_OK : tile_no_memory(error, size > all ? size : all);
    unsigned char *at = deflated;
    if (status == TILE_OK) {
        at[0] = 0;
        tile_put_le(at + 1, c->window.size, 2);
        tile_put_le(at + 3, ~(uint64_t)c->window.size, 2);
        status = unpack(r, &c->window, tile_png_window_number(c), at + STORED_HEAD, error);
        at += STORED_HEAD + c->window.size;
        memset(at, 0, ALIGN + 8);
        unsigned bit = -c->bits & 7;
        size_t position = 0;
        align(at, &position, bit);
        at += position / 8;
        if (bit > 0)
            *at++ |= (unsigned char)(c->byte >> bit << bit);
    }
    while (status == TILE_OK && r->stream.offset < c->end) {
        const unsigned char *data;
        size_t part;
        status = tile_png_take_data(&r->stream, &data, &part, error);
        if (status != TILE_OK)
            break;
        memcpy(at, data, part);
        at += part;
    }
    if (status == TILE_OK)
        status = tile_png_verify_rows(r, error);
    if (status == TILE_OK) {
        /* From the boundary on, a last block as above: 1 (it is the last one), 01, 0000000. */
        if (c->end_bits > 0)
            at--;
        unsigned bit = -c->end_bits & 7, before = bit > 0 ? at[0] & ((1u << bit) - 1) : 0;
        tile_put_le(at, before | 3u << bit, LAST);
        size = (size_t)(at - deflated) + LAST;
        if (libdeflate_deflate_decompress(r->inflater, deflated, size, r->inflated, all, NULL) != LIBDEFLATE_SUCCESS)
            status = damaged(&r->stream, "its pixel data", error);
    }
    tile_free(allocator, deflated);
    if (status == TILE_OK)
        r->next = r->inflated + c->window.size + (size_t)(begin - c->inflated);
    r->ready = r->left;
    r->left = 0;
    return status;
}

/* ---- By our own inflater ----------------------------------------------------------------------------------- */

/* Exactly `size` bytes, behind the window. */
static tile_status inflate_all(struct tile_png_rows *r, size_t size, struct tile_error *error) {
    unsigned char *begin = r->inflated + TILE_PNG_WINDOW, *to = begin, *end = begin + size;
    memcpy(begin - r->window_size, r->window, r->window_size);
    r->stream.inflate.history = begin - r->window_size;
    tile_status status = TILE_OK;
    while (status == TILE_OK && to < end) {
        size_t part = (size_t)(end - to);
        status = r->stream.stop == TILE_INFLATE_END ? damaged(&r->stream, "its pixel data end early", error)
                                                    : tile_png_inflate(&r->stream, to, &part, error);
        if (status == TILE_OK) {
            to += part;
            status = tile_watch_pass(r->watch, part, error);
        }
    }
    if (status != TILE_OK)
        return status;
    r->window_size = r->window_size + size < TILE_PNG_WINDOW ? r->window_size + size : TILE_PNG_WINDOW;
    memcpy(r->window, end - r->window_size, r->window_size);
    return TILE_OK;
}

static uint32_t rows_most(const struct tile_png_rows *r) {
    return r->shape->row < ROWS ? (uint32_t)(ROWS / (r->shape->row + 1)) : 1;
}

/* Up to the first row, which begins at `begin`. */
static tile_status begin_own(struct tile_png_rows *r, uint64_t begin, struct tile_error *error) {
    const struct tile_png_checkpoint *c = &r->checkpoint;
    const struct tile_allocator *allocator = r->access->subject->allocator;
    size_t size = (r->shape->row + 1) * rows_most(r);
    r->inflated = tile_alloc(allocator, TILE_PNG_WINDOW + size);
    r->window = tile_alloc(allocator, TILE_PNG_WINDOW);
    if (!r->inflated || !r->window)
        return tile_no_memory(error, TILE_PNG_WINDOW + size);
    tile_status status = unpack(r, &c->window, tile_png_window_number(c), r->window, error);
    if (status != TILE_OK)
        return status;
    r->window_size = c->window.size;
    /* No zlib header: it is far behind. */
    tile_inflate_begin_raw(&r->stream.inflate, (unsigned)c->byte >> (8 - c->bits), c->bits);
    for (uint64_t left = begin - c->inflated; status == TILE_OK && left > 0;) {
        size_t part = left < size ? (size_t)left : size;
        status = inflate_all(r, part, error);
        left -= part;
    }
    return status;
}

static tile_status inflate_rows(struct tile_png_rows *r, struct tile_error *error) {
    if (r->prior != r->above)
        memcpy(r->above, r->prior, r->shape->row);
    r->prior = r->above;
    r->next = r->inflated + TILE_PNG_WINDOW;
    r->ready = r->left < rows_most(r) ? r->left : rows_most(r);
    r->left -= r->ready;
    return inflate_all(r, (r->shape->row + 1) * r->ready, error);
}

/* ---- Both -------------------------------------------------------------------------------------------------- */

/* Nor does libdeflate ask anybody whether to go on: so much takes it 50 ms at most. */
static bool fits(const struct tile_png_rows *r) {
    const struct tile_png_checkpoint *c = &r->checkpoint;
    uint64_t most = tile_png_inflated_most(r->access->subject->limits.memory);
    return c->inflated_end - c->inflated <= most && c->end - c->begin <= most;
}

tile_status tile_png_begin_rows(struct tile_png_rows *r, const struct tile_access *access,
                                const struct tile_png_shape *shape, const struct tile_png_checkpoint *checkpoint,
                                uint32_t number, uint32_t rows, struct tile_watch *watch, struct tile_error *error) {
    const struct tile_allocator *allocator = access->subject->allocator;
    *r = (struct tile_png_rows){
        .access = access, .shape = shape, .checkpoint = *checkpoint, .watch = watch, .left = rows};
    const struct tile_png_checkpoint *c = &r->checkpoint;
    r->stream = (struct tile_png_stream){.fill = fill, .damaged = damaged, .offset = c->begin, .left = c->left};
    r->kernels = tile_deflate_kernels_of(TILE_CPU_BEST);
    r->filled = c->begin;
    r->hash = XXH3_createState();
    r->inflater = libdeflate_alloc_decompressor();
    r->input = tile_alloc(allocator, INPUT);
    r->above = tile_alloc_zero(allocator, shape->row);
    if (!r->hash || !r->inflater || !r->input || !r->above)
        return tile_no_memory(error, shape->row);
    XXH3_64bits_reset(r->hash);
    r->stream.next = r->input;
    r->prior = r->above;
    tile_status status = unpack(r, &c->row, tile_png_row_number(number), r->above, error);
    if (status != TILE_OK)
        return status;
    r->kernels->unfilter(r->above, NULL, shape->row, shape->step, TILE_PNG_SUB);
    uint64_t first = (uint64_t)number * access->index->header.step, begin = tile_png_row_begin(shape, first);
    uint64_t needed = tile_png_row_begin(shape, first + rows) - c->inflated;
    bool whole = c->inflated_end > 0 && tile_png_is_near(needed, c->inflated_end - c->inflated) && fits(r);
    return whole ? inflate_whole(r, begin, error) : begin_own(r, begin, error);
}

tile_status tile_png_next_row(struct tile_png_rows *r, size_t size, const unsigned char **row,
                              struct tile_error *error) {
    tile_status status = r->ready == 0 ? inflate_rows(r, error) : TILE_OK;
    if (status != TILE_OK)
        return status;
    if (!tile_png_unfilter(r->kernels, r->next[0], r->next + 1, r->prior, size, r->shape->step))
        return damaged(&r->stream, "a filter that there is not", error);
    *row = r->prior = r->next + 1;
    r->next += r->shape->row + 1;
    r->ready--;
    return TILE_OK;
}

void tile_png_end_rows(struct tile_png_rows *r) {
    const struct tile_allocator *allocator = r->access->subject->allocator;
    XXH3_freeState(r->hash);
    libdeflate_free_decompressor(r->inflater);
    tile_free(allocator, r->input);
    tile_free(allocator, r->inflated);
    tile_free(allocator, r->window);
    tile_free(allocator, r->above);
}
