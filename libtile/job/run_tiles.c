/* SPDX-License-Identifier: MIT */
/* A run that makes a folder of tiles: convert -> encode -> store -> note, on each thread. */
#include "../base/error.h"
#include "../base/memory.h"
#include "../plan/for_job.h"
#include "folder.h"
#include "journal.h"
#include "make.h"
#include "manifest.h"
#include "run.h"

#include <inttypes.h>
#include <string.h>

struct tiles {
    struct tile_run *run;
    struct tile_manifest *manifest; /* under the run's lock */
    tile_status damage_noted;       /* whether that worked */
    struct tile_error damage_error;
};

static tile_status write_file(const struct tile_job *job, const char *name, bool replace,
                              const struct tile_buffer *bytes, struct tile_error *error) {
    char *path = tile_join_path(job->allocator, job->o.folder, name);
    if (!path)
        return tile_no_memory(error, strlen(job->o.folder));
    tile_file *file;
    tile_status status = tile_folder_make_within(job->o.folder, name, job->allocator, error);
    if (status == TILE_OK)
        status = tile_file_create(&file, path, replace, job->allocator, error);
    tile_free(job->allocator, path);
    if (status != TILE_OK)
        return status;
    struct tile_writer writer = tile_file_writer(file);
    status = writer.write_at(writer.user, 0, bytes->data, bytes->size, error);
    return tile_file_end(file, status, false, error); /* all of them are synced at the end */
}

static tile_status store(struct tiles *tiles, uint64_t index, const struct tile_buffer *bytes,
                         struct tile_error *error) {
    char name[TILE_NAME_SIZE];
    bool replace;
    pthread_mutex_lock(&tiles->run->lock);
    tile_status status = tile_manifest_expect(tiles->manifest, index, &replace, error);
    pthread_mutex_unlock(&tiles->run->lock);
    if (status != TILE_OK)
        return status;
    tile_manifest_name(tiles->manifest, index, name);
    return write_file(tiles->run->job, name, replace, bytes, error);
}

static tile_status note(struct tiles *tiles, uint64_t index, const struct tile_record *record,
                        struct tile_error *error) {
    struct tile_run *run = tiles->run;
    pthread_mutex_lock(&run->lock);
    tile_status status = tile_manifest_add(tiles->manifest, index, record, error);
    if (status == TILE_OK) {
        run->done++;
        run->result.written++;
        run->result.bytes += record->bytes;
    }
    pthread_mutex_unlock(&run->lock);
    return status;
}

/* ---- The pipeline's hooks ---- */

static tile_status make_tile(void *user, int thread, uint64_t index, const struct tile_region *region,
                             const struct tile_image *pixels, struct tile_watch *watch, struct tile_error *error) {
    struct tiles *tiles = user;
    const struct tile_job *job = tiles->run->job;
    struct tile_scratch *scratch = &tiles->run->scratch[thread];
    struct tile_image tile;
    struct tile_record record;
    scratch->bytes.size = 0;
    tile_status status = tile_job_convert(job, region, pixels, &scratch->pixels, &tile, watch, error);
    if (status == TILE_OK)
        status = tile_job_encode(job, &scratch->maker, &tile, &scratch->bytes, &record, watch, error);
    if (status == TILE_OK)
        status = store(tiles, index, &scratch->bytes, error);
    return status == TILE_OK ? note(tiles, index, &record, error) : status;
}

/* Of a lossless job. */
static tile_status splice_tile(void *user, int thread, uint64_t index, const struct tile_region *region,
                               const struct tile_image *pixels, struct tile_watch *watch, struct tile_error *error) {
    struct tiles *tiles = user;
    struct tile_scratch *scratch = &tiles->run->scratch[thread];
    struct tile_record record;
    (void)pixels; /* there are none */
    scratch->bytes.size = 0;
    tile_status status =
        tile_job_splice(tiles->run->job, region, &scratch->pixels, &scratch->bytes, &record, watch, error);
    if (status == TILE_OK)
        status = store(tiles, index, &scratch->bytes, error);
    return status == TILE_OK ? note(tiles, index, &record, error) : status;
}

