/* SPDX-License-Identifier: MIT */
#include "profile.h"

#include "../storage/storage.h"

#include <stdlib.h>
#include <string.h>

enum { PROFILE_MOST = 1 << 26 };

void profile_release(struct profile *profile) {
    if (!profile || --profile->holders > 0)
        return;
    tile_buffer_free(&profile->bytes);
    free(profile->url);
    free(profile);
}

void profile_forget(struct call *call) {
    profile_release(call->profile);
    call->profile = NULL;
}

static bool fill(struct profile *profile, struct call *call, const char *url, struct failure *failure) {
    struct storage_facts facts;
    profile->url = strdup(url);
    if (!profile->url)
        return failure_set(failure, FAILURE_OUT_OF_MEMORY, "to-profile: no memory");
    if (!storage_get(call->storage, url, PROFILE_MOST, &profile->bytes, &facts, failure))
        return failure_set(failure, failure->kind, "to-profile: %s", failure->message);
    memcpy(profile->etag, facts.etag, sizeof profile->etag);
    return profile->bytes.size > 0 ||
           failure_set(failure, FAILURE_BAD_REQUEST, "to-profile: %s: is empty, no ICC profile", url);
}

bool profile_read(struct profile **out, struct call *call, const char *url, struct failure *failure) {
    *out = NULL;
    if (!call->profile || strcmp(call->profile->url, url) != 0) {
        struct profile *profile = calloc(1, sizeof *profile);
        if (!profile)
            return failure_set(failure, FAILURE_OUT_OF_MEMORY, "to-profile: no memory");
        profile->holders = 1; /* the call */
        if (!fill(profile, call, url, failure)) {
            profile_release(profile);
            return false;
        }
        profile_forget(call);
        call->profile = profile;
    }
    call->profile->holders++;
    *out = call->profile;
    return true;
}
