/* SPDX-License-Identifier: MIT */
/*
 * The pass over a PNG that makes its index. It inflates all, for the boundaries of deflate's blocks, and unfilters all,
 * as each row is predicted from the one above.
 */
#include "png_table.h"

#include "../deflate/png_stream.h"
#include "../deflate/unfilter.h"
#include "../deflate/zlib_memory.h"

#include "../base/buffer.h"
#include "../base/bytes.h"
#include "../base/memory.h"

#include <stdio.h>
#include <string.h>
#include <xxhash.h>

enum { INPUT = 1 << 17, OUTPUT = 1 << 17 };
/* Windows and rows are small against all that is inflated between them: more effort saves little. */
enum { LEVEL = 3 };

/* Checkpoints whose rows have ended, and that may still come to the boundary where they end. */
enum { WAITING = 8 };

struct waiting {
    XXH3_state_t *hash; /* of the bytes since the checkpoint's beginning */
    uint32_t number;
    bool used, ended; /* ended: its rows */
};

struct build {
    struct tile_png_stream stream; /* first: the hooks get it */
    struct tile_pass *pass;
    const struct tile_deflate_kernels *kernels;
    struct tile_buffer *payload;
    struct tile_png_shape shape;
    unsigned char *input;
    z_stream packer;

    unsigned char *output; /* the latest bytes inflated, the last TILE_PNG_WINDOW of them always among them */
    size_t filled;
    uint64_t inflated; /* in all */

    unsigned char *row, *prior; /* each behind its filter's byte */
    size_t row_filled;
    uint32_t y; /* of the row that is being filled */

    /* The boundary at which the next checkpoint will begin, unless another is found before its rows. */
    bool has_boundary;
    struct tile_png_checkpoint boundary;
    unsigned char *window;
    uint32_t made; /* checkpoints */

    struct waiting waiting[WAITING]; /* checkpoint i at i % WAITING: the latest ones */
    XXH3_state_t *since_boundary;    /* of the bytes since that boundary */
    const unsigned char *hashed;     /* up to here */
};

static tile_status damaged(struct tile_png_stream *stream, const char *why, struct tile_error *error) {
    return tile_error_set(error, TILE_BAD_DATA, "is damaged at byte %ju: %s", (uintmax_t)stream->offset, why);
}

static void hash(struct build *b) {
    size_t size = (size_t)(b->stream.next - b->hashed);
    XXH3_64bits_update(b->since_boundary, b->hashed, size);
    for (struct waiting *w = b->waiting; w < b->waiting + WAITING; w++)
        if (w->used)
            XXH3_64bits_update(w->hash, b->hashed, size);
    b->hashed = b->stream.next;
}

static tile_status fill(struct tile_png_stream *stream, struct tile_error *error) {
    struct build *b = (struct build *)stream;
    hash(b);
    stream->next = b->hashed = b->input;
    return tile_pass_read(b->pass, b->input, INPUT, &stream->ready, error);
}

/* ---- Before the pixel data --------------------------------------------------------------------------------- */

static tile_status take_all(struct build *b, void *to, uint64_t size, struct tile_error *error) {
    uint64_t got;
    tile_status status = tile_png_take(&b->stream, to, size, &got, error);
    return status == TILE_OK && got < size ? damaged(&b->stream, "it ends early", error) : status;
}

