/* SPDX-License-Identifier: MIT */
/*
 * TIFF by libtiff: any space and sample type, in strips or tiles, deflated. Section numbers are those of TIFF 6.0.
 *
 * libtiff has the header and the tags; predictors and deflate are ours. Strips and tiles ("blocks") are packed by any
 * thread: a piece is a strip, or a row of tiles.
 *
 * libtiff writes the header first, then the blocks, then the directory, and last goes back to the header for the
 * directory's place. It reads nothing back, as every block is written once and there is one directory. Of that it
 * writes what its entries point to first and the entries in front of it last: it is put together in memory.
 */
#include "encoder.h"

#include "../base/bytes.h"
#include "../base/memory.h"
#include "../base/pixels.h"
#include "../deflate/predict.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <tiffio.h>

enum { TILE_MULTIPLE = 16 }; /* of a tile's sides: section 15 */

struct tiff {
    TIFF *tiff;
    uint64_t position, end;  /* of the output */
    struct tile_buffer tail; /* the directory, */
    uint64_t tail_at;        /* which begins here; UINT64_MAX: not yet */
    struct tile_predict predict;
    uint32_t block_width, block_height; /* of a strip or tile */
    uint32_t across;                    /* blocks beside each other: 1 strip */
};

static bool carries_any(struct tile_format format) {
    (void)format;
    return true;
}

/* ---- What libtiff calls ------------------------------------------------------------------------------------ */

static tmsize_t read_nothing(thandle_t handle, void *data, tmsize_t size) {
    (void)handle;
    (void)data;
    (void)size;
    return -1;
}

/* A directory begins at an even offset; the buffer fills what is skipped for that. */
static bool hold(tile_encoder *encoder, const void *data, size_t size) {
    struct tiff *state = encoder->state;
    struct tile_writer writer = tile_buffer_writer(&state->tail);
    struct tile_error error;
    if (writer.write_at(writer.user, state->position - state->tail_at, data, size, &error) == TILE_OK)
        return true;
    tile_encoder_fail(encoder, TILE_NO_MEMORY, "%s", error.message);
    return false;
}

static tmsize_t write_data(thandle_t handle, void *data, tmsize_t size) {
    tile_encoder *encoder = handle;
    struct tiff *state = encoder->state;
    if (state->position >= state->tail_at ? !hold(encoder, data, (size_t)size)
                                          : !tile_encoder_put_at(encoder, state->position, data, (size_t)size))
        return -1;
    state->position += (uint64_t)size;
    if (state->end < state->position)
        state->end = state->position;
    return size;
}

static toff_t seek(thandle_t handle, toff_t offset, int whence) {
    const tile_encoder *encoder = handle;
    struct tiff *state = encoder->state;
    state->position = offset + (whence == SEEK_CUR ? state->position : whence == SEEK_END ? state->end : 0);
    return state->position;
}

static int close_nothing(thandle_t handle) {
    (void)handle;
    return 0;
}

static toff_t size_so_far(thandle_t handle) {
    const tile_encoder *encoder = handle;
    return ((const struct tiff *)encoder->state)->end;
}

/* The writer's failures are noted before libtiff sees them, and the tags are ours: what is left to fail is memory. */
static int on_error(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
    (void)tiff;
    (void)module;
    char text[300];
    vsnprintf(text, sizeof text, format, arguments);
    tile_encoder_fail(user, TILE_NO_MEMORY, "libtiff: %s", text);
    return 1; /* not on to the global handler, which prints */
}

static int on_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
    (void)tiff;
    (void)user;
    (void)module;
    (void)format;
    (void)arguments;
    return 1;
}

/* ---- Tags -------------------------------------------------------------------------------------------------- */

#define BT601                                                                                                          \
    { .299F, .587F, .114F }
#define BT709                                                                                                          \
    { .2126F, .7152F, .0722F }
#define BT2020                                                                                                         \
    { .2627F, .6780F, .0593F }

