/* SPDX-License-Identifier: MIT */
/* What job/ asks of encoders beside the public calls. */
#ifndef TILE_ENCODE_FOR_JOB_H
#define TILE_ENCODE_FOR_JOB_H

#include "../base/watch.h"
#include "../tile.h"

/* What a codec does that others do not; a bit set. */
enum {
    TILE_HEEDS_QUALITY = 1 << 0, /* this and the next three: of the encode options */
    TILE_HEEDS_SUBSAMPLING = 1 << 1,
    TILE_HEEDS_OPTIMIZE = 1 << 2,
    TILE_HEEDS_COMPRESSION = 1 << 3,
    TILE_SAYS_CODE_POINTS = 1 << 4, /* ITU-T H.273's, and by them more of a space than by a profile */
    TILE_SAYS_NOTHING = 1 << 5,     /* of color, and nobody expects it to */
    TILE_LINEAR_FLOATS = 1 << 6,    /* most readers take floats of RGB and gray for linear light, but for a profile */
    TILE_HOLDS_IMAGE = 1 << 7,      /* encodes all of it at once */
};
/* 0 where the codec is none, or not built here. */
unsigned tile_codec_traits(tile_codec codec);

struct tile_codec_names {
    char text[TILE_CODEC_NAMES];
};
/* "png or tif": the codecs that have one of the traits. */
struct tile_codec_names tile_codecs_with(unsigned traits);

/* The codec that the suffix of a path names; INVALID_ARGUMENT with those that there are. */
tile_status tile_codec_choose(tile_codec *out, const char *path, struct tile_error *error);

/* Whether files of `codec` that say what samples of `format` mean embed the profile of its space for that. */
bool tile_codec_needs_profile(tile_codec codec, struct tile_format format);

/*
 * Appends to `out` a Huffman-coded JPEG, whole in memory, with tables of its own: the same coefficients, quantization
 * and application segments. `memory` bounds the coefficients, which are held all. Errors: BAD_DATA, LIMIT_EXCEEDED,
 * NO_MEMORY, CANCELLED.
 */
tile_status tile_jpeg_optimize(const struct tile_buffer *jpeg, uint64_t memory, struct tile_buffer *out,
                               struct tile_watch *watch, struct tile_error *error);

#endif
