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

/* "prefix/r12_c3.png": it would be written over, or be taken for a tile. */
static bool is_tile(const char *url, const char *output) {
    size_t size = strlen(output);
    const char *name = url + size;
    if (strncmp(url, output, size) != 0)
        return false;
    if (output[size - 1] != '/' && *name++ != '/')
        return false;
    if (*name++ != 'r')
        return false;
    name += strspn(name, "0123456789");
    return strncmp(name, "_c", 2) == 0 && !strchr(name, '/');
}

static bool check_apart(const struct planning *p, struct failure *failure) {
    static const char *const names[] = {"source", "image"};
    for (size_t i = 0; i < 2; i++)
        if (planning_text(p, names[i]) && is_tile(planning_text(p, names[i]), planning_text(p, "output")))
            return failure_set(failure, FAILURE_BAD_REQUEST, "%s: %s is where a tile may go: take another output",
                               names[i], planning_text(p, names[i]));
    return true;
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
