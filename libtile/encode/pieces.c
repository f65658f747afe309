/* SPDX-License-Identifier: MIT */
/* Images in pieces: packed on any thread, put in order. */
#include "encoder.h"

#include "../base/buffer.h"
#include "../base/error.h"
#include "../base/memory.h"
#include "../base/pixels.h"

#include <string.h>

const char *tile_coder_of(const struct tile_encode_options *options) {
    return tile_packer_coder(options->compression);
}

uint32_t tile_codec_piece_rows(tile_codec codec, struct tile_format format, uint32_t width, uint32_t height,
                               const struct tile_encode_options *options) {
    const struct tile_codec_ops *ops;
    struct tile_codec_request request = {.format = format, .width = width, .height = height};
    if (tile_codec_get(&ops, codec, NULL) != TILE_OK || !ops->piece_rows || options->compression < 1 ||
        options->compression > 9)
        return 0;
    return ops->piece_rows(&request, options);
}

static uint64_t piece_memory(const struct tile_piece_sizes *sizes, int level) {
    return tile_u64_add(tile_u64_add(tile_packer_memory(level, sizes->samples), sizes->packed),
                        tile_u64_add(sizes->beside, sizeof(struct tile_piece)));
}

uint64_t tile_codec_memory(tile_codec codec, struct tile_format format, uint32_t width, uint32_t height,
                           const struct tile_encode_options *options) {
    const uint64_t own_profile = 4 << 10, beside = 16 << 10; /* small blocks */
    const struct tile_codec_ops *ops;
    struct tile_codec_request request = {.format = format, .width = width, .height = height};
    if (tile_codec_get(&ops, codec, NULL) != TILE_OK)
        return 0;
    uint32_t rows = tile_codec_piece_rows(codec, format, width, height, options);
    uint64_t memory = sizeof(tile_encoder) + ops->state_size + TILE_ENCODER_BUFFER + ops->library + beside;
    memory = tile_u64_add(memory, (uint64_t)ops->by_column * width);
    /* A profile is held by the encoder, by its library, and packed or in a directory that grows. */
    memory = tile_u64_add(memory, tile_u64_mul(options->profile ? options->profile_size : own_profile, 6));
    if (!rows)
        return memory;
    struct tile_piece_sizes sizes = ops->piece_sizes(&request, rows, options);
    return tile_u64_add(memory, piece_memory(&sizes, options->compression));
}

tile_status tile_piece_new(struct tile_piece **out, const tile_encoder *encoder, struct tile_error *error) {
    struct tile_piece *piece = tile_alloc_zero(encoder->allocator, sizeof *piece);
    *out = NULL;
    if (!piece)
        return tile_no_memory(error, sizeof *piece);
    piece->bytes.allocator = piece->scratch.allocator = encoder->allocator;
    tile_status status =
        tile_packer_new(&piece->packer, encoder->options.compression, encoder->options.cpu, encoder->allocator, error);
    if (status != TILE_OK)
        tile_piece_free(piece);
    else
        *out = piece;
    return status;
}

void tile_piece_free(struct tile_piece *piece) {
    if (!piece)
        return;
    tile_packer_free(piece->packer);
    tile_buffer_free(&piece->bytes);
    tile_buffer_free(&piece->scratch);
    tile_free(piece->bytes.allocator, piece);
}

tile_status tile_encoder_pack(const tile_encoder *encoder, struct tile_piece *piece, uint32_t first,
                              const struct tile_image *rows, struct tile_watch *watch, struct tile_error *error) {
    piece->first = first;
    piece->rows = rows->height;
    piece->bytes.size = 0;
    return encoder->codec->pack(encoder, piece, rows, watch, error);
}

tile_status tile_encoder_put_piece(tile_encoder *encoder, struct tile_piece *piece, struct tile_error *error) {
    if (!tile_encoder_failed(encoder))
        encoder->codec->put(encoder, piece);
    encoder->rows = piece->first + piece->rows;
    return tile_encoder_failed(encoder) ? tile_encoder_failure(encoder, error) : TILE_OK;
}

static tile_status pack_and_put(tile_encoder *encoder, uint32_t first, const struct tile_image *rows,
                                struct tile_error *error) {
    tile_status status = encoder->piece ? TILE_OK : tile_piece_new(&encoder->piece, encoder, error);
    if (status == TILE_OK)
        status = tile_encoder_pack(encoder, encoder->piece, first, rows, &encoder->watch, error);
    return status == TILE_OK ? tile_encoder_put_piece(encoder, encoder->piece, error) : status;
}

/* Copies rows behind those that are gathered. `all`: the rows of the piece. */
static tile_status keep(tile_encoder *encoder, uint32_t all, const struct tile_image *rows, struct tile_error *error) {
    size_t size;
    if (!tile_mul(&size, encoder->row_size, all))
        return tile_no_memory(error, SIZE_MAX);
    tile_status status = tile_buffer_reserve(&encoder->gathered, size, error);
    for (uint32_t y = 0; y < rows->height && status == TILE_OK; y++)
        memcpy(encoder->gathered.data + (encoder->gathered_rows + y) * encoder->row_size, tile_image_row(rows, 0, y),
               encoder->row_size);
    encoder->gathered_rows += rows->height;
    return status;
}

/* A piece that the caller's rows have whole is packed from there; `rows` are no more than the piece needs. */
static tile_status add(tile_encoder *encoder, const struct tile_image *rows, struct tile_error *error) {
    uint32_t first = encoder->rows - encoder->gathered_rows;
    uint32_t all = tile_min_u32(encoder->piece_rows, encoder->height - first);
    if (rows->height == all)
        return pack_and_put(encoder, first, rows, error);
    tile_status status = keep(encoder, all, rows, error);
    if (status != TILE_OK || encoder->gathered_rows < all)
        return status;
    struct tile_image piece = {.format = encoder->format,
                               .width = encoder->width,
                               .height = all,
                               .plane = {encoder->gathered.data},
                               .stride = (ptrdiff_t)encoder->row_size};
    encoder->gathered_rows = 0;
    return pack_and_put(encoder, first, &piece, error);
}

void tile_encoder_gather(tile_encoder *encoder, const struct tile_image *rows) {
    for (uint32_t y = 0, count; y < rows->height && !tile_encoder_failed(encoder); y += count) {
        count = tile_min_u32(encoder->piece_rows - encoder->gathered_rows, rows->height - y);
        struct tile_image some = tile_image_view(rows, (struct tile_rect){0, y, rows->width, count});
        struct tile_error error = {0};
        uint32_t done = encoder->rows + count;
        tile_status status = add(encoder, &some, &error);
        if (status != TILE_OK)
            tile_encoder_fail(encoder, status, "%s", error.message);
        encoder->rows = done;
        encoder->watch.at.done = done;
    }
}
