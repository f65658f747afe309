/* SPDX-License-Identifier: MIT */
/* JPEG by libjpeg-turbo: baseline, the integer DCT; one pass, unless it makes Huffman tables of its own. */
#include "jpeg.h"

#include "../base/memory.h"
#include "../base/pixels.h"

#include <limits.h>

#include <jerror.h>

/* Rows that a call of libjpeg takes: it works on rows of 8 or 16, and the pointers to these fit the stack. */
#define BATCH 64

struct state {
    struct tile_jpeg jpeg;
    uint8_t *inverted; /* a row of CMYK as Adobe stores it */
};

static bool carries_jpeg(struct tile_format format) {
    return format.space == TILE_GRAY || format.space == TILE_LUMINANCE || format.space == TILE_YCBCR ||
           format.space == TILE_CMYK || tile_space_is_icc_rgb(format.space);
}

/* ---- libjpeg's hooks --------------------------------------------------------------------------------------- */

static void error_exit(j_common_ptr common) {
    struct tile_jpeg *jpeg = common->client_data;
    char text[JMSG_LENGTH_MAX];
    common->err->format_message(common, text);
    tile_encoder_fail(jpeg->encoder, common->err->msg_code == JERR_OUT_OF_MEMORY ? TILE_NO_MEMORY : jpeg->blame,
                      "libjpeg: %s", text);
    longjmp(jpeg->failed, 1);
}

/* What a decompressor fills in (level -1) is not what the file has. These two are about its application segments. */
static void emit_message(j_common_ptr common, int level) {
    int code = common->err->msg_code;
    if (level < 0 && common->is_decompressor && code != JWRN_ADOBE_XFORM && code != JWRN_JFIF_MAJOR)
        error_exit(common);
}

/* libjpeg writes to the encoder's own buffer. */
static void use_buffer(j_compress_ptr compress) {
    struct tile_jpeg *jpeg = compress->client_data;
    jpeg->destination.next_output_byte = jpeg->encoder->buffer;
    jpeg->destination.free_in_buffer = TILE_ENCODER_BUFFER;
}

static boolean empty_buffer(j_compress_ptr compress) {
    struct tile_jpeg *jpeg = compress->client_data;
    jpeg->encoder->buffered = TILE_ENCODER_BUFFER;
    if (!tile_encoder_flush(jpeg->encoder))
        longjmp(jpeg->failed, 1);
    use_buffer(compress);
    return TRUE;
}

/* At each row of MCUs. */
static void ask(j_common_ptr common) {
    struct tile_jpeg *jpeg = common->client_data;
    if (!tile_encoder_go_on(jpeg->encoder, TILE_WATCH_STEP))
        longjmp(jpeg->failed, 1);
}

/* The public function flushes, when all is well. */
static void end_of_image(j_compress_ptr compress) {
    struct tile_jpeg *jpeg = compress->client_data;
    jpeg->encoder->buffered = TILE_ENCODER_BUFFER - jpeg->destination.free_in_buffer;
}

void tile_jpeg_hooks(struct tile_jpeg *jpeg, tile_encoder *encoder, tile_status blame) {
    jpeg->encoder = encoder;
    jpeg->blame = blame;
    jpeg->compress.err = jpeg_std_error(&jpeg->errors);
    jpeg->errors.error_exit = error_exit;
    jpeg->errors.emit_message = emit_message;
    jpeg->compress.client_data = jpeg;
    jpeg->destination.init_destination = use_buffer;
    jpeg->destination.empty_output_buffer = empty_buffer;
    jpeg->destination.term_destination = end_of_image;
    jpeg->progress.progress_monitor = ask;
}

void tile_jpeg_create(struct tile_jpeg *jpeg) {
    jpeg_create_compress(&jpeg->compress);
    jpeg->compress.dest = &jpeg->destination;
}

/* A component has whole blocks, as many as its part of each MCU, rounded up (ITU-T T.81, A.2.4). */
static uint64_t count_blocks(uint32_t size, int factor, int most) {
    uint64_t blocks = ((uint64_t)size * (unsigned)factor + (unsigned)most * DCTSIZE - 1) / ((unsigned)most * DCTSIZE);
    return (blocks + (unsigned)factor - 1) / (unsigned)factor * (unsigned)factor;
}

