/* SPDX-License-Identifier: MIT */
/* JPEG by libjpeg-turbo: baseline, one pass, the integer DCT. */
#include "encode.h"

#include "../base/memory.h"
#include "../base/pixels.h"

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>
#include <jerror.h>

/* Rows that a call of libjpeg takes: it works on rows of 8 or 16, and the pointers to these fit the stack. */
#define BATCH 64

struct jpeg {
    struct jpeg_compress_struct compress;
    struct jpeg_error_mgr errors;
    struct jpeg_destination_mgr destination;
    tile_encoder *encoder;
    jmp_buf failed;
    uint8_t *inverted; /* a row of CMYK as Adobe stores it */
};

static bool carries_jpeg(struct tile_format format) {
    return format.space == TILE_GRAY || format.space == TILE_LUMINANCE || format.space == TILE_YCBCR ||
           format.space == TILE_CMYK || tile_space_is_rgb(format.space);
}

static void error_exit(j_common_ptr compress) {
    struct jpeg *state = compress->client_data;
    char text[JMSG_LENGTH_MAX];
    compress->err->format_message(compress, text);
    tile_encoder_fail(state->encoder,
                      compress->err->msg_code == JERR_OUT_OF_MEMORY ? TILE_NO_MEMORY : TILE_WRITE_FAILED, "libjpeg: %s",
                      text);
    longjmp(state->failed, 1);
}

static void emit_message(j_common_ptr compress, int level) {
    (void)compress;
    (void)level;
}

/* libjpeg writes to the encoder's own buffer. */
static void use_buffer(j_compress_ptr compress) {
    struct jpeg *state = compress->client_data;
    state->destination.next_output_byte = state->encoder->buffer;
    state->destination.free_in_buffer = TILE_ENCODER_BUFFER;
}

static boolean empty_buffer(j_compress_ptr compress) {
    struct jpeg *state = compress->client_data;
    state->encoder->buffered = TILE_ENCODER_BUFFER;
    if (!tile_encoder_flush(state->encoder))
        longjmp(state->failed, 1);
    use_buffer(compress);
    return TRUE;
}

/* The public function flushes, when all is well. */
static void end_of_image(j_compress_ptr compress) {
    struct jpeg *state = compress->client_data;
    state->encoder->buffered = TILE_ENCODER_BUFFER - state->destination.free_in_buffer;
}

static void configure(struct jpeg *state) {
    tile_encoder *encoder = state->encoder;
    struct jpeg_compress_struct *compress = &state->compress;
    compress->image_width = encoder->width;
    compress->image_height = encoder->height;
    compress->input_components = encoder->channels;
    compress->in_color_space = encoder->channels == 1                ? JCS_GRAYSCALE
                               : encoder->channels == 4              ? JCS_CMYK
                               : encoder->format.space == TILE_YCBCR ? JCS_YCbCr
                                                                     : JCS_RGB;
    /* YCbCr for three channels, with a JFIF marker; CMYK for four, with Adobe's. */
    jpeg_set_defaults(compress);
    compress->dct_method = JDCT_ISLOW;
    jpeg_set_quality(compress, encoder->options.quality, TRUE);
    if (encoder->channels == 3) {
        compress->comp_info[0].h_samp_factor = encoder->options.subsampling == TILE_444 ? 1 : 2;
        compress->comp_info[0].v_samp_factor = encoder->options.subsampling == TILE_420 ? 2 : 1;
    }
}

static void start(tile_encoder *encoder) {
    struct jpeg *state = encoder->state;
    state->encoder = encoder;
    if (encoder->format.space == TILE_CMYK) {
        state->inverted = tile_encoder_alloc(encoder, encoder->row_size);
        if (!state->inverted)
            return;
    }
    state->compress.err = jpeg_std_error(&state->errors);
    state->errors.error_exit = error_exit;
    state->errors.emit_message = emit_message;
    state->compress.client_data = state;
    if (setjmp(state->failed))
        return;
    jpeg_create_compress(&state->compress);
    state->destination.init_destination = use_buffer;
    state->destination.empty_output_buffer = empty_buffer;
    state->destination.term_destination = end_of_image;
    state->compress.dest = &state->destination;
    /* A profile goes into at most 255 markers of 65519 bytes (ICC.1:2022, B.4). */
    if (encoder->profile.size > (size_t)255 * 65519) {
        tile_encoder_fail(encoder, TILE_UNSUPPORTED,
                          "a profile of %zu bytes does not fit in a JPEG: png or tif can hold it",
                          encoder->profile.size);
        return;
    }
    configure(state);
    jpeg_start_compress(&state->compress, TRUE);
    if (encoder->profile.size)
        jpeg_write_icc_profile(&state->compress, encoder->profile.data, (unsigned)encoder->profile.size);
}

static void write_batch(struct jpeg *state, const struct tile_image *image, uint32_t y, uint32_t count) {
    JSAMPROW pointers[BATCH];
    for (uint32_t i = 0; i < count; i++)
        pointers[i] = tile_image_row(image, 0, y + i);
    if (state->inverted) {
        for (size_t i = 0; i < state->encoder->row_size; i++)
            state->inverted[i] = (uint8_t)(255 - pointers[0][i]);
        pointers[0] = state->inverted;
    }
    jpeg_write_scanlines(&state->compress, pointers, count);
}

static void rows(tile_encoder *encoder, const struct tile_image *image) {
    struct jpeg *state = encoder->state;
    const uint32_t batch = state->inverted ? 1 : BATCH;
    if (setjmp(state->failed))
        return;
    for (uint32_t y = 0; y < image->height; y += batch)
        write_batch(state, image, y, image->height - y < batch ? image->height - y : batch);
}

static void finish(tile_encoder *encoder) {
    struct jpeg *state = encoder->state;
    if (setjmp(state->failed))
        return;
    jpeg_finish_compress(&state->compress);
}

static void release(tile_encoder *encoder) {
    struct jpeg *state = encoder->state;
    jpeg_destroy_compress(&state->compress);
    tile_free(encoder->allocator, state->inverted);
}

const struct tile_codec_ops tile_jpeg_ops = {
    .name = "jpg",
    .suffixes = {"jpg", "jpeg", "jpe"},
    .holds = "8-bit samples without alpha",
    .samples = TILE_U8,
    .carries = carries_jpeg,
    .raw_channels = 1 << 1 | 1 << 3,
    .profile = true,
    .max_side = JPEG_MAX_DIMENSION,
    .state_size = sizeof(struct jpeg),
    .start = start,
    .rows = rows,
    .finish = finish,
    .free = release,
};
