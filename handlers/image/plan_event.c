/* SPDX-License-Identifier: MIT */
#include "../base/members.h"
#include "planning.h"

#include <string.h>

/* One new image is made of the same pixels, without tiles; whether it can be is found out when the source is open. */
static bool check_image(const struct planning *p, struct failure *failure) {
    const json_t *member = json_object_get(p->event, "image");
    const char *url = json_string_value(member);
    if (!member)
        return true;
    if (!url)
        return failure_set(failure, FAILURE_BAD_REQUEST, "image: the URL of one new image is wanted");
    if (!storage_check_url(p->call->storage, url, failure))
        return false;
    if (!tile_codec_can_write(tile_codec_of_path(url)))
        return failure_set(failure, FAILURE_BAD_REQUEST, "image: %s: its suffix names no image format: %s is wanted",
                           url, tile_codec_names((char[TILE_CODEC_NAMES]){0}, TILE_CODEC_NAMES));
    if (storage_is(p->object, url))
        return failure_set(failure, FAILURE_BAD_REQUEST, "image: is the source, %s", url);
    if (p->options.job.lossless)
        return failure_set(failure, FAILURE_BAD_REQUEST,
                           "image: one new image cannot be had without decoding: lossless does "
                           "not go with it");
    return true;
}

/* The name of what is in the folder or below the prefix `output`; NULL: it is elsewhere. */
static const char *name_in(const char *url, const char *output) {
    size_t size = strlen(output);
    if (strncmp(url, output, size) != 0)
        return NULL;
    return output[size - 1] == '/' ? url + size : url[size] == '/' ? url + size + 1 : NULL;
}

/* What has the name of a tile would be written over, or be taken for one. How many there are, only the source tells: so
 * these are the tiles of the largest image there can be. */
static bool check_apart(const struct planning *p, struct failure *failure) {
    static const char *const names[] = {"source", "image"};
    const struct tile_rect all = {0, 0, UINT32_MAX, UINT32_MAX};
    struct tile_grid grid = p->options.grid;
    struct tile_error error;
    tile_plan *plan;
    grid.tile_width = grid.tile_height = 1;
    grid.overlap = 0;
    if (tile_plan_new_grid(&plan, all, &grid, NULL, &error) != TILE_OK)
        return failure_from(failure, &error);
    bool apart = true;
    for (size_t i = 0; i < 2 && apart; i++) {
        const char *url = planning_text(p, names[i]), *name = url ? name_in(url, planning_text(p, "output")) : NULL;
        const char *dot = name ? strrchr(name, '.') : NULL;
        uint64_t index;
        apart = !dot || !tile_plan_find(plan, name, dot + 1, &index) ||
                failure_set(failure, FAILURE_BAD_REQUEST, "%s: %s is where a tile may go: take another output",
                            names[i], url);
    }
    tile_plan_free(plan);
    return apart;
}

bool planning_read(struct planning *p, struct failure *failure) {
    static const char *const others[] = {"source", "etag", "type", "output", "image", "function", "verify", NULL};
    const char *output = planning_text(p, "output");
    if (!output)
        return failure_set(failure, FAILURE_BAD_REQUEST,
                           "output: the folder or prefix that the tiles are to be written to is wanted");
    struct storage *storage = p->call->storage;
    return member_flag(p->event, "verify", &p->run.verify, failure) &&
           storage_join(p->job_url, output, RUN_JOB_NAME, failure) &&
           storage_join(p->plan_url, output, RUN_PLAN_NAME, failure) &&
           storage_join(p->index_url, output, "index.tix", failure) &&
           storage_join(p->manifest_url, output, "manifest.json", failure) &&
           storage_check_url(storage, p->job_url, failure) &&
           task_options_read(&p->options, p->call, p->event, others, failure) && check_image(p, failure) &&
           check_apart(p, failure);
}
