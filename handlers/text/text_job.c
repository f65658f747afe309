/* SPDX-License-Identifier: MIT */
#include "text_job.h"

#include "../base/members.h"
#include "split.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *text_job_write(const struct text_job *job) {
    json_t *ranges = json_array();
    for (size_t i = 0; ranges && i < job->count; i++)
        if (json_array_append_new(
                ranges, json_pack("[I,I]", (json_int_t)job->ranges[i].offset, (json_int_t)job->ranges[i].size)) != 0) {
            json_decref(ranges);
            ranges = NULL;
        }
    if (!ranges)
        return NULL;
    return json_pack("{s:i,s:s,s:s,s:s,s:I,s:s,s:I,s:o,s:s*,s:o*}", "job", 1, "kind", "text", "source", job->source,
                     "etag", job->etag, "size", (json_int_t)job->size, "output", job->output, "tiles",
                     (json_int_t)job->count, "ranges", ranges, "text", job->text, "figures",
                     job->figures ? json_true() : NULL);
}

static bool read_ranges(struct text_job *job, const json_t *json, struct failure *failure) {
    const json_t *ranges = json_object_get(json, "ranges");
    uint64_t tiles = 0, at = 0;
    if (!member_number(json, "tiles", 1, SPLIT_MOST, &tiles, failure))
        return false;
    if (tiles == 0 || json_array_size(ranges) != tiles)
        return failure_set(failure, FAILURE_BAD_REQUEST, "ranges: must be as many as tiles says");
    job->ranges = malloc((size_t)tiles * sizeof *job->ranges);
    if (!job->ranges)
        return failure_set(failure, FAILURE_OUT_OF_MEMORY, "out of memory for %zu ranges", (size_t)tiles);
    for (job->count = 0; job->count < tiles; job->count++) {
        struct tile_range *range = &job->ranges[job->count];
        if (!member_range(json_array_get(ranges, job->count), "ranges", range, failure))
            return false;
        if (range->offset != at || (range->size == 0 && job->size))
            return failure_set(failure, FAILURE_BAD_REQUEST,
                               "ranges: number %zu does not go on where the one before ended", job->count);
        at += range->size;
    }
    return at == job->size || failure_set(failure, FAILURE_BAD_REQUEST, "ranges: do not end where the source does");
}

bool text_job_read(struct text_job *job, struct call *call, const json_t *json, struct failure *failure) {
    char url[STORAGE_URL_MOST];
    uint64_t version = 0;
    *job = (struct text_job){.size = UINT64_MAX};
    if (!member_number(json, "job", 1, 1, &version, failure) || !member_text(json, "source", &job->source, failure) ||
        !member_text(json, "etag", &job->etag, failure) || !member_text(json, "output", &job->output, failure) ||
        !member_text(json, "text", &job->text, failure) || !member_flag(json, "figures", &job->figures, failure) ||
        !member_number(json, "size", 0, INT64_MAX, &job->size, failure))
        return false;
    if (!version || !job->source || !job->etag || !job->output || job->size == UINT64_MAX)
        return failure_set(failure, FAILURE_BAD_REQUEST,
                           "job: a text's has \"job\":1, source, etag, size, output, tiles and ranges");
    return text_job_check_urls(job, call, failure) && text_job_part_url(job, 0, url, failure) &&
           storage_check_url(call->storage, url, failure) && read_ranges(job, json, failure);
}

void text_job_free(struct text_job *job) {
    free(job->ranges);
    job->ranges = NULL;
}

void text_job_part_name(size_t part, char name[32]) {
    snprintf(name, 32, "part_%05zu.jsonl", part);
}

bool text_job_part_url(const struct text_job *job, size_t part, char url[STORAGE_URL_MOST], struct failure *failure) {
    char name[32];
    text_job_part_name(part, name);
    return storage_join(url, job->output, name, failure);
}

static bool check_apart(const struct text_job *job, const char *name, const char *url, struct failure *failure) {
    static const char *const own[] = {"job.json", "plan.jsonl", "manifest.json", "part_"}; /* and what begins so */
    char other[STORAGE_URL_MOST];
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        if (!storage_join(other, job->output, own[i], failure))
            return false;
        if (strncmp(url, other, strlen(other)) == 0)
            return failure_set(failure, FAILURE_BAD_REQUEST, "%s: %s is where the run's own files go", name, url);
    }
    return true;
}

bool text_job_check_urls(const struct text_job *job, struct call *call, struct failure *failure) {
    if (!check_apart(job, "source", job->source, failure))
        return false;
    if (!job->text)
        return !job->figures || failure_set(failure, FAILURE_BAD_REQUEST,
                                            "figures: go into the new text, for which \"text\" gives no URL");
    if (strcmp(job->text, job->source) == 0)
        return failure_set(failure, FAILURE_BAD_REQUEST, "text: is the source");
    return check_apart(job, "text", job->text, failure) && storage_check_url(call->storage, job->text, failure);
}
