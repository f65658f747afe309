/* SPDX-License-Identifier: MIT */
/*
 * An event's members as the library's options. Their names are those of tile-convert's options ("to", "format",
 * "quality", "ignore-profile", ...). An unknown member is an error, so that a typo never changes a result silently.
 */
#ifndef HANDLERS_TASK_OPTIONS_H
#define HANDLERS_TASK_OPTIONS_H

#include "profile.h"

struct task_options {
    struct tile_source_options source;
    struct tile_job_options job; /* .encode and .grid point to these two */
    struct tile_encode_options encode;
    struct tile_grid grid;
    struct profile *to_profile; /* job.to_profile points to its bytes; NULL: none */
    struct tile_rect region;    /* "region" */
    bool has_region;
    bool pad_given; /* "edge" names a color */
    bool keep;      /* "overwrite": false; an existing output stays and is an error */
};

/*
 * Reads the members of `event`, except those in `others` (NULL-terminated), which are the caller's. BAD_REQUEST names
 * the member, its value and the values that are accepted. "to-profile" is a URL, which is read from the call's storage
 * unless it is in `others`; SOURCE_CHANGED if there is "to-profile-etag" and it differs.
 */
bool task_options_read(struct task_options *out, struct call *call, const json_t *event, const char *const others[],
                       struct failure *failure);
void task_options_free(struct task_options *options);
/*
 * Bounds the limits for callers of a function's URL by the environment: TILE_MAX_PIXELS (default 2^28), TILE_MAX_MEMORY
 * (default: the function's memory) and TILE_MAX_METADATA (default 64 MiB). These are also the defaults of the limits.
 */
bool task_options_bound(struct task_options *options, struct call *call, struct failure *failure);
/* A copy of the options among an event's members, except "region" and "tile", to pass on with each task. */
json_t *task_options_json(const json_t *event);

#endif
