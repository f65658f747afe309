/* SPDX-License-Identifier: MIT */
#include "settle.h"

#include "../base/error.h"
#include "../base/memory.h"
#include "../base/pixels.h"
#include "../base/profile.h"
#include "../base/system.h"
#include "../encode/for_job.h"
#include "../plan/for_job.h"
#include "../source/for_job.h"

#include <inttypes.h>
#include <string.h>

/* One new image without pieces is made by strips of this many rows: a multiple of a JPEG's MCU and enough for each
 * thread's while. */
enum { STRIP_ROWS = 64 };

uint64_t tile_job_region_pixels(const struct tile_job *job, const struct tile_region *region) {
    /* Coefficients come in whole MCUs, of at most 32 x 32 pixels. */
    uint64_t beyond = job->encode.optimize || job->luma_only ? 31 : 0, pixels;
    if (__builtin_mul_overflow((region->width + beyond) & ~beyond, (region->height + beyond) & ~beyond, &pixels))
        pixels = UINT64_MAX;
    return pixels;
}

static void find_largest(struct tile_job *job) {
    struct tile_region region;
    for (uint64_t i = 0; tile_plan_sample(job->plan, i, &region); i++) {
        uint64_t pixels = tile_job_region_pixels(job, &region);
        job->largest_width = region.width > job->largest_width ? region.width : job->largest_width;
        job->largest_height = region.height > job->largest_height ? region.height : job->largest_height;
        job->largest_pixels = pixels > job->largest_pixels ? pixels : job->largest_pixels;
    }
}

bool tile_job_ask(void *user, const struct tile_progress *progress) {
    const struct tile_job *job = user;
    (void)progress; /* of what is counted there */
    struct tile_progress none = {.total = tile_job_is_image(job) ? tile_plan_count(job->plan) : 0};
    return !job->o.progress || job->o.progress(job->o.user, &none);
}

tile_status tile_job_check_region(const struct tile_job *job, const struct tile_region *region,
                                  struct tile_error *error) {
    const struct tile_info *info = job->info;
    struct tile_rect r = region->source;
    if (tile_rect_within(r, info->width, info->height))
        return TILE_OK;
    return tile_error_set(error, TILE_INVALID_ARGUMENT, "%s: the region %u,%u,%u,%u is not within %u x %u pixels",
                          info->name, r.x, r.y, r.width, r.height, info->width, info->height);
}

static tile_status settle_plan(struct tile_job *job, struct tile_error *error) {
    const struct tile_info *info = job->info;
    const tile_plan *given = job->o.plan;
    bool within = !given || tile_rect_within(tile_plan_area(given), info->width, info->height);
    for (uint64_t i = 0; !within && i < tile_plan_count(given); i++) {
        struct tile_region region = tile_plan_region(given, i);
        tile_status status = tile_job_check_region(job, &region, error);
        if (status != TILE_OK)
            return status;
    }
    job->area = (struct tile_rect){0, 0, info->width, info->height};
    job->plan = given;
    if (!tile_job_is_image(job) && given) {
        find_largest(job);
        return TILE_OK;
    }
    if (given && tile_plan_count(given) != 1)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "one new image is made of one region, not of %" PRIu64,
                              tile_plan_count(given));
    if (given)
        job->area = tile_plan_region(given, 0).source;
    if (tile_job_is_image(job))
        return TILE_OK; /* its strips depend on its format */
    struct tile_grid grid = job->grid;
    if (job->any) { /* it knows names and edges */
        grid.tile_width = job->area.width;
        grid.tile_height = job->area.height;
        grid.overlap = 0;
    }
    tile_status status = tile_plan_new_grid(&job->own_plan, job->area, &grid, job->allocator, error);
    job->plan = job->own_plan;
    if (status == TILE_OK)
        find_largest(job);
    return status;
}

/* The strips of one new image. */
static tile_status settle_strips(struct tile_job *job, struct tile_error *error) {
    uint32_t rows = tile_codec_piece_rows(job->codec, job->write, job->area.width, job->area.height, &job->encode);
    job->pieces = rows != 0;
    struct tile_grid grid = {
        .struct_size = sizeof grid, .tile_width = job->area.width, .tile_height = rows ? rows : STRIP_ROWS};
    tile_status status = tile_plan_new_grid(&job->own_plan, job->area, &grid, job->allocator, error);
    job->plan = job->own_plan;
    if (status == TILE_OK)
        find_largest(job);
    return status;
}

