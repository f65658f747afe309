/* SPDX-License-Identifier: MIT */
#include "again.h"

#include "../base/respond.h"
#include "missing.h"
#include "records.h"

static bool answer(const struct run_file *file, const struct run_job *job, struct call *call, struct response *response,
                   struct failure *failure) {
    char records[STORAGE_URL_MOST], list[STORAGE_URL_MOST];
    struct storage_facts facts;
    if (!records_prefix(records, job->output, file->hash, failure) ||
        !storage_join(list, records, MISSING_NAME, failure))
        return false;
    if (!storage_stat(call->storage, list, &facts, failure))
        return failure->kind == FAILURE_SOURCE_NOT_FOUND
                   ? failure_set(failure, FAILURE_SOURCE_NOT_FOUND,
                                 "%s: assemble found no tile of %s missing: take its source and options instead", list,
                                 file->url)
                   : false;
    return respond_json(&response->body,
                        json_pack("{ss ss ss sI sI ss}", "job", file->url, "plan", list, "kind", "image", "tiles",
                                  (json_int_t)job->tiles, "batch", (json_int_t)job->batch, "records", records),
                        failure);
}

bool plan_again(struct call *call, const char *url, struct response *response, struct failure *failure) {
    struct run_file file;
    struct run_job job;
    tile_plan *plan;
    if (!run_file_read(&file, call, url, failure))
        return false;
    bool done = run_job_read(&job, &plan, call, &file, failure) && answer(&file, &job, call, response, failure);
    tile_plan_free(plan);
    json_decref(file.json);
    return done;
}
