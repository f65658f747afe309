/* SPDX-License-Identifier: MIT */
#include "make.h"

#include "../base/buffer.h"
#include "../base/memory.h"
#include "../base/pixels.h"
#include "../encode/for_job.h"
#include "../plan/for_job.h"
#include "../source/for_job.h"

#include <string.h>

/* What splicing a tile takes beside the tile: a read of up to 1 MiB, and a row of MCUs as it is scanned. */
#define SPLICE_BUFFERS ((uint64_t)2 << 20)

/* What a file has beside the samples, where it does not make less of them. */
#define FILE_BEYOND ((size_t)64 << 10)

/* Bytes after which the hook is asked where they are only copied or hashed. */
enum { QUICK_STEP = 1 << 20 };

/* `from` as `to`, converted where the job converts. */
static tile_status convert(const struct tile_job *job, const struct tile_image *from, const struct tile_image *to,
                           struct tile_watch *watch, struct tile_error *error) {
    const uint32_t at_once = 32768; /* pixels: of the slowest conversions, some ms */
    struct tile_rect part = {.width = tile_min_u32(from->width, at_once)};
    tile_status status = TILE_OK;
    for (; part.y < from->height && status == TILE_OK; part.y += part.height)
        for (part.x = 0; part.x < from->width && status == TILE_OK; part.x += at_once) {
            struct tile_rect now = part;
            now.width = tile_min_u32(from->width - part.x, at_once);
            now.height = part.height = tile_min_u32(from->height - part.y, at_once / part.width);
            struct tile_image source = tile_image_view(from, now), target = tile_image_view(to, now);
            if (job->converter)
                status = tile_convert(job->converter, &source, &target, error);
            else
                for (uint32_t y = 0; y < now.height; y++)
                    memcpy(tile_image_row(&target, 0, y), tile_image_row(&source, 0, y),
                           now.width * tile_format_step(target.format));
            if (status == TILE_OK)
                status = tile_watch_pass(watch, TILE_WATCH_STEP, error);
        }
    return status;
}

tile_status tile_job_convert(const struct tile_job *job, const struct tile_region *region,
                             const struct tile_image *pixels, struct tile_buffer *scratch, struct tile_image *out,
                             struct tile_watch *watch, struct tile_error *error) {
    bool whole = region->width == pixels->width && region->height == pixels->height;
    if (!job->converter && whole) {
        *out = *pixels;
        return TILE_OK;
    }
    size_t row, size;
    if (!tile_mul(&row, region->width, tile_format_step(job->write)) || !tile_mul(&size, row, region->height))
        return tile_no_memory(error, SIZE_MAX);
    tile_status status = tile_buffer_reserve(scratch, size, error);
    if (status != TILE_OK)
        return status;
    *out = (struct tile_image){.format = job->write,
                               .width = region->width,
                               .height = region->height,
                               .plane = {scratch->data},
                               .stride = (ptrdiff_t)row};
    struct tile_image inner =
        tile_image_view(out, (struct tile_rect){region->left, region->top, pixels->width, pixels->height});
    status = convert(job, pixels, &inner, watch, error);
    for (uint32_t y = 0, count; y < region->height && status == TILE_OK && !whole; y += count) {
        size_t rows = QUICK_STEP / row;
        count = tile_min_u32(rows > 1 ? (uint32_t)rows : 1, region->height - y);
        tile_region_fill_rows(region, job->edge, job->pad, out, y, count);
        status = tile_watch_pass(watch, TILE_WATCH_STEP, error);
    }
    return status;
}

static tile_status write_behind(void *user, uint64_t offset, const void *data, size_t size, struct tile_error *error) {
    const struct tile_maker *maker = user;
    struct tile_writer writer = tile_buffer_writer(maker->bytes);
    if (offset > UINT64_MAX - maker->start)
        return tile_no_memory(error, SIZE_MAX);
    return writer.write_at(writer.user, maker->start + offset, data, size, error);
}

static bool ask_maker(void *user, const struct tile_progress *progress) {
    const struct tile_maker *maker = user;
    return tile_watch_relay(maker->watch, progress);
}

void tile_maker_free(struct tile_maker *maker) {
    tile_encoder_free(maker->encoder);
}

/* Encodes by the encoder of the tile before, if there was one. */
static tile_status encode(const struct tile_job *job, struct tile_maker *maker, const struct tile_image *tile,
                          struct tile_error *error) {
    tile_status status;
    if (maker->encoder) {
        status = tile_encoder_restart(maker->encoder, tile->width, tile->height, error);
    } else {
        struct tile_encode_options options = job->encode;
        options.progress = ask_maker;
        options.user = maker;
        status = tile_encoder_new(&maker->encoder, job->codec, tile->format, tile->width, tile->height, &options,
                                  &(struct tile_writer){maker, write_behind}, error);
    }
    if (status == TILE_OK)
        status = tile_encoder_write(maker->encoder, tile, error);
    return status == TILE_OK ? tile_encoder_finish(maker->encoder, error) : status;
}