/* Samples as in the source, where the space and the codec know such; else the next wider ones that they know, or u8. */
static tile_sample settle_sample(const struct tile_job *job, struct tile_format format) {
    static const tile_sample by_width[] = {TILE_U8, TILE_U16, TILE_F32, TILE_U8};
    for (size_t i = 0; i < sizeof by_width / sizeof *by_width; i++) {
        format.sample = by_width[i];
        bool narrower = i < 3 && format.sample < job->read.sample;
        if (!narrower && tile_space_has_sample(format.space, format.sample) &&
            (job->codec == TILE_CODEC_UNSET || tile_codec_can_carry(job->codec, format, NULL) == TILE_OK))
            return format.sample;
    }
    return tile_space_has_sample(format.space, job->read.sample) ? job->read.sample : TILE_U16;
}

/* A target profile is cut to its own size, and names the space where the options do not. */
static tile_status settle_profile(struct tile_job_options *o, struct tile_error *error) {
    if (!o->to_profile)
        return TILE_OK;
    o->to_profile_size = tile_profile_size(o->to_profile, o->to_profile_size);
    if (o->to_profile_size == 0)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "what is to be the target profile is no ICC profile");
    if (o->to_space == TILE_SPACE_UNSET)
        o->to_space = tile_profile_model(o->to_profile, o->to_profile_size);
    if (o->to_space == TILE_SPACE_UNSET)
        return tile_error_set(error, TILE_UNSUPPORTED,
                              "the target profile is of neither RGB, gray nor CMYK: one of these is needed");
    return TILE_OK;
}

static bool keeps_color(const struct tile_job *job) {
    return job->o.to_space == TILE_SPACE_UNSET && !job->o.to_profile;
}

static tile_status settle_formats(struct tile_job *job, struct tile_error *error) {
    struct tile_job_options *o = &job->o;
    tile_status status = settle_profile(o, error);
    if (status != TILE_OK)
        return status;
    bool keep = keeps_color(job);
    job->read = keep ? job->info->format : tile_source_format_for(job->source, o->to_space);
    struct tile_format to = {
        .space = keep ? job->read.space : o->to_space, .sample = o->to_sample, .alpha = o->to_alpha};
    if (o->drop_alpha || o->flatten)
        to.alpha = TILE_ALPHA_NONE;
    else if (to.alpha == TILE_ALPHA_NONE)
        to.alpha = job->read.alpha;
    job->codec = o->codec;
    if (job->codec == TILE_CODEC_UNSET && o->writer)
        return tile_error_set(error, TILE_INVALID_ARGUMENT,
                              "an image that goes to a writer has no suffix: give its codec");
    if (job->codec == TILE_CODEC_UNSET && o->image)
        status = tile_codec_choose(&job->codec, o->image, error);
    if (status != TILE_OK)
        return status;
    if (to.sample == TILE_SAMPLE_UNSET)
        to.sample = settle_sample(job, to);
    status = tile_format_check(to, "the target", error);
    if (status != TILE_OK)
        return status;
    if (job->codec == TILE_CODEC_UNSET)
        job->codec = tile_codec_for(to);
    job->write = to;
    return TILE_OK;
}

/*
 * Ignoring what a file says does not make sRGB of its samples. So nothing is said of them, unless they are converted to
 * another space than sRGB and its gray: the caller vouches for what they were then.
 */
static bool nothing_is_known(const struct tile_job *job) {
    tile_space from = job->info->format.space, to = job->write.space;
    return job->info->ignored && (keeps_color(job) || (!job->o.to_profile && (from == TILE_SRGB || from == TILE_GRAY) &&
                                                       (to == TILE_SRGB || to == TILE_GRAY)));
}

