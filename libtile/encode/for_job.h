/* SPDX-License-Identifier: MIT */
/* The encoders' calls for job/ beside the public ones. */
#ifndef TILE_ENCODE_FOR_JOB_H
#define TILE_ENCODE_FOR_JOB_H

#include "../base/watch.h"
#include "../tile.h"

/* Properties that only some codecs have; a bit set. */
enum {
    TILE_HEEDS_QUALITY = 1 << 0, /* this and the next three: uses that encode option */
    TILE_HEEDS_SUBSAMPLING = 1 << 1,
    TILE_HEEDS_OPTIMIZE = 1 << 2,
    TILE_HEEDS_COMPRESSION = 1 << 3,
    TILE_SAYS_CODE_POINTS = 1 << 4, /* writes code points of ITU-T H.273, which tell more of a space than a profile */
    TILE_SAYS_NOTHING = 1 << 5,     /* states no color, and no reader expects any */
    TILE_LINEAR_FLOATS = 1 << 6,    /* most readers take RGB and gray floats without a profile for linear light */
    TILE_HOLDS_IMAGE = 1 << 7,      /* encodes the whole image at once */
    TILE_HEEDS_TIFF = 1 << 8,       /* uses the encode options predictor and tiff_tile */
    TILE_HEEDS_PALETTE = 1 << 9,    /* uses the encode options `palette` and `bits` */
};
/* 0 if there is no such codec, or this build lacks it. */
unsigned tile_codec_traits(tile_codec codec);

struct tile_codec_names {
    char text[TILE_CODEC_NAMES];
};
/* "png or tif": the codecs that have one of the traits. */
struct tile_codec_names tile_codecs_with(unsigned traits);

/* The codec by the suffix of a path; else INVALID_ARGUMENT, with the suffixes that there are. */
tile_status tile_codec_choose(tile_codec *out, const char *path, struct tile_error *error);

/* Whether files of `codec` state the color of `format` by the profile of its space. */
bool tile_codec_needs_profile(tile_codec codec, struct tile_format format);

/*
 * Makes the encoder one of another image, also after a failure: it keeps codec, format, options, writer and memory, and
 * writes from offset 0 on.
 */
tile_status tile_encoder_restart(tile_encoder *encoder, uint32_t width, uint32_t height, struct tile_error *error);

/* Who packs files of a codec that heeds compression, and in which version: another one may make other bytes. */
const char *tile_coder_of(const struct tile_encode_options *options);

/*
 * Pieces: whole rows that several threads pack side by side; then one after the other puts them into the file. The file
 * is the one that tile_encoder_write makes. How many rows a piece has depends on codec, format, size and options alone;
 * 0: files of that codec have no pieces, or the level is none. The options' defaults are filled in here.
 */
uint32_t tile_codec_piece_rows(tile_codec codec, struct tile_format format, uint32_t width, uint32_t height,
                               const struct tile_encode_options *options);
/*
 * Bytes of memory that an encoder takes and keeps for images up to that size, what it packs pieces with and its library
 * included, the image and the file not; at most UINT64_MAX.
 */
uint64_t tile_codec_memory(tile_codec codec, struct tile_format format, uint32_t width, uint32_t height,
                           const struct tile_encode_options *options);

/* A piece as one thread packs it; it and its memory can be used again for the next one. */
struct tile_piece;
tile_status tile_piece_new(struct tile_piece **out, const tile_encoder *encoder, struct tile_error *error);
void tile_piece_free(struct tile_piece *piece);
/* Packs the rows from `first` on, a multiple of the piece's rows. On any thread, with a piece of its own. */
tile_status tile_encoder_pack(const tile_encoder *encoder, struct tile_piece *piece, uint32_t first,
                              const struct tile_image *rows, struct tile_watch *watch, struct tile_error *error);
/* Writes a packed piece. The image's pieces come in their order, and tile_encoder_write is not called. */
tile_status tile_encoder_put_piece(tile_encoder *encoder, struct tile_piece *piece, struct tile_error *error);

/* Whether a PNG of that format can have the pixel, by the options' palette and bits. */
bool tile_png_has_pixel(const struct tile_encode_options *options, struct tile_format format, const uint8_t *pixel);

/* How a JPEG is written anew with its own coefficients. */
struct tile_jpeg_rewrite {
    uint64_t memory; /* limits the coefficients, which are all held */
    bool optimize;   /* optimized Huffman tables; else the usual ones (ITU-T T.81, K.3) */
    /* Gray: Y of YCbCr, which has a sample for each pixel. The segments of the color that is left out are left out,
     * too. */
    bool luma_only;
};

/*
 * Appends `jpeg`, a whole Huffman-coded file, to `out` with the same coefficients, quantization and application
 * segments. Errors: BAD_DATA, LIMIT_EXCEEDED, NO_MEMORY, CANCELLED.
 */
tile_status tile_jpeg_rewrite(const struct tile_buffer *jpeg, const struct tile_jpeg_rewrite *rewrite,
                              struct tile_buffer *out, struct tile_watch *watch, struct tile_error *error);

#endif
