/* SPDX-License-Identifier: MIT */
/* What each codec writes and can carry: data, so that refusals can name the others, and nobody else need know any. */
#ifndef TILE_ENCODE_CODEC_H
#define TILE_ENCODE_CODEC_H

#include "../tile.h"
#include "for_job.h"

/*
 * One encoder. The four functions return nothing: what goes wrong is noted in the encoder with tile_encoder_fail, after
 * which only `free` is called.
 */
struct tile_codec_ops {
    tile_codec codec;
    const char *holds; /* the sample types and alpha in words, for messages */
    unsigned samples;  /* a set of tile_sample */
    bool straight, premultiplied;
    bool (*carries)(struct tile_format format); /* of those samples and alpha: the spaces that it can tell */
    unsigned raw_channels;                      /* a set of 1 << channels that it takes without telling the space */
    unsigned traits;                            /* see for_job.h */
    size_t profile_most;                        /* bytes of an ICC profile that it embeds; 0: none */
    uint32_t max_side;

    size_t state_size;
    void (*start)(tile_encoder *encoder);
    void (*rows)(tile_encoder *encoder, const struct tile_image *rows);
    void (*finish)(tile_encoder *encoder);
    void (*free)(tile_encoder *encoder); /* may be NULL; also called where start failed; writes nothing */
};

/* Fails with INVALID_ARGUMENT where there is no such codec; with UNSUPPORTED, and the names of the others, where it is
 * not built here. */
tile_status tile_codec_get(const struct tile_codec_ops **out, tile_codec codec, struct tile_error *error);

/* An image, or what of it is asked. */
struct tile_codec_request {
    struct tile_format format;
    uint32_t width, height;
    uint64_t memory; /* that the encoder may take */
};

/* Files hold pixels interleaved and in natural order; else INVALID_ARGUMENT. */
tile_status tile_codec_check_format(struct tile_format format, struct tile_error *error);
/* What the codec refuses before it begins; with `raw`, less. */
tile_status tile_codec_check(const struct tile_codec_ops *codec, const struct tile_codec_request *request, bool raw,
                             struct tile_error *error);
/* Whether it says what samples of that format mean. */
bool tile_codec_carries(const struct tile_codec_ops *codec, struct tile_format format);

/* "jpg, png or tif": the codecs of which `holds` is true. */
struct tile_codec_names tile_codecs_that(bool (*holds)(const struct tile_codec_ops *codec, const void *user),
                                         const void *user);

#endif