/* The spaces of which the tags of section 21 tell all. */
static const struct ycbcr {
    tile_space space;
    bool limited;
    float luma[3];
} ycbcr[] = {
    {TILE_YCBCR, false, BT601},         {TILE_YCBCR601, true, BT601},   {TILE_YCBCR709, true, BT709},
    {TILE_YCBCR709_FULL, false, BT709}, {TILE_YCBCR2020, true, BT2020}, {TILE_YCBCR2020_FULL, false, BT2020},
};

static const struct ycbcr *find_ycbcr(tile_space space) {
    for (size_t i = 0; i < sizeof ycbcr / sizeof *ycbcr; i++)
        if (ycbcr[i].space == space)
            return &ycbcr[i];
    return NULL;
}

/* The difference from reference black to white is the largest code for Y, and half of it for Cb and Cr. */
static void describe_ycbcr(TIFF *tiff, struct tile_format format) {
    const struct ycbcr *of = find_ycbcr(format.space);
    float unit = format.sample == TILE_U16 ? 256 : 1; /* 2^(n-8), ITU-T H.273 */
    float top = format.sample == TILE_U16 ? 65535 : 255;
    float reference[6] = {0, top, 128 * unit, top, 128 * unit, top};
    if (of->limited)
        memcpy(reference, (float[]){16 * unit, 235 * unit, 128 * unit, 240 * unit, 128 * unit, 240 * unit},
               sizeof reference);
    if (format.sample == TILE_F32)
        memcpy(reference, (float[]){0, 1, 0, .5F, 0, .5F}, sizeof reference);
    TIFFSetField(tiff, TIFFTAG_YCBCRCOEFFICIENTS, of->luma);
    TIFFSetField(tiff, TIFFTAG_YCBCRSUBSAMPLING, 1, 1);
    TIFFSetField(tiff, TIFFTAG_REFERENCEBLACKWHITE, reference);
}

/* libtiff knows no YCbCr of four samples: with alpha it is stored as the spaces are that TIFF has no name for. */
static int photometric(struct tile_format format) {
    tile_space space = format.space;
    if (tile_space_is_rgb(space))
        return PHOTOMETRIC_RGB;
    if (find_ycbcr(space) && format.alpha == TILE_ALPHA_NONE)
        return PHOTOMETRIC_YCBCR;
    if (space == TILE_LAB || space == TILE_LAB_D65)
        return PHOTOMETRIC_CIELAB;
    return space == TILE_CMYK ? PHOTOMETRIC_SEPARATED : PHOTOMETRIC_MINISBLACK;
}

/* Where the tags alone do not say which space it is, a line of JSON does. */
static void describe_space(TIFF *tiff, struct tile_format format) {
    tile_space space = format.space;
    if (tile_space_is_icc_rgb(space) || space == TILE_GRAY || space == TILE_LUMINANCE || space == TILE_LAB ||
        space == TILE_CMYK)
        return;
    char text[128];
    snprintf(text, sizeof text, "{\"libtile\":{\"space\":\"%s\",\"sample\":\"%s\"}}", tile_space_name(space),
             tile_sample_name(format.sample));
    TIFFSetField(tiff, TIFFTAG_IMAGEDESCRIPTION, text);
}

