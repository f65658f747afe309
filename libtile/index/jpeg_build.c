/* SPDX-License-Identifier: MIT */
/* The pass over a JPEG that makes its index: from one checkpoint to the next, row after row. */
#include "jpeg_table.h"

#include "../base/buffer.h"
#include "../base/bytes.h"
#include "../base/memory.h"
#include "../base/pixels.h"

#include <string.h>

struct building {
    struct tile_pass *pass;
    struct tile_jpeg_access *access;
    unsigned char bytes[65536];
};

static tile_status add_bytes(void *user, struct tile_entropy *entropy, struct tile_error *error) {
    struct building *b = user;
    size_t size;
    tile_status status = tile_pass_read(b->pass, b->bytes, sizeof b->bytes, &size, error);
    return status == TILE_OK ? tile_entropy_add(entropy, b->bytes, size, error) : status;
}

/* Reads the header's bytes again, for the hash. */
static tile_status pass_header(struct building *b, struct tile_error *error) {
    uint64_t begin = b->access->header.data_begin;
    tile_status status = TILE_OK;
    for (size_t size = 1; status == TILE_OK && size > 0 && b->pass->offset < begin;) {
        uint64_t left = begin - b->pass->offset;
        status =
            tile_pass_read(b->pass, b->bytes, left < sizeof b->bytes ? (size_t)left : sizeof b->bytes, &size, error);
    }
    return status;
}

/* From the end of the last MCU to the end of the file. */
static tile_status pass_rest(struct building *b, const struct tile_walk *walk, struct tile_error *error) {
    enum { EOI = 0xD9 };
    const struct tile_entropy *e = walk->entropy;
    /* As a rule EOI comes next, with padding before it, perhaps, and nothing needs to be read again. */
    bool eoi = e->ended && e->end_marker == EOI && e->next_restart == e->restart_count;
    tile_status status = eoi ? TILE_OK : tile_jpeg_check_trailer(b->pass->subject, tile_walk_end(walk), error);
    for (size_t size = 1; status == TILE_OK && size > 0;)
        status = tile_pass_read(b->pass, b->bytes, sizeof b->bytes, &size, error);
    return status;
}

static void put_begin(unsigned char *record, const struct tile_walk *walk, int components) {
    tile_put_le(record, tile_walk_offset(walk) * 8 + (walk->place.bit & 7), 5);
    for (int c = 0; c < components; c++)
        tile_put_le(record + 8 + 2 * c, (uint16_t)walk->place.dc[c], 2);
}

static tile_status put_end(unsigned char *record, const struct tile_walk *walk, struct tile_error *error) {
    uint64_t length = tile_walk_end(walk) - tile_get_le(record, 5) / 8;
    if (length >= 1u << 24)
        return tile_error_set(error, TILE_UNSUPPORTED,
                              "has too much data between two checkpoints for an index: it takes smaller tiles");
    tile_put_le(record + 5, length, 3);
    return TILE_OK;
}

/* A row's records. Spans overlap: one begins before the one to its left ends. */
static tile_status build_row(const struct tile_jpeg_access *a, struct tile_walk *walk, uint32_t step, uint32_t row,
                             unsigned char *records, struct tile_error *error) {
    const struct tile_jpeg_header *h = &a->header;
    uint64_t base = (uint64_t)row * h->mcus;
    size_t size = tile_jpeg_record_size(h);
    uint32_t columns = tile_jpeg_columns(h, step), begun = 0, ended = 0;
    tile_status status = TILE_OK;
    while (ended < columns && status == TILE_OK) {
        uint32_t next = tile_jpeg_span_end(h, step, ended);
        bool begins = begun < columns && tile_jpeg_span_begin(h, step, begun) < next;
        if (begins)
            next = tile_jpeg_span_begin(h, step, begun);
        status = tile_walk_to(walk, base + next, error);
        if (status == TILE_OK && begins) {
            status = tile_walk_restart(walk, error);
            if (status == TILE_OK)
                put_begin(records + size * begun++, walk, h->components);
        } else if (status == TILE_OK) {
            status = put_end(records + size * ended++, walk, error);
        }
    }
    return status;
}

static tile_status build_records(struct building *b, struct tile_index_header *header, unsigned char *records,
                                 struct tile_error *error) {
    struct tile_jpeg_access *a = b->access;
    struct tile_entropy entropy;
    tile_entropy_begin(&entropy, b->pass->subject->allocator);
    struct tile_walk walk = {.scanner = &a->scanner, .entropy = &entropy, .more = add_bytes, .user = b};
    size_t row_size = tile_jpeg_record_size(&a->header) * header->columns;
    tile_status status = tile_entropy_reset(&entropy, a->header.data_begin, error);
    if (status == TILE_OK)
        status = add_bytes(b, &entropy, error);
    for (uint32_t row = 0; row < header->rows && status == TILE_OK; row++)
        status = build_row(a, &walk, header->step, row, records + row * row_size, error);
    if (status == TILE_OK)
        status = pass_rest(b, &walk, error);
    if (status == TILE_OK) {
        header->data_begin = a->header.data_begin;
        header->data_end = tile_walk_end(&walk);
    }
    tile_entropy_free(&entropy);
    return status;
}

tile_status tile_jpeg_build(struct tile_pass *pass, struct tile_index_header *header, struct tile_buffer *payload,
                            struct tile_error *error) {
    const struct tile_subject *subject = pass->subject;
    struct tile_jpeg_access *a = tile_alloc_zero(subject->allocator, sizeof *a);
    struct building *b = tile_alloc_zero(subject->allocator, sizeof *b);
    unsigned char *records = NULL;
    size_t size = 0;
    tile_status status =
        a && b ? tile_jpeg_prepare(a, subject, subject->reader.size, error) : tile_no_memory(error, sizeof *a);
    if (status == TILE_OK) {
        const struct tile_jpeg_header *h = &a->header;
        uint32_t step = pass->options->tile_width / h->mcu_width;
        header->step = step == 0 ? 1 : tile_min_u32(step, h->mcus);
        header->columns = tile_jpeg_columns(h, header->step);
        header->rows = h->mcu_rows;
        /* At most 2^13 each way and 16 bytes. */
        size = tile_jpeg_record_size(h) * header->columns * header->rows;
        if (size > subject->limits.memory / 2)
            status =
                tile_error_set(error, TILE_LIMIT_EXCEEDED, "takes twice %zu bytes of memory to index, the limit is %ju",
                               size, (uintmax_t)subject->limits.memory);
        else if (!(records = tile_alloc(subject->allocator, size)))
            status = tile_no_memory(error, size);
    }
    if (status == TILE_OK) {
        b->pass = pass;
        b->access = a;
        status = pass_header(b, error);
    }
    if (status == TILE_OK)
        status = build_records(b, header, records, error);
    if (status == TILE_OK) {
        header->source_hash = tile_hasher_end(&pass->hasher);
        status = tile_buffer_reserve(payload, size + size / (TILE_JPEG_GROUP / 2) + 8 * (size_t)header->columns, error);
    }
    if (status == TILE_OK)
        status = tile_jpeg_write_payload(header, records, tile_jpeg_record_size(&a->header), payload, error);
    if (a)
        tile_jpeg_header_free(&a->header);
    tile_free(subject->allocator, records);
    tile_free(subject->allocator, b);
    tile_free(subject->allocator, a);
    return status;
}
