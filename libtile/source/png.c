/* SPDX-License-Identifier: MIT */
/*
 * PNG. libpng reads the header; rows whose samples are given as they are stored are read past it, all others by it.
 * Interlaced images are decoded whole at the start.
 */
#include "source.h"

#include "png_color.h"
#include "png_pixels.h"

#include "../base/bytes.h"
#include "../base/error.h"
#include "../base/memory.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <png.h>

struct png {
    png_structp read;
    png_infop info;
    jmp_buf jump;
    tile_source *source;
    struct tile_error *error; /* of the call that is running */
    tile_status status;       /* why it jumped */
    const unsigned char *next;
    size_t left;
    bool in_header;
    bool header_read; /* and nothing after it */
    bool out_of_memory;
    char bad_checksum[4]; /* of the chunk of that name, which libpng has read just now */
    bool wants_chunks;    /* what they say is not known yet */
    struct tile_png_chunks chunks;
    bool stopped;     /* by damage that a lenient source lets pass: all further rows are zero */
    uint32_t row;     /* the next to be given */
    uint32_t decoded; /* the next to be decoded, while interlaced of this pass */
    size_t row_size;
    unsigned char *image; /* interlaced: all rows; else one row, for skipping */
    bool past_libpng;     /* rows are read by `pixels` */
    struct tile_png_pixels pixels;
    unsigned char chunk[8]; /* the latest chunk's length and name */
    unsigned char palette[256 * 4];
};

static _Noreturn void jump(struct png *png, tile_status status) {
    png->status = status;
    longjmp(png->jump, 1);
}

/* After so many bytes of work; jumps where that is to be the last. */
static void pass(struct png *png, size_t size) {
    tile_status status = tile_watch_pass(png->source->watch, size, png->error);
    if (status != TILE_OK)
        jump(png, status);
}

/* ---- libpng's hooks ---------------------------------------------------------------------------------------- */

static PNG_NORETURN void on_error(png_structp read, png_const_charp text) {
    struct png *png = png_get_error_ptr(read);
    uintmax_t at = png->source->input.offset - png->left;
    if (png->out_of_memory)
        jump(png, tile_error_set(png->error, TILE_NO_MEMORY, "out of memory in libpng"));
    if (png->in_header)
        jump(png, tile_error_set(png->error, TILE_BAD_DATA, "has a damaged header at byte %ju: %s", at, text));
    tile_status status =
        tile_source_damaged(png->source, "; the rest is zero", png->error, "is damaged at byte %ju (row %u of %u): %s",
                            at, png->decoded, png->source->height, text);
    png->stopped = true;
    jump(png, status);
}

static void on_warning(png_structp read, png_const_charp text) {
    struct png *png = png_get_error_ptr(read);
    if (strlen(text) > 4 && strcmp(text + 4, ": CRC error") == 0)
        memcpy(png->bad_checksum, text, 4);
}

/* Every ancillary chunk that libpng does not have to know comes here, and ends here. */
static int on_chunk(png_structp read, png_unknown_chunkp chunk) {
    struct png *png = png_get_user_chunk_ptr(read);
    bool damaged = memcmp(png->bad_checksum, chunk->name, 4) == 0, ancillary = chunk->name[0] & 0x20;
    memset(png->bad_checksum, 0, sizeof png->bad_checksum);
    tile_status status = TILE_OK;
    if (png->wants_chunks)
        status = tile_png_chunks_take(&png->chunks, (const char *)chunk->name, chunk->data, chunk->size, damaged,
                                      &png->source->limits, png->error);
    if (status != TILE_OK)
        jump(png, status);
    return ancillary; /* of a critical one libpng says that it cannot go on */
}

static png_voidp on_alloc(png_structp read, png_alloc_size_t size) {
    struct png *png = png_get_mem_ptr(read);
    void *memory = tile_alloc(png->source->allocator, size);
    png->out_of_memory |= !memory;
    return memory;
}

static void on_free(png_structp read, png_voidp memory) {
    struct png *png = png_get_mem_ptr(read);
    tile_free(png->source->allocator, memory);
}