static bool is_wanted(void *user, uint64_t index) {
    struct tiles *tiles = user;
    pthread_mutex_lock(&tiles->run->lock);
    bool wanted = !tile_manifest_has(tiles->manifest, index);
    pthread_mutex_unlock(&tiles->run->lock);
    return wanted;
}

/* On the thread that reads: also the time to note what a lenient source has let pass. */
static bool go_on(void *user) {
    struct tiles *tiles = user;
    const char *damage = tile_source_damage(tiles->run->job->source);
    if (damage && tiles->damage_noted == TILE_OK) {
        pthread_mutex_lock(&tiles->run->lock);
        tiles->damage_noted = tile_manifest_add_damage(tiles->manifest, damage, &tiles->damage_error);
        pthread_mutex_unlock(&tiles->run->lock);
    }
    return tiles->damage_noted == TILE_OK && tile_run_ask(tiles->run);
}

static void give_up(void *user) {
    (void)user; /* no tile waits for another */
}

/* ---- The run ---- */

static tile_status make_tiles(struct tiles *tiles, struct tile_error *error) {
    const struct tile_job *job = tiles->run->job;
    uint64_t splicing = job->o.lossless ? tile_splice_memory(job, job->largest_pixels) : 0;
    if (splicing > job->o.max_memory)
        return tile_error_advise(error, TILE_REMEDY_MEMORY, TILE_LIMIT_EXCEEDED,
                                 "cutting a tile takes %ju bytes of memory, the limit is %ju bytes",
                                 (uintmax_t)splicing, (uintmax_t)job->o.max_memory);
    struct tile_pipeline pipeline = {
        .user = tiles,
        .wanted = is_wanted,
        .work = job->o.lossless ? splice_tile : make_tile,
        .go_on = go_on,
        .give_up = give_up,
    };
    tile_status status = tile_run_pipeline(tiles->run, &pipeline, error);
    if (tiles->damage_noted != TILE_OK && error)
        *error = tiles->damage_error;
    return tiles->damage_noted != TILE_OK ? tiles->damage_noted : status;
}

static tile_status open_manifest(struct tile_manifest **out, const struct tile_job *job, const char *head,
                                 struct tile_error *error) {
    struct tile_watch watch = {.progress = tile_job_ask, .user = (void *)job};
    struct tile_manifest_job which = {.folder = job->o.folder,
                                      .head = head,
                                      .plan = job->plan,
                                      .suffix = tile_codec_name(job->codec),
                                      .overwrite = job->o.overwrite,
                                      .no_sync = job->o.no_sync,
                                      .memory = job->o.max_memory,
                                      .watch = &watch,
                                      .allocator = job->allocator};
    return tile_manifest_open(out, &which, error);
}

static tile_status say_what_stays(const struct tile_run *run, tile_status status, struct tile_error *error) {
    return !error
               ? status
               : tile_error_advise(error, error->remedies, status,
                                   "%.300s (%" PRIu64 " tiles of it stay in the folder, the others are as they were)",
                                   error->message, run->result.written);
}

tile_status tile_run_tiles(struct tile_run *run, struct tile_error *error) {
    const struct tile_job *job = run->job;
    struct tiles tiles = {.run = run};
    struct tile_buffer head = {.allocator = job->allocator};
    tile_status status = tile_job_head(job, &head, error);
    if (status == TILE_OK)
        status = open_manifest(&tiles.manifest, job, (const char *)head.data, error);
    if (status == TILE_OK) {
        tile_folder_clean_within(job->o.folder, tile_plan_depth(job->plan));
        run->result.kept = run->done = tile_manifest_stored(tiles.manifest);
        status = make_tiles(&tiles, error);
        if (status == TILE_OK)
            status = tile_manifest_finish(tiles.manifest, error);
        /* Of a source that is bad or was swapped, no new tile is worth keeping; anything else can be resumed. */
        bool refused = status == TILE_BAD_DATA || status == TILE_UNSUPPORTED || status == TILE_SOURCE_CHANGED;
        if (refused && !tile_manifest_refuse(tiles.manifest))
            status = say_what_stays(run, status, error);
        tile_manifest_close(tiles.manifest);
    }
    tile_buffer_free(&head);
    return status;
}
