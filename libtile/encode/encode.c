/* SPDX-License-Identifier: MIT */
/* Encoders: what all of them do, and everything that is checked before and while they run. */
#include "encoder.h"

#include "../base/buffer.h"
#include "../base/error.h"
#include "../base/format.h"
#include "../base/memory.h"
#include "../base/pixels.h"
#include "../base/profile.h"
#include "for_job.h"

#include <limits.h>
#include <string.h>

/* The ICC's signature of the model that a profile of such pixels has (ICC.1:2022, table 19); NULL where none fits. */
static const char *profile_model(tile_space space) {
    if (tile_space_is_icc_rgb(space) || tile_space_is_ycbcr(space)) /* of YCbCr, files embed the profile of its RGB */
        return "RGB ";
    if (tile_space_channels(space) == 1)
        return "GRAY";
    return space == TILE_CMYK ? "CMYK" : space == TILE_LAB ? "Lab " : NULL;
}

static tile_status check_options(struct tile_encode_options *options, struct tile_format format,
                                 struct tile_error *error) {
    if (options->quality < 0 || options->quality > 100)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "quality is %d, not 1 to 100", options->quality);
    if (options->compression < 0 || options->compression > 9)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "compression is %d, not 1 to 9", options->compression);
    if ((unsigned)options->subsampling > TILE_444)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "subsampling is %d", (int)options->subsampling);
    if (!tile_cpu_name(options->cpu))
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "the CPU %d is out of range", (int)options->cpu);
    if (!tile_cpu_available(options->cpu))
        return tile_error_set(error, TILE_UNSUPPORTED, "%s: not on this machine, which has %s",
                              tile_cpu_name(options->cpu), tile_cpu_name(tile_cpu_best()));
    if ((unsigned)options->predictor > TILE_PREDICTOR_FLOAT)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "predictor is %d", (int)options->predictor);
    if (options->tiff_tile % 16 || options->tiff_tile > 4096)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "tiff_tile is %u, no multiple of 16 up to 4096",
                              options->tiff_tile);
    if (!options->profile != (options->profile_size == 0))
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "profile and profile_size contradict each other");
    const char *model = profile_model(format.space), *profile = options->profile;
    if (profile)
        options->profile_size = tile_profile_size(profile, options->profile_size);
    if (profile && (options->profile_size == 0 || options->profile_size > INT_MAX))
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "the profile is no ICC profile");
    if (profile && (!model || memcmp(profile + 16, model, 4) != 0))
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "the profile describes %.4s, the pixels are %s",
                              profile + 16, tile_space_name(format.space));
    if (options->quality == 0)
        options->quality = TILE_DEFAULT_QUALITY;
    if (options->compression == 0)
        options->compression = TILE_DEFAULT_COMPRESSION;
    if (options->max_memory == 0)
        options->max_memory = TILE_DEFAULT_MEMORY;
    return TILE_OK;
}

static bool takes_profiles(const struct tile_codec_ops *codec, const void *user) {
    (void)user;
    return codec->profile_most || (codec->traits & TILE_SAYS_NOTHING);
}

static bool holds_profile(const struct tile_codec_ops *codec, const void *size) {
    return codec->profile_most >= *(const size_t *)size;
}

/* What the format's own chunks cannot say, a profile does. */
static tile_status choose_profile(tile_encoder *encoder, struct tile_error *error) {
    const struct tile_encode_options *options = &encoder->options;
    encoder->profile.allocator = encoder->allocator;
    encoder->own_color = !encoder->raw && !options->profile && !options->code_points;
    if (encoder->raw || options->no_profile)
        return TILE_OK;
    size_t most = encoder->codec->profile_most;
    const char *name = tile_codec_name(encoder->codec->codec);
    /* Without it, they would be taken for sRGB. */
    if (options->profile && most == 0 && !(encoder->codec->traits & TILE_SAYS_NOTHING))
        return tile_error_advise(error, TILE_REMEDY_TO | TILE_REMEDY_NO_PROFILE, TILE_UNSUPPORTED,
                                 "%s cannot carry the ICC profile of the pixels: convert them to srgb, or choose %s",
                                 name, tile_codecs_that(takes_profiles, NULL).text);
    if (most == 0)
        return TILE_OK;
    if (options->profile_size > most)
        return tile_error_set(error, TILE_UNSUPPORTED, "a profile of %zu bytes does not fit in a %s: %s can hold it",
                              options->profile_size, tile_codec_title(encoder->codec->codec),
                              tile_codecs_that(holds_profile, &options->profile_size).text);
    if (options->profile)
        return tile_buffer_append(&encoder->profile, options->profile, options->profile_size, error);
    if (encoder->own_color && tile_codec_needs_profile(encoder->codec->codec, encoder->format))
        return tile_profile_of_space(&encoder->profile, encoder->format.space, error);
    return TILE_OK;
}

