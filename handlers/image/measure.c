/* SPDX-License-Identifier: MIT */
#include "measure.h"

#include "../base/deadline.h"

#include <inttypes.h>
#include <time.h>

enum {
    SAMPLES_LEAST = 3,
    SAMPLES_MOST = 8,
    /*
     * Parts of larger tiles that are measured, as wide as the tile: half a second of the slowest encoder's. A PNG is
     * inflated from a checkpoint on, which there is every 256 rows, so that fewer would seem slower than they are.
     */
    PART_PIXELS = 1 << 20,
    PART_ROWS = 256,
    PART_UNIT = 64,  /* a multiple of a JPEG's MCU, at which alone coefficients can be cut */
    PIXEL_BYTES = 40 /* of a part's, in memory: 5 floats, as they are read and as they are written */
};

static const double enough = 1, most = 10; /* seconds */

static double now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double measure_processor(void) {
    return now(CLOCK_THREAD_CPUTIME_ID);
}

static tile_status read_at(void *user, uint64_t offset, void *buffer, size_t length, struct tile_error *error) {
    struct waiting *waiting = user;
    double processor = measure_processor(), wall = now(CLOCK_MONOTONIC);
    tile_status status = waiting->reader.read_at(waiting->reader.user, offset, buffer, length, error);
    waiting->seconds += now(CLOCK_MONOTONIC) - wall - (measure_processor() - processor);
    return status;
}

struct tile_reader measure_reader(struct waiting *waiting) {
    struct tile_reader reader = waiting->reader;
    reader.user = waiting;
    reader.read_at = read_at;
    return reader;
}

static double over(double a, double b) {
    return a > b ? a - b : 0;
}

/* ---- What is made ---- */

struct sample {
    struct tile_region region;
    bool part; /* of a larger tile */
};

static uint64_t pixels_of(const struct tile_region *region) {
    return (uint64_t)region->width * region->height;
}

/* How many of its rows are measured: an eighth of the memory has room for them. */
static uint32_t rows_of(const struct measuring *m, const struct tile_region *region) {
    uint64_t rows = PART_PIXELS / region->width, room = m->call->memory / 8 / PIXEL_BYTES / region->width;
    rows = rows < PART_ROWS ? PART_ROWS : rows;
    rows = rows < room ? rows : room;
    rows = rows < PART_UNIT ? PART_UNIT : rows - rows % PART_UNIT;
    return rows < region->source.height ? (uint32_t)rows : region->source.height;
}

/* The i-th of `count`: the whole of a tile, or a part of it that is as far down in it as it is in the plan. */
static struct sample sample(const struct measuring *m, uint64_t i, uint64_t count) {
    const tile_plan *plan = tile_job_plan(m->job);
    double place = count > 1 ? (double)i / (double)(count - 1) : 0;
    struct tile_region region = tile_plan_region(plan, (uint64_t)(place * (double)(tile_plan_count(plan) - 1)));
    uint32_t rows = rows_of(m, &region), y = (uint32_t)(place * (region.source.height - rows));
    if (rows == region.source.height)
        return (struct sample){region, false};
    region.source.y += y - y % PART_UNIT;
    region.source.height = region.height = rows;
    region.width = region.source.width;
    region.left = region.top = 0;
    return (struct sample){region, true};
}

/* Orders them as they are decoded. */
static void sort_by_rows(const tile_source *source, struct sample *samples, uint64_t count) {
    for (uint64_t i = 1; i < count; i++)
        for (uint64_t j = i; j > 0 && tile_source_stored_rect(source, samples[j].region.source).y <
                                          tile_source_stored_rect(source, samples[j - 1].region.source).y;
             j--) {
            struct sample other = samples[j];
            samples[j] = samples[j - 1];
            samples[j - 1] = other;
        }
}

/* ---- How long it takes ---- */