/* Up to the first IDAT's data. */
static tile_status read_header(struct build *b, struct tile_index_header *header, struct tile_error *error) {
    unsigned char first[8 + 8 + 13 + 4], head[8] = {0};
    uint64_t limit = b->pass->subject->limits.metadata;
    tile_status status = take_all(b, first, sizeof first, error);
    if (status == TILE_OK && (memcmp(first, tile_png_signature, 8) != 0 || tile_get_be(first + 8, 4) != 13 ||
                              memcmp(first + 12, "IHDR", 4) != 0))
        status = damaged(&b->stream, "it does not begin as a PNG", error);
    if (status == TILE_OK)
        status = tile_png_shape_of(&b->shape, first + 16, b->pass->subject, error);
    uint64_t size = 0;
    while (status == TILE_OK) {
        header->data_begin = b->stream.offset;
        status = take_all(b, head, sizeof head, error);
        size = tile_get_be(head, 4);
        if (status == TILE_OK && size > INT32_MAX)
            status = damaged(&b->stream, "the length of a chunk cannot be", error);
        bool data = memcmp(head + 4, "IDAT", 4) == 0;
        if (status == TILE_OK && b->stream.offset + (data ? 0 : size) > limit)
            status = tile_error_set(error, TILE_LIMIT_EXCEEDED,
                                    "has more than %ju bytes of metadata, which is the limit", (uintmax_t)limit);
        if (status != TILE_OK || data)
            break;
        status = take_all(b, NULL, size + 4, error);
    }
    if (status == TILE_OK)
        tile_png_begin_chunk(&b->stream, (uint32_t)size);
    return status;
}

/* ---- Packing ----------------------------------------------------------------------------------------------- */

static tile_status zlib_failed(int result, struct tile_error *error) {
    return result == Z_MEM_ERROR ? tile_error_set(error, TILE_NO_MEMORY, "out of memory in zlib")
                                 : tile_error_set(error, TILE_BAD_DATA, "zlib: %s", zError(result));
}

/* Makes room for `size` bytes more, within the limit. */
static tile_status reserve(struct build *b, uint64_t size, struct tile_error *error) {
    uint64_t limit = b->pass->subject->limits.memory, all;
    if (__builtin_add_overflow(size, b->payload->size, &all) || all > limit)
        return tile_error_set(error, TILE_LIMIT_EXCEEDED,
                              "would have an index of more than %ju bytes, which is the limit", (uintmax_t)limit);
    return tile_buffer_reserve(b->payload, (size_t)all, error);
}

static tile_status pack(struct build *b, struct tile_png_blob *blob, const unsigned char *from, uint32_t size,
                        struct tile_error *error) {
    z_stream *zlib = &b->packer;
    *blob = (struct tile_png_blob){.offset = b->payload->size, .size = size};
    if (size == 0)
        return TILE_OK;
    deflateReset(zlib);
    uLong bound = deflateBound(zlib, size);
    tile_status status = reserve(b, bound, error);
    if (status != TILE_OK)
        return status;
    zlib->next_in = (unsigned char *)from;
    zlib->avail_in = size;
    zlib->next_out = b->payload->data + b->payload->size;
    zlib->avail_out = (uInt)bound;
    int result = deflate(zlib, Z_FINISH);
    if (result != Z_STREAM_END)
        return zlib_failed(result, error);
    blob->packed = (uint32_t)zlib->total_out;
    b->payload->size += blob->packed;
    return TILE_OK;
}

/* ---- Checkpoints ------------------------------------------------------------------------------------------- */

static unsigned char *entry(const struct build *b, uint32_t checkpoint) {
    return b->payload->data + 8 + (size_t)TILE_PNG_ENTRY * checkpoint;
}

/* A checkpoint ends here; `inflated_end`: at a boundary, or 0. */
static void put_end(struct build *b, const struct waiting *waiting, uint64_t inflated_end) {
    struct tile_png_checkpoint c = tile_png_get_checkpoint(entry(b, waiting->number));
    c.end = b->stream.offset;
    c.checksum = XXH3_64bits_digest(waiting->hash);
    c.inflated_end = inflated_end;
    c.end_bits = inflated_end ? b->stream.inflate.count : 0;
    tile_png_put_checkpoint(entry(b, waiting->number), &c);
}

