/* SPDX-License-Identifier: MIT */
/*
 * PNG: signature, header and the chunks that say what the samples mean by libpng, the pixels by our own packer.
 *
 * A piece becomes an IDAT chunk as it is: no larger part of a file is held to write it, and a reader that holds a chunk
 * holds no more. The first chunk begins the zlib stream, and the last one ends it.
 */
#include "encoder.h"

#include "../base/bytes.h"
#include "../base/buffer.h"
#include "../base/memory.h"
#include "../base/pixels.h"
#include "../deflate/choice.h"
#include "../deflate/filter.h"
#include "png_palette.h"

#include <setjmp.h>
#include <string.h>

#include <libdeflate.h>
#include <png.h>

struct png {
    png_structp png;
    png_infop info;
    struct tile_buffer profile; /* the iCCP chunk, kept here because libpng may jump while it is written */
    uint32_t adler;             /* of the pieces that were put */
    struct tile_png_palette palette;
};

/*
 * Coding-independent code points (ITU-T H.273): primaries and transfer; matrix 0 for RGB, full range. Only where they
 * are what the space is; a viewer prefers them to the profile.
 */
static const struct points {
    tile_space space;
    png_byte points[4];
} code_points[] = {
    {TILE_SRGB_LINEAR, {1, 8, 0, 1}}, {TILE_DISPLAY_P3, {12, 13, 0, 1}}, {TILE_REC2020, {9, 14, 0, 1}},
    {TILE_REC2100_PQ, {9, 16, 0, 1}}, {TILE_REC2100_HLG, {9, 18, 0, 1}},
};

/* NULL where there are none. */
static const png_byte *points_of(tile_space space) {
    for (size_t i = 0; i < sizeof code_points / sizeof *code_points; i++)
        if (code_points[i].space == space)
            return code_points[i].points;
    return NULL;
}

static bool carries_png(struct tile_format format) {
    return format.space == TILE_GRAY || format.space == TILE_LUMINANCE || tile_space_is_icc_rgb(format.space) ||
           points_of(format.space);
}

/* Failures of memory and of the writer are noted before libpng sees them, and nothing else is to go wrong. */
static void on_error(png_structp png, png_const_charp message) {
    tile_encoder_fail(png_get_error_ptr(png), TILE_NO_MEMORY, "libpng: %s", message);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

static png_voidp allocate(png_structp png, png_alloc_size_t size) {
    return tile_encoder_alloc(png_get_mem_ptr(png), size);
}

static void release_memory(png_structp png, png_voidp memory) {
    const tile_encoder *encoder = png_get_mem_ptr(png);
    tile_free(encoder->allocator, memory);
}

static void write_data(png_structp png, png_bytep data, size_t size) {
    if (!tile_encoder_put(png_get_io_ptr(png), data, size))
        png_longjmp(png, 1);
}

static void flush_data(png_structp png) {
    (void)png;
}

static int color_type(const tile_encoder *encoder) {
    static const int types[] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                                PNG_COLOR_TYPE_RGB_ALPHA};
    return encoder->options.palette ? PNG_COLOR_TYPE_PALETTE : types[encoder->channels];
}

/* libpng 1.6.39 does not know the chunk. */
static void write_code_points(tile_encoder *encoder, png_structp png) {
    const png_byte *points = encoder->options.code_points;
    if (!points && encoder->own_color)
        points = points_of(encoder->format.space);
    if (points)
        png_write_chunk(png, (png_const_bytep) "cICP", points, 4);
}

static tile_status pack_profile(const tile_encoder *encoder, tile_packer *packer, struct tile_buffer *chunk,
                                struct tile_error *error) {
    static const char head[] = "ICC profile"; /* its NUL is the one */
    const struct tile_buffer *profile = &encoder->profile;
    uint8_t *room;
    uint32_t adler;
    tile_status status = tile_buffer_append(chunk, head, sizeof head, error);
    if (status == TILE_OK)
        status = tile_buffer_append(chunk, "", 1, error);
    if (status == TILE_OK)
        status = tile_packer_room(packer, profile->size, &room, error);
    if (status != TILE_OK)
        return status;
    memcpy(room, profile->data, profile->size);
    return tile_packer_pack(packer, &(struct tile_pack){.first = true, .last = true}, chunk, &adler, error);
}

/*
 * The iCCP chunk: a name, NUL, 0 for deflate, the profile (PNG, third edition, 11.3.2.3). libpng would refuse to write
 * many a profile that is in use: those that it knows to be a little off sRGB, or whose header is not as it ought to be.
 */