static void set_color_tags(tile_encoder *encoder, TIFF *tiff) {
    static const float d50[2] = {.3457F, .3585F}, d65[2] = {.3127F, .3290F};
    struct tile_format format = encoder->format;
    int kind = photometric(format);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, kind);
    if (kind == PHOTOMETRIC_YCBCR)
        describe_ycbcr(tiff, format);
    if (kind == PHOTOMETRIC_CIELAB)
        TIFFSetField(tiff, TIFFTAG_WHITEPOINT, format.space == TILE_LAB ? d50 : d65);
    if (kind == PHOTOMETRIC_SEPARATED)
        TIFFSetField(tiff, TIFFTAG_INKSET, INKSET_CMYK);

    uint16_t extra[TILE_MAX_CHANNELS];
    int colors = tile_space_channels(format.space);
    int count = kind == PHOTOMETRIC_MINISBLACK ? colors - 1 : 0;
    for (int i = 0; i < count; i++)
        extra[i] = EXTRASAMPLE_UNSPECIFIED;
    if (format.alpha != TILE_ALPHA_NONE)
        extra[count++] = format.alpha == TILE_ALPHA_STRAIGHT ? EXTRASAMPLE_UNASSALPHA : EXTRASAMPLE_ASSOCALPHA;
    if (count)
        TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, count, extra);
    if (encoder->profile.size)
        TIFFSetField(tiff, TIFFTAG_ICCPROFILE, (uint32_t)encoder->profile.size, encoder->profile.data);
    describe_space(tiff, format);
}

static void set_tags(tile_encoder *encoder, const struct tiff *state) {
    TIFF *tiff = state->tiff;
    bool real = encoder->format.sample == TILE_F32;
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, encoder->width);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, encoder->height);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 8 * (int)encoder->format.sample);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, encoder->channels);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    if (real)
        TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_IEEEFP);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE);
    if (state->predict.predictor != TILE_PREDICTOR_NONE) /* which is the tag's default */
        TIFFSetField(tiff, TIFFTAG_PREDICTOR, (int)state->predict.predictor);
    if (encoder->options.tiff_tile) {
        TIFFSetField(tiff, TIFFTAG_TILEWIDTH, state->block_width);
        TIFFSetField(tiff, TIFFTAG_TILELENGTH, state->block_height);
    } else {
        TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, state->block_height);
    }
    set_color_tags(encoder, tiff);
}

/* ---- Blocks ------------------------------------------------------------------------------------------------ */

/* No larger than the image makes them, up to a multiple. */
static uint32_t tile_side(uint32_t wanted, uint32_t image) {
    uint32_t multiples = image / TILE_MULTIPLE + (image % TILE_MULTIPLE != 0);
    return multiples < wanted / TILE_MULTIPLE ? multiples * TILE_MULTIPLE : wanted;
}

static uint32_t rows_of(size_t size, size_t row) {
    return row < size ? (uint32_t)(size / row) : 1;
}

static uint32_t piece_rows(const struct tile_codec_request *request, const struct tile_encode_options *options) {
    if (options->tiff_tile)
        return tile_side(options->tiff_tile, request->height);
    uint32_t rows = rows_of(tile_packer_most(options->compression), request->width * tile_format_step(request->format));
    return tile_min_u32(rows, request->height);
}

/* A row of tiles is whole tiles; tile for tile, the buffer of what is packed grows. */
static struct tile_piece_sizes piece_sizes(const struct tile_codec_request *request, uint32_t rows,
                                           const struct tile_encode_options *options) {
    bool tiled = options->tiff_tile != 0;
    uint64_t columns = request->width;
    if (tiled)
        columns += tile_side(options->tiff_tile, request->width);
    uint64_t row = tile_u64_mul(columns, tile_format_step(request->format));
    uint64_t samples = tile_u64_mul(row, tiled ? rows : tile_min_u32(rows, request->height));
    return (struct tile_piece_sizes){samples, tile_u64_mul(tile_packer_bound(samples), tiled ? 3 : 1), row};
}

/* The pixels of the block from column `x` on, from its row `y` on; what is beyond the image repeats its edge. */
static void predict_rows(const struct tiff *state, uint8_t *out, const struct tile_image *rows, uint32_t x, uint32_t y,
                         uint32_t count) {
    size_t step = tile_format_step(rows->format);
    uint32_t width = tile_min_u32(state->block_width, rows->width - x);
    for (uint32_t i = 0; i < count; i++, out += state->block_width * step)
        tile_predict_row(&state->predict, out,
                         tile_image_row(rows, 0, tile_min_u32(y + i, rows->height - 1)) + x * step, width,
                         state->block_width);
}

