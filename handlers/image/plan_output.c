/* SPDX-License-Identifier: MIT */
#include "../base/hash.h"
#include "planning.h"

#include <string.h>

/* Without a job there is nothing that another run, or a run of another program, made. */
static bool check_free(const struct planning *p, struct failure *failure) {
    struct storage_facts facts;
    const char *urls[] = {p->manifest_url, planning_text(p, "image")};
    for (size_t i = 0; i < 2 && urls[i]; i++) {
        if (storage_stat(p->call->storage, urls[i], &facts, failure))
            return failure_set(failure, FAILURE_OUTPUT_DENIED,
                               "%s: is there already; take another, or \"overwrite\": true", urls[i]);
        if (failure->kind != FAILURE_SOURCE_NOT_FOUND)
            return false;
    }
    return true;
}

/* Whether a job.json is of this job, whose batch is then as large as it was, so that what was done of it is found. */
static bool take_up(struct planning *p, const struct tile_buffer *old, bool *same, struct failure *failure) {
    json_t *json = json_loadb((const char *)old->data, old->size, JSON_REJECT_DUPLICATES, NULL);
    const char *replaces = json_string_value(json_object_get(json, "replaces"));
    struct tile_buffer text = {0};
    p->run.batch = (uint64_t)json_integer_value(json_object_get(json, "batch"));
    if (replaces && strlen(replaces) < sizeof p->replaces)
        p->run.replaces = strcpy(p->replaces, replaces);
    json_decref(json);
    bool done = run_job_write(&p->run, &text, failure);
    *same = done && text.size == old->size && memcmp(text.data, old->data, old->size) == 0;
    tile_buffer_free(&text);
    return done;
}

/* Another job's tiles have the same names: what its batches told of them must not be taken for this one's. */
static void replace(struct planning *p, const struct tile_buffer *old) {
    hash_bytes(old->data, old->size, p->replaces);
    p->run.replaces = p->replaces;
    p->run.batch = 0;
}

bool planning_check_output(struct planning *p, struct failure *failure) {
    enum { JOB_MOST = 16 << 20 };
    struct tile_buffer old = {0};
    bool overwrite = p->options.job.overwrite, same = false;
    if (!storage_get(p->call->storage, p->job_url, JOB_MOST, &old, NULL, failure)) {
        if (failure->kind == FAILURE_SOURCE_NOT_FOUND)
            return overwrite || check_free(p, failure);
        if (failure->kind != FAILURE_LIMIT_EXCEEDED)
            return false;
    } else if (!take_up(p, &old, &same, failure)) {
        tile_buffer_free(&old);
        return false;
    }
    if (!same)
        replace(p, &old);
    tile_buffer_free(&old);
    return same || overwrite ||
           failure_set(
               failure, FAILURE_OUTPUT_DENIED,
               "%s: is of another job (another source or other options); take another output, or \"overwrite\": true",
               p->job_url);
}
