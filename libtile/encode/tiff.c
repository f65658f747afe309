/* SPDX-License-Identifier: MIT */
/*
 * TIFF by libtiff: any space and sample type, in strips, deflated. Section numbers are those of TIFF 6.0.
 *
 * libtiff writes the header first, then the strips, then the directory, and last goes back to the header for the
 * directory's place. It reads nothing back, as every strip is written once and there is one directory. Of that it
 * writes what its entries point to first and the entries in front of it last: it is put together in memory.
 */
#include "encode.h"

#include "../base/memory.h"
#include "../base/pixels.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <tiffio.h>

/*
 * Bytes of pixels in a strip, unless a row has more: a tile of 256 x 256 RGB is one strip. While it is deflated nobody
 * is asked whether to go on, and slowly it does 3 MB/s of noise: smaller strips are quicker, and make files larger by
 * some percent.
 */
#define STRIP_SIZE        (256 * 1024)
#define STRIP_SIZE_SLOWLY (64 * 1024)
#define SLOW_COMPRESSION  7

struct tiff {
    TIFF *tiff;
    uint64_t position, end;  /* of the output */
    struct tile_buffer tail; /* the directory, */
    uint64_t tail_at;        /* which begins here; UINT64_MAX: not yet */
    uint8_t *strip;
    uint32_t strip_rows;
    uint32_t filled; /* rows in `strip` */
    uint32_t next;   /* the number of `strip` */
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
    TIFFSetField(tiff, TIFFTAG_ZIPQUALITY, encoder->options.compression);
    TIFFSetField(tiff, TIFFTAG_PREDICTOR, real ? PREDICTOR_FLOATINGPOINT : PREDICTOR_HORIZONTAL);
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, state->strip_rows);
    set_color_tags(encoder, tiff);
}

/* ---- Pixels ------------------------------------------------------------------------------------------------ */

/*
 * Section 23: a* and b* are signed, 8 bits of 1 or 16 bits of 1/256; L* is as libtile's code. libtile's u8 code is
 * a + 128, its u16 code 257 (a + 128). 256/257 of a whole number is never half way between two, so that this rounds.
 */
static void sign_lab(const tile_encoder *encoder, uint8_t *row) {
    size_t channels = (size_t)encoder->channels, samples = encoder->row_size / encoder->format.sample;
    uint16_t *wide = (uint16_t *)(void *)row;
    if (encoder->format.sample == TILE_U8)
        for (size_t i = 0; i < samples; i += channels) {
            row[i + 1] ^= 0x80;
            row[i + 2] ^= 0x80;
        }
    else if (encoder->format.sample == TILE_U16)
        for (size_t i = 0; i < samples; i += channels)
            for (size_t j = i + 1; j <= i + 2; j++)
                wide[j] = (uint16_t)((wide[j] * 256U + 128) / 257 ^ 0x8000);
}

static void write_strip(tile_encoder *encoder, struct tiff *state) {
    tmsize_t size = (tmsize_t)(state->filled * encoder->row_size);
    if (TIFFWriteEncodedStrip(state->tiff, state->next, state->strip, size) != size)
        tile_encoder_fail(encoder, TILE_NO_MEMORY, "libtiff could not write strip %u", state->next);
    state->next++;
    state->filled = 0;
}

static void rows(tile_encoder *encoder, const struct tile_image *image) {
    struct tiff *state = encoder->state;
    bool lab = photometric(encoder->format) == PHOTOMETRIC_CIELAB;
    for (uint32_t y = 0; y < image->height && !tile_encoder_failed(encoder); y++) {
        uint8_t *row = state->strip + state->filled * encoder->row_size;
        memcpy(row, tile_image_row(image, 0, y), encoder->row_size);
        if (lab)
            sign_lab(encoder, row);
        if (++state->filled == state->strip_rows)
            write_strip(encoder, state);
    }
}

/* Classic TIFF's offsets have 32 bits. The margin is for what does not compress, tags and the profile. */
static bool needs_big(const tile_encoder *encoder) {
    uint64_t size, limit = UINT32_MAX - (UINT64_C(32) << 20) - encoder->profile.size;
    return __builtin_mul_overflow(encoder->row_size, (uint64_t)encoder->height, &size) || size > limit;
}

static void start(tile_encoder *encoder) {
    struct tiff *state = encoder->state;
    state->tail_at = UINT64_MAX;
    state->tail.allocator = encoder->allocator;
    size_t size = encoder->options.compression < SLOW_COMPRESSION ? STRIP_SIZE : STRIP_SIZE_SLOWLY;
    state->strip_rows = encoder->row_size < size ? (uint32_t)(size / encoder->row_size) : 1;
    if (state->strip_rows > encoder->height)
        state->strip_rows = encoder->height;
    state->strip = tile_encoder_alloc(encoder, state->strip_rows * encoder->row_size);
    TIFFOpenOptions *options = state->strip ? TIFFOpenOptionsAlloc() : NULL;
    if (options) {
        TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, encoder);
        TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, encoder);
        state->tiff = TIFFClientOpenExt("", needs_big(encoder) ? "w8" : "w", encoder, read_nothing, write_data, seek,
                                        close_nothing, size_so_far, NULL, NULL, options);
        TIFFOpenOptionsFree(options);
    }
    if (state->tiff)
        set_tags(encoder, state);
    else
        tile_encoder_fail(encoder, TILE_NO_MEMORY, "out of memory for libtiff");
}

static void finish(tile_encoder *encoder) {
    struct tiff *state = encoder->state;
    if (state->filled)
        write_strip(encoder, state);
    state->tail_at = state->end;
    if (!tile_encoder_failed(encoder) && !TIFFWriteDirectory(state->tiff))
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
    tile_free(encoder->allocator, state->strip);
    tile_buffer_free(&state->tail);
}

const struct tile_codec_ops tile_tiff_ops = {
    .codec = TILE_TIFF,
    .holds = "all samples",
    .samples = TILE_U8 | TILE_U16 | TILE_F32,
    .straight = true,
    .premultiplied = true,
    .carries = carries_any,
    .traits = TILE_HEEDS_COMPRESSION | TILE_LINEAR_FLOATS,
    .profile_most = SIZE_MAX,
    .max_side = UINT32_MAX,
    .state_size = sizeof(struct tiff),
    .start = start,
    .rows = rows,
    .finish = finish,
    .free = release,
};