/* A block is a zlib stream, which is packed in parts where it is large. */
static tile_status pack_block(const tile_encoder *encoder, struct tile_piece *piece, const struct tile_image *rows,
                              uint32_t x, struct tile_watch *watch, struct tile_error *error) {
    const struct tiff *state = encoder->state;
    size_t step = tile_format_step(rows->format), row = state->block_width * step;
    uint32_t height = encoder->options.tiff_tile ? state->block_height : rows->height, adler = 1;
    uint32_t at_once = rows_of(tile_packer_most(encoder->options.compression), row);
    struct tile_pack pack = {.row = row, .step = state->predict.predictor == TILE_PREDICTOR_FLOAT ? step / 4 : step};
    tile_status status = TILE_OK;
    for (uint32_t y = 0, count; y < height && status == TILE_OK; y += count) {
        uint32_t part;
        uint8_t *room;
        size_t size;
        count = tile_min_u32(at_once, height - y);
        pack.first = y == 0;
        pack.last = y + count == height;
        if (!tile_mul(&size, row, count))
            return tile_no_memory(error, SIZE_MAX);
        status = tile_packer_room(piece->packer, size, &room, error);
        if (status != TILE_OK)
            return status;
        predict_rows(state, room, rows, x, y, count);
        status = tile_packer_pack(piece->packer, &pack, &piece->bytes, &part, error);
        adler = tile_adler_join(adler, part, size);
        if (status == TILE_OK && pack.last && !pack.first)
            status = tile_packer_end(&piece->bytes, adler, error);
        if (status == TILE_OK)
            status = tile_watch_pass(watch, size, error);
    }
    return status;
}

/* In the piece, each block stands behind its size. */
enum { SIZE_BYTES = 8 };

static tile_status pack(const tile_encoder *encoder, struct tile_piece *piece, const struct tile_image *rows,
                        struct tile_watch *watch, struct tile_error *error) {
    const struct tiff *state = encoder->state;
    tile_status status = TILE_OK;
    for (uint32_t i = 0; i < state->across && status == TILE_OK; i++) {
        size_t start = piece->bytes.size;
        status = tile_buffer_append(&piece->bytes, (uint8_t[SIZE_BYTES]){0}, SIZE_BYTES, error);
        if (status == TILE_OK)
            status = pack_block(encoder, piece, rows, i * state->block_width, watch, error);
        if (status == TILE_OK)
            tile_put_le(piece->bytes.data + start, piece->bytes.size - start - SIZE_BYTES, SIZE_BYTES);
    }
    return status;
}

static void put(tile_encoder *encoder, struct tile_piece *piece) {
    struct tiff *state = encoder->state;
    uint32_t block = piece->first / state->block_height * state->across;
    uint8_t *at = piece->bytes.data;
    for (uint32_t end = block + state->across; block < end && !tile_encoder_failed(encoder); block++) {
        tmsize_t size = (tmsize_t)tile_get_le(at, SIZE_BYTES);
        at += SIZE_BYTES;
        if ((encoder->options.tiff_tile ? TIFFWriteRawTile(state->tiff, block, at, size)
                                        : TIFFWriteRawStrip(state->tiff, block, at, size)) != size)
            tile_encoder_fail(encoder, TILE_NO_MEMORY, "libtiff could not write strip or tile %u", block);
        at += size;
    }
}

/* ---- The file ---------------------------------------------------------------------------------------------- */

/* Classic TIFF's offsets have 32 bits. The margin is for what does not compress, tags and the profile. */
static bool needs_big(const tile_encoder *encoder, const struct tiff *state) {
    uint64_t limit = UINT32_MAX - (UINT64_C(32) << 20) - encoder->profile.size;
    uint64_t row = tile_u64_mul((uint64_t)state->block_width * state->across, tile_format_step(encoder->format));
    uint64_t blocks = encoder->height / state->block_height + (encoder->height % state->block_height != 0);
    return tile_u64_mul(row, blocks * state->block_height) > limit;
}