static void on_read(png_structp read, png_bytep to, png_size_t size) {
    struct png *png = png_get_io_ptr(read);
    struct tile_input *input = &png->source->input;
    uint64_t limit = png->source->limits.metadata;
    const png_bytep begin = to;
    const bool is_head = size == sizeof png->chunk; /* or something else that long, before it */
    while (size > 0) {
        if (png->left == 0) {
            size_t filled;
            tile_status status = tile_input_fill(input, &filled, png->error);
            if (status != TILE_OK)
                jump(png, status);
            if (filled == 0 && png->in_header)
                jump(png, tile_error_set(png->error, TILE_BAD_DATA, "ends early at byte %ju, in its header",
                                         (uintmax_t)input->offset));
            if (filled == 0) {
                png->stopped = true;
                jump(png, tile_source_damaged(png->source, "; the rest is zero", png->error,
                                              "ends early at byte %ju (row %u of %u)", (uintmax_t)input->offset,
                                              png->decoded, png->source->height));
            }
            png->next = input->buffer;
            png->left = filled;
            pass(png, filled);
        }
        size_t part = size < png->left ? size : png->left;
        memcpy(to, png->next, part);
        png->next += part;
        png->left -= part;
        to += part;
        size -= part;
        if (png->in_header && input->offset - png->left > limit)
            jump(png, tile_error_advise(png->error, TILE_REMEDY_METADATA, TILE_LIMIT_EXCEEDED,
                                        "has more than %ju bytes of metadata, which is the limit", (uintmax_t)limit));
    }
    if (is_head)
        memcpy(png->chunk, begin, sizeof png->chunk);
}

/* ---- The header -------------------------------------------------------------------------------------------- */

static void destroy(struct png *png) {
    if (png->read)
        png_destroy_read_struct(&png->read, &png->info, NULL);
}

/* From the start of the file to the first IDAT. Inside of setjmp. */
static void read_header(struct png *png) {
    /* Those that libpng would look at and that change no pixel; those that it does not know come to on_chunk, too. */
    static const png_byte others[] = "iCCP\0sRGB\0gAMA\0cHRM\0eXIf\0tEXt\0zTXt\0iTXt\0sPLT\0hIST\0pCAL\0sCAL\0tIME\0"
                                     "pHYs\0oFFs\0bKGD\0sBIT";
    uint64_t limit = png->source->limits.metadata;
    destroy(png);
    png->out_of_memory = png->stopped = png->header_read = false;
    memset(png->bad_checksum, 0, sizeof png->bad_checksum);
    png->row = png->decoded = 0;
    png->left = 0;
    png->in_header = true;
    png->source->input.offset = 0;
    png->read = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, png, on_error, on_warning, png, on_alloc, on_free);
    if (png->read)
        png->info = png_create_info_struct(png->read);
    if (!png->read || !png->info)
        jump(png, tile_error_set(png->error, TILE_NO_MEMORY, "out of memory in libpng"));
    png_set_read_fn(png->read, png, on_read);
    png_set_user_limits(png->read, PNG_UINT_31_MAX, PNG_UINT_31_MAX); /* ours is on pixels */
    png_set_chunk_malloc_max(png->read, limit < PNG_SIZE_MAX ? (png_alloc_size_t)limit : PNG_SIZE_MAX);
    png_set_option(png->read, PNG_MAXIMUM_INFLATE_WINDOW, PNG_OPTION_ON); /* as where rows are read past it */
    png_set_keep_unknown_chunks(png->read, PNG_HANDLE_CHUNK_NEVER, others, (int)sizeof others / 5);
    png_set_read_user_chunk_fn(png->read, png, on_chunk);
    png_read_info(png->read, png->info);
    /* An ancillary chunk that found no memory is but a warning to libpng. */
    if (png->out_of_memory)
        jump(png, tile_error_set(png->error, TILE_NO_MEMORY, "out of memory in libpng"));
    png->in_header = false;
    png->header_read = true;
}

static struct tile_format format_of(const struct png *png) {
    int type = png_get_color_type(png->read, png->info);
    bool alpha = (type & PNG_COLOR_MASK_ALPHA) || png_get_valid(png->read, png->info, PNG_INFO_tRNS);
    return (struct tile_format){.space = type & PNG_COLOR_MASK_COLOR ? TILE_SRGB : TILE_GRAY,
                                .sample = png_get_bit_depth(png->read, png->info) == 16 ? TILE_U16 : TILE_U8,
                                .alpha = alpha ? TILE_ALPHA_STRAIGHT : TILE_ALPHA_NONE};
}

/* Whether the samples are given as they are stored, one after the other. */
static bool is_plain(const struct png *png) {
    return png_get_interlace_type(png->read, png->info) == PNG_INTERLACE_NONE &&
           png_get_color_type(png->read, png->info) != PNG_COLOR_TYPE_PALETTE &&
           png_get_bit_depth(png->read, png->info) >= 8 && !png_get_valid(png->read, png->info, PNG_INFO_tRNS);
}

