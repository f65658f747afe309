/* SPDX-License-Identifier: MIT */
/* job.json of a text, written by plan for assemble. Two plans of the same event write the same bytes. */
#ifndef HANDLERS_TEXT_TEXT_JOB_H
#define HANDLERS_TEXT_TEXT_JOB_H

#include "../base/call.h"
#include "../storage/storage.h"

/* The texts belong to the event or job from which it was read. */
struct text_job {
    const char *source, *etag, *output;
    uint64_t size;
    const char *text; /* URL of the new text; NULL: none is wanted */
    bool figures;
    struct tile_range *ranges;
    size_t count;
};

/* A new reference; NULL: out of memory. */
json_t *text_job_write(const struct text_job *job);
/* BAD_REQUEST names the member. The ranges follow each other from 0 to the source's end. Ranges to be freed. */
bool text_job_read(struct text_job *job, struct call *call, const json_t *json, struct failure *failure);
void text_job_free(struct text_job *job);

/* "part_00000.jsonl" */
void text_job_part_name(size_t part, char name[32]);
bool text_job_part_url(const struct text_job *job, size_t part, char url[STORAGE_URL_MOST], struct failure *failure);
/* BAD_REQUEST unless the new text, the source and the run's own files are apart; or for figures without a text. */
bool text_job_check_urls(const struct text_job *job, struct call *call, struct failure *failure);

#endif
