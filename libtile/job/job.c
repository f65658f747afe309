/* SPDX-License-Identifier: MIT */
/*
 * The data's way: source -> plan -> read -> convert -> encode -> store -> manifest.
 *
 * What is to be done is settled first (settle.c); the pipeline reads, and what becomes of each region's pixels stands
 * in run_tiles.c and run_image.c.
 */
#include "../base/error.h"
#include "../base/memory.h"
#include "../source/for_job.h"
#include "make.h"
#include "own_index.h"
#include "run.h"
#include "target.h"

bool tile_run_ask(struct tile_run *run) {
    const struct tile_job_options *o = &run->job->o;
    pthread_mutex_lock(&run->lock);
    struct tile_progress progress = {.done = run->done, .total = run->result.tiles};
    pthread_mutex_unlock(&run->lock);
    return !o->progress || o->progress(o->user, &progress);
}

/* No more threads than there are regions, nor than half of the memory has room for. */
static int count_threads(const struct tile_job *job, uint64_t scratch) {
    uint64_t most = job->o.max_memory / 2 / scratch, count = tile_plan_count(job->plan);
    most = most < count ? most : count;
    return most < (uint64_t)job->o.threads ? (most ? (int)most : 1) : job->o.threads;
}

/* The pipeline's hook for a call on its thread. */
static bool ask_pipeline(void *user, const struct tile_progress *progress) {
    const struct tile_pipeline *pipeline = user;
    (void)progress; /* of the call */
    return pipeline->go_on(pipeline->user);
}

tile_status tile_run_pipeline(struct tile_run *run, struct tile_pipeline *pipeline, struct tile_error *error) {
    const struct tile_job *job = run->job;
    pipeline->source = job->source;
    pipeline->plan = job->plan;
    pipeline->format = job->read;
    pipeline->unread = job->o.lossless;
    pipeline->memory = job->o.max_memory;
    pipeline->scratch = tile_make_memory(job, job->largest_pixels);
    pipeline->threads = count_threads(job, pipeline->scratch);
    pipeline->allocator = job->allocator;
    size_t size = (size_t)pipeline->threads * sizeof *run->scratch;
    run->scratch = tile_alloc_zero(job->allocator, size);
    if (!run->scratch)
        return tile_no_memory(error, size);
    for (int i = 0; i < pipeline->threads; i++)
        run->scratch[i].pixels.allocator = run->scratch[i].bytes.allocator = job->allocator;
    tile_status status = tile_pipeline_run(pipeline, error);
    for (int i = 0; i < pipeline->threads; i++) {
        tile_buffer_free(&run->scratch[i].pixels);
        tile_buffer_free(&run->scratch[i].bytes);
    }
    tile_free(job->allocator, run->scratch);
    if (status == TILE_OK)
        pipeline->go_on(pipeline->user); /* the last tiles; too late to stop */
    struct tile_watch watch = {.progress = ask_pipeline, .user = pipeline};
    return status == TILE_OK ? tile_source_unchanged(job->source, &watch, error) : status;
}

tile_status tile_job_run(tile_source *source, const struct tile_job_options *options, struct tile_job_result *result,
                         struct tile_error *error) {
    struct tile_job job;
    struct tile_run run = {.job = &job, .lock = PTHREAD_MUTEX_INITIALIZER};
    tile_status status = tile_result_check(result, error);
    if (status != TILE_OK)
        return status;
    tile_result_copy(result, &run.result, sizeof run.result);
    if (!source)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "the source is NULL");
    tile_index *index = NULL;
    status = tile_job_settle(&job, source, options, false, error);
    if (status == TILE_OK && !!job.o.folder + !!job.o.image + !!job.o.writer != 1)
        status = tile_error_set(error, TILE_INVALID_ARGUMENT,
                                "a job writes a folder, an image or to a writer: name one of the three");
    if (status == TILE_OK)
        status = tile_job_check_targets(&job, error);
    if (status == TILE_OK) {
        run.result.tiles = tile_plan_count(job.plan);
        status = tile_job_own_index(&job, &index, error);
    }
    if (status == TILE_OK)
        status = tile_job_is_image(&job) ? tile_run_image(&run, error) : tile_run_tiles(&run, error);
    if (index)
        tile_source_use_index(source, NULL, NULL);
    tile_index_free(index);
    tile_job_release(&job);
    tile_result_copy(result, &run.result, sizeof run.result);
    return tile_job_name_error(source, status, error);
}
