/* SPDX-License-Identifier: MIT */
/*
 * The data's way: source -> plan -> read -> convert -> encode -> store -> manifest.
 *
 * What is to be done is settled first (settle.c); the pipeline reads, and here is what becomes of each region's pixels.
 */
#include "../base/error.h"
#include "../base/memory.h"
#include "../base/wait.h"
#include "../source/for_job.h"
#include "journal.h"
#include "make.h"
#include "manifest.h"
#include "own_index.h"
#include "pipeline.h"
#include "settle.h"
#include "target.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* Each thread's own room to work in. */
struct bench {
    struct tile_buffer pixels; /* see tile_make */
    struct tile_buffer bytes;
};

struct output {
    struct tile_job *job;
    struct bench *benches; /* one a thread */
    struct tile_job_result result;
    uint64_t done;

    pthread_mutex_t lock;

    struct tile_manifest *manifest; /* tiles */
    tile_status damage_noted;       /* whether that worked */
    struct tile_error damage_error;

    tile_encoder *encoder;       /* one image */
    struct tile_watch *encoding; /* of the thread that encodes */
    pthread_cond_t turn_changed;
    uint64_t turn; /* the strip that is to be encoded next */
    bool given_up;
};

/* ---- Tiles: make, store, note ---- */

static tile_status store(const struct tile_job *job, const char *name, bool replace, const struct tile_buffer *bytes,
                         struct tile_error *error) {
    char *path = tile_join_path(job->allocator, job->o.folder, name);
    if (!path)
        return tile_no_memory(error, strlen(job->o.folder));
    tile_file *file;
    tile_status status = tile_file_create(&file, path, replace, job->allocator, error);
    tile_free(job->allocator, path);
    if (status != TILE_OK)
        return status;
    struct tile_writer writer = tile_file_writer(file);
    status = writer.write_at(writer.user, 0, bytes->data, bytes->size, error);
    return tile_file_end(file, status, false, error); /* all of them are synced at the end */
}

static tile_status make_tile(void *user, int thread, uint64_t index, const struct tile_region *region,
                             const struct tile_image *pixels, struct tile_watch *watch, struct tile_error *error) {
    struct output *out = user;
    struct tile_buffer *bytes = &out->benches[thread].bytes;
    struct tile_record record;
    char name[64];
    bool replace;
    bytes->size = 0;
    tile_status status =
        tile_make(out->job, region, pixels, &out->benches[thread].pixels, bytes, &record, watch, error);
    if (status != TILE_OK)
        return status;
    pthread_mutex_lock(&out->lock);
    status = tile_manifest_expect(out->manifest, index, &replace, error);
    pthread_mutex_unlock(&out->lock);
    tile_manifest_name(out->manifest, index, name);
    if (status == TILE_OK)
        status = store(out->job, name, replace, bytes, error);
    if (status != TILE_OK)
        return status;
    pthread_mutex_lock(&out->lock);
    status = tile_manifest_add(out->manifest, index, &record, error);
    if (status == TILE_OK) {
        out->done++;
        out->result.written++;
        out->result.bytes += record.bytes;
    }
    pthread_mutex_unlock(&out->lock);
    return status;
}

static bool tile_wanted(void *user, uint64_t index) {
    struct output *out = user;
    pthread_mutex_lock(&out->lock);
    bool wanted = !tile_manifest_has(out->manifest, index);
    pthread_mutex_unlock(&out->lock);
    return wanted;
}

/* ---- One image: strips are converted by all threads and encoded one after the other ---- */

/* The encoder's hook. */
static bool ask_encoding(void *user, const struct tile_progress *progress) {
    const struct output *out = user;
    return tile_watch_relay(out->encoding, progress);
}

static tile_status make_strip(void *user, int thread, uint64_t index, const struct tile_region *region,
                              const struct tile_image *pixels, struct tile_watch *watch, struct tile_error *error) {
    struct output *out = user;
    struct tile_image strip;
    tile_status status = tile_make_pixels(out->job, region, pixels, &out->benches[thread].pixels, &strip, watch, error);
    pthread_mutex_lock(&out->lock);
    while (status == TILE_OK && out->turn != index && !out->given_up) {
        tile_wait_some(&out->turn_changed, &out->lock);
        pthread_mutex_unlock(&out->lock);
        status = tile_watch_ask(watch, error);
        pthread_mutex_lock(&out->lock);
    }
    bool given_up = out->given_up;
    pthread_mutex_unlock(&out->lock);
    if (given_up)
        return TILE_OK; /* whoever failed says so */
    if (status == TILE_OK) {
        out->encoding = watch;
        status = tile_encoder_write(out->encoder, &strip, error);
    }
    if (status != TILE_OK)
        return status;
    pthread_mutex_lock(&out->lock);
    out->turn++;
    out->done++;
    out->result.written++;
    pthread_cond_broadcast(&out->turn_changed);
    pthread_mutex_unlock(&out->lock);
    return TILE_OK;
}