static bool make(const struct measuring *m, const struct tile_region *region, struct spent *spent,
                 struct failure *failure) {
    struct tile_buffer bytes = {0}, record = {0};
    struct tile_error error;
    if (deadline_over(m->call->deadline))
        return failure_set(failure, FAILURE_OUT_OF_TIME, "%s: the deadline came when it was measured what a tile takes",
                           tile_source_info(m->source)->name);
    double processor = measure_processor(), waited = m->waiting->seconds;
    tile_status status = tile_job_tile(m->job, region, &bytes, &record, &error);
    spent->processor = measure_processor() - processor;
    spent->wait = over(m->waiting->seconds, waited);
    tile_buffer_free(&bytes);
    tile_buffer_free(&record);
    return status == TILE_OK || storage_failure_from(m->object, &error, failure);
}

/* Each task settles its options itself: a profile's tables take longer than a small tile. */
static bool settle(const struct measuring *m, double *processor, struct failure *failure) {
    tile_job *job;
    struct tile_error error;
    double begun = measure_processor();
    tile_status status = tile_job_new(&job, m->source, m->options, &error);
    *processor = measure_processor() - begun;
    tile_job_free(job);
    return status == TILE_OK || failure_from(failure, &error);
}

/* Of a part, as if it were the whole of a largest tile. A small tile at the edge takes more than its pixels do. */
static struct spent scale(const struct measuring *m, const struct sample *sample, struct spent spent) {
    double times = (double)m->largest / (double)pixels_of(&sample->region);
    if (!sample->part && times > 2)
        times = 2;
    return (struct spent){spent.processor * times, spent.wait * times};
}

static void add(struct spent *sum, struct spent spent) {
    sum->processor += spent.processor;
    sum->wait += spent.wait;
}

/* Made twice, a tile of a source without parts is decoded the first time alone. */
static bool measure_one(struct measured *out, const struct measuring *m, const struct sample *sample,
                        struct failure *failure) {
    struct spent first, second;
    if (!make(m, &sample->region, &first, failure) || (!out->parts && !make(m, &sample->region, &second, failure)))
        return false;
    if (!out->parts) {
        add(&out->once, (struct spent){over(first.processor, second.processor), over(first.wait, second.wait)});
        first = second;
    }
    struct spent spent = scale(m, sample, first);
    add(&out->tile, spent);
    if (spent.processor + spent.wait > out->slowest.processor + out->slowest.wait)
        out->slowest = spent;
    return true;
}

static bool is_enough(const struct measuring *m, uint64_t count, double begun) {
    double spent = now(CLOCK_MONOTONIC) - begun;
    double left = m->call->deadline == INT64_MAX ? 1e9 : (double)(m->call->deadline - deadline_now()) / 1e3;
    return (count >= SAMPLES_LEAST && spent > enough) || spent > most || spent > left / 10;
}

static bool check_memory(const struct measuring *m, struct failure *failure) {
    const struct tile_info *info = tile_source_info(m->source);
    return info->memory <= m->call->memory / 4 * 3 ||
           failure_set(failure, FAILURE_LIMIT_EXCEEDED,
                       "%s: decoding it takes %" PRIu64 " bytes of memory, and the function for plans has %" PRIu64
                       ": give it more",
                       info->name, info->memory, m->call->memory);
}

bool measure_tiles(struct measured *out, const struct measuring *m, struct failure *failure) {
    uint64_t tiles = tile_plan_count(tile_job_plan(m->job)), done = 0;
    uint64_t count = tiles < SAMPLES_MOST ? tiles : SAMPLES_MOST;
    struct sample samples[SAMPLES_MOST];
    double begun = now(CLOCK_MONOTONIC), settled;
    *out = (struct measured){.parts = tile_source_info(m->source)->parts};
    if (!out->parts || (count < SAMPLES_LEAST && m->largest > PART_PIXELS))
        count = SAMPLES_LEAST;
    for (uint64_t i = 0; i < count; i++)
        samples[i] = sample(m, i, count);
    if (!out->parts)
        sort_by_rows(m->source, samples, count);
    if (!check_memory(m, failure) || !settle(m, &settled, failure))
        return false;
    while (done < count && (done == 0 || !out->parts || !is_enough(m, done, begun)))
        if (!measure_one(out, m, &samples[done++], failure))
            return false;
    out->tile.processor = out->tile.processor / (double)done + settled + m->open;
    out->tile.wait /= (double)done;
    out->slowest.processor += settled + m->open;
    return true;
}