/* An image of that size, which the codec can hold. */
static tile_status begin(tile_encoder *encoder, uint32_t width, uint32_t height, struct tile_error *error) {
    struct tile_codec_request request = {.format = encoder->format, .width = width, .height = height};
    encoder->width = width;
    encoder->height = height;
    encoder->row_size = width * tile_format_step(encoder->format);
    encoder->piece_rows = encoder->codec->piece_rows ? encoder->codec->piece_rows(&request, &encoder->options) : 0;
    encoder->watch.at.total = height;
    encoder->codec->start(encoder);
    return tile_encoder_failed(encoder) ? tile_encoder_failure(encoder, error) : TILE_OK;
}

static tile_status start(tile_encoder *encoder, uint32_t width, uint32_t height, struct tile_error *error) {
    encoder->state = tile_alloc_zero(encoder->allocator, encoder->codec->state_size);
    if (!encoder->state)
        return tile_no_memory(error, encoder->codec->state_size);
    encoder->buffer = tile_alloc(encoder->allocator, TILE_ENCODER_BUFFER);
    if (!encoder->buffer)
        return tile_no_memory(error, TILE_ENCODER_BUFFER);
    tile_status status = choose_profile(encoder, error);
    return status == TILE_OK ? begin(encoder, width, height, error) : status;
}

tile_status tile_encoder_new(tile_encoder **out, tile_codec codec, struct tile_format format, uint32_t width,
                             uint32_t height, const struct tile_encode_options *options,
                             const struct tile_writer *writer, struct tile_error *error) {
    *out = NULL;
    const struct tile_codec_ops *ops;
    tile_status status = tile_codec_get(&ops, codec, error);
    if (status != TILE_OK)
        return status;
    if (!writer || !writer->write_at)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "encode: there is no writer");
    struct tile_encode_options all;
    status = tile_options_copy(&all, sizeof all, options, error);
    if (status == TILE_OK)
        status = tile_codec_check_format(format, error);
    if (status == TILE_OK)
        status = check_options(&all, format, error);
    struct tile_codec_request request = {.format = format, .width = width, .height = height, .memory = all.max_memory};
    if (status == TILE_OK)
        status = tile_codec_check(ops, &request, all.raw_channels, error);
    if (status == TILE_OK && all.code_points && !(ops->traits & TILE_SAYS_CODE_POINTS))
        status = tile_error_set(error, TILE_UNSUPPORTED, "%s cannot carry code points (ITU-T H.273): %s can",
                                tile_codec_name(codec), tile_codecs_with(TILE_SAYS_CODE_POINTS).text);
    if (status != TILE_OK)
        return status;
    tile_encoder *encoder = tile_alloc_zero(all.allocator, sizeof *encoder);
    if (!encoder)
        return tile_no_memory(error, sizeof *encoder);
    encoder->codec = ops;
    encoder->allocator = all.allocator;
    encoder->options = all;
    encoder->format = format;
    encoder->channels = tile_format_channels(format);
    encoder->gathered.allocator = all.allocator;
    encoder->raw = all.untagged || !tile_codec_carries(ops, format);
    encoder->watch = (struct tile_watch){.progress = all.progress, .user = all.user};
    encoder->writer = *writer;
    status = start(encoder, width, height, error);
    if (status != TILE_OK)
        tile_encoder_free(encoder);
    else
        *out = encoder;
    return status;
}

tile_status tile_encoder_restart(tile_encoder *encoder, uint32_t width, uint32_t height, struct tile_error *error) {
    const struct tile_codec_ops *codec = encoder->codec;
    struct tile_codec_request request = {
        .format = encoder->format, .width = width, .height = height, .memory = encoder->options.max_memory};
    tile_status status = tile_codec_check(codec, &request, encoder->options.raw_channels, error);
    if (status != TILE_OK)
        return status;
    if (codec->free)
        codec->free(encoder);
    memset(encoder->state, 0, codec->state_size);
    encoder->rows = encoder->gathered_rows = 0;
    encoder->finished = false;
    encoder->watch.at.done = encoder->watch.unasked = 0;
    encoder->buffered = 0;
    encoder->offset = 0;
    encoder->failure = (struct tile_error){0};
    return begin(encoder, width, height, error);
}