/* The palette as pixels of the source's format. */
static void note_palette(struct png *png) {
    struct tile_info *info = &png->source->info;
    png_colorp colors;
    png_bytep alpha = NULL;
    int count, alphas = 0;
    if (png_get_color_type(png->read, png->info) != PNG_COLOR_TYPE_PALETTE ||
        !png_get_PLTE(png->read, png->info, &colors, &count))
        return;
    png_get_tRNS(png->read, png->info, &alpha, &alphas, NULL);
    unsigned char *to = png->palette;
    bool black = count == 1 << info->bits;
    for (int i = 0; i < count; i++) {
        unsigned char opacity = i < alphas ? alpha[i] : 255;
        *to++ = colors[i].red;
        *to++ = colors[i].green;
        *to++ = colors[i].blue;
        if (info->format.alpha)
            *to++ = opacity;
        black = black || (opacity == 255 && (colors[i].red | colors[i].green | colors[i].blue) == 0);
    }
    if (!black) { /* libpng's reading of numbers beyond the end */
        memset(to, 0, 3);
        to[3] = 255;
        count++;
    }
    info->palette = png->palette;
    info->palette_size = (size_t)count;
}

static void name_coding(const struct png *png) {
    int type = png_get_color_type(png->read, png->info);
    snprintf(png->source->coding, sizeof png->source->coding, "%s, %d bits%s",
             type == PNG_COLOR_TYPE_PALETTE      ? "palette"
             : type == PNG_COLOR_TYPE_GRAY       ? "gray"
             : type == PNG_COLOR_TYPE_GRAY_ALPHA ? "gray with alpha"
             : type == PNG_COLOR_TYPE_RGB        ? "RGB"
                                                 : "RGB with alpha",
             png_get_bit_depth(png->read, png->info), png->source->info.streams ? "" : ", interlaced");
}

/* ---- The decoder ------------------------------------------------------------------------------------------- */

static tile_status png_open(tile_source *source, struct tile_error *error) {
    struct png *png = tile_alloc_zero(source->allocator, sizeof *png);
    if (!png)
        return tile_no_memory(error, sizeof *png);
    source->state = png;
    png->source = source;
    png->error = error;
    if (setjmp(png->jump))
        return png->status;
    png->wants_chunks = true;
    png->chunks.profile.allocator = source->allocator;
    read_header(png);
    png->wants_chunks = false;
    struct tile_info *info = &source->info;
    info->width = png_get_image_width(png->read, png->info);
    info->height = png_get_image_height(png->read, png->info);
    info->bits = png_get_bit_depth(png->read, png->info);
    info->format = format_of(png);
    note_palette(png);
    /* PNG, third edition, 11.3.4.5: eXIf counts where it stands before the pixels, and goes before what older programs
     * wrote. */
    info->orientation = png->chunks.has_exif || png->chunks.has_old_exif ? png->chunks.exif.orientation : 1;
    info->streams = png_get_interlace_type(png->read, png->info) == PNG_INTERLACE_NONE;
    info->no_index = info->streams ? NULL : "interlaced";
    info->part_width = info->width;
    info->part_height = 1;
    /* libpng has three rows of up to 4 samples of 2 bytes; zlib's window and buffers are below 100 KB. Width and
     * height are below 2^31. */
    uint64_t row = (uint64_t)info->width * tile_format_step(info->format), all;
    uint64_t beside = is_plain(png) ? tile_png_pixels_memory(row) : (uint64_t)info->width * 24;
    if (__builtin_mul_overflow(row, info->streams ? 1 : info->height, &all) ||
        __builtin_add_overflow(all, beside + 100000 + sizeof *source, &info->memory))
        info->memory = UINT64_MAX;
    png->row_size = (size_t)row;
    name_coding(png);
    tile_status status = tile_png_color(source, &png->chunks, error);
    if (status == TILE_OK && png->chunks.frames > 1)
        status = tile_source_notice(source, 0, error,
                                    "it is an animation of %u frames, of which only the still picture is read",
                                    png->chunks.frames);
    tile_png_chunks_free(&png->chunks);
    return status;
}

