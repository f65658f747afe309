/* SPDX-License-Identifier: MIT */
#include "png_stream.h"

#include "../base/bytes.h"

#include <libdeflate.h>
#include <string.h>

static tile_status fetch(struct tile_png_stream *stream, struct tile_error *error) {
    return stream->ready ? TILE_OK : stream->fill(stream, error);
}

static void advance(struct tile_png_stream *stream, size_t size) {
    stream->next += size;
    stream->ready -= size;
    stream->offset += size;
}

tile_status tile_png_take(struct tile_png_stream *stream, void *to, uint64_t size, uint64_t *got,
                          struct tile_error *error) {
    for (*got = 0; *got < size;) {
        tile_status status = fetch(stream, error);
        if (status != TILE_OK)
            return status;
        size_t part = size - *got < stream->ready ? (size_t)(size - *got) : stream->ready;
        if (part == 0)
            break;
        if (to)
            memcpy((unsigned char *)to + *got, stream->next, part);
        advance(stream, part);
        *got += part;
    }
    return TILE_OK;
}

void tile_png_begin_chunk(struct tile_png_stream *stream, uint32_t size) {
    stream->size = stream->left = size;
    stream->crc = libdeflate_crc32(0, "IDAT", 4);
}

/* Behind a chunk's data. */
static tile_status take_crc(struct tile_png_stream *stream, struct tile_error *error) {
    unsigned char crc[4];
    uint64_t got;
    tile_status status = tile_png_take(stream, crc, sizeof crc, &got, error);
    if (status != TILE_OK)
        return status;
    if (got < sizeof crc)
        return stream->damaged(stream, "it ends early", error);
    if (stream->check && tile_get_be(crc, 4) != stream->crc)
        return stream->damaged(stream, "the CRC of an IDAT chunk is wrong", error);
    stream->chunks_end = stream->offset;
    return TILE_OK;
}

/* From the end of a chunk's data to the beginning of the next one's, or out_of_chunks. */
static tile_status next_chunk(struct tile_png_stream *stream, struct tile_error *error) {
    unsigned char head[8];
    uint64_t got;
    tile_status status = take_crc(stream, error);
    if (status == TILE_OK)
        status = tile_png_take(stream, head, sizeof head, &got, error);
    if (status != TILE_OK)
        return status;
    if (got < sizeof head || memcmp(head + 4, "IDAT", 4) != 0)
        stream->out_of_chunks = true;
    else if (tile_get_be(head, 4) > INT32_MAX)
        return stream->damaged(stream, "the length of an IDAT chunk cannot be", error);
    else
        tile_png_begin_chunk(stream, (uint32_t)tile_get_be(head, 4));
    return TILE_OK;
}

/* `size` bytes of the chunk's data that are ready have been dealt with. */
static void use(struct tile_png_stream *stream, size_t size) {
    if (stream->check && size > 0)
        stream->crc = libdeflate_crc32(stream->crc, stream->next, size);
    advance(stream, size);
    stream->left -= (uint32_t)size;
    stream->used += size;
}

/* What there is of the chunk's data; at least a byte. */
static tile_status find_input(struct tile_png_stream *stream, struct tile_error *error) {
    tile_status status = TILE_OK;
    while (status == TILE_OK && stream->left == 0) {
        status = next_chunk(stream, error);
        if (status == TILE_OK && stream->out_of_chunks)
            status = stream->damaged(stream, "its pixel data end early", error);
    }
    if (status == TILE_OK)
        status = fetch(stream, error);
    if (status == TILE_OK && stream->ready == 0)
        status = stream->damaged(stream, "it ends early", error);
    return status;
}

tile_status tile_png_take_data(struct tile_png_stream *stream, const unsigned char **data, size_t *size,
                               struct tile_error *error) {
    tile_status status = find_input(stream, error);
    if (status != TILE_OK)
        return status;
    *data = stream->next;
    *size = stream->left < stream->ready ? stream->left : stream->ready;
    use(stream, *size);
    return TILE_OK;
}

tile_status tile_png_end_chunk(struct tile_png_stream *stream, struct tile_error *error) {
    const unsigned char *data;
    size_t size;
    tile_status status = TILE_OK;
    while (status == TILE_OK && stream->left > 0)
        status = tile_png_take_data(stream, &data, &size, error);
    return status == TILE_OK ? take_crc(stream, error) : status;
}

/* libpng gives a chunk's data to zlib in pieces of so many bytes (PNG_IDAT_READ_SIZE). */
enum { LIBPNG_PIECE = 8192 };

static size_t min(size_t a, size_t b) {
    return a < b ? a : b;
}

size_t tile_png_given_along(const struct tile_png_stream *stream) {
    size_t over = (stream->size - stream->left) % LIBPNG_PIECE;
    return over ? min(LIBPNG_PIECE - over, stream->left) : 0;
}

tile_status tile_png_inflate(struct tile_png_stream *stream, unsigned char *to, size_t *size,
                             struct tile_error *error) {
    struct tile_inflate *inflate = &stream->inflate;
    size_t room = *size;
    *size = 0;
    if (stream->stop == TILE_INFLATE_INPUT) {
        tile_status status = find_input(stream, error);
        if (status != TILE_OK)
            return status;
    }
    inflate->next = stream->next;
    inflate->ready = min(stream->left, stream->ready);
    if (stream->as_libpng)
        inflate->ready = min(inflate->ready, LIBPNG_PIECE - (stream->size - stream->left) % LIBPNG_PIECE);
    inflate->to = to;
    inflate->room = room;
    stream->stop = tile_inflate_run(inflate);
    *size = room - inflate->room;
    size_t input = (size_t)(inflate->next - stream->next);
    if (input > 0)
        stream->taken = stream->next[input - 1];
    use(stream, input);
    return stream->stop == TILE_INFLATE_BAD ? stream->damaged(stream, inflate->why, error) : TILE_OK;
}