static void choose_predictor(tile_encoder *encoder, struct tiff *state) {
    tile_sample sample = encoder->format.sample;
    tile_predictor own = sample == TILE_F32 ? TILE_PREDICTOR_FLOAT : TILE_PREDICTOR_HORIZONTAL;
    tile_predictor wanted = encoder->options.predictor;
    if (wanted != TILE_PREDICTOR_UNSET && wanted != TILE_PREDICTOR_NONE && wanted != own)
        tile_encoder_fail(encoder, TILE_INVALID_ARGUMENT,
                          "the predictor %s is not for %s samples: theirs are none and %s",
                          wanted == TILE_PREDICTOR_FLOAT ? "float" : "horizontal", tile_sample_name(sample),
                          own == TILE_PREDICTOR_FLOAT ? "float" : "horizontal");
    state->predict =
        (struct tile_predict){.kernels = tile_deflate_kernels_of(encoder->options.cpu),
                              .predictor = wanted == TILE_PREDICTOR_UNSET ? own : wanted,
                              .sample = sample,
                              .channels = (size_t)encoder->channels,
                              .lab = sample != TILE_F32 && photometric(encoder->format) == PHOTOMETRIC_CIELAB};
}

static void start(tile_encoder *encoder) {
    struct tiff *state = encoder->state;
    uint32_t tile = encoder->options.tiff_tile;
    state->tail_at = UINT64_MAX;
    state->tail.allocator = encoder->allocator;
    state->block_width = tile ? tile_side(tile, encoder->width) : encoder->width;
    state->block_height = encoder->piece_rows;
    state->across = encoder->width / state->block_width + (encoder->width % state->block_width != 0);
    choose_predictor(encoder, state);
    TIFFOpenOptions *options = tile_encoder_failed(encoder) ? NULL : TIFFOpenOptionsAlloc();
    if (options) {
        TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, encoder);
        TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, encoder);
        state->tiff = TIFFClientOpenExt("", needs_big(encoder, state) ? "w8" : "w", encoder, read_nothing, write_data,
                                        seek, close_nothing, size_so_far, NULL, NULL, options);
        TIFFOpenOptionsFree(options);
    }
    if (state->tiff)
        set_tags(encoder, state);
    else
        tile_encoder_fail(encoder, TILE_NO_MEMORY, "out of memory for libtiff");
}

static void finish(tile_encoder *encoder) {
    struct tiff *state = encoder->state;
    state->tail_at = state->end;
    if (!TIFFWriteDirectory(state->tiff))
        tile_encoder_fail(encoder, TILE_NO_MEMORY, "libtiff could not write the directory");
    if (state->tail.size)
        tile_encoder_put_at(encoder, state->tail_at, state->tail.data, state->tail.size);
}

static void release(tile_encoder *encoder) {
    struct tiff *state = encoder->state;
    if (state->tiff) {
        TIFFSetMode(state->tiff, O_RDONLY); /* or it would write what it still holds */
        TIFFClose(state->tiff);
    }
    tile_buffer_free(&state->tail);
}

const struct tile_codec_ops tile_tiff_ops = {
    .codec = TILE_TIFF,
    .holds = "all samples",
    .samples = TILE_U8 | TILE_U16 | TILE_F32,
    .straight = true,
    .premultiplied = true,
    .carries = carries_any,
    .traits = TILE_HEEDS_COMPRESSION | TILE_HEEDS_TIFF | TILE_LINEAR_FLOATS,
    .profile_most = SIZE_MAX,
    .max_side = UINT32_MAX,
    .state_size = sizeof(struct tiff),
    .library = 8 << 10,
    .start = start,
    .piece_rows = piece_rows,
    .piece_sizes = piece_sizes,
    .pack = pack,
    .put = put,
    .finish = finish,
    .free = release,
};
