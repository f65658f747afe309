/* SPDX-License-Identifier: MIT */
#include "png_pixels.h"

#include "../base/memory.h"
#include "../base/pixels.h"
#include "../deflate/unfilter.h"

#include <string.h>

/* With the window before it, it stays in a core's own cache. */
enum { OUTPUT = 1 << 16 };

enum { KEPT = 3 };

uint64_t tile_png_pixels_memory(uint64_t row) {
    return tile_u64_add(tile_u64_mul(row, KEPT), TILE_INFLATE_WINDOW + OUTPUT + sizeof(struct tile_png_pixels));
}

/* ---- The stream's hooks ------------------------------------------------------------------------------------ */

static tile_status fill(struct tile_png_stream *stream, struct tile_error *error) {
    struct tile_png_pixels *p = (struct tile_png_pixels *)stream;
    tile_status status = tile_input_fill(&p->source->input, &stream->ready, error);
    stream->next = p->source->input.buffer;
    return status == TILE_OK ? tile_watch_pass(p->source->watch, stream->ready, error) : status;
}

/* There may be rows before it. */
static tile_status note_damage(struct tile_png_stream *stream, const char *why, struct tile_error *error) {
    struct tile_png_pixels *p = (struct tile_png_pixels *)stream;
    (void)error;
    p->damage = why;
    p->damage_at = stream->offset;
    return TILE_BAD_DATA;
}

/* ---- Bytes ------------------------------------------------------------------------------------------------- */

/* Inflates until it stops, or as many bytes as `most`. All that was there has been taken. */
static tile_status inflate(struct tile_png_pixels *p, uint64_t most, struct tile_error *error) {
    if (p->filled == TILE_INFLATE_WINDOW + OUTPUT) {
        memmove(p->output, p->output + OUTPUT, TILE_INFLATE_WINDOW);
        p->filled = TILE_INFLATE_WINDOW;
    }
    size_t size = TILE_INFLATE_WINDOW + OUTPUT - p->filled;
    size = most < size ? (size_t)most : size;
    p->stream.as_libpng = size >= p->left; /* it matters from the last row's end on */
    tile_status status = tile_png_inflate(&p->stream, p->output + p->filled, &size, error);
    p->given = p->filled;
    p->filled += size;
    if (status == TILE_OK || p->damage)
        status = tile_watch_pass(p->source->watch, size, error);
    return status;
}

/* BAD_DATA: they are damaged, as p->damage says. */
static tile_status take(struct tile_png_pixels *p, unsigned char *to, size_t size, struct tile_error *error) {
    while (size > 0) {
        size_t part = p->filled - p->given;
        if (part == 0 && !p->damage && p->stream.stop == TILE_INFLATE_END)
            note_damage(&p->stream, "its pixel data end early", error);
        if (part == 0 && p->damage)
            return TILE_BAD_DATA;
        if (part == 0) {
            tile_status status = inflate(p, p->left, error);
            p->left -= p->filled - p->given;
            if (status != TILE_OK)
                return status;
            continue;
        }
        part = part < size ? part : size;
        memcpy(to, p->output + p->given, part);
        p->given += part;
        to += part;
        size -= part;
    }
    return TILE_OK;
}

/* As a call of zlib by libpng, with room for `room` bytes; `*size` of them are there. */
static tile_status call_zlib(struct tile_png_pixels *p, uint64_t room, uint64_t *size, struct tile_error *error) {
    tile_status status;
    *size = 0;
    do {
        status = inflate(p, room - *size, error);
        *size += p->filled - p->given;
    } while (status == TILE_OK && !p->damage && p->stream.stop == TILE_INFLATE_INPUT &&
             tile_png_given_along(&p->stream) > 0);
    return status;
}

/*
 * Behind the last row. The call of zlib that gives it to libpng goes on to the end of its input, and a bad end of the
 * stream in there is damage. Behind that, libpng only warns of what zlib refuses, and reads on only as long as there
 * are bytes that no row wants; it needs chunks to read, whole ones.
 */
static tile_status read_rest(struct tile_png_pixels *p, struct tile_error *error) {
    struct tile_png_stream *stream = &p->stream;
    uint64_t size = 0;
    tile_status status = TILE_OK;
    if (!p->damage && stream->stop == TILE_INFLATE_INPUT && tile_png_given_along(stream) > 0)
        status = call_zlib(p, 0, &size, error);
    if (status == TILE_OK && p->damage)
        status = TILE_BAD_DATA;
    bool more = stream->stop != TILE_INFLATE_END;
    while (status == TILE_OK && more) {
        status = call_zlib(p, OUTPUT, &size, error);
        more = size > 0 && !p->damage && stream->stop != TILE_INFLATE_END;
    }
    if (status == TILE_OK && p->damage && stream->stop != TILE_INFLATE_BAD)
        status = TILE_BAD_DATA;
    if (status != TILE_OK)
        return status;
    p->damage = NULL;
    return tile_png_end_chunk(stream, error);
}

/* ---- Rows -------------------------------------------------------------------------------------------------- */

static unsigned char *kept_row(const struct tile_png_pixels *p, uint32_t y) {
    return p->rows + y % KEPT * p->row;
}

