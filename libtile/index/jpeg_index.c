/* SPDX-License-Identifier: MIT */
/*
 * Random access to JPEG: checkpoints at MCUs of each row, and regions cut out between them.
 *
 * A row's MCUs fall into spans of `step`, one a column of tiles. A span's checkpoint stands one MCU to the left of it
 * where a decoder wants to see neighbors (chroma is subsampled), and its bytes reach one MCU beyond its right end: so
 * the records of one column are all that a tile of that column needs.
 *
 * The payload is column after column, in each the rows from top to bottom, a checksum behind every GROUP records:
 *
 *     5 bytes  where the checkpoint's MCU begins: bits from the file's first
 *     3 bytes  bytes of the file that the span's MCUs take
 *     2 bytes  of each component: what its DC is predicted from
 */
#include "splice.h"

#include "../base/buffer.h"
#include "../base/bytes.h"
#include "../base/memory.h"

#include <string.h>

enum {
    GROUP = 64,
    MOST_RECORD = 5 + 3 + 2 * 4,
    PIECE_ROWS = 64,
    PIECE_BYTES = 16 << 20,
    READ_BYTES = 1 << 20,
    /* libjpeg-turbo decodes Huffman codes faster while this much of its input is left: 512 bytes for each block. */
    TAIL_BYTES = 512 * TILE_MCU_BLOCKS,
};

struct jpeg_access {
    struct tile_jpeg_header header;
    struct tile_scanner scanner;
    struct tile_dc_codes codes[4];
};

struct checkpoint {
    uint64_t bit;    /* in the file */
    uint64_t length; /* bytes */
    int dc[4];
};

/* ---- The grid of checkpoints ------------------------------------------------------------------------------- */

static uint32_t min_u32(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

static uint32_t margin(const struct tile_jpeg_header *h) {
    return h->subsampled ? 1 : 0;
}

static uint32_t span_begin(const struct tile_jpeg_header *h, uint32_t step, uint32_t column) {
    uint32_t at = column * step;
    return at > margin(h) ? at - margin(h) : 0;
}

static uint32_t span_end(const struct tile_jpeg_header *h, uint32_t step, uint32_t column) {
    uint64_t end = ((uint64_t)column + 1) * step + margin(h);
    return end < h->mcus ? (uint32_t)end : h->mcus;
}

static uint32_t count_columns(const struct tile_jpeg_header *h, uint32_t step) {
    return (h->mcus + step - 1) / step;
}

static size_t record_size(const struct tile_jpeg_header *h) {
    return 8 + 2 * (size_t)h->components;
}

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
                        .end = min_u32(right + around, h->mcus),
                        .top = top > around ? top - around : 0,
                        .bottom = min_u32(bottom + around, h->mcu_rows)};
    /* Those of the region's own MCUs, so that a part of it never takes others; their spans have the neighbors. */
    s.first = left / step;
    s.last = (right - 1) / step;
    return s;
}

/* ---- Building ---------------------------------------------------------------------------------------------- */