/* If this is a boundary, those that wait for one end here. */
static void end_waiting(struct build *b) {
    if (b->stream.stop != TILE_INFLATE_BLOCK)
        return;
    for (struct waiting *w = b->waiting; w < b->waiting + WAITING; w++) {
        if (!w->used || !w->ended)
            continue;
        hash(b);
        struct tile_png_checkpoint c = tile_png_get_checkpoint(entry(b, w->number));
        uint64_t step = b->pass->options->tile_height, height = b->pass->subject->height,
                 y = ((uint64_t)w->number + 1) * step;
        uint64_t needed = tile_png_row_begin(&b->shape, y < height ? y : height) - c.inflated;
        if (tile_png_is_near(needed, b->inflated - c.inflated))
            put_end(b, w, b->inflated);
        w->used = false;
    }
}

/* The last checkpoint's rows have been inflated. */
static void end_checkpoint(struct build *b) {
    hash(b);
    if (b->made == 0)
        return;
    struct waiting *last = &b->waiting[(b->made - 1) % WAITING];
    put_end(b, last, 0);
    last->ended = true;
    end_waiting(b);
}

/* The next byte to be inflated is the first of a checkpoint's rows. */
static tile_status make_checkpoint(struct build *b, struct tile_error *error) {
    struct tile_png_checkpoint checkpoint = b->boundary;
    uint32_t row = (uint32_t)b->shape.row;
    end_checkpoint(b);
    struct waiting *waiting = &b->waiting[b->made % WAITING];
    XXH3_copyState(waiting->hash, b->since_boundary);
    *waiting = (struct waiting){.hash = waiting->hash, .number = b->made, .used = true};
    tile_status status = TILE_OK;
    if (b->made > 0 && b->boundary.window.packed == 0) {
        status = pack(b, &b->boundary.window, b->window, b->boundary.window.size, error);
        checkpoint.window = b->boundary.window;
    }
    if (status == TILE_OK && b->made > 0) {
        /* Nothing is in `row` yet. */
        b->kernels->filter(b->row + 1, b->prior + 1, b->prior + 1, row, b->shape.step, TILE_PNG_SUB);
        status = pack(b, &checkpoint.row, b->row + 1, row, error);
    }
    if (status == TILE_OK)
        tile_png_put_checkpoint(entry(b, b->made++), &checkpoint);
    return status;
}

/*
 * A block of deflate ends here. A hostile file may have one every few bits: copying no more windows than bytes costs
 * no more than inflating them, and a checkpoint begins at most that much earlier.
 */
static void note_boundary(struct build *b) {
    if (b->has_boundary && b->inflated - b->boundary.inflated < TILE_PNG_WINDOW)
        return;
    hash(b);
    XXH3_64bits_reset(b->since_boundary);
    b->has_boundary = true;
    uint32_t size = b->filled < TILE_PNG_WINDOW ? (uint32_t)b->filled : TILE_PNG_WINDOW;
    memcpy(b->window, b->output + b->filled - size, size);
    b->boundary = (struct tile_png_checkpoint){.begin = b->stream.offset,
                                               .inflated = b->inflated,
                                               .left = b->stream.left,
                                               .bits = b->stream.inflate.count,
                                               .byte = b->stream.taken,
                                               .window.size = size};
}

/* ---- The pixel data ---------------------------------------------------------------------------------------- */

static tile_status unfilter(struct build *b, const unsigned char *from, size_t size, struct tile_error *error) {
    while (size > 0) {
        size_t part = b->shape.row + 1 - b->row_filled;
        part = size < part ? size : part;
        memcpy(b->row + b->row_filled, from, part);
        b->row_filled += part;
        from += part;
        size -= part;
        if (b->row_filled <= b->shape.row)
            return TILE_OK;
        if (!tile_png_unfilter(b->kernels, b->row[0], b->row + 1, b->prior + 1, b->shape.row, b->shape.step)) {
            char why[64];
            snprintf(why, sizeof why, "row %u has a filter %d", b->y, b->row[0]);
            return damaged(&b->stream, why, error);
        }
        unsigned char *row = b->row;
        b->row = b->prior;
        b->prior = row;
        b->row_filled = 0;
        b->y++;
    }
    return TILE_OK;
}

