/* SPDX-License-Identifier: MIT */
/* Reading a PNG's pixel data: the bytes of the file in order, the IDAT chunks among them, and what they inflate to. */
#ifndef TILE_DEFLATE_PNG_STREAM_H
#define TILE_DEFLATE_PNG_STREAM_H

#include "../tile.h"
#include "inflate.h"

struct tile_png_stream {
    /* Sets `next` and `ready` to the bytes that follow; `ready` 0: the end. */
    tile_status (*fill)(struct tile_png_stream *stream, struct tile_error *error);
    /* Returns the failure for invalid data at `offset`. */
    tile_status (*damaged)(struct tile_png_stream *stream, const char *why, struct tile_error *error);
    const unsigned char *next;
    size_t ready;
    uint64_t offset; /* in the file, of `next` */
    bool check;      /* check the CRCs of chunks */
    bool as_libpng;  /* inflating takes no more at once than libpng gives to zlib */

    uint32_t size;       /* bytes of the chunk's data */
    uint32_t left;       /* those from `next` on */
    uint32_t crc;        /* of the chunk so far */
    uint64_t chunks_end; /* behind the last chunk that was read whole */
    bool out_of_chunks;  /* no IDAT follows that */

    uint64_t used; /* bytes of chunks' data that were dealt with, in all */

    struct tile_inflate inflate; /* begin it and set its history; the rest is set here */
    enum tile_inflate_stop stop; /* why it stopped the last time; INPUT in the beginning */
    unsigned char taken;         /* the last byte that it took */
};

/* Takes the next `size` bytes; fewer (`*got`) only at the end of the file. `to` may be NULL. */
tile_status tile_png_take(struct tile_png_stream *stream, void *to, uint64_t size, uint64_t *got,
                          struct tile_error *error);
/* The data of an IDAT chunk of `size` bytes come next. */
void tile_png_begin_chunk(struct tile_png_stream *stream, uint32_t size);
/* Takes the data of chunks that is available at once, at least one byte. */
tile_status tile_png_take_data(struct tile_png_stream *stream, const unsigned char **data, size_t *size,
                               struct tile_error *error);
/* Skips the rest of the chunk's data and takes its CRC. */
tile_status tile_png_end_chunk(struct tile_png_stream *stream, struct tile_error *error);
/*
 * Inflates until it stops; fetches input first if that is why it stopped. `*size` is the room at `to`, then the number
 * of bytes written, which may be 0.
 */
tile_status tile_png_inflate(struct tile_png_stream *stream, unsigned char *to, size_t *size, struct tile_error *error);
/* Bytes of chunks' data that libpng has given to zlib together with the last one that was taken, and that are left. */
size_t tile_png_given_along(const struct tile_png_stream *stream);

#endif
