/* SPDX-License-Identifier: MIT */
/* The table of each codec: what it carries and how it writes. As data, so that a refusal can name other codecs. */
#ifndef TILE_ENCODE_CODEC_H
#define TILE_ENCODE_CODEC_H

#include "../base/watch.h"
#include "../deflate/packer.h"
#include "../tile.h"
#include "for_job.h"

/* The image to check a codec for. */
struct tile_codec_request {
    struct tile_format format;
    uint32_t width, height;
    uint64_t memory; /* that the encoder may take */
};

/* Rows that are packed by themselves, on any thread, and the memory for it, which the next piece takes over. */
struct tile_piece {
    uint32_t first, rows; /* which rows of the image */
    tile_packer *packer;
    struct tile_buffer bytes;   /* packed */
    struct tile_buffer scratch; /* this and the next two are the codec's own */
    uint64_t size;              /* of what was packed, in bytes */
    uint32_t adler;
};

/* Bytes of memory for a piece: its samples as they are packed, the room for what becomes of them, and what else. */
struct tile_piece_sizes {
    uint64_t samples, packed, beside;
};

/*
 * One encoder. The functions without a result report a failure by tile_encoder_fail, after which only `free` is called.
 * A codec has `rows`, or it has pieces: `piece_rows`, `pack` and `put`.
 */
struct tile_codec_ops {
    tile_codec codec;
    const char *holds; /* the sample types and alpha in words, for messages */
    unsigned samples;  /* a set of tile_sample */
    bool straight, premultiplied;
    bool (*carries)(struct tile_format format); /* whether it can state the space, for these samples and alpha */
    unsigned raw_channels;                      /* a set of 1 << channels that it takes without stating the space */
    unsigned traits;                            /* see for_job.h */
    size_t profile_most;                        /* largest ICC profile that it embeds, in bytes; 0: none */
    uint32_t max_side;

    size_t state_size;
    size_t library;     /* bytes of memory that its library takes, rounded up, */
    unsigned by_column; /* and as many more for each column */
    void (*start)(tile_encoder *encoder);
    void (*rows)(tile_encoder *encoder, const struct tile_image *rows);
    /* How many rows a piece has; the last one of an image may have less. It depends on nothing but what it is given, in
     * which the defaults are filled in. */
    uint32_t (*piece_rows)(const struct tile_codec_request *request, const struct tile_encode_options *options);
    /* Of a piece of so many rows; each is UINT64_MAX at most. */
    struct tile_piece_sizes (*piece_sizes)(const struct tile_codec_request *request, uint32_t rows,
                                           const struct tile_encode_options *options);
    /* Packs `rows` as `piece`, of which `first`, `rows` and the memory are set. On any thread, also while another puts
     * a piece. */
    tile_status (*pack)(const tile_encoder *encoder, struct tile_piece *piece, const struct tile_image *rows,
                        struct tile_watch *watch, struct tile_error *error);
    /* Writes a piece; in their order. It may append to the bytes. */
    void (*put)(tile_encoder *encoder, struct tile_piece *piece);
    void (*finish)(tile_encoder *encoder);
    void (*free)(tile_encoder *encoder); /* may be NULL; also called if start failed; writes nothing */
};

/* INVALID_ARGUMENT if there is no such codec; UNSUPPORTED, with the names of the others, if this build lacks it. */
tile_status tile_codec_get(const struct tile_codec_ops **out, tile_codec codec, struct tile_error *error);

/* INVALID_ARGUMENT unless the format is valid, interleaved and in natural order. */
tile_status tile_codec_check_format(struct tile_format format, struct tile_error *error);
/* Fails if the codec cannot encode such an image. `raw`: it need not state the color. */
tile_status tile_codec_check(const struct tile_codec_ops *codec, const struct tile_codec_request *request, bool raw,
                             struct tile_error *error);
/* Whether the codec can state the color of samples of that format. */
bool tile_codec_carries(const struct tile_codec_ops *codec, struct tile_format format);

/* "jpg, png or tif": the codecs for which `holds` returns true. */
struct tile_codec_names tile_codecs_that(bool (*holds)(const struct tile_codec_ops *codec, const void *user),
                                         const void *user);

#endif
