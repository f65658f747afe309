/* SPDX-License-Identifier: MIT */
/* The manifest's head: which job this is, so that a run can tell whether the tiles that it finds are its own. */
#include "settle.h"

#include "../base/buffer.h"
#include "../base/hash.h"
#include "../base/pixels.h"
#include "../encode/for_job.h"
#include "../source/for_job.h"

#include <inttypes.h>
#include <string.h>

static tile_status head_of_source(const struct tile_job *job, struct tile_buffer *head, struct tile_error *error) {
    const struct tile_info *info = job->info;
    struct tile_hash hash;
    const char *slash = strrchr(info->name, '/');
    struct tile_watch watch = {.progress = tile_job_ask, .user = (void *)job};
    tile_status status = tile_source_hash_watched(job->source, hash.bytes, &watch, error);
    if (status == TILE_OK)
        status = tile_buffer_printf(head, error, ",\"source\":{\"name\":");
    if (status == TILE_OK)
        status = tile_buffer_json_text(head, slash ? slash + 1 : info->name, error);
    if (status == TILE_OK)
        status = tile_buffer_printf(head, error,
                                    ",\"bytes\":%" PRIu64 ",\"xxh3\":\"%s\",\"width\":%u,\"height\":%u,"
                                    "\"orientation\":%d,\"coding\":\"%s\"%s",
                                    info->bytes, tile_hash_text(hash).hex, info->width, info->height, info->orientation,
                                    info->coding, info->lenient ? ",\"lenient\":true" : "");
    if (status == TILE_OK && info->no_index) /* with or without one, the tiles are the same */
        status = tile_buffer_printf(head, error, ",\"index\":\"none: %s\"", info->no_index);
    if (status == TILE_OK)
        status = tile_buffer_append(head, "}", 1, error);
    return status;
}

static tile_status put_color(struct tile_buffer *head, const char *key, const float *color, int count,
                             struct tile_error *error) {
    tile_status status = tile_buffer_printf(head, error, ",\"%s\":[", key);
    for (int i = 0; i < count && status == TILE_OK; i++) {
        if (i)
            status = tile_buffer_append(head, ",", 1, error);
        if (status == TILE_OK)
            status = tile_buffer_number(head, (double)color[i], error);
    }
    return status == TILE_OK ? tile_buffer_append(head, "]", 1, error) : status;
}

/* The members of the plan's text. */
static tile_status head_of_plan(const struct tile_job *job, struct tile_buffer *head, struct tile_error *error) {
    struct tile_buffer text = {.allocator = job->allocator};
    tile_status status = tile_plan_describe(job->plan, &text, error);
    if (status == TILE_OK)
        status = tile_buffer_append(head, ",", 1, error);
    if (status == TILE_OK)
        status = tile_buffer_append(head, text.data + 1, text.size - 2, error); /* without its braces */
    tile_buffer_free(&text);
    return status;
}

static tile_status head_of_color(const struct tile_job *job, struct tile_buffer *head, struct tile_error *error) {
    static const char *const alphas[] = {"none", "straight", "premultiplied"};
    const struct tile_encode_options *e = &job->encode;
    unsigned traits = tile_codec_traits(job->codec);
    const char *optimize = e->optimize ? ",\"optimize\":true" : "";
    tile_status status =
        tile_buffer_printf(head, error, ",\"color\":{\"from\":\"%s\",\"to\":\"%s\",\"sample\":\"%s\",\"alpha\":\"%s\"",
                           tile_space_name(job->read.space), tile_space_name(job->write.space),
                           tile_sample_name(job->write.sample), alphas[job->write.alpha]);
    if (status == TILE_OK && job->info->profile)
        status = tile_buffer_printf(head, error, ",\"source_profile\":\"%s\"",
                                    tile_hash_text(tile_hash_of(job->info->profile, job->info->profile_size)).hex);
    if (status == TILE_OK && job->o.lossless)
        return tile_buffer_printf(head, error, "},\"format\":{\"codec\":\"%s\",\"lossless\":true%s}",
                                  tile_codec_name(job->codec), optimize);
    if (status == TILE_OK && (job->info->profile || job->to_profile))
        status = tile_buffer_printf(head, error, ",\"intent\":%d,\"black_point\":%s", (int)job->o.intent,
                                    job->o.black_point_compensation ? "true" : "false");
    if (status == TILE_OK && job->o.flatten && job->read.alpha != TILE_ALPHA_NONE)
        status = put_color(head, "background", job->o.background, 3, error);
    if (status == TILE_OK && e->code_points)
        status = tile_buffer_printf(head, error, ",\"code_points\":[%u,%u,%u,%u]", e->code_points[0], e->code_points[1],
                                    e->code_points[2], e->code_points[3]);
    if (status == TILE_OK && e->untagged)
        status = tile_buffer_printf(head, error, ",\"untagged\":true");
    if (status == TILE_OK && e->no_profile)
        status = tile_buffer_printf(head, error, ",\"no_profile\":true");
    else if (status == TILE_OK && e->profile)
        status = tile_buffer_printf(head, error, ",\"profile\":\"%s\"",
                                    tile_hash_text(tile_hash_of(e->profile, e->profile_size)).hex);
    if (status == TILE_OK)
        status = tile_buffer_printf(head, error, "},\"format\":{\"codec\":\"%s\"", tile_codec_name(job->codec));
    if (status == TILE_OK && (traits & TILE_HEEDS_QUALITY))
        status = tile_buffer_printf(head, error, ",\"quality\":%d", e->quality);
    if (status == TILE_OK && (traits & TILE_HEEDS_SUBSAMPLING))
        status = tile_buffer_printf(head, error, ",\"subsampling\":%d", (int)e->subsampling);
    if (status == TILE_OK && (traits & TILE_HEEDS_OPTIMIZE))
        status = tile_buffer_printf(head, error, "%s", optimize);
    if (status == TILE_OK && (traits & TILE_HEEDS_COMPRESSION))
        status =
            tile_buffer_printf(head, error, ",\"compression\":%d,\"coder\":\"%s\"", e->compression, tile_coder_of(e));
    if (status == TILE_OK && (traits & TILE_HEEDS_TIFF) && e->predictor != TILE_PREDICTOR_UNSET)
        status = tile_buffer_printf(head, error, ",\"predictor\":%d", (int)e->predictor);
    if (status == TILE_OK && (traits & TILE_HEEDS_TIFF) && e->tiff_tile)
        status = tile_buffer_printf(head, error, ",\"tiff_tile\":%u", e->tiff_tile);
    if (status == TILE_OK && e->bits)
        status = tile_buffer_printf(head, error, ",\"bits\":%d", e->bits);
    if (status == TILE_OK && e->palette)
        status = tile_buffer_printf(head, error, ",\"palette\":%zu", e->palette_size);
    return status == TILE_OK ? tile_buffer_printf(head, error, "}") : status;
}

static tile_status append_head(const struct tile_job *job, struct tile_buffer *head, struct tile_error *error) {
    tile_status status = tile_buffer_printf(head, error, "{\"manifest\":1,\"libtile\":\"%s\"", tile_version());
    if (status == TILE_OK)
        status = head_of_source(job, head, error);
    if (status == TILE_OK)
        status = head_of_plan(job, head, error);
    return status == TILE_OK ? head_of_color(job, head, error) : status;
}

tile_status tile_job_head(const tile_job *job, struct tile_buffer *head, struct tile_error *error) {
    if (job->any)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "a job without a plan has no manifest");
    return tile_job_name_error(job->source, append_head(job, head, error), error);
}
