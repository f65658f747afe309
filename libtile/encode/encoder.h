/* SPDX-License-Identifier: MIT */
/* Shared by the public functions in encode.c and the encoders, which have one file each. */
#ifndef TILE_ENCODE_ENCODER_H
#define TILE_ENCODE_ENCODER_H

#include "../base/watch.h"
#include "../tile.h"
#include "codec.h"

#define TILE_ENCODER_BUFFER 65536

struct tile_encoder {
    const struct tile_codec_ops *codec;
    const struct tile_allocator *allocator;
    struct tile_encode_options options; /* with the defaults filled in */
    struct tile_format format;
    int channels;
    uint32_t width, height;
    size_t row_size;             /* bytes of pixels in a row */
    uint32_t rows;               /* written so far */
    uint32_t piece_rows;         /* 0: the codec has no pieces */
    struct tile_piece *piece;    /* of tile_encoder_write; NULL before its first piece */
    struct tile_buffer gathered; /* the first `gathered_rows` rows of the next piece */
    uint32_t gathered_rows;
    bool raw; /* the codec cannot state the color: nothing about color is written */
    bool finished;
    struct tile_buffer profile; /* to embed: the caller's or the space's own; empty if none */
    bool own_color;             /* the space alone defines the color: the caller gave no profile and no code points */

    struct tile_watch watch;
    struct tile_writer writer;
    uint8_t *buffer; /* TILE_ENCODER_BUFFER bytes; `buffered` of them wait for the writer */
    size_t buffered;
    uint64_t offset; /* of the buffered bytes in the output */

    struct tile_error failure; /* the first one; its status is TILE_OK before */
    void *state;               /* the codec's, cleared */
};

static inline bool tile_encoder_failed(const tile_encoder *encoder) {
    return encoder->failure.status != TILE_OK;
}

/* Notes a failure, unless there is one already. */
void tile_encoder_fail(tile_encoder *encoder, tile_status status, const char *format, ...) TILE_PRINTF(3, 4);
/* What was noted, for the public calls. */
tile_status tile_encoder_failure(const tile_encoder *encoder, struct tile_error *error);
/* Memory of the encoder's allocator; notes NO_MEMORY when there is none. */
void *tile_encoder_alloc(tile_encoder *encoder, size_t size);

/* Called after so many bytes of work: false if the encoder must stop, which is noted as CANCELLED. A codec calls it
 * only if its `finish` takes long without output; encode.c does so between rows. */
bool tile_encoder_go_on(tile_encoder *encoder, uint64_t bytes);

/* Takes rows of any number, and packs and puts the pieces that they complete. */
void tile_encoder_gather(tile_encoder *encoder, const struct tile_image *rows);

/* Appends to the output through the buffer. This and the next two do nothing after a failure, and then return false. */
bool tile_encoder_put(tile_encoder *encoder, const void *data, size_t size);
bool tile_encoder_flush(tile_encoder *encoder);
/* Writes without the buffer, for formats that go back. */
bool tile_encoder_put_at(tile_encoder *encoder, uint64_t offset, const void *data, size_t size);

#endif
