/* SPDX-License-Identifier: MIT */
#include "assemble_image.h"

#include "../base/deadline.h"
#include "../base/respond.h"
#include "../task/options.h"
#include "../task/work.h"
#include "check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- One new image ---- */

/* What the tiles have but their grid and their format, which the image's suffix tells. */
static bool read_options(struct task_options *out, struct call *call, const struct run_job *job,
                         struct failure *failure) {
    static const char *const others[] = {"overlap", "edge", "format", NULL};
    tile_codec codec = tile_codec_of_path(job->image);
    if (!tile_codec_can_write(codec))
        return failure_set(failure, FAILURE_BAD_REQUEST, "image: %s: its suffix names no image format", job->image);
    if (!task_options_read(out, call, job->options, others, failure))
        return false;
    out->source.name = job->source;
    out->job.codec = codec;
    /* Of the function's memory, a quarter is the process's own and what is read ahead; what is written takes some. */
    uint64_t most = call->memory / 4 * 3, *limit = &out->job.max_memory;
    most -= most / 2 < STORAGE_DRAFT_MEMORY ? most / 2 : STORAGE_DRAFT_MEMORY;
    if (most < (*limit ? *limit : UINT64_C(1) << 30))
        *limit = out->source.max_memory = most;
    return true;
}

/* What the new image is made of; the plan is to be freed. */
static bool aim(struct tile_job_options *o, tile_plan **plan, const struct run_job *job, struct failure *failure) {
    struct tile_rect area = tile_plan_area(job->plan);
    struct tile_error error;
    if (tile_plan_new_rects(plan, &area, 1, NULL, &error) != TILE_OK)
        return failure_from(failure, &error);
    o->plan = *plan;
    return true;
}

static bool fits(const struct task_options *o, const tile_source *source, struct failure *failure) {
    uint64_t needed = tile_source_info(source)->memory, most = o->source.max_memory;
    most = most ? most : (uint64_t)1 << 30;
    return needed <= most || failure_set(failure, FAILURE_LIMIT_EXCEEDED,
                                         "decoding the source takes %" PRIu64
                                         " bytes of memory; of the function's, %" PRIu64 " are for it (see max-memory)",
                                         needed, most);
}

bool assemble_can_make(struct call *call, const struct run_job *job, tile_source *source, struct failure *failure) {
    struct task_options options;
    struct tile_error error;
    tile_plan *plan = NULL;
    if (!read_options(&options, call, job, failure))
        return false;
    options.job.image = job->image;
    bool done = fits(&options, source, failure) && aim(&options.job, &plan, job, failure) &&
                (tile_job_check(source, &options.job, &error) == TILE_OK || failure_from(failure, &error));
    tile_plan_free(plan);
    task_options_free(&options);
    return done || failure_set(failure, failure->kind, "image: %s", failure->message);
}

struct until {
    int64_t deadline;
    struct tile_progress last;
};

static bool go_on(void *user, const struct tile_progress *progress) {
    struct until *until = user;
    until->last = *progress;
    return !deadline_over(until->deadline);
}

static bool run_job(struct task_options *o, const struct run_job *job, struct object *object, struct draft *image,
                    int64_t deadline, struct failure *failure) {
    struct until until = {.deadline = deadline};
    struct tile_reader reader = storage_reader(object);
    struct tile_writer writer = storage_writer(image);
    struct tile_error error;
    tile_source *source;
    tile_plan *plan;
    if (!aim(&o->job, &plan, job, failure))
        return false;
    o->job.writer = &writer;
    o->job.progress = go_on;
    o->job.user = &until;
    tile_status status = tile_source_open_reader(&source, &reader, &o->source, &error);
    if (status == TILE_OK)
        status = tile_job_run(source, &o->job, NULL, &error);
    tile_source_close(source);
    tile_plan_free(plan);
    if (status == TILE_CANCELLED)
        return failure_set(failure, FAILURE_OUT_OF_TIME,
                           "%s: the deadline came when %" PRIu64 " of %" PRIu64
                           " strips were made: all tiles are there",
                           job->image, until.last.done, until.last.total);
    if (status == TILE_WRITE_FAILED)
        return storage_failure_writing(image, &error, failure);
    return status == TILE_OK || storage_failure_from(object, &error, failure);
}

/* The source is read from the top as it is decoded; where that does not do, the library makes itself an index. */
static bool make_image(struct call *call, const struct run_job *job, struct failure *failure) {
    struct task_options options;
    struct object *object = NULL;
    struct draft *image = NULL;
    if (!storage_check_url(call->storage, job->image, failure) || !read_options(&options, call, job, failure))
        return false;
    const struct storage_want want = {.etag = job->etag, .size = job->size};
    const struct storage_put_options put = {.type = tile_codec_media_type(options.job.codec)};
    bool done = storage_open(&object, call->storage, job->source, &want, failure) &&
                storage_create(&image, call->storage, job->image, &put, failure) &&
                run_job(&options, job, object, image, call->deadline, failure);
    if (done)
        done = storage_commit(image, failure);
    else
        storage_discard(image);
    storage_close(object);
    task_options_free(&options);
    return done;
}

/* ---- All of it ---- */

static bool answer(const struct run_job *job, const char *manifest, struct response *response,
                   struct failure *failure) {
    return respond_json(
        &response->body,
        json_pack("{ss sI ss*}", "manifest", manifest, "tiles", (json_int_t)job->tiles, "image", job->image), failure);
}

bool assemble_image(struct call *call, const struct run_file *file, bool verify, struct response *response,
                    struct failure *failure) {
    static const struct storage_put_options as_json = {.type = "application/json"};
    struct run_job job;
    tile_plan *plan;
    struct draft *manifest = NULL;
    char manifest_url[STORAGE_URL_MOST];
    if (!run_job_read(&job, &plan, call, file, failure))
        return false;
    job.verify |= verify;
    bool done = storage_join(manifest_url, job.output, "manifest.json", failure) &&
                storage_create(&manifest, call->storage, manifest_url, &as_json, failure) &&
                check_tiles(&job, file, plan, call, manifest, failure) &&
                (!job.image || make_image(call, &job, failure));
    if (done)
        done = storage_commit(manifest, failure) && answer(&job, manifest_url, response, failure);
    else
        storage_discard(manifest);
    tile_plan_free(plan);
    return done;
}
