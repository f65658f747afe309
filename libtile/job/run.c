/* SPDX-License-Identifier: MIT */
#include "run.h"

#include "../base/error.h"
#include "../base/memory.h"
#include "../encode/for_job.h"
#include "../source/for_job.h"
#include "make.h"

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
    pipeline->scratch = tile_make_memory(job, job->largest_pixels, job->largest_width);
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
        tile_maker_free(&run->scratch[i].maker);
        tile_piece_free(run->scratch[i].piece);
    }
    tile_free(job->allocator, run->scratch);
    if (status == TILE_OK)
        pipeline->go_on(pipeline->user); /* the last tiles; too late to stop */
    struct tile_watch watch = {.progress = ask_pipeline, .user = pipeline};
    return status == TILE_OK ? tile_source_unchanged(job->source, &watch, error) : status;
}