/* Inflates up to `goal` bytes in all, or to the end of a block before: `*size` bytes at `*from`. */
static tile_status inflate_some(struct build *b, uint64_t goal, const unsigned char **from, size_t *size,
                                struct tile_error *error) {
    if (b->filled == TILE_PNG_WINDOW + OUTPUT) {
        memmove(b->output, b->output + OUTPUT, TILE_PNG_WINDOW);
        b->filled = TILE_PNG_WINDOW;
    }
    *size = TILE_PNG_WINDOW + OUTPUT - b->filled;
    *size = goal - b->inflated < *size ? (size_t)(goal - b->inflated) : *size;
    *from = b->output + b->filled;
    tile_status status = tile_png_inflate(&b->stream, b->output + b->filled, size, error);
    b->filled += *size;
    b->inflated += *size;
    if (status != TILE_OK)
        return status;
    end_waiting(b);
    return tile_watch_pass(&b->pass->watch, *size, error);
}

static tile_status inflate_rows(struct build *b, uint64_t goal, struct tile_error *error) {
    const unsigned char *from;
    size_t size;
    tile_status status = inflate_some(b, goal, &from, &size, error);
    if (status != TILE_OK)
        return status;
    if (b->stream.stop == TILE_INFLATE_BLOCK && !b->stream.inflate.last)
        note_boundary(b);
    return unfilter(b, from, size, error);
}

static tile_status read_rows(struct build *b, uint32_t step, struct tile_error *error) {
    const uint32_t height = b->pass->subject->height;
    const uint64_t end = tile_png_row_begin(&b->shape, height);
    tile_status status = TILE_OK;
    /* The inflater stops before the first block, too. */
    while (status == TILE_OK && (!b->has_boundary || b->inflated < end)) {
        uint64_t next_row = (uint64_t)b->made * step;
        uint64_t next = next_row < height ? tile_png_row_begin(&b->shape, next_row) : end;
        if (!b->has_boundary)
            next = end;
        if (b->stream.stop == TILE_INFLATE_END)
            status = damaged(&b->stream, "its pixel data end early", error);
        else if (b->inflated == next)
            status = make_checkpoint(b, error);
        else
            status = inflate_rows(b, next, error);
    }
    if (status == TILE_OK)
        end_checkpoint(b);
    return status;
}

/*
 * Behind the last row: the end of the zlib stream, with its Adler-32, and that of its chunk; what is left of the file
 * is only hashed. libpng only warns of more data than rows and whatever is wrong with them, and of what is wrong with
 * the stream's end where it stands in another chunk than the last row's; there it may also be cut off.
 */
static tile_status read_rest(struct build *b, struct tile_error *error) {
    struct tile_png_stream *stream = &b->stream;
    const uint64_t used = stream->used, left = stream->left;
    tile_status status = TILE_OK;
    struct tile_error why = {0};
    bool more = false;
    while (status == TILE_OK && stream->stop != TILE_INFLATE_END) {
        const unsigned char *from;
        size_t size;
        status = inflate_some(b, UINT64_MAX, &from, &size, &why);
        more |= size > 0;
    }
    bool elsewhere = stream->used - used > left;
    if (status == TILE_OK || (stream->stop == TILE_INFLATE_BAD && (more || elsewhere)))
        status = tile_png_end_chunk(stream, &why);
    else if (stream->out_of_chunks && elsewhere && !more)
        status = TILE_OK;
    if (status != TILE_OK)
        return tile_error_set(error, status, "%s", why.message);
    do {
        stream->ready = 0;
        status = fill(stream, error);
    } while (status == TILE_OK && stream->ready > 0);
    return status;
}

/* ---- All --------------------------------------------------------------------------------------------------- */