void tile_jpeg_hold_coefficients(struct tile_jpeg *jpeg, j_common_ptr holder, const jpeg_component_info *components,
                                 int count, uint32_t width, uint32_t height, bool must) {
    int h = 1, v = 1;
    for (int i = 0; i < count; i++) {
        h = components[i].h_samp_factor > h ? components[i].h_samp_factor : h;
        v = components[i].v_samp_factor > v ? components[i].v_samp_factor : v;
    }
    uint64_t size = 0, memory = jpeg->encoder->options.max_memory;
    for (int i = 0; i < count; i++) /* sides are at most JPEG_MAX_DIMENSION, components 10 */
        size += count_blocks(width, components[i].h_samp_factor, h) *
                count_blocks(height, components[i].v_samp_factor, v) * sizeof(JBLOCK);
    if (size > memory) {
        tile_encoder_fail(jpeg->encoder, TILE_LIMIT_EXCEEDED,
                          "%s all coefficients of %u x %u pixels, %ju bytes, and the limit of memory is %ju: %s",
                          must ? "Gray without decoding wants" : "Huffman tables of its own want", width, height,
                          (uintmax_t)size, (uintmax_t)memory,
                          must ? "smaller tiles take less" : "without optimize it takes less");
        longjmp(jpeg->failed, 1);
    }
    /* Counted here, not by libjpeg; nor does JPEGMEM in the environment send it to a temporary file. */
    holder->mem->max_memory_to_use = LONG_MAX;
}

/* ---- The codec --------------------------------------------------------------------------------------------- */

static void configure(struct tile_jpeg *jpeg) {
    tile_encoder *encoder = jpeg->encoder;
    struct jpeg_compress_struct *compress = &jpeg->compress;
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
    if (encoder->options.optimize) {
        tile_jpeg_hold_coefficients(jpeg, (j_common_ptr)compress, compress->comp_info, compress->num_components,
                                    encoder->width, encoder->height, false);
        compress->optimize_coding = TRUE;
        compress->progress = &jpeg->progress;
    }
}

static void start(tile_encoder *encoder) {
    struct state *state = encoder->state;
    struct tile_jpeg *jpeg = &state->jpeg;
    if (encoder->format.space == TILE_CMYK) {
        state->inverted = tile_encoder_alloc(encoder, encoder->row_size);
        if (!state->inverted)
            return;
    }
    tile_jpeg_hooks(jpeg, encoder, TILE_WRITE_FAILED);
    if (setjmp(jpeg->failed))
        return;
    tile_jpeg_create(jpeg);
    configure(jpeg);
    jpeg_start_compress(&jpeg->compress, TRUE);
    if (encoder->profile.size)
        jpeg_write_icc_profile(&jpeg->compress, encoder->profile.data, (unsigned)encoder->profile.size);
}

static void write_batch(struct state *state, const struct tile_image *image, uint32_t y, uint32_t count) {
    JSAMPROW pointers[BATCH];
    for (uint32_t i = 0; i < count; i++)
        pointers[i] = tile_image_row(image, 0, y + i);
    if (state->inverted) {
        for (size_t i = 0; i < state->jpeg.encoder->row_size; i++)
            state->inverted[i] = (uint8_t)(255 - pointers[0][i]);
        pointers[0] = state->inverted;
    }
    jpeg_write_scanlines(&state->jpeg.compress, pointers, count);
}

static void rows(tile_encoder *encoder, const struct tile_image *image) {
    struct state *state = encoder->state;
    const uint32_t batch = state->inverted ? 1 : BATCH;
    if (setjmp(state->jpeg.failed))
        return;
    for (uint32_t y = 0; y < image->height; y += batch)
        write_batch(state, image, y, image->height - y < batch ? image->height - y : batch);
}

static void finish(tile_encoder *encoder) {
    struct state *state = encoder->state;
    if (setjmp(state->jpeg.failed))
        return;
    jpeg_finish_compress(&state->jpeg.compress);
}

static void release(tile_encoder *encoder) {
    struct state *state = encoder->state;
    jpeg_destroy_compress(&state->jpeg.compress);
    tile_free(encoder->allocator, state->inverted);
}

const struct tile_codec_ops tile_jpeg_ops = {
    .codec = TILE_JPEG,
    .holds = "8-bit samples without alpha",
    .samples = TILE_U8,
    .carries = carries_jpeg,
    .raw_channels = 1 << 1 | 1 << 3,
    .traits = TILE_HEEDS_QUALITY | TILE_HEEDS_SUBSAMPLING | TILE_HEEDS_OPTIMIZE,
    .profile_most = (size_t)255 * 65519, /* 255 markers of that size (ICC.1:2022, B.4) */
    .max_side = JPEG_MAX_DIMENSION,
    .state_size = sizeof(struct state),
    .library = 32 << 10,
    .by_column = 40,
    .start = start,
    .rows = rows,
    .finish = finish,
    .free = release,
};