struct building {
    struct tile_pass *pass;
    struct jpeg_access *access;
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
static tile_status pass_rest(struct building *b, struct tile_walk *walk, struct tile_error *error) {
    enum { EOI = 0xD9 };
    struct tile_entropy *e = walk->entropy;
    tile_status status = TILE_OK;
    size_t end = (size_t)((walk->place.bit + 7) >> 3); /* a restart marker right there may stand before nothing */
    for (uint64_t before = UINT64_MAX; status == TILE_OK; end = 0) {
        if (e->restart_count > e->next_restart && e->restarts[e->restart_count - 1].at > end)
            return tile_error_set(error, TILE_BAD_DATA, "is damaged before byte %ju: there is more behind its last MCU",
                                  (uintmax_t)e->offset);
        if (e->ended || e->offset == before)
            break;
        e->next_restart = e->restart_count = 0; /* there is nothing left that they could go before */
        tile_entropy_drop(e, e->size);
        before = e->offset;
        status = add_bytes(b, e, error);
    }
    if (status == TILE_OK && !e->ended)
        return tile_error_set(error, TILE_BAD_DATA, "ends early at byte %ju, behind its last row",
                              (uintmax_t)e->offset);
    if (status == TILE_OK && e->end_marker != EOI)
        return tile_error_set(error, TILE_UNSUPPORTED,
                              "has something behind its scan at byte %ju, so that no index can be made",
                              (uintmax_t)e->end_offset);
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
static tile_status build_row(const struct jpeg_access *a, struct tile_walk *walk, uint32_t step, uint32_t row,
                             unsigned char *records, struct tile_error *error) {
    const struct tile_jpeg_header *h = &a->header;
    uint64_t base = (uint64_t)row * h->mcus;
    size_t size = record_size(h);
    uint32_t columns = count_columns(h, step), begun = 0, ended = 0;
    tile_status status = TILE_OK;
    while (ended < columns && status == TILE_OK) {
        uint32_t next = span_end(h, step, ended);
        bool begins = begun < columns && span_begin(h, step, begun) < next;
        if (begins)
            next = span_begin(h, step, begun);
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

/* Tells the group of records that begins at this place of the whole image: there are at most 2^13 MCUs each way. */
static uint64_t group_number(const struct tile_index_header *header, uint32_t column, uint32_t row) {
    return (uint64_t)header->step << 32 | (uint64_t)(header->first_column + column) << 16 | (header->first_row + row);
}

/* The payload of `rows` rows of `columns` records, row after row as they were made. */
static tile_status write_payload(const struct tile_index_header *header, const unsigned char *records, size_t size,
                                 struct tile_buffer *payload, struct tile_error *error) {
    unsigned char sum[8];
    tile_status status = TILE_OK;
    for (uint32_t column = 0; column < header->columns; column++)
        for (uint32_t row = 0; row < header->rows && status == TILE_OK;) {
            uint64_t number = group_number(header, column, row);
            size_t begin = payload->size;
            for (uint32_t i = 0; i < GROUP && row < header->rows && status == TILE_OK; i++, row++)
                status =
                    tile_buffer_append(payload, records + ((size_t)row * header->columns + column) * size, size, error);
            if (status != TILE_OK)
                break;
            tile_put_le(sum, tile_index_checksum(header, number, payload->data + begin, payload->size - begin), 8);
            status = tile_buffer_append(payload, sum, sizeof sum, error);
        }
    return status;
}

static tile_status build_records(struct building *b, struct tile_index_header *header, unsigned char *records,
                                 struct tile_error *error) {
    struct jpeg_access *a = b->access;
    struct tile_entropy entropy;
    tile_entropy_begin(&entropy, b->pass->subject->allocator);
    struct tile_walk walk = {.scanner = &a->scanner, .entropy = &entropy, .more = add_bytes, .user = b};
    size_t row_size = record_size(&a->header) * header->columns;
    tile_status status = tile_entropy_reset(&entropy, a->header.data_begin, error);
    if (status == TILE_OK)
        status = add_bytes(b, &entropy, error);
    for (uint32_t row = 0; row < header->rows && status == TILE_OK; row++)
        status = build_row(a, &walk, header->step, row, records + row * row_size, error);
    if (status == TILE_OK)
        status = pass_rest(b, &walk, error);
    header->data_begin = a->header.data_begin;
    header->data_end = entropy.end_offset;
    tile_entropy_free(&entropy);
    return status;
}

/* What both building and reading need of a file's header. */
static tile_status prepare(struct jpeg_access *a, const struct tile_subject *subject, uint64_t end,
                           struct tile_error *error) {
    tile_status status = tile_jpeg_header_read(&a->header, subject, end, error);
    /* The scanner knows the file's own codes: others are damage. */
    if (status == TILE_OK)
        status = tile_scanner_init(&a->scanner, &a->header, error);
    return status == TILE_OK ? tile_dc_codes_complete(&a->header, a->codes, error) : status;
}

static tile_status build(struct tile_pass *pass, struct tile_index_header *header, struct tile_buffer *payload,
                         struct tile_error *error) {
    const struct tile_subject *subject = pass->subject;
    struct jpeg_access *a = tile_alloc_zero(subject->allocator, sizeof *a);
    struct building *b = tile_alloc_zero(subject->allocator, sizeof *b);
    unsigned char *records = NULL;
    size_t size = 0;
    tile_status status = a && b ? prepare(a, subject, subject->reader.size, error) : tile_no_memory(error, sizeof *a);
    if (status == TILE_OK && subject->reader.size >= 1ull << 37) /* bits are counted in 40 bits */
        status = tile_error_set(error, TILE_UNSUPPORTED, "is too large for an index: it has %ju bytes",
                                (uintmax_t)subject->reader.size);
    if (status == TILE_OK) {
        const struct tile_jpeg_header *h = &a->header;
        uint32_t step = pass->options->tile_width / h->mcu_width;
        header->step = step == 0 ? 1 : min_u32(step, h->mcus);
        header->columns = count_columns(h, header->step);
        header->rows = h->mcu_rows;
        /* At most 2^13 each way and 16 bytes. */
        size = record_size(h) * header->columns * header->rows;
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
        status = tile_buffer_reserve(payload, size + size / (GROUP / 2) + 8 * (size_t)header->columns, error);
    }
    if (status == TILE_OK)
        status = write_payload(header, records, record_size(&a->header), payload, error);
    if (a)
        tile_jpeg_header_free(&a->header);
    tile_free(subject->allocator, records);
    tile_free(subject->allocator, b);
    tile_free(subject->allocator, a);
    return status;
}

/* ---- Opening ----------------------------------------------------------------------------------------------- */

static void close_access(struct tile_access *access) {
    struct jpeg_access *a = access->state;
    if (!a)
        return;
    tile_jpeg_header_free(&a->header);
    tile_free(access->subject->allocator, a);
    access->state = NULL;
}

static tile_status open_access(struct tile_access *access, struct tile_error *error) {
    const struct tile_index_header *index = &access->index->header;
    struct jpeg_access *a = tile_alloc_zero(access->subject->allocator, sizeof *a);
    access->state = a;
    if (!a)
        return tile_no_memory(error, sizeof *a);
    tile_status status = prepare(a, access->subject, index->data_begin, error);
    if (status == TILE_OK) {
        const struct tile_jpeg_header *h = &a->header;
        if (h->data_begin != index->data_begin)
            status =
                tile_error_set(error, TILE_SOURCE_CHANGED, "changed: its header is not the one that its index is of");
        else if (index->step > h->mcus || index->first_column + index->columns > count_columns(h, index->step) ||
                 index->first_row + index->rows > h->mcu_rows)
            status = tile_index_damaged(error, "its grid");
    }
    if (status != TILE_OK)
        close_access(access);
    return status;
}

/* ---- Reading checkpoints ----------------------------------------------------------------------------------- */

static tile_status get_record(const struct tile_index_header *header, const unsigned char *record, int components,
                              struct checkpoint *to, struct tile_error *error) {
    to->bit = tile_get_le(record, 5);
    to->length = tile_get_le(record + 5, 3);
    uint64_t begin = to->bit / 8;
    if (begin < header->data_begin || begin > header->data_end || to->length == 0 ||
        to->length > header->data_end - begin)
        return tile_index_damaged(error, "a checkpoint");
    for (int c = 0; c < 4; c++) {
        to->dc[c] = c < components ? (int16_t)tile_get_le(record + 8 + 2 * c, 2) : 0;
        if (to->dc[c] < TILE_DC_LEAST || to->dc[c] > TILE_DC_MOST)
            return tile_index_damaged(error, "a checkpoint");
    }
    return TILE_OK;
}

/* Of one column, the rows [top, top + count) (both counted in the whole image, and held by the index). */
static tile_status get_checkpoints(const struct tile_access *access, uint32_t column, uint32_t top, uint32_t count,
                                   struct checkpoint *to, struct tile_error *error) {
    const struct jpeg_access *a = access->state;
    const struct tile_index_header *header = &access->index->header;
    size_t size = record_size(&a->header);
    uint64_t groups = ((uint64_t)header->rows + GROUP - 1) / GROUP;
    unsigned char bytes[GROUP * MOST_RECORD + 8];
    column -= header->first_column;
    top -= header->first_row;
    for (uint32_t row = top; row < top + count;) {
        uint32_t group = row / GROUP, first = group * GROUP, in_group = min_u32(GROUP, header->rows - first);
        uint64_t offset = column * (header->rows * (uint64_t)size + 8 * groups) + group * (GROUP * (uint64_t)size + 8);
        tile_status status = tile_index_read(access->index, offset, bytes, in_group * size + 8, error);
        if (status != TILE_OK)
            return status;
        if (tile_get_le(bytes + in_group * size, 8) !=
            tile_index_checksum(header, group_number(header, column, first), bytes, in_group * size))
            return tile_error_set(error, TILE_BAD_DATA, "has a damaged index: the checksum at byte %ju is wrong",
                                  (uintmax_t)offset);
        for (; row < top + count && row < first + in_group; row++) {
            status = get_record(header, bytes + (row - first) * size, a->header.components, to++, error);
            if (status != TILE_OK)
                return status;
        }
    }
    return TILE_OK;
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
    struct stretch s;
    struct checkpoint *left, *right; /* of each row, the first and the last column's; the same where there is but one */
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
    const struct jpeg_access *a = access->state;
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
    status = get_checkpoints(access, s.first, s.top, rows, c->left, error);
    if (status == TILE_OK && c->right != c->left)
        status = get_checkpoints(access, s.last, s.top, rows, c->right, error);
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
static bool is_at(const struct tile_walk *walk, const struct checkpoint *checkpoint) {
    return tile_walk_offset(walk) * 8 + (walk->place.bit & 7) == checkpoint->bit &&
           memcmp(walk->place.dc, checkpoint->dc, sizeof checkpoint->dc) == 0;
}

/* One row of the stretch, whose bytes are `bytes`. */
static tile_status cut_row(struct cutting *c, uint32_t i, const unsigned char *bytes, struct tile_error *error) {
    const struct jpeg_access *a = c->access->state;
    const struct tile_jpeg_header *h = &a->header;
    const struct stretch *s = &c->s;
    uint32_t step = c->access->index->header.step;
    uint64_t base = (uint64_t)(s->top + i) * h->mcus, first = base + span_begin(h, step, s->first);
    struct tile_walk walk = {.scanner = &a->scanner, .entropy = &c->entropy, .mcu = first, .restarted = first};
    walk.place.bit = c->left[i].bit & 7;
    memcpy(walk.place.dc, c->left[i].dc, sizeof walk.place.dc);
    tile_status status = tile_entropy_reset(&c->entropy, row_begin(c, i), error);
    if (status == TILE_OK)
        status = tile_entropy_add(&c->entropy, bytes, (size_t)(row_end(c, i) - row_begin(c, i)), error);
    if (status == TILE_OK)
        status = tile_walk_to(&walk, base + s->begin, error);
    if (status == TILE_OK && s->first != s->last) {
        status = tile_splice_copy(&c->splice, &walk, base + span_begin(h, step, s->last), error);
        if (status == TILE_OK)
            status = tile_walk_restart(&walk, error);
        if (status == TILE_OK && !is_at(&walk, &c->right[i]))
            status = mismatch(tile_walk_offset(&walk), error);
    }
    if (status == TILE_OK)
        status = tile_splice_copy(&c->splice, &walk, base + s->end, error);
    if (status == TILE_OK)
        status = tile_walk_to(&walk, base + span_end(h, step, s->last), error);
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
        for (; i < next && status == TILE_OK; i++)
            status = cut_row(c, i, c->bytes + (row_begin(c, i) - begin), error);
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
    const struct jpeg_access *a = c->access->state;
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
    *width = min_u32(h->width, s->end * h->mcu_width) - s->begin * h->mcu_width;
    *height = min_u32(h->height, (s->top + rows) * h->mcu_height) - s->top * h->mcu_height;
    tile_status status = tile_buffer_reserve(out, out->size + (size_t)bytes + 4096 + TAIL_BYTES, error);
    if (status == TILE_OK)
        status = tile_jpeg_header_write(h, *width, *height, with_profile, out, error);
    c->splice.out = out;
    if (status == TILE_OK)
        status = cut_rows(c, 0, rows, error);
    return status == TILE_OK ? tile_splice_end(&c->splice, error) : status;
}

static tile_status cut(const struct tile_access *access, struct tile_rect region, struct tile_piece *piece,
                       struct tile_error *error) {
    static const unsigned char tail[TAIL_BYTES];
    const struct jpeg_access *a = access->state;
    const struct tile_jpeg_header *h = &a->header;
    uint32_t most = PIECE_ROWS * h->mcu_height, around = margin(h);
    struct tile_rect part = region;
    part.height = min_u32(region.height, most);
    struct cutting c;
    struct stretch s = stretch_of(h, access->index->header.step, part, around);
    tile_status status = begin_cutting(&c, access, s, error);
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

tile_status tile_jpeg_extract(const struct tile_access *access, struct tile_rect region, struct tile_buffer *out,
                              struct tile_error *error) {
    const struct jpeg_access *a = access->state;
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
    const struct jpeg_access *a = access->state;
    struct cutting c;
    struct stretch s = stretch_of(&a->header, access->index->header.step, region, margin(&a->header));
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
    const struct jpeg_access *a = access->state;
    struct stretch s = stretch_of(&a->header, header->step, region, margin(&a->header));
    tile_status status = check_held(access, &s, error);
    if (status != TILE_OK)
        return status;
    *header = access->index->header;
    header->first_column = s.first;
    header->columns = s.last - s.first + 1;
    header->first_row = s.top;
    header->rows = s.bottom - s.top;
    size_t size = record_size(&a->header), all = size * header->columns * header->rows;
    const struct tile_allocator *allocator = access->subject->allocator;
    unsigned char *records = tile_alloc(allocator, all);
    struct checkpoint *points = tile_alloc(allocator, header->rows * sizeof *points);
    if (!records || !points)
        status = tile_no_memory(error, all);
    for (uint32_t column = 0; column < header->columns && status == TILE_OK; column++) {
        status = get_checkpoints(access, s.first + column, s.top, header->rows, points, error);
        for (uint32_t row = 0; row < header->rows && status == TILE_OK; row++) {
            unsigned char *to = records + ((size_t)row * header->columns + column) * size;
            tile_put_le(to, points[row].bit, 5);
            tile_put_le(to + 5, points[row].length, 3);
            for (int c = 0; c < a->header.components; c++)
                tile_put_le(to + 8 + 2 * c, (uint16_t)points[row].dc[c], 2);
        }
    }
    if (status == TILE_OK)
        status = write_payload(header, records, size, payload, error);
    tile_free(allocator, points);
    tile_free(allocator, records);
    return status;
}

const struct tile_index_codec tile_jpeg_index = {build, open_access, close_access, cut, ranges, part};
