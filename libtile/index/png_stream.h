/* SPDX-License-Identifier: MIT */
/* A PNG's pixel data on their way in: the bytes of the file in order, the IDAT chunks among them, and zlib. */
#ifndef TILE_INDEX_PNG_STREAM_H
#define TILE_INDEX_PNG_STREAM_H

#include "../tile.h"

#include <zlib.h>

/* The stream's memory comes from the caller's allocator. */
z_stream tile_png_zlib(const struct tile_allocator *allocator);
/* What a call to zlib that failed means; BAD_DATA but for a lack of memory. */
tile_status tile_png_zlib_failed(int result, struct tile_error *error);

struct tile_png_stream {
    /* Sets `next` and `ready` to the bytes that follow; no more of them: the end. */
    tile_status (*fill)(struct tile_png_stream *stream, struct tile_error *error);
    /* What to say where the data at `offset` cannot be. */
    tile_status (*damaged)(const struct tile_png_stream *stream, const char *why, struct tile_error *error);
    const unsigned char *next;
    size_t ready;
    uint64_t offset; /* in the file, of `next` */
    bool check;      /* the CRCs of chunks */

    uint32_t left;       /* of the chunk's data, from `next` on */
    uint32_t crc;        /* of the chunk so far */
    uint64_t chunks_end; /* behind the last chunk that was read whole */
    bool out_of_chunks;  /* there is no IDAT behind that */

    z_stream zlib;
    bool hungry;         /* there is no output left in zlib: it wants input */
    bool ended;          /* the zlib stream */
    bool broken;         /* it cannot be what zlib wrote */
    unsigned char taken; /* the last byte that zlib took */
};

/* The next `size` bytes; fewer (`*got`) only at the end of the file. `to` may be NULL. */
tile_status tile_png_take(struct tile_png_stream *stream, void *to, uint64_t size, uint64_t *got,
                          struct tile_error *error);
/* The data of an IDAT chunk of `size` bytes come next. */
void tile_png_begin_chunk(struct tile_png_stream *stream, uint32_t size);
/* What there is at once of the chunks' data that come next, at least a byte. */
tile_status tile_png_take_data(struct tile_png_stream *stream, const unsigned char **data, size_t *size,
                               struct tile_error *error);
/* To the end of the chunk, whose CRC is still to come. */
tile_status tile_png_end_chunk(struct tile_png_stream *stream, struct tile_error *error);
/*
 * One call to inflate with input that is there, or is fetched where zlib has no output left. `*size` is the room at
 * `to`, then how much of it was filled: it may be nothing.
 */
tile_status tile_png_inflate(struct tile_png_stream *stream, int flush, unsigned char *to, size_t *size,
                             struct tile_error *error);

#endif