/* Inside of setjmp. */
static tile_status start_rows(struct png *png) {
    const tile_source *source = png->source;
    if (!png->header_read)
        read_header(png);
    png->header_read = false;
    struct tile_format now = format_of(png);
    bool changed = png_get_image_width(png->read, png->info) != source->width ||
                   png_get_image_height(png->read, png->info) != source->height ||
                   now.sample != source->info.format.sample || now.alpha != source->info.format.alpha ||
                   (png_get_interlace_type(png->read, png->info) == PNG_INTERLACE_NONE) != source->info.streams;
    png->past_libpng = is_plain(png);
    if (png->past_libpng && !changed && png_get_rowbytes(png->read, png->info) == png->row_size) {
        tile_status status =
            tile_png_pixels_begin(&png->pixels, png->source, png->row_size, (uint32_t)tile_get_be(png->chunk, 4),
                                  png->next, png->left, png->error);
        destroy(png);
        return status;
    }
    if (source->manner.piece) {
        png_set_crc_action(png->read, PNG_CRC_QUIET_USE, PNG_CRC_DEFAULT);
        png_set_option(png->read, PNG_IGNORE_ADLER32, PNG_OPTION_ON);
    }
    png_set_expand(png->read);
    if (now.sample == TILE_U16 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
        png_set_swap(png->read);
    int passes = png_set_interlace_handling(png->read);
    png_read_update_info(png->read, png->info);
    if (changed || png_get_rowbytes(png->read, png->info) != png->row_size)
        return tile_error_set(png->error, TILE_SOURCE_CHANGED, "changed while it was read: its header is another");
    if (source->info.streams)
        return TILE_OK;
    for (uint32_t y = 0; y < source->height; y++) {
        memset(png->image + png->row_size * y, 0, png->row_size);
        pass(png, png->row_size);
    }
    for (int i = 0; i < passes; i++)
        for (png->decoded = 0; png->decoded < source->height; png->decoded++) {
            source->watch->at = (struct tile_progress){png->decoded, source->height};
            png_read_row(png->read, png->image + png->row_size * png->decoded, NULL);
            pass(png, png->row_size);
        }
    return TILE_OK;
}

static tile_status png_start(tile_source *source, struct tile_format format, struct tile_error *error) {
    struct png *png = source->state;
    (void)format; /* there is but one */
    png->error = error;
    if (!source->info.streams && png->image) {
        png->row = 0;
        return TILE_OK;
    }
    if (!source->info.streams) {
        /* The caller has checked it against the limit. */
        png->image = tile_alloc(source->allocator, png->row_size * source->height);
        if (!png->image)
            return tile_no_memory(error, png->row_size * source->height);
    }
    tile_status status;
    if (setjmp(png->jump))
        status = png->status;
    else
        status = start_rows(png);
    if (status != TILE_OK && !source->info.streams) {
        tile_free(source->allocator, png->image);
        png->image = NULL;
    }
    return status;
}

/* Inside of setjmp. */
static void read_rows(struct png *png, uint32_t count, unsigned char *to, size_t stride) {
    for (; png->decoded - png->row < count; png->decoded++) {
        if (!to) /* else the reader of rows tells how far it is */
            png->source->watch->at = (struct tile_progress){png->decoded, png->source->height};
        png_read_row(png->read, to ? to + (png->decoded - png->row) * stride : png->image, NULL);
        pass(png, png->row_size);
    }
}

/* Rows that damage has left out are zero. */
static void end_rows(struct png *png, uint32_t count, unsigned char *to, size_t stride) {
    for (uint32_t i = png->decoded > png->row ? png->decoded - png->row : 0; to && i < count; i++)
        memset(to + i * stride, 0, png->row_size);
    png->row += count;
    if (!png->stopped)
        png->decoded = png->row;
}

static tile_status read_past_libpng(struct png *png, uint32_t count, unsigned char *to, size_t stride,
                                    struct tile_error *error) {
    tile_status status = TILE_OK;
    if (!png->stopped)
        status = tile_png_pixels_read(&png->pixels, count, to, stride, &png->decoded, &png->stopped, error);
    if (status == TILE_OK)
        end_rows(png, count, to, stride);
    return status;
}

static tile_status read_by_libpng(struct png *png, uint32_t count, unsigned char *to, size_t stride) {
    if (setjmp(png->jump))
        return png->status;
    read_rows(png, count, to, stride);
    return TILE_OK;
}

static tile_status png_rows(tile_source *source, uint32_t count, unsigned char *to, size_t stride,
                            struct tile_error *error) {
    struct png *png = source->state;
    png->error = error;
    if (png->past_libpng)
        return read_past_libpng(png, count, to, stride, error);
    if (!source->info.streams) {
        for (uint32_t i = 0; to && i < count; i++)
            memcpy(to + i * stride, png->image + png->row_size * (png->row + i), png->row_size);
        png->row += count;
        return TILE_OK;
    }
    if (!to && !png->image) {
        png->image = tile_alloc(source->allocator, png->row_size);
        if (!png->image)
            return tile_no_memory(error, png->row_size);
    }
    tile_status status = png->stopped ? TILE_OK : read_by_libpng(png, count, to, stride);
    if (status == TILE_OK)
        end_rows(png, count, to, stride);
    return status;
}

static void png_close(tile_source *source) {
    struct png *png = source->state;
    if (!png)
        return;
    destroy(png);
    tile_png_chunks_free(&png->chunks);
    tile_png_pixels_free(&png->pixels);
    tile_free(source->allocator, png->image);
    tile_free(source->allocator, png);
}

const struct tile_decoder tile_png_decoder = {TILE_PNG, png_open, png_start, png_rows, png_close};