/* What goes into the files to say what their pixels are. */
static tile_status settle_label(struct tile_job *job, struct tile_error *error) {
    const struct tile_info *info = job->info;
    struct tile_encode_options *e = &job->encode;
    unsigned traits = tile_codec_traits(job->codec);
    bool keeps = keeps_color(job);
    e->profile = keeps ? info->carried_profile : job->to_profile;
    e->profile_size = keeps ? info->carried_profile_size : job->to_profile_size;
    e->code_points = keeps && (traits & TILE_SAYS_CODE_POINTS) ? info->code_points : NULL;
    e->untagged = e->untagged || nothing_is_known(job);
    if (info->unknown_color && !keeps)
        return tile_error_advise(error, TILE_REMEDY_ASSUME | TILE_REMEDY_IGNORE_PROFILE, TILE_UNSUPPORTED,
                                 "%s, so that it can be kept but not converted", info->unknown_color);
    if (info->unknown_color && !(traits & (TILE_SAYS_CODE_POINTS | TILE_SAYS_NOTHING)) && !e->raw_channels)
        return tile_error_advise(error, TILE_REMEDY_ASSUME | TILE_REMEDY_IGNORE_PROFILE | TILE_REMEDY_RAW_CHANNELS,
                                 TILE_UNSUPPORTED, "%s: %s cannot say so, %s can", info->unknown_color,
                                 tile_codec_name(job->codec), tile_codecs_with(TILE_SAYS_CODE_POINTS).text);
    /* Making a space's profile takes about as long as encoding a small JPEG. Code points say more without one. */
    job->own_profile.allocator = job->allocator;
    if (e->profile || e->raw_channels || e->no_profile || e->untagged || (traits & TILE_SAYS_CODE_POINTS) ||
        !tile_codec_needs_profile(job->codec, job->write))
        return TILE_OK;
    tile_status status = tile_profile_of_space(&job->own_profile, job->write.space, error);
    e->profile = job->own_profile.data;
    e->profile_size = job->own_profile.size;
    return status;
}

/* A color of srgb and alpha as one pixel of `format`. */
static tile_status make_pixel(const struct tile_job *job, const float color[4], struct tile_format format,
                              const void *profile, size_t profile_size, float pixel[TILE_MAX_CHANNELS],
                              struct tile_error *error) {
    struct tile_format srgb = {.space = TILE_SRGB, .sample = TILE_F32, .alpha = TILE_ALPHA_STRAIGHT};
    struct tile_converter_options c = TILE_OPTIONS(struct tile_converter_options);
    c.allocator = job->allocator;
    c.cpu = job->o.cpu;
    c.to_profile = profile;
    c.to_profile_size = profile_size;
    if (job->info->unknown_color && keeps_color(job))
        return tile_error_advise(error, TILE_REMEDY_ASSUME | TILE_REMEDY_IGNORE_PROFILE, TILE_UNSUPPORTED,
                                 "%s: nobody knows what a background or an edge of a color is in it",
                                 job->info->unknown_color);
    tile_converter *converter;
    tile_status status = tile_converter_new(&converter, srgb, format, &c, error);
    if (status != TILE_OK)
        return status;
    struct tile_image from = {.format = srgb, .width = 1, .height = 1, .plane = {(void *)color}};
    struct tile_image to = {.format = format, .width = 1, .height = 1, .plane = {pixel}};
    status = tile_convert(converter, &from, &to, error);
    tile_converter_free(converter);
    return status;
}

static tile_status settle_converter(struct tile_job *job, struct tile_error *error) {
    const struct tile_job_options *o = &job->o;
    const struct tile_info *info = job->info;
    struct tile_converter_options c = TILE_OPTIONS(struct tile_converter_options);
    c.allocator = job->allocator;
    c.cpu = o->cpu;
    /* Read in another space than the profile is of, the pixels are what that space says. */
    if (job->read.space == info->format.space) {
        c.from_profile = info->profile;
        c.from_profile_size = info->profile_size;
    }
    c.to_profile = o->to_profile;
    c.to_profile_size = o->to_profile_size;
    c.intent = o->intent;
    c.black_point_compensation = o->black_point_compensation;
    if (keeps_color(job)) {
        c.to_profile = info->profile;
        c.to_profile_size = info->profile_size;
    }
    job->to_profile = c.to_profile;
    job->to_profile_size = c.to_profile_size;
    tile_status status = settle_label(job, error);
    if (status != TILE_OK || (tile_format_equal(job->read, job->write) && c.from_profile == c.to_profile))
        return status;
    float background[TILE_MAX_CHANNELS];
    if (o->flatten && job->read.alpha != TILE_ALPHA_NONE) {
        struct tile_format format = job->read;
        format.sample = TILE_F32;
        format.alpha = TILE_ALPHA_NONE;
        const float color[4] = {o->background[0], o->background[1], o->background[2], 1};
        status = make_pixel(job, color, format, c.from_profile, c.from_profile_size, background, error);
        c.background = background;
    }
    return status == TILE_OK ? tile_converter_new(&job->converter, job->read, job->write, &c, error) : status;
}