static void write_profile(tile_encoder *encoder, struct png *state) {
    struct tile_error error = {0};
    tile_packer *first = NULL; /* where none packs the pixels so far; two would be much memory */
    tile_status status = TILE_OK;
    state->profile.allocator = encoder->allocator;
    if (!encoder->piece)
        status =
            tile_packer_new(&first, encoder->options.compression, encoder->options.cpu, encoder->allocator, &error);
    if (status == TILE_OK)
        status = pack_profile(encoder, first ? first : encoder->piece->packer, &state->profile, &error);
    tile_packer_free(first);
    if (status == TILE_OK)
        png_write_chunk(state->png, (png_const_bytep) "iCCP", state->profile.data, state->profile.size);
    else
        tile_encoder_fail(encoder, status, "%s", error.message);
}

/* The palette, and the alphas up to the last one that is not opaque. */
static void set_palette(const tile_encoder *encoder, const struct png *state) {
    const uint8_t *from = encoder->options.palette;
    png_color colors[256] = {{0}};
    png_byte alphas[256] = {0};
    int count = (int)encoder->options.palette_size, transparent = 0;
    for (int i = 0; i < count; i++, from += encoder->channels) {
        colors[i] = (png_color){from[0], from[1], from[2]};
        alphas[i] = encoder->channels > 3 ? from[3] : 255;
        if (alphas[i] < 255)
            transparent = i + 1;
    }
    png_set_PLTE(state->png, state->info, colors, count);
    if (transparent)
        png_set_tRNS(state->png, state->info, alphas, transparent, NULL);
}

static void write_header(tile_encoder *encoder, struct png *state) {
    png_structp png = state->png;
    tile_space space = encoder->format.space;
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX); /* libpng's own is 1,000,000 */
    png_set_write_fn(png, encoder, write_data, flush_data);
    int bits = state->palette.bits ? state->palette.bits : 8 * (int)encoder->format.sample;
    png_set_IHDR(png, state->info, encoder->width, encoder->height, bits, color_type(encoder), PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (encoder->options.palette)
        set_palette(encoder, state);
    if (encoder->own_color && (space == TILE_SRGB || space == TILE_GRAY))
        png_set_sRGB(png, state->info, PNG_sRGB_INTENT_PERCEPTUAL);
    png_write_info_before_PLTE(png, state->info);
    if (!encoder->raw)
        write_code_points(encoder, png);
    if (encoder->profile.size)
        write_profile(encoder, state);
    if (tile_encoder_failed(encoder))
        return;
    png_write_info(png, state->info);
}

static void start(tile_encoder *encoder) {
    struct png *state = encoder->state;
    if (tile_png_palette_make(&state->palette, &encoder->options, encoder->format, &encoder->failure) != TILE_OK)
        return;
    state->png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, encoder, on_error, on_warning, encoder, allocate,
                                           release_memory);
    if (!state->png) {
        tile_encoder_fail(encoder, TILE_NO_MEMORY, "out of memory for libpng");
        return;
    }
    if (setjmp(png_jmpbuf(state->png)))
        return;
    state->info = png_create_info_struct(state->png);
    if (state->info)
        write_header(encoder, state);
}

static uint32_t piece_rows(const struct tile_codec_request *request, const struct tile_encode_options *options) {
    size_t row = request->width * tile_format_step(request->format), most = tile_packer_most(options->compression);
    return row < most ? (uint32_t)(most / row) : 1;
}

static struct tile_piece_sizes piece_sizes(const struct tile_codec_request *request, uint32_t rows,
                                           const struct tile_encode_options *options) {
    uint64_t row = tile_u64_add(tile_u64_mul(request->width, tile_format_step(request->format)), 1); /* its filter */
    uint64_t samples = tile_u64_mul(row, tile_min_u32(rows, request->height)), filtering = tile_u64_mul(row, 2);
    if (options->compression == 9) /* filters are tried on some rows by another compressor, of level 1 */
        filtering = tile_u64_add(filtering, tile_u64_add(200 << 10, tile_packer_bound(tile_u64_mul(row, 3))));
    return (struct tile_piece_sizes){samples, tile_packer_bound(samples), filtering};
}

/* Numbers of colors, or gray of few bits: without a filter, which would help neither. */
static tile_status store_numbers(const tile_encoder *encoder, uint32_t first, const struct tile_image *image,
                                 size_t row_size, uint8_t *to, struct tile_error *error) {
    const struct png *state = encoder->state;
    for (uint32_t y = 0; y < image->height; y++, to += row_size) {
        const uint8_t *row = tile_image_row(image, 0, y);
        *to = PNG_FILTER_VALUE_NONE;
        uint32_t x = tile_png_palette_row(&state->palette, row, encoder->width, to + 1);
        if (x < encoder->width)
            return tile_png_palette_refuse(encoder, row, x, first + y, error);
    }
    return TILE_OK;
}

