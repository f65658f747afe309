/* SPDX-License-Identifier: MIT */
/* What the public functions in encode.c and the codecs, one file each, share. */
#ifndef TILE_ENCODE_H
#define TILE_ENCODE_H

#include "../base/watch.h"
#include "../tile.h"

/*
 * One file format. What it can carry is data, so that refusals can name the others. The four functions return
 * nothing: what goes wrong is noted in the encoder with tile_encoder_fail, after which only `free` is called.
 */
struct tile_codec_ops {
    const char *name;
    const char *suffixes[6]; /* lower case */
    const char *holds;       /* the sample types and alpha in words, for messages */
    unsigned samples;        /* a set of tile_sample */
    bool straight, premultiplied;
    bool (*carries)(struct tile_format format); /* of those samples and alpha: the spaces that it can tell */
    unsigned raw_channels;                      /* a set of 1 << channels that it takes without telling the space */
    bool profile;                               /* embeds ICC profiles */
    bool whole;                                 /* is encoded at once, from an image that is held in memory */
    uint32_t max_side;

    size_t state_size;
    void (*start)(tile_encoder *encoder);
    void (*rows)(tile_encoder *encoder, const struct tile_image *rows);
    void (*finish)(tile_encoder *encoder);
    void (*free)(tile_encoder *encoder); /* may be NULL; also called where start failed; writes nothing */
};

extern const struct tile_codec_ops tile_jpeg_ops, tile_png_ops, tile_tiff_ops, tile_npy_ops, tile_bmp_ops, tile_tga_ops,
    tile_hdr_ops;

#define TILE_ENCODER_BUFFER 65536

struct tile_encoder {
    const struct tile_codec_ops *codec;
    const struct tile_allocator *allocator;
    struct tile_encode_options options; /* with the defaults filled in */
    struct tile_format format;
    int channels;
    uint32_t width, height;
    size_t row_size; /* bytes of pixels in a row */
    uint32_t rows;   /* written so far */
    bool raw;        /* the format cannot say what the samples mean: nothing about color is written */
    bool finished;
    struct tile_buffer profile; /* to embed: the caller's or the space's own; empty if none */
    bool own_color;             /* the space says what the pixels are: no profile or code points of the caller's do */

    struct tile_watch watch;
    struct tile_writer writer;
    uint8_t *buffer; /* TILE_ENCODER_BUFFER bytes, of which `buffered` wait for the writer */
    size_t buffered;
    uint64_t offset; /* where they go */

    struct tile_error failure; /* the first one; its status is TILE_OK before */
    void *state;               /* the codec's, cleared */
};

static inline bool tile_encoder_failed(const tile_encoder *encoder) {
    return encoder->failure.status != TILE_OK;
}

/* Notes a failure, unless there is one already. */
void tile_encoder_fail(tile_encoder *encoder, tile_status status, const char *format, ...) TILE_PRINTF(3, 4);
/* Memory of the encoder's allocator; notes NO_MEMORY when there is none. */
void *tile_encoder_alloc(tile_encoder *encoder, size_t size);

/* After so many bytes of work: whether to go on, else CANCELLED is noted. A codec asks only where its `finish` takes
 * long without output; between rows it is done for it. */
bool tile_encoder_go_on(tile_encoder *encoder, uint64_t bytes);

/* Appends to the output, by way of the buffer. The three do nothing after a failure, and return whether there is none.
 */
bool tile_encoder_put(tile_encoder *encoder, const void *data, size_t size);
bool tile_encoder_flush(tile_encoder *encoder);
/* Past the buffer, for formats that go back. */
bool tile_encoder_put_at(tile_encoder *encoder, uint64_t offset, const void *data, size_t size);

#endif