static bool strip_wanted(void *user, uint64_t index) {
    (void)user;
    (void)index;
    return true;
}

static void give_up(void *user) {
    struct output *out = user;
    pthread_mutex_lock(&out->lock);
    out->given_up = true;
    pthread_cond_broadcast(&out->turn_changed);
    pthread_mutex_unlock(&out->lock);
}

/* ---- The run ---- */

/* On the thread that reads: also the time to note what a lenient source has let pass. */
static bool go_on(void *user) {
    struct output *out = user;
    const struct tile_job_options *o = &out->job->o;
    const char *damage = tile_source_damage(out->job->source);
    pthread_mutex_lock(&out->lock);
    struct tile_progress progress = {.done = out->done, .total = out->result.tiles};
    if (damage && out->manifest && out->damage_noted == TILE_OK)
        out->damage_noted = tile_manifest_add_damage(out->manifest, damage, &out->damage_error);
    pthread_mutex_unlock(&out->lock);
    return out->damage_noted == TILE_OK && (!o->progress || o->progress(o->user, &progress));
}

static bool ask_caller(void *user, const struct tile_progress *progress) {
    (void)progress; /* the encoder's */
    return go_on(user);
}

/* No more threads than there are regions, nor than half of the memory has room for. */
static int count_threads(const struct tile_job *job, uint64_t scratch) {
    uint64_t most = job->o.max_memory / 2 / scratch, count = tile_plan_count(job->plan);
    most = most < count ? most : count;
    return most < (uint64_t)job->o.threads ? (most ? (int)most : 1) : job->o.threads;
}

static tile_status run_pipeline(struct output *out, struct tile_error *error) {
    const struct tile_job *job = out->job;
    const tile_plan *plan = job->plan;
    uint64_t scratch = tile_make_memory(job, job->largest_pixels);
    if (job->o.lossless && tile_cut_memory(job, job->largest_pixels) > job->o.max_memory)
        return tile_error_advise(error, TILE_REMEDY_MEMORY, TILE_LIMIT_EXCEEDED,
                                 "cutting a tile takes %ju bytes of memory, the limit is %ju bytes",
                                 (uintmax_t)tile_cut_memory(job, job->largest_pixels), (uintmax_t)job->o.max_memory);
    struct tile_pipeline pipeline = {
        .source = job->source,
        .plan = plan,
        .format = job->read,
        .unread = job->o.lossless,
        .threads = count_threads(job, scratch),
        .in_order = out->encoder != NULL,
        .memory = job->o.max_memory,
        .scratch = scratch,
        .allocator = job->allocator,
        .user = out,
        .wanted = out->encoder ? strip_wanted : tile_wanted,
        .work = out->encoder ? make_strip : make_tile,
        .go_on = go_on,
        .give_up = give_up,
    };
    size_t size = (size_t)pipeline.threads * sizeof *out->benches;
    out->benches = tile_alloc_zero(job->allocator, size);
    if (!out->benches)
        return tile_no_memory(error, size);
    for (int i = 0; i < pipeline.threads; i++)
        out->benches[i].pixels.allocator = out->benches[i].bytes.allocator = job->allocator;
    tile_status status = tile_pipeline_run(&pipeline, error);
    for (int i = 0; i < pipeline.threads; i++) {
        tile_buffer_free(&out->benches[i].pixels);
        tile_buffer_free(&out->benches[i].bytes);
    }
    tile_free(job->allocator, out->benches);
    if (status == TILE_OK)
        go_on(out); /* the last tiles; too late to stop */
    struct tile_watch watch = {.progress = ask_caller, .user = out};
    if (status == TILE_OK)
        status = tile_source_unchanged(job->source, &watch, error);
    if (out->damage_noted != TILE_OK && error)
        *error = out->damage_error;
    return out->damage_noted != TILE_OK ? out->damage_noted : status;
}

static tile_status say_what_stays(const struct output *out, tile_status status, struct tile_error *error) {
    return !error
               ? status
               : tile_error_advise(error, error->remedies, status,
                                   "%.300s (%" PRIu64 " tiles of it stay in the folder, the others are as they were)",
                                   error->message, out->result.written);
}

