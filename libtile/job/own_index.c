/* SPDX-License-Identifier: MIT */
#include "own_index.h"

/*
 * Decoded from its top, one new image of a picture that is turned is held whole, which the limit may not allow. And the
 * pass over a JPEG's codes that an index takes costs less than half of skipping over all of them.
 */
static bool pays(const struct tile_job *job) {
    const struct tile_info *info = job->info;
    const uint64_t small = (uint64_t)16 << 20; /* bytes that are decoded before anybody notices */
    uint64_t bytes = (uint64_t)info->width * info->height * tile_format_step(job->read);
    if (info->codec != TILE_JPEG || info->no_index || info->indexed || job->o.lossless || bytes < small)
        return false;
    if (tile_job_is_image(job) && info->orientation >= 3)
        return bytes > job->o.max_memory / 2;
    uint64_t count = tile_plan_count(job->plan), all = tile_plan_grid(job->plan) ? count - 1 : 1;
    uint32_t top = UINT32_MAX, height = info->orientation >= 5 ? info->width : info->height;
    for (uint64_t i = 0; i < count; i += all ? all : 1) { /* of a grid, the first region or the last is on top */
        struct tile_rect stored = tile_source_stored_rect(job->source, tile_plan_region(job->plan, i).source);
        top = stored.y < top ? stored.y : top;
    }
    return top > height / 2;
}

tile_status tile_job_own_index(const struct tile_job *job, tile_index **out, struct tile_error *error) {
    struct tile_index_options o = TILE_OPTIONS(struct tile_index_options);
    *out = NULL;
    if (!pays(job))
        return TILE_OK;
    o.allocator = job->allocator;
    o.progress = tile_job_ask;
    o.user = (void *)job;
    struct tile_error why = {0};
    tile_status status = tile_index_build(out, job->source, &o, &why);
    /* Decoding may still give what is wanted of it. */
    if (status == TILE_BAD_DATA || status == TILE_UNSUPPORTED || status == TILE_LIMIT_EXCEEDED)
        return TILE_OK;
    if (status != TILE_OK) {
        if (error)
            *error = why;
        return status;
    }
    return tile_source_use_index(job->source, *out, error);
}