/* All checksums are of this file's hash too, which is known now. */
static void put_checksums(struct build *b, const struct tile_index_header *header) {
    unsigned char *data = b->payload->data;
    for (uint32_t i = 0; i < header->rows; i++) {
        struct tile_png_checkpoint c = tile_png_get_checkpoint(entry(b, i));
        c.window.checksum =
            tile_index_checksum(header, tile_png_window_number(&c), data + c.window.offset, c.window.packed);
        c.row.checksum = tile_index_checksum(header, tile_png_row_number(i), data + c.row.offset, c.row.packed);
        tile_png_put_checkpoint(entry(b, i), &c);
    }
    size_t table = tile_png_table_size(header->rows) - 8;
    tile_put_le(data + table, tile_index_checksum(header, 0, data, table), 8);
}

static tile_status build(struct build *b, struct tile_index_header *header, struct tile_error *error) {
    uint32_t step = b->pass->options->tile_height, height = b->pass->subject->height;
    header->step = step;
    header->columns = 1;
    header->rows = (uint32_t)(((uint64_t)height + step - 1) / step);
    tile_status status = read_header(b, header, error);
    if (status != TILE_OK)
        return status;
    size_t table = tile_png_table_size(header->rows);
    status = reserve(b, table ? table : UINT64_MAX, error);
    if (status != TILE_OK)
        return status;
    memset(b->payload->data, 0, table);
    b->payload->size = table;
    hash(b);
    tile_put_le(b->payload->data, XXH3_64bits_digest(b->since_boundary), 8);

    const struct tile_allocator *allocator = b->pass->subject->allocator;
    b->output = tile_alloc(allocator, TILE_PNG_WINDOW + OUTPUT);
    b->window = tile_alloc(allocator, TILE_PNG_WINDOW);
    b->row = tile_alloc(allocator, b->shape.row + 1);
    b->prior = tile_alloc_zero(allocator, b->shape.row + 1);
    if (!b->output || !b->window || !b->row || !b->prior)
        return tile_no_memory(error, 2 * b->shape.row);
    int result = deflateInit(&b->packer, LEVEL);
    if (result != Z_OK)
        return zlib_failed(result, error);
    tile_inflate_begin_zlib(&b->stream.inflate);
    b->stream.inflate.history = b->output;
    b->stream.inflate.stop_at_blocks = true;
    status = read_rows(b, step, error);
    if (status == TILE_OK)
        status = read_rest(b, error);
    header->data_end = b->stream.chunks_end;
    return status;
}

tile_status tile_png_build(struct tile_pass *pass, struct tile_index_header *header, struct tile_buffer *payload,
                           struct tile_error *error) {
    const struct tile_allocator *allocator = pass->subject->allocator;
    struct build *b = tile_alloc_zero(allocator, sizeof *b);
    if (!b)
        return tile_no_memory(error, sizeof *b);
    b->stream = (struct tile_png_stream){.fill = fill, .damaged = damaged, .check = true};
    b->packer = tile_zlib_stream(allocator);
    b->pass = pass;
    b->kernels = tile_deflate_kernels_of(TILE_CPU_BEST);
    b->payload = payload;
    b->input = tile_alloc(allocator, INPUT);
    b->since_boundary = XXH3_createState();
    bool have_all = b->input && b->since_boundary;
    for (int i = 0; i < WAITING; i++)
        have_all = (b->waiting[i].hash = XXH3_createState()) && have_all;
    tile_status status = TILE_OK;
    if (!have_all)
        status = tile_no_memory(error, INPUT);
    else {
        XXH3_64bits_reset(b->since_boundary);
        b->stream.next = b->hashed = b->input;
        status = build(b, header, error);
    }
    if (status == TILE_OK) {
        header->source_hash = tile_hasher_end(&pass->hasher);
        put_checksums(b, header);
    }
    deflateEnd(&b->packer); /* fine where it was never begun */
    XXH3_freeState(b->since_boundary);
    for (int i = 0; i < WAITING; i++)
        XXH3_freeState(b->waiting[i].hash);
    tile_free(allocator, b->input);
    tile_free(allocator, b->output);
    tile_free(allocator, b->window);
    tile_free(allocator, b->row);
    tile_free(allocator, b->prior);
    tile_free(allocator, b);
    return status;
}
