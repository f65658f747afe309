/* SPDX-License-Identifier: MIT */
#include "png_stream.h"

#include "../base/bytes.h"
#include "../base/memory.h"

#include <string.h>

static void *zlib_alloc(void *user, unsigned items, unsigned size) {
    size_t all;
    return tile_mul(&all, items, size) ? tile_alloc(user, all) : NULL;
}

static void zlib_free(void *user, void *memory) {
    tile_free(user, memory);
}

z_stream tile_png_zlib(const struct tile_allocator *allocator) {
    return (z_stream){.zalloc = zlib_alloc, .zfree = zlib_free, .opaque = (void *)allocator};
}

tile_status tile_png_zlib_failed(int result, struct tile_error *error) {
    return result == Z_MEM_ERROR ? tile_error_set(error, TILE_NO_MEMORY, "out of memory in zlib")
                                 : tile_error_set(error, TILE_BAD_DATA, "zlib: %s", zError(result));
}

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
    stream->left = size;
    stream->crc = (uint32_t)crc32(0, (const unsigned char *)"IDAT", 4);
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
        stream->crc = (uint32_t)crc32(stream->crc, stream->next, (unsigned)size);
    advance(stream, size);
    stream->left -= (uint32_t)size;
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

tile_status tile_png_inflate(struct tile_png_stream *stream, int flush, unsigned char *to, size_t *size,
                             struct tile_error *error) {
    z_stream *zlib = &stream->zlib;
    size_t room = *size;
    *size = 0;
    if (stream->hungry) {
        tile_status status = find_input(stream, error);
        if (status != TILE_OK)
            return status;
    }
    size_t input = stream->left < stream->ready ? stream->left : stream->ready;
    zlib->next_in = (unsigned char *)stream->next;
    zlib->avail_in = input < UINT_MAX ? (unsigned)input : UINT_MAX;
    zlib->next_out = to;
    zlib->avail_out = room < UINT_MAX ? (unsigned)room : UINT_MAX;
    int result = inflate(zlib, flush);
    input = (size_t)(zlib->next_in - stream->next);
    *size = (size_t)(zlib->next_out - to);
    if (input > 0)
        stream->taken = stream->next[input - 1];
    use(stream, input);
    stream->hungry = zlib->avail_out > 0;
    stream->ended = result == Z_STREAM_END;
    if (result == Z_OK || result == Z_BUF_ERROR || result == Z_STREAM_END)
        return TILE_OK;
    if (result == Z_MEM_ERROR)
        return tile_png_zlib_failed(result, error);
    stream->broken = true;
    return stream->damaged(stream, zlib->msg ? zlib->msg : zError(result), error);
}