tile_status tile_png_pixels_begin(struct tile_png_pixels *p, tile_source *source, size_t row, uint32_t chunk,
                                  const unsigned char *next, size_t ready, struct tile_error *error) {
    const struct tile_allocator *allocator = source->allocator;
    p->source = source;
    p->row = row;
    p->kernels = tile_deflate_kernels_of(TILE_CPU_BEST);
    p->step = (unsigned)tile_format_step(source->info.format);
    p->swap = source->info.format.sample == TILE_U16 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
    if (!p->output)
        p->output = tile_alloc(allocator, TILE_INFLATE_WINDOW + OUTPUT);
    size_t kept;
    if (!tile_mul(&kept, row, KEPT))
        return tile_error_set(error, TILE_LIMIT_EXCEEDED, "rows of %zu bytes do not fit in memory", row);
    if (!p->rows)
        p->rows = tile_alloc(allocator, kept);
    if (!p->output || !p->rows)
        return tile_no_memory(error, p->output ? kept : TILE_INFLATE_WINDOW + OUTPUT);
    memset(kept_row(p, KEPT - 1), 0, row); /* above the first one */
    p->filled = p->given = 0;
    p->left = ((uint64_t)row + 1) * source->height;
    p->damage = NULL;
    p->stream = (struct tile_png_stream){.fill = fill,
                                         .damaged = note_damage,
                                         .next = next,
                                         .ready = ready,
                                         .offset = source->input.offset - ready,
                                         .check = !source->manner.piece};
    tile_png_begin_chunk(&p->stream, chunk);
    tile_inflate_begin_zlib(&p->stream.inflate);
    p->stream.inflate.history = p->output;
    p->stream.inflate.ignore_checksum = source->manner.piece;
    return TILE_OK;
}

/* PNG has the higher byte first. */
static void swap_bytes(unsigned char *row, size_t size) {
    for (size_t i = 0; i < size; i += 2) {
        uint16_t sample;
        memcpy(&sample, row + i, 2);
        sample = (uint16_t)(sample << 8 | sample >> 8);
        memcpy(row + i, &sample, 2);
    }
}

/* To `row`, as it is filtered. */
static tile_status take_row(struct tile_png_pixels *p, unsigned char *row, unsigned char *filter,
                            struct tile_error *error) {
    tile_status status = take(p, filter, 1, error);
    if (status == TILE_OK)
        status = take(p, row, p->row, error);
    if (status == TILE_OK && *filter > TILE_PNG_PAETH)
        status = note_damage(&p->stream, "bad adaptive filter value", error);
    return status == TILE_OK ? tile_watch_pass(p->source->watch, p->row, error) : status;
}

/* A row of Paeth waits for the next one: two of them take no longer than one. */
static tile_status read_rows(struct tile_png_pixels *p, uint32_t count, unsigned char *to, size_t stride, uint32_t *y,
                             struct tile_error *error) {
    const unsigned char *above = kept_row(p, *y + KEPT - 1);
    unsigned char *row = NULL, *waiting = NULL;
    tile_status status = TILE_OK;
    uint32_t done = 0;
    for (; done < count; done++) {
        unsigned char filter;
        row = to ? to + done * stride : kept_row(p, *y + done);
        if (!to) /* else the reader of rows tells how far it is */
            p->source->watch->at = (struct tile_progress){*y + done, p->source->height};
        status = take_row(p, row, &filter, error);
        bool paeth = status == TILE_OK && filter == TILE_PNG_PAETH;
        if (waiting && paeth) {
            p->kernels->unfilter_paeths(waiting, row, above, p->row, p->step);
            waiting = NULL;
        } else {
            if (waiting) {
                p->kernels->unfilter(waiting, above, p->row, p->step, TILE_PNG_PAETH);
                above = waiting;
                waiting = NULL;
            }
            if (status != TILE_OK)
                break;
            if (paeth && done + 1 < count) {
                waiting = row;
                continue;
            }
            p->kernels->unfilter(row, above, p->row, p->step, filter);
        }
        above = row;
    }
    *y += done;
    if (to && done > 0)
        memcpy(kept_row(p, *y - 1), to + (done - 1) * stride, p->row);
    for (uint32_t i = 0; to && p->swap && i < done; i++)
        swap_bytes(to + i * stride, p->row);
    return status;
}

tile_status tile_png_pixels_read(struct tile_png_pixels *p, uint32_t count, unsigned char *to, size_t stride,
                                 uint32_t *y, bool *stopped, struct tile_error *error) {
    tile_status status = read_rows(p, count, to, stride, y, error);
    uint32_t damaged = *y;
    if (status == TILE_OK && *y == p->source->height) {
        damaged--;
        status = read_rest(p, error);
    }
    if (status != TILE_BAD_DATA || !p->damage)
        return status;
    *stopped = true;
    if (p->damage_at == p->source->input.reader.size && p->stream.stop != TILE_INFLATE_BAD)
        return tile_source_damaged(p->source, "; the rest is zero", error, "ends early at byte %ju (row %u of %u)",
                                   (uintmax_t)p->damage_at, damaged, p->source->height);
    return tile_source_damaged(p->source, "; the rest is zero", error, "is damaged at byte %ju (row %u of %u): %s",
                               (uintmax_t)p->damage_at, damaged, p->source->height, p->damage);
}

void tile_png_pixels_free(struct tile_png_pixels *p) {
    const struct tile_allocator *allocator = p->source ? p->source->allocator : NULL;
    tile_free(allocator, p->output);
    tile_free(allocator, p->rows);
}
