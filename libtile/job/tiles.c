/* SPDX-License-Identifier: MIT */
/* A job tile by tile: what tile_job_run does with each region, for those who store the tiles themselves. */
#include "../base/buffer.h"
#include "../base/error.h"
#include "../base/memory.h"
#include "../plan/for_job.h"
#include "../source/for_job.h"
#include "make.h"

#include <inttypes.h>

tile_status tile_job_check(tile_source *source, const struct tile_job_options *options, struct tile_error *error) {
    if (!source)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "the source is NULL");
    struct tile_job settled;
    tile_status status = tile_job_settle(&settled, source, options, false, error);
    tile_job_release(&settled);
    return tile_job_name_error(source, status, error);
}

tile_status tile_job_new(tile_job **out, tile_source *source, const struct tile_job_options *options,
                         struct tile_error *error) {
    *out = NULL;
    if (!source)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "the source is NULL");
    struct tile_job settled;
    tile_status status = tile_job_settle(&settled, source, options, true, error);
    if (status == TILE_OK && tile_job_is_image(&settled))
        status = tile_error_set(error, TILE_INVALID_ARGUMENT, "one new image is not made tile by tile");
    tile_job *job = status == TILE_OK ? tile_alloc(settled.allocator, sizeof *job) : NULL;
    if (status == TILE_OK && !job)
        status = tile_no_memory(error, sizeof *job);
    if (status != TILE_OK) {
        tile_job_release(&settled);
        return tile_job_name_error(source, status, error);
    }
    *job = settled;
    *out = job;
    return TILE_OK;
}

void tile_job_free(tile_job *job) {
    if (!job)
        return;
    tile_job_release(job);
    tile_free(job->allocator, job);
}

const tile_plan *tile_job_plan(const tile_job *job) {
    return job->o.plan;
}

tile_codec tile_job_codec(const tile_job *job) {
    return job->codec;
}

void tile_job_name(const tile_job *job, const struct tile_region *region, char name[TILE_NAME_SIZE]) {
    tile_plan_name(job->plan, region, tile_codec_name(job->codec), name);
}

/* What the job itself holds: the region's pixels as they are read, and what is made of them. */
static uint64_t region_memory(const tile_job *job, const struct tile_region *region) {
    uint64_t making = tile_make_memory(job, tile_job_region_pixels(job, region), region->width);
    uint64_t pixels = (uint64_t)region->source.width * region->source.height;
    return job->o.lossless ? making : tile_u64_add(making, tile_u64_mul(pixels, tile_format_step(job->read)));
}

uint64_t tile_job_memory(const tile_job *job, const struct tile_region *region) {
    if (region) {
        uint64_t reading =
            job->o.lossless ? 0 : tile_reading_memory(job->source, region->source, job->read, job->o.max_memory);
        return tile_u64_add(region_memory(job, region), reading);
    }
    uint64_t largest = 0;
    struct tile_region one;
    for (uint64_t i = 0; tile_plan_sample(job->plan, i, &one); i++) {
        uint64_t memory = tile_job_memory(job, &one);
        largest = memory > largest ? memory : largest;
    }
    return largest;
}

/* A region may come from anywhere: that it can be is not taken for granted. */
static tile_status check(const tile_job *job, const struct tile_region *region, struct tile_error *error) {
    struct tile_rect r = region->source;
    tile_status status = tile_job_check_region(job, region, error);
    if (status != TILE_OK)
        return status;
    bool whole = region->width == r.width && region->height == r.height;
    uint32_t later = region->level;
    for (size_t i = 0; i < sizeof region->reserved / sizeof *region->reserved; i++)
        later |= region->reserved[i];
    if (later)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "the region's level or a reserved word of it is not 0");
    if ((uint64_t)region->left + r.width > region->width || (uint64_t)region->top + r.height > region->height)
        return tile_error_set(error, TILE_INVALID_ARGUMENT,
                              "a region of %u x %u pixels at %u,%u is not within a tile of %u x %u", r.width, r.height,
                              region->left, region->top, region->width, region->height);
    if (!whole && (job->edge == TILE_EDGE_CLIP || job->o.lossless))
        return tile_error_set(error, TILE_INVALID_ARGUMENT,
                              "a tile of %u x %u pixels is larger than its region of %u x %u, and the job clips tiles "
                              "at the edge",
                              region->width, region->height, r.width, r.height);
    uint64_t memory = region_memory(job, region);
    if (memory > job->o.max_memory)
        return tile_error_advise(error, TILE_REMEDY_MEMORY, TILE_LIMIT_EXCEEDED,
                                 "a tile of %u x %u pixels takes %" PRIu64 " bytes of memory, the limit is %" PRIu64,
                                 region->width, region->height, memory, job->o.max_memory);
    return TILE_OK;
}

static tile_status read_and_make(const tile_job *job, const struct tile_region *region, struct tile_buffer *bytes,
                                 struct tile_record *record, struct tile_error *error) {
    struct tile_buffer scratch = {.allocator = job->allocator};
    struct tile_image pixels = {0}, tile;
    struct tile_maker maker = {0};
    struct tile_watch watch = {.progress = job->o.progress, .user = job->o.user, .at.total = 1};
    struct tile_watch reading = {.progress = tile_watch_relay, .user = &watch};
    tile_status status = tile_watch_ask(&watch, error);
    if (status == TILE_OK && job->o.lossless) {
        status = tile_job_splice(job, region, &scratch, bytes, record, &watch, error);
    } else if (status == TILE_OK) {
        status =
            tile_image_alloc(&pixels, job->read, region->source.width, region->source.height, job->allocator, error);
        if (status == TILE_OK)
            status = tile_source_read_watched(job->source, region->source, &pixels, &reading, error);
        if (status == TILE_OK)
            status = tile_job_convert(job, region, &pixels, &scratch, &tile, &watch, error);
        if (status == TILE_OK)
            status = tile_job_encode(job, &maker, &tile, bytes, record, &watch, error);
    }
    if (status == TILE_OK)
        status = tile_source_unchanged(job->source, &reading, error);
    tile_maker_free(&maker);
    tile_image_free(&pixels, job->allocator);
    tile_buffer_free(&scratch);
    return status;
}

tile_status tile_job_tile(const tile_job *job, const struct tile_region *region, struct tile_buffer *bytes,
                          struct tile_buffer *record, struct tile_error *error) {
    struct tile_record made;
    tile_status status = check(job, region, error);
    if (status == TILE_OK)
        status = read_and_make(job, region, bytes, &made, error);
    if (status == TILE_OK)
        status = tile_record_line(record, job->plan, region, tile_codec_name(job->codec), &made, error);
    return tile_job_name_error(job->source, status, error);
}