/* Of `left` rows, those after which the caller is asked whether to go on. */
static uint32_t rows_at_once(const tile_encoder *encoder, uint32_t left) {
    size_t rows = TILE_WATCH_STEP / encoder->row_size;
    rows = rows > 1 ? rows : 1;
    return rows < left ? (uint32_t)rows : left;
}

static void encode_rows(tile_encoder *encoder, const struct tile_image *rows) {
    for (uint32_t y = 0, count; y < rows->height && !tile_encoder_failed(encoder); y += count) {
        count = rows_at_once(encoder, rows->height - y);
        struct tile_image some = tile_image_view(rows, (struct tile_rect){0, y, rows->width, count});
        encoder->codec->rows(encoder, &some);
        encoder->rows += count;
        encoder->watch.at.done = encoder->rows;
        tile_encoder_go_on(encoder, count * (uint64_t)encoder->row_size);
    }
}

tile_status tile_encoder_write(tile_encoder *encoder, const struct tile_image *rows, struct tile_error *error) {
    tile_status status = tile_image_check(rows, "encode", error);
    if (status != TILE_OK)
        return status;
    if (rows->width != encoder->width || !tile_format_equal(rows->format, encoder->format))
        return tile_error_set(error, TILE_INVALID_ARGUMENT,
                              "encode: the rows' width or format is not the encoder's (%u, %s %s)", encoder->width,
                              tile_space_name(encoder->format.space), tile_sample_name(encoder->format.sample));
    if (tile_encoder_failed(encoder))
        return tile_encoder_failure(encoder, error);
    if (rows->height > encoder->height - encoder->rows)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "encode: %u rows after %u of %u", rows->height,
                              encoder->rows, encoder->height);
    tile_encoder_go_on(encoder, TILE_WATCH_STEP);
    if (encoder->piece_rows)
        tile_encoder_gather(encoder, rows);
    else
        encode_rows(encoder, rows);
    return tile_encoder_failed(encoder) ? tile_encoder_failure(encoder, error) : TILE_OK;
}

tile_status tile_encoder_finish(tile_encoder *encoder, struct tile_error *error) {
    if (tile_encoder_failed(encoder))
        return tile_encoder_failure(encoder, error);
    if (encoder->rows != encoder->height || encoder->finished)
        return tile_error_set(error, TILE_INVALID_ARGUMENT,
                              encoder->finished ? "encode: finished already" : "encode: finished after %u of %u rows",
                              encoder->rows, encoder->height);
    encoder->finished = true;
    encoder->codec->finish(encoder);
    return tile_encoder_flush(encoder) ? TILE_OK : tile_encoder_failure(encoder, error);
}

void tile_encoder_free(tile_encoder *encoder) {
    if (!encoder)
        return;
    if (encoder->state && encoder->codec->free)
        encoder->codec->free(encoder);
    tile_free(encoder->allocator, encoder->state);
    tile_free(encoder->allocator, encoder->buffer);
    tile_piece_free(encoder->piece);
    tile_buffer_free(&encoder->gathered);
    tile_buffer_free(&encoder->profile);
    tile_free(encoder->allocator, encoder);
}

tile_status tile_encode(const struct tile_image *image, tile_codec codec, const struct tile_encode_options *options,
                        const struct tile_writer *writer, struct tile_error *error) {
    tile_status status = tile_image_check(image, "encode", error);
    if (status != TILE_OK)
        return status;
    tile_encoder *encoder;
    status = tile_encoder_new(&encoder, codec, image->format, image->width, image->height, options, writer, error);
    if (status == TILE_OK)
        status = tile_encoder_write(encoder, image, error);
    if (status == TILE_OK)
        status = tile_encoder_finish(encoder, error);
    tile_encoder_free(encoder);
    return status;
}

tile_status tile_encode_file(const struct tile_image *image, const char *path, tile_codec codec,
                             const struct tile_encode_options *options, bool overwrite, struct tile_error *error) {
    struct tile_encode_options o;
    tile_file *file;
    if (!path)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "the image's path is NULL");
    tile_status status = tile_options_copy(&o, sizeof o, options, error);
    if (status == TILE_OK && codec == TILE_CODEC_UNSET)
        status = tile_codec_choose(&codec, path, error);
    if (status == TILE_OK)
        status = tile_file_create(&file, path, overwrite, o.allocator, error);
    if (status != TILE_OK)
        return status;
    struct tile_writer writer = tile_file_writer(file);
    struct tile_error why = {0};
    status = tile_encode(image, codec, &o, &writer, &why);
    if (status != TILE_OK && status != TILE_WRITE_FAILED) /* which names the file itself */
        tile_error_name(&why, path, status, &why);
    if (status != TILE_OK && error)
        *error = why;
    return tile_file_end(file, status, true, error);
}
