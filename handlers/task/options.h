/* SPDX-License-Identifier: MIT */
/*
 * What an event asks for, by the names that tile-convert's options have ("to", "format", "quality", "ignore-profile",
 * ...), as the library's options. A member that no handler knows is an error: a typo never changes a result silently.
 */
#ifndef HANDLERS_TASK_OPTIONS_H
#define HANDLERS_TASK_OPTIONS_H

#include "profile.h"

struct task_options {
    struct tile_source_options source;
    struct tile_job_options job; /* .encode and .grid point to these two */
    struct tile_encode_options encode;
    struct tile_grid grid;
    struct profile *to_profile; /* whose bytes job.to_profile points to; NULL: none */
    struct tile_rect region;    /* "region" */
    bool has_region;
    bool pad_given; /* "edge" names the color of its own */
    bool keep;      /* "overwrite": false; what is there already is left, and an error */
};

/*
 * Of the members of `event`; those in `others` (NULL-terminated) are the caller's and passed over. BAD_REQUEST names
 * the member, what it was and what is wanted. "to-profile" is a URL, which is read from the call's storage,
 * unless it is among `others`; SOURCE_CHANGED where it is not the version that "to-profile-etag" says, if that is
 * there.
 */
bool task_options_read(struct task_options *out, struct call *call, const json_t *event, const char *const others[],
                       struct failure *failure);
void task_options_free(struct task_options *options);
/*
 * Of whoever may call a function's URL: limits are at most those that TILE_MAX_PIXELS (2^28 where it is not set),
 * TILE_MAX_MEMORY (what the function has) and TILE_MAX_METADATA (64 MiB) say in the environment, and these where none
 * is given.
 */
bool task_options_bound(struct task_options *options, struct call *call, struct failure *failure);
/* The options among an event's members, as they stand there, but for "region" and "tile": to hand on with each task. */
json_t *task_options_json(const json_t *event);

#endif
