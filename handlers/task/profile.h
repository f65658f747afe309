/* SPDX-License-Identifier: MIT */
/* The ICC profile of "to-profile". All tasks of an event with the same URL share one, which is read once. */
#ifndef HANDLERS_TASK_PROFILE_H
#define HANDLERS_TASK_PROFILE_H

#include "../base/call.h"

struct profile {
    size_t holders;
    char *url;
    char etag[128]; /* the version that was read */
    struct tile_buffer bytes;
};

/* Reads it from the call's storage, unless the call holds it already. To be released. */
bool profile_read(struct profile **out, struct call *call, const char *url, struct failure *failure);
/* `profile` may be NULL. */
void profile_release(struct profile *profile);
/* At the end of an event: releases the call's profile. */
void profile_forget(struct call *call);

#endif