static tile_status filter(const tile_encoder *encoder, struct tile_piece *piece, const struct tile_image *image,
                          uint8_t *to, struct tile_error *error) {
    struct tile_filter_rows rows = {.pixels = tile_image_row(image, 0, 0),
                                    .stride = image->stride,
                                    .height = image->height,
                                    .size = encoder->row_size,
                                    .step = (unsigned)tile_format_step(encoder->format),
                                    .words = encoder->format.sample == TILE_U16};
    tile_status status = tile_buffer_reserve(&piece->scratch, tile_filter_memory(rows.size, rows.words), error);
    if (status != TILE_OK)
        return status;
    const struct tile_deflate_kernels *kernels = tile_deflate_kernels_of(encoder->options.cpu);
    if (encoder->options.compression == 9)
        return tile_filter_smallest(to, &rows, piece->scratch.data, kernels, encoder->allocator, error);
    tile_filter(to, &rows, piece->scratch.data, kernels);
    return TILE_OK;
}

static tile_status pack(const tile_encoder *encoder, struct tile_piece *piece, const struct tile_image *image,
                        struct tile_watch *watch, struct tile_error *error) {
    const struct png *state = encoder->state;
    size_t bits = (size_t)state->palette.bits, row_size = encoder->row_size;
    if (bits)
        row_size = (size_t)(((uint64_t)encoder->width * bits + 7) / 8);
    struct tile_pack pack = {.row = row_size + 1,
                             .step = bits ? 1 : tile_format_step(encoder->format),
                             .first = piece->first == 0,
                             .last = piece->first + image->height == encoder->height};
    size_t size;
    uint8_t *room;
    if (!tile_mul(&size, pack.row, image->height))
        return tile_no_memory(error, SIZE_MAX);
    tile_status status = tile_packer_room(piece->packer, size, &room, error);
    if (status == TILE_OK)
        status = bits ? store_numbers(encoder, piece->first, image, pack.row, room, error)
                      : filter(encoder, piece, image, room, error);
    if (status != TILE_OK)
        return status;
    piece->size = size;
    status = tile_watch_ask(watch, error);
    if (status == TILE_OK)
        status = tile_packer_pack(piece->packer, &pack, &piece->bytes, &piece->adler, error);
    return status == TILE_OK ? tile_watch_ask(watch, error) : status;
}

static void put_chunk(tile_encoder *encoder, const uint8_t *data, size_t size) {
    uint8_t head[8], crc[4];
    tile_put_be(head, size, 4);
    memcpy(head + 4, "IDAT", 4);
    tile_put_be(crc, libdeflate_crc32(libdeflate_crc32(0, head + 4, 4), data, size), 4);
    tile_encoder_put(encoder, head, sizeof head);
    tile_encoder_put(encoder, data, size);
    tile_encoder_put(encoder, crc, sizeof crc);
}

static void put(tile_encoder *encoder, struct tile_piece *piece) {
    struct png *state = encoder->state;
    struct tile_error error;
    bool first = piece->first == 0, last = piece->first + piece->rows == encoder->height;
    state->adler = first ? piece->adler : tile_adler_join(state->adler, piece->adler, piece->size);
    if (last && !first && tile_packer_end(&piece->bytes, state->adler, &error) != TILE_OK)
        tile_encoder_fail(encoder, error.status, "%s", error.message);
    /* A chunk has less than 2 GiB. */
    for (size_t at = 0, size; at < piece->bytes.size && !tile_encoder_failed(encoder); at += size) {
        size = piece->bytes.size - at < PNG_UINT_31_MAX ? piece->bytes.size - at : PNG_UINT_31_MAX;
        put_chunk(encoder, piece->bytes.data + at, size);
    }
}

/* png_write_end would miss the IDAT chunks, which libpng did not write. */
static void finish(tile_encoder *encoder) {
    struct png *state = encoder->state;
    if (setjmp(png_jmpbuf(state->png)))
        return;
    png_write_chunk(state->png, (png_const_bytep) "IEND", NULL, 0);
}

static void release(tile_encoder *encoder) {
    struct png *state = encoder->state;
    png_destroy_write_struct(&state->png, &state->info);
    tile_buffer_free(&state->profile);
}

const struct tile_codec_ops tile_png_ops = {
    .codec = TILE_PNG,
    .holds = "8- and 16-bit samples with straight alpha or none",
    .samples = TILE_U8 | TILE_U16,
    .straight = true,
    .carries = carries_png,
    .raw_channels = 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4,
    .traits = TILE_HEEDS_COMPRESSION | TILE_HEEDS_PALETTE | TILE_SAYS_CODE_POINTS,
    .profile_most = SIZE_MAX,
    .max_side = PNG_UINT_31_MAX,
    .state_size = sizeof(struct png),
    .library = 16 << 10,
    .start = start,
    .piece_rows = piece_rows,
    .piece_sizes = piece_sizes,
    .pack = pack,
    .put = put,
    .finish = finish,
    .free = release,
};