/* The file that begins at `start`. */
static tile_status note_file(struct tile_record *record, const struct tile_buffer *bytes, size_t start,
                             struct tile_watch *watch, struct tile_error *error) {
    const unsigned char *data = bytes->data + start;
    size_t size = bytes->size - start;
    struct tile_hasher hasher;
    tile_status status = tile_hasher_begin(&hasher, error);
    if (status != TILE_OK)
        return status;
    for (size_t at = 0; at < size && status == TILE_OK; at += QUICK_STEP) {
        tile_hasher_add(&hasher, data + at, size - at < QUICK_STEP ? size - at : QUICK_STEP);
        status = tile_watch_pass(watch, TILE_WATCH_STEP, error);
    }
    record->bytes = size;
    record->hash = tile_hasher_end(&hasher);
    return status;
}

tile_status tile_job_encode(const struct tile_job *job, struct tile_maker *maker, const struct tile_image *tile,
                            struct tile_buffer *bytes, struct tile_record *record, struct tile_watch *watch,
                            struct tile_error *error) {
    maker->watch = watch;
    maker->bytes = bytes;
    maker->start = bytes->size;
    /* Once for nearly every file: growing, the buffer would hold what it has twice. */
    size_t samples = tile->height * (tile->width * tile_format_step(tile->format)), size;
    if (!tile_add(&size, bytes->size, samples) || !tile_add(&size, size, FILE_BEYOND))
        return tile_no_memory(error, SIZE_MAX);
    tile_status status = tile_buffer_reserve(bytes, size, error);
    if (status == TILE_OK)
        status = tile_statistics_of(&record->statistics, tile, watch, error);
    if (status == TILE_OK)
        status = encode(job, maker, tile, error);
    return status == TILE_OK ? note_file(record, bytes, maker->start, watch, error) : status;
}

tile_status tile_job_splice(const struct tile_job *job, const struct tile_region *region, struct tile_buffer *scratch,
                            struct tile_buffer *bytes, struct tile_record *record, struct tile_watch *watch,
                            struct tile_error *error) {
    size_t start = bytes->size;
    const struct tile_jpeg_rewrite rewrite = {
        .memory = job->encode.max_memory, .optimize = job->encode.optimize, .luma_only = job->luma_only};
    bool rewrites = rewrite.optimize || rewrite.luma_only;
    *record = (struct tile_record){0}; /* there are no pixels */
    scratch->size = 0;
    tile_status status =
        tile_source_splice_watched(job->source, region->source, rewrites ? scratch : bytes, watch, error);
    if (status == TILE_OK && rewrites)
        status = tile_jpeg_rewrite(scratch, &rewrite, bytes, watch, error);
    return status == TILE_OK ? note_file(record, bytes, start, watch, error) : status;
}

static uint64_t min_u64(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* Of a tile's samples, `bytes` each. A tile that is spliced has all of the source's before it leaves out any. */
static uint64_t samples_memory(const struct tile_job *job, uint64_t pixels, uint64_t bytes) {
    uint64_t step = tile_format_step(job->o.lossless ? job->read : job->write) * bytes, most = UINT64_MAX / 4;
    return pixels > most / step ? most : pixels * step;
}

/* A tile as it is read, scanned and written; no tile has more bytes than the file. */
uint64_t tile_splice_memory(const struct tile_job *job, uint64_t pixels) {
    return min_u64(samples_memory(job, pixels, 2), 4 * job->info->bytes) +
           min_u64(SPLICE_BUFFERS, 2 * job->info->bytes);
}

/* The encoder that a thread keeps, and what the buffer of its file has beyond the samples. */
static uint64_t encoding_memory(const struct tile_job *job, uint64_t pixels, uint32_t width) {
    uint64_t height = pixels / width + (pixels % width != 0);
    return tile_u64_add(tile_codec_memory(job->codec, job->write, width,
                                          height < UINT32_MAX ? (uint32_t)height : UINT32_MAX, &job->encode),
                        FILE_BEYOND);
}

/* A tile as it is written, and about as much once more for its encoded bytes; a coefficient has two bytes. */
uint64_t tile_make_memory(const struct tile_job *job, uint64_t pixels, uint32_t width) {
    unsigned traits = tile_job_is_image(job) ? 0 : tile_codec_traits(job->codec);
    uint64_t memory = job->o.lossless ? tile_splice_memory(job, pixels) : samples_memory(job, pixels, 2);
    if (job->luma_only || (job->encode.optimize && (traits & TILE_HEEDS_OPTIMIZE)))
        memory += samples_memory(job, pixels, 2);
    if (!job->o.lossless)
        memory = tile_u64_add(memory, encoding_memory(job, pixels, width));
    return traits & TILE_HOLDS_IMAGE ? memory + samples_memory(job, pixels, 1) : memory;
}