/* The edge's color as one pixel of the target. */
static tile_status settle_edge(struct tile_job *job, struct tile_error *error) {
    const struct tile_grid *grid = tile_plan_grid(job->plan);
    grid = grid ? grid : &job->grid;
    job->edge = grid->edge;
    if (job->edge < TILE_EDGE_CLIP || job->edge > TILE_EDGE_REPLICATE)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "%d is no edge policy", (int)job->edge);
    if (job->edge != TILE_EDGE_PAD)
        return TILE_OK;
    float pixel[TILE_MAX_CHANNELS] = {0};
    tile_status status =
        make_pixel(job, grid->pad_color, job->write, job->to_profile, job->to_profile_size, pixel, error);
    memcpy(job->pad, pixel, sizeof job->pad);
    return status;
}

/* PNGs of the source's own pixels have its palette, or its few bits. */
static void settle_palette(struct tile_job *job) {
    const struct tile_info *info = job->info;
    struct tile_encode_options *e = &job->encode;
    bool few = info->bits < 8 && tile_format_channels(job->write) == 1, lenient = info->lenient && info->palette;
    e->palette = NULL;
    e->palette_size = 0;
    e->bits = 0;
    if (job->converter || job->o.to_sample != TILE_SAMPLE_UNSET || !(info->palette || few) || lenient ||
        !(tile_codec_traits(job->codec) & TILE_HEEDS_PALETTE))
        return;
    struct tile_encode_options own = *e;
    own.palette = info->palette;
    own.palette_size = info->palette_size;
    own.bits = info->bits;
    if (job->edge != TILE_EDGE_PAD || tile_png_has_pixel(&own, job->write, job->pad))
        *e = own;
}

static tile_status write_nowhere(void *user, uint64_t offset, const void *data, size_t size, struct tile_error *error) {
    (void)user, (void)offset, (void)data, (void)size, (void)error;
    return TILE_OK;
}

/* What the codec cannot do it says now, before anything of an earlier run is touched. */
static tile_status try_encoder(const struct tile_job *job, struct tile_error *error) {
    bool whole = tile_job_is_image(job);
    uint32_t width = whole ? job->area.width : job->any ? 1 : job->largest_width;
    uint32_t height = whole ? job->area.height : job->any ? 1 : job->largest_height;
    tile_encoder *encoder;
    tile_status status = tile_encoder_new(&encoder, job->codec, job->write, width, height, &job->encode,
                                          &(struct tile_writer){.write_at = write_nowhere}, error);
    tile_encoder_free(encoder);
    return status;
}

/* The first tile whose edges are not all on MCUs or the image's. */
static bool find_uneven(const struct tile_job *job, struct tile_rect *uneven) {
    uint32_t mcu_width = job->info->part_width, mcu_height = job->info->part_height;
    for (uint64_t i = 0; i < tile_plan_count(job->plan); i++) {
        struct tile_rect r = *uneven = tile_plan_region(job->plan, i).source;
        uint32_t right = r.x + r.width, bottom = r.y + r.height;
        if (r.x % mcu_width != 0 || r.y % mcu_height != 0 || (right % mcu_width != 0 && right != job->info->width) ||
            (bottom % mcu_height != 0 && bottom != job->info->height))
            return true;
    }
    return false;
}

