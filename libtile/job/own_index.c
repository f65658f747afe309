/* SPDX-License-Identifier: MIT */
#include "own_index.h"

#include "../source/for_job.h"

/*
 * Decoded from its top, one new image of a picture that is turned is held whole, which the limit may not allow. And
 * where making an index is quick, it costs less than skipping over what is above the tiles.
 */
static bool pays(const struct tile_job *job) {
    const struct tile_info *info = job->info;
    const uint64_t small = (uint64_t)16 << 20; /* bytes that are decoded before anybody notices */
    uint64_t bytes = (uint64_t)info->width * info->height * tile_format_step(job->read);
    if (!tile_source_indexes_quickly(job->source) || job->o.lossless || bytes < small)
        return false;
    if (tile_job_is_image(job) && info->orientation >= 3)
        return bytes > job->o.max_memory / 2;
    struct tile_rect stored = tile_source_stored_rect(job->source, tile_plan_area(job->plan));
    return stored.y > (info->orientation >= 5 ? info->width : info->height) / 2;
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
