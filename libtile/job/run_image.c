/* SPDX-License-Identifier: MIT */
/* A run that makes one new image: strips are converted and packed by all threads, and written one after the other. */
#include "../base/wait.h"
#include "../encode/for_job.h"
#include "make.h"
#include "run.h"

struct image {
    struct tile_run *run;
    tile_encoder *encoder;
    struct tile_watch *encoding; /* of the thread that encodes */

    /* Under the run's lock. */
    pthread_cond_t turn_changed;
    uint64_t turn; /* the strip that is to be encoded next */
    bool given_up;
};

/* ---- The pipeline's hooks ---- */

/* False: another thread has failed, and says so. */
static bool await_turn(struct image *image, uint64_t index, struct tile_watch *watch, tile_status *status,
                       struct tile_error *error) {
    pthread_mutex_t *lock = &image->run->lock;
    pthread_mutex_lock(lock);
    while (*status == TILE_OK && image->turn != index && !image->given_up) {
        tile_wait_some(&image->turn_changed, lock);
        pthread_mutex_unlock(lock);
        *status = tile_watch_ask(watch, error);
        pthread_mutex_lock(lock);
    }
    bool given_up = image->given_up;
    pthread_mutex_unlock(lock);
    return !given_up;
}

static void end_turn(struct image *image) {
    pthread_mutex_lock(&image->run->lock);
    image->turn++;
    image->run->done++;
    image->run->result.written++;
    pthread_cond_broadcast(&image->turn_changed);
    pthread_mutex_unlock(&image->run->lock);
}

/* A strip is a piece of the file. */
static tile_status pack(const struct image *image, struct tile_scratch *scratch, uint32_t first,
                        const struct tile_image *strip, struct tile_watch *watch, struct tile_error *error) {
    tile_status status = scratch->piece ? TILE_OK : tile_piece_new(&scratch->piece, image->encoder, error);
    return status == TILE_OK ? tile_encoder_pack(image->encoder, scratch->piece, first, strip, watch, error) : status;
}

static tile_status make_strip(void *user, int thread, uint64_t index, const struct tile_region *region,
                              const struct tile_image *pixels, struct tile_watch *watch, struct tile_error *error) {
    struct image *image = user;
    struct tile_run *run = image->run;
    struct tile_scratch *scratch = &run->scratch[thread];
    struct tile_image strip;
    tile_status status = tile_job_convert(run->job, region, pixels, &scratch->pixels, &strip, watch, error);
    if (status == TILE_OK && run->job->pieces)
        status = pack(image, scratch, region->source.y - run->job->area.y, &strip, watch, error);
    if (!await_turn(image, index, watch, &status, error))
        return TILE_OK;
    if (status == TILE_OK) {
        image->encoding = watch;
        status = run->job->pieces ? tile_encoder_put_piece(image->encoder, scratch->piece, error)
                                  : tile_encoder_write(image->encoder, &strip, error);
    }
    if (status == TILE_OK)
        end_turn(image);
    return status;
}

static bool is_wanted(void *user, uint64_t index) {
    (void)user;
    (void)index;
    return true;
}

static bool go_on(void *user) {
    struct image *image = user;
    return tile_run_ask(image->run);
}

static void give_up(void *user) {
    struct image *image = user;
    pthread_mutex_lock(&image->run->lock);
    image->given_up = true;
    pthread_cond_broadcast(&image->turn_changed);
    pthread_mutex_unlock(&image->run->lock);
}

/* ---- The run ---- */

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

/* The encoder's hook. */
static bool ask_encoding(void *user, const struct tile_progress *progress) {
    const struct image *image = user;
    return tile_watch_relay(image->encoding, progress);
}

/* The same where the calling thread finishes the image. */
static bool ask_caller(void *user, const struct tile_progress *progress) {
    (void)progress; /* the encoder's */
    return tile_run_ask(user);
}

static tile_status write_image(struct tile_run *run, const struct tile_writer *to, struct tile_error *error) {
    const struct tile_job *job = run->job;
    struct counter counter = {.to = to};
    struct tile_writer writer = {.user = &counter, .write_at = count_write};
    struct tile_watch finishing = {.progress = ask_caller, .user = run};
    struct image image = {.run = run, .encoding = &finishing};
    struct tile_encode_options options = job->encode;
    struct tile_pipeline pipeline = {
        .in_order = true,
        .user = &image,
        .wanted = is_wanted,
        .work = make_strip,
        .go_on = go_on,
        .give_up = give_up,
    };
    options.progress = ask_encoding;
    options.user = &image;
    tile_wait_init(&image.turn_changed);
    tile_status status = tile_encoder_new(&image.encoder, job->codec, job->write, job->area.width, job->area.height,
                                          &options, &writer, error);
    if (status == TILE_OK)
        status = tile_run_pipeline(run, &pipeline, error);
    image.encoding = &finishing;
    if (status == TILE_OK)
        status = tile_encoder_finish(image.encoder, error);
    tile_encoder_free(image.encoder);
    pthread_cond_destroy(&image.turn_changed);
    if (status == TILE_OK)
        run->result.bytes = counter.end;
    return status;
}

tile_status tile_run_image(struct tile_run *run, struct tile_error *error) {
    const struct tile_job *job = run->job;
    tile_file *file;
    if (job->o.writer)
        return write_image(run, job->o.writer, error);
    tile_status status = tile_file_create(&file, job->o.image, job->o.overwrite, job->allocator, error);
    if (status != TILE_OK)
        return status;
    struct tile_writer writer = tile_file_writer(file);
    status = write_image(run, &writer, error);
    return tile_file_end(file, status, !job->o.no_sync, error);
}