/* Tiles are parts of the source's own data: what would make them anything else is refused. */
static tile_status settle_lossless(struct tile_job *job, struct tile_error *error) {
    const struct tile_job_options *o = &job->o;
    const struct tile_info *info = job->info;
    const struct tile_grid *grid = job->plan ? tile_plan_grid(job->plan) : NULL;
    struct tile_rect uneven;
    if (!info->splices || info->no_index)
        return tile_error_set(error, TILE_UNSUPPORTED, "is %s: its tiles cannot be cut without decoding",
                              info->splices ? info->no_index : "no JPEG");
    if (!info->indexed)
        return tile_error_set(error, TILE_INVALID_ARGUMENT,
                              "has no index in use: tiles cannot be cut without decoding then");
    bool keeps = o->to_space == TILE_SPACE_UNSET, gray = o->to_space == TILE_GRAY;
    const char *wanted = tile_job_is_image(job)                                    ? "one new image"
                         : o->codec != TILE_CODEC_UNSET && o->codec != info->codec ? "another format than jpg"
                         : o->to_profile || !(keeps || gray)                       ? "another color"
                         : gray && !tile_source_stores_gray(job->source)  ? "gray of anything but YCbCr in sRGB"
                         : o->to_sample != TILE_SAMPLE_UNSET              ? "another depth"
                         : o->to_alpha || o->drop_alpha || o->flatten     ? "another alpha"
                         : job->encode.no_profile                         ? "a file without its profile"
                         : job->encode.quality || job->encode.subsampling ? "another quality or subsampling"
                         : grid && grid->overlap                          ? "an overlap"
                         : grid && grid->edge != TILE_EDGE_CLIP           ? "another edge than clip"
                                                                          : NULL;
    if (wanted)
        return tile_error_set(error, TILE_INVALID_ARGUMENT,
                              "%s cannot be had without decoding: a lossless job cuts tiles out of the JPEG as it is",
                              wanted);
    if (info->orientation != 1)
        return tile_error_advise(error, TILE_REMEDY_IGNORE_ORIENTATION, TILE_INVALID_ARGUMENT,
                                 "has orientation %d, and what is not decoded cannot be turned", info->orientation);
    if (find_uneven(job, &uneven))
        return tile_error_set(error, TILE_INVALID_ARGUMENT,
                              "the tile %u,%u,%u,%u cannot be cut without decoding: its edges must be at multiples of "
                              "%u x %u pixels, or at the image's edge",
                              uneven.x, uneven.y, uneven.width, uneven.height, info->part_width, info->part_height);
    job->codec = info->codec;
    job->encode.max_memory = o->max_memory;
    job->read = job->write = info->format;
    if (gray)
        job->write.space = TILE_GRAY;
    return TILE_OK;
}

tile_status tile_job_settle(struct tile_job *job, tile_source *source, const struct tile_job_options *options,
                            bool by_tile, struct tile_error *error) {
    *job = (struct tile_job){.source = source, .info = tile_source_info(source)};
    tile_status status = tile_options_copy(&job->o, sizeof job->o, options, error);
    if (status != TILE_OK)
        return status;
    struct tile_job_options *o = &job->o;
    job->any = by_tile && !o->plan;
    job->luma_only = o->lossless && o->to_space == TILE_GRAY && job->info->format.space != TILE_GRAY;
    job->allocator = o->allocator;
    if (o->max_memory == 0)
        o->max_memory = TILE_DEFAULT_MEMORY;
    if (o->threads < 0)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "%d threads cannot be", o->threads);
    if (o->threads == 0)
        o->threads = tile_processors();
    status = tile_options_copy(&job->encode, sizeof job->encode, o->encode, error);
    job->encode.allocator = job->allocator;
    job->encode.cpu = o->cpu;
    if (status == TILE_OK)
        status = tile_options_copy(&job->grid, sizeof job->grid, o->grid, error);
    if (status == TILE_OK)
        status = settle_plan(job, error);
    if (status == TILE_OK && o->lossless)
        return settle_lossless(job, error);
    if (job->encode.quality == 0)
        job->encode.quality = TILE_DEFAULT_QUALITY;
    if (job->encode.compression == 0)
        job->encode.compression = TILE_DEFAULT_COMPRESSION;
    if (job->encode.max_memory == 0)
        job->encode.max_memory = o->max_memory;
    if (status == TILE_OK)
        status = settle_formats(job, error);
    if (status == TILE_OK && tile_job_is_image(job))
        status = settle_strips(job, error);
    if (status == TILE_OK)
        status = settle_converter(job, error);
    if (status == TILE_OK)
        status = settle_edge(job, error);
    if (status == TILE_OK)
        settle_palette(job);
    return status == TILE_OK ? try_encoder(job, error) : status;
}

void tile_job_release(struct tile_job *job) {
    tile_plan_free(job->own_plan);
    tile_buffer_free(&job->own_profile);
    tile_converter_free(job->converter);
}

tile_status tile_job_name_error(const tile_source *source, tile_status status, struct tile_error *error) {
    const char *name = tile_source_info(source)->name;
    size_t length = strlen(name);
    if (status == TILE_OK || status == TILE_WRITE_FAILED || !error ||
        (strncmp(error->message, name, length) == 0 && error->message[length] == ':'))
        return status;
    return tile_error_name(error, name, status, error);
}