static tile_status run_tiles(struct output *out, struct tile_error *error) {
    const struct tile_job *job = out->job;
    struct tile_buffer head = {.allocator = job->allocator};
    tile_status status = tile_job_head(job, &head, error);
    struct tile_watch watch = {.progress = tile_job_ask, .user = (void *)job};
    if (status == TILE_OK) {
        struct tile_manifest_job which = {.folder = job->o.folder,
                                          .head = (const char *)head.data,
                                          .plan = job->plan,
                                          .suffix = tile_codec_name(job->codec),
                                          .overwrite = job->o.overwrite,
                                          .no_sync = job->o.no_sync,
                                          .memory = job->o.max_memory,
                                          .watch = &watch,
                                          .allocator = job->allocator};
        status = tile_manifest_open(&out->manifest, &which, error);
    }
    if (status == TILE_OK) {
        tile_folder_clean(job->o.folder);
        out->result.kept = out->done = tile_manifest_stored(out->manifest);
        status = run_pipeline(out, error);
        if (status == TILE_OK)
            status = tile_manifest_finish(out->manifest, error);
        /* Of a source that is bad or was swapped, no new tile is worth keeping; anything else can be resumed. */
        bool refused = status == TILE_BAD_DATA || status == TILE_UNSUPPORTED || status == TILE_SOURCE_CHANGED;
        if (refused && !tile_manifest_refuse(out->manifest))
            status = say_what_stays(out, status, error);
        tile_manifest_close(out->manifest);
    }
    tile_buffer_free(&head);
    return status;
}

/* Passes on what it is given, and counts it. */
struct counter {
    const struct tile_writer *to;
    uint64_t end;
};

static tile_status count_write(void *user, uint64_t offset, const void *data, size_t size, struct tile_error *error) {
    struct counter *counter = user;
    counter->end = offset + size > counter->end ? offset + size : counter->end;
    return counter->to->write_at(counter->to->user, offset, data, size, error);
}

static tile_status write_image(struct output *out, const struct tile_writer *to, struct tile_error *error) {
    struct tile_job *job = out->job;
    struct counter counter = {.to = to};
    struct tile_writer writer = {.user = &counter, .write_at = count_write};
    struct tile_encode_options options = job->encode;
    struct tile_watch finishing = {.progress = ask_caller, .user = out};
    options.progress = ask_encoding;
    options.user = out;
    out->encoding = &finishing;
    tile_status status = tile_encoder_new(&out->encoder, job->codec, job->write, job->area.width, job->area.height,
                                          &options, &writer, error);
    if (status == TILE_OK)
        status = run_pipeline(out, error);
    out->encoding = &finishing;
    if (status == TILE_OK)
        status = tile_encoder_finish(out->encoder, error);
    tile_encoder_free(out->encoder);
    if (status == TILE_OK)
        out->result.bytes = counter.end;
    return status;
}

static tile_status run_image(struct output *out, struct tile_error *error) {
    struct tile_job *job = out->job;
    tile_file *file;
    if (job->o.writer)
        return write_image(out, job->o.writer, error);
    tile_status status = tile_file_create(&file, job->o.image, job->o.overwrite, job->allocator, error);
    if (status != TILE_OK)
        return status;
    struct tile_writer writer = tile_file_writer(file);
    status = write_image(out, &writer, error);
    return tile_file_end(file, status, !job->o.no_sync, error);
}

tile_status tile_job_run(tile_source *source, const struct tile_job_options *options, struct tile_job_result *result,
                         struct tile_error *error) {
    struct tile_job job;
    struct output out = {.job = &job, .lock = PTHREAD_MUTEX_INITIALIZER};
    if (result)
        *result = out.result;
    if (!source)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "the source is NULL");
    tile_index *index = NULL;
    tile_wait_init(&out.turn_changed);
    tile_status status = tile_job_settle(&job, source, options, error);
    if (status == TILE_OK && !!job.o.folder + !!job.o.image + !!job.o.writer != 1)
        status = tile_error_set(error, TILE_INVALID_ARGUMENT,
                                "a job writes a folder, an image or to a writer: name one of the three");
    if (status == TILE_OK)
        status = tile_job_check_targets(&job, error);
    if (status == TILE_OK) {
        out.result.tiles = tile_plan_count(job.plan);
        status = tile_job_own_index(&job, &index, error);
    }
    if (status == TILE_OK)
        status = tile_job_is_image(&job) ? run_image(&out, error) : run_tiles(&out, error);
    if (index)
        tile_source_use_index(source, NULL, NULL);
    tile_index_free(index);
    tile_job_unsettle(&job);
    if (result)
        *result = out.result;
    return tile_job_name_error(source, status, error);
}
