/* SPDX-License-Identifier: MIT */
#include "work.h"

#include "../base/deadline.h"
#include "../base/log.h"
#include "../base/metrics.h"
#include "../base/parallel.h"
#include "opened.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What the process itself takes: code, threads, connections, the event. */
#define OWN_MEMORY ((uint64_t)64 << 20)

/* A tile that is being made. */
struct making {
    struct task *task;
    struct opened *opened; /* NULL: the task has failed before */
    tile_job *job;
    struct tile_range *ranges; /* bytes of the source that it takes, as far as they are known */
    size_t range_count;
};

struct wave {
    struct call *call;
    struct making tiles[OPENED_MOST];
    size_t count;
    bool all;
    size_t all_count;    /* of all waves */
    _Atomic size_t made; /* tiles, of earlier waves, too */
    uint64_t budget;     /* bytes that all tiles and what is fetched for them may take */
    struct opened_set set;
};

json_t *work_sum(const struct task *tasks, size_t count) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += tasks[i].written;
    return json_pack("{sI sI}", "tiles", (json_int_t)count, "bytes", (json_int_t)bytes);
}

/* The end of a task, and with `all` of all of them: what parallel_run is told. */
static bool end(const struct wave *wave, struct task *task, struct failure *failure) {
    task->failed = true;
    task->failure = *failure;
    if (!wave->all)
        return true;
    return task->output && wave->count > 1 ? failure_at(failure, task->output) : false;
}

/* ---- Objects ---- */

static bool reads(const struct making *tile, const struct pinned *pinned) {
    return tile->opened && tile->opened->pinned == pinned;
}

static bool pin(void *user, uint64_t index, struct failure *failure) {
    struct wave *wave = user;
    struct pinned *pinned = &wave->set.pinned[index];
    if (opened_pin(&wave->set, pinned, failure))
        return true;
    for (size_t i = 0; i < wave->count; i++)
        if (reads(&wave->tiles[i], pinned) && !end(wave, wave->tiles[i].task, failure))
            return false;
    return true;
}

/* All that the tasks will read of it. Where that does not work, they find out what of it concerns them. */
static bool fetch(void *user, uint64_t index, struct failure *failure) {
    struct wave *wave = user;
    struct pinned *pinned = &wave->set.pinned[index];
    size_t count = 0;
    for (size_t i = 0; i < wave->count; i++)
        if (reads(&wave->tiles[i], pinned))
            count += wave->tiles[i].range_count;
    if (count == 0)
        return true;
    struct tile_range *ranges = malloc(count * sizeof *ranges);
    if (!ranges)
        return true;
    count = 0;
    for (size_t i = 0; i < wave->count; i++) {
        const struct making *tile = &wave->tiles[i];
        if (reads(tile, pinned) && tile->range_count) {
            memcpy(ranges + count, tile->ranges, tile->range_count * sizeof *ranges);
            count += tile->range_count;
        }
    }
    opened_fetch(pinned, ranges, count, wave->budget / 8 / wave->set.pinned_count, failure);
    free(ranges);
    return true;
}

/* ---- What is to be made of which pixels ---- */

static bool find_ranges(struct making *tile, struct failure *failure) {
    const struct opened *opened = tile->opened;
    struct tile_rect rect = tile->task->region.source;
    struct tile_error error;
    size_t count;
    if (!opened->pinned || !opened->index)
        return true;
    if (tile_source_ranges(opened->source, rect, NULL, 0, &count, &error) != TILE_OK)
        return opened_failure(opened, &error, failure);
    tile->ranges = malloc((count ? count : 1) * sizeof *tile->ranges);
    if (!tile->ranges)
        return failure_set(failure, FAILURE_OUT_OF_MEMORY, "%s: no memory", tile->task->source);
    tile->range_count = count;
    return tile_source_ranges(opened->source, rect, tile->ranges, count, &count, &error) == TILE_OK ||
           opened_failure(opened, &error, failure);
}

/* The library says this, too, but not of regions that end beyond 32 bits. */
static bool check_region(struct tile_rect r, const struct tile_info *info, struct failure *failure) {
    return ((uint64_t)r.x + r.width <= info->width && (uint64_t)r.y + r.height <= info->height) ||
           failure_set(failure, FAILURE_BAD_REQUEST,
                       "%s: the region %u,%u,%u,%u is not within the image's %u x %u pixels", info->name, r.x, r.y,
                       r.width, r.height, info->width, info->height);
}

static bool settle(struct wave *wave, struct making *tile, struct failure *failure) {
    struct task *task = tile->task;
    tile_source *source = tile->opened->source;
    const struct tile_info *info = tile_source_info(source);
    struct tile_region *region = &task->region;
    struct tile_job_options options = task->options.job;
    struct tile_error error;
    const struct pinned *pinned = tile->opened->pinned;
    if (pinned && task->output && storage_is(pinned->object, task->output))
        return failure_set(failure, FAILURE_BAD_REQUEST, "output: is the source, %s", task->source);
    options.encode = &task->options.encode; /* the task's options may have been moved */
    options.grid = &task->options.grid;
    options.progress = deadline_ask;
    options.user = &wave->call->deadline;
    if (!task->options.has_region)
        region->source = (struct tile_rect){0, 0, info->width, info->height};
    if (!check_region(region->source, info, failure))
        return false;
    if (region->width == 0) {
        region->width = region->source.width;
        region->height = region->source.height;
    }
    if (wave->budget < (options.max_memory ? options.max_memory : (uint64_t)1 << 30))
        options.max_memory = wave->budget;
    if (tile_job_new(&tile->job, source, &options, &error) != TILE_OK)
        return failure_from(failure, &error);
    task->codec = tile_job_codec(tile->job);
    return find_ranges(tile, failure);
}

static bool open_and_settle(void *user, uint64_t index, struct failure *failure) {
    struct wave *wave = user;
    struct opened *opened = &wave->set.opened[index];
    bool done = opened->task->failed || opened_open(&wave->set, opened, failure);
    /* Of an image that is converted whole; of one that was planned, the plan has told. */
    const char *note;
    for (size_t i = 0; done && !opened->task->failed && !opened->task->options.has_region &&
                       (note = tile_source_note(opened->source, i));
         i++)
        log_line(LOG_WARN, wave->call->id, "%s: %s", tile_source_info(opened->source)->name, note);
    for (size_t i = 0; i < wave->count; i++) {
        struct making *tile = &wave->tiles[i];
        if (tile->opened == opened && !tile->task->failed && (!done || !settle(wave, tile, failure)) &&
            !end(wave, tile->task, failure))
            return false;
    }
    return true;
}

/* ---- Tiles ---- */

/* How many tiles are made at once; those that are larger than memory are not made. */
static bool count_threads(struct wave *wave, int *threads, struct failure *failure) {
    uint64_t largest = 1;
    for (size_t i = 0; i < wave->count; i++) {
        const struct making *tile = &wave->tiles[i];
        struct task *task = tile->task;
        uint64_t memory = task->failed ? 0 : tile_job_memory(tile->job, &task->region);
        if (memory > wave->budget) {
            failure_set(failure, FAILURE_LIMIT_EXCEEDED,
                        "%s: a tile of %u x %u pixels takes %" PRIu64 " bytes of memory; this function has %" PRIu64
                        " for it: make smaller tiles, or give it more memory",
                        tile_source_info(tile->opened->source)->name, task->region.width, task->region.height, memory,
                        wave->budget);
            if (!end(wave, task, failure))
                return false;
        } else if (memory > largest) {
            largest = memory;
        }
    }
    uint64_t fit = wave->budget / 4 * 3 / largest, most = 2 * (uint64_t)parallel_processors() + 6;
    *threads = fit > most ? (int)most : fit ? (int)fit : 1;
    return true;
}

static bool store(struct call *call, struct task *task, const struct tile_buffer *record, struct failure *failure) {
    double start = metrics_now();
    char note[STORAGE_NOTE_MOST];
    if (record->size >= sizeof note)
        return failure_set(failure, FAILURE_UNSUPPORTED, "its record has %zu bytes", record->size);
    memcpy(note, record->data, record->size);
    note[record->size] = '\0';
    struct storage_put_options options = {
        .type = tile_codec_media_type(task->codec), .note = note, .keep = task->options.keep};
    bool done = storage_put(call->storage, task->output, task->bytes.data, task->bytes.size, &options, failure);
    tile_buffer_free(&task->bytes);
    metrics_add(call->metrics, METRIC_STORE_MS, metrics_now() - start);
    return done;
}

/*
 * What alone had most of an invocation's time will not fit in another's either. That a store was slow is passing, and
 * has been told.
 */
static bool out_of_time(const struct wave *wave, const struct task *task, int64_t begun, struct failure *failure) {
    const struct call *call = wave->call;
    if (wave->all_count == 1 && call->deadline - begun >= (call->deadline - call->begun) / 4 * 3)
        return failure_set(
            failure, FAILURE_TIMEOUT_TOO_SHORT,
            "a tile of %u x %u pixels takes more than the %.1f s that this function had for it: make smaller "
            "tiles, or give it more time and memory",
            task->region.width, task->region.height, (double)(call->deadline - begun) / 1000);
    return failure_set(failure, FAILURE_OUT_OF_TIME, "the deadline came when %zu of %zu tiles were made", wave->made,
                       wave->all_count);
}

static bool tile_failed(const struct wave *wave, const struct making *tile, int64_t begun,
                        const struct tile_error *error, struct failure *failure) {
    const struct opened *opened = tile->opened;
    struct failure read;
    if (error->status == TILE_CANCELLED && !(opened->pinned && storage_reader_failed(opened->pinned->object, &read)))
        return out_of_time(wave, tile->task, begun, failure);
    return opened_failure(opened, error, failure);
}

static bool make(struct wave *wave, const struct making *tile, struct failure *failure) {
    struct task *task = tile->task;
    struct call *call = wave->call;
    struct tile_buffer record = {0};
    struct tile_error error;
    int64_t begun = deadline_now();
    double start = metrics_now();
    if (deadline_over(call->deadline)) {
        out_of_time(wave, task, begun, failure);
        return end(wave, task, failure);
    }
    bool done = tile_job_tile(tile->job, &task->region, &task->bytes, &record, &error) == TILE_OK ||
                tile_failed(wave, tile, begun, &error, failure);
    task->written = task->bytes.size;
    metrics_add(call->metrics, METRIC_CONVERT_MS, metrics_now() - start);
    done = done && (!task->output || store(call, task, &record, failure));
    if (done && task->records)
        task->record = record;
    else
        tile_buffer_free(&record);
    if (!done)
        tile_buffer_free(&task->bytes); /* there may be thousands of tasks */
    if (done) {
        wave->made++;
        metrics_add(call->metrics, METRIC_TILES, 1);
        metrics_add(call->metrics, METRIC_PIXELS, (double)task->region.width * task->region.height);
    }
    return done || end(wave, task, failure);
}

struct place {
    uint32_t y;
    const struct making *tile;
};

static int by_y(const void *a, const void *b) {
    const struct place *p = a, *q = b;
    return p->y < q->y ? -1 : p->y > q->y;
}

/*
 * Tiles of a source without an index, from its top down: what was decoded serves the next one, too. The source may hold
 * all of its pixels, and is closed at once: no more of them are open than threads that were found to fit.
 */
static bool make_from_top(struct wave *wave, struct opened *opened, struct failure *failure) {
    struct place places[OPENED_MOST];
    size_t count = 0;
    bool done = true;
    for (size_t i = 0; i < wave->count; i++) {
        const struct making *tile = &wave->tiles[i];
        if (tile->opened == opened && !tile->task->failed)
            places[count++] =
                (struct place){tile_source_stored_rect(opened->source, tile->task->region.source).y, tile};
    }
    qsort(places, count, sizeof *places, by_y);
    for (size_t i = 0; i < count && done; i++)
        done = make(wave, places[i].tile, failure);
    tile_source_close(opened->source);
    opened->source = NULL;
    return done;
}

static bool make_some(void *user, uint64_t i, struct failure *failure) {
    struct wave *wave = user;
    const struct making *tile = &wave->tiles[i];
    struct opened *opened = tile->opened;
    if (!opened)
        return true;
    if (opened->index)
        return tile->task->failed || make(wave, tile, failure);
    for (size_t j = 0; j < i; j++) /* whoever comes first does all of them */
        if (wave->tiles[j].opened == opened)
            return true;
    return make_from_top(wave, opened, failure);
}

/* ---- All of it ---- */

static bool run(struct wave *wave, struct failure *failure) {
    const int requests = 16; /* that wait for the store, rather than for a processor */
    int threads;
    double start = metrics_now();
    for (size_t i = 0; i < wave->count; i++)
        if (!wave->tiles[i].task->failed)
            wave->tiles[i].opened = opened_for(&wave->set, wave->tiles[i].task);
    bool done = parallel_run(wave->set.pinned_count, requests, pin, wave, failure) &&
                parallel_run(wave->set.opened_count, parallel_processors(), open_and_settle, wave, failure) &&
                parallel_run(wave->set.pinned_count, requests, fetch, wave, failure) &&
                count_threads(wave, &threads, failure);
    metrics_add(wave->call->metrics, METRIC_OPEN_MS, metrics_now() - start);
    return done && parallel_run(wave->count, threads, make_some, wave, failure);
}

bool work_do(struct call *call, struct task *tasks, size_t count, bool all, struct failure *failure) {
    uint64_t budget = call->memory > 2 * OWN_MEMORY ? call->memory - OWN_MEMORY : call->memory / 2;
    size_t made = 0;
    bool done = true;
    for (size_t from = 0; from < count && done; from += OPENED_MOST) {
        struct wave *wave = calloc(1, sizeof *wave);
        if (!wave)
            return failure_set(failure, FAILURE_OUT_OF_MEMORY, "%zu tasks: no memory", count);
        wave->call = call;
        wave->count = count - from < OPENED_MOST ? count - from : OPENED_MOST;
        for (size_t i = 0; i < wave->count; i++)
            wave->tiles[i].task = &tasks[from + i];
        wave->all = all;
        wave->all_count = count;
        wave->made = made;
        wave->budget = budget;
        wave->set.storage = call->storage;
        wave->set.deadline = &call->deadline;
        wave->set.memory = budget;
        done = run(wave, failure);
        made = wave->made;
        for (size_t i = 0; i < wave->count; i++) {
            tile_job_free(wave->tiles[i].job);
            free(wave->tiles[i].ranges);
        }
        opened_close(&wave->set);
        free(wave);
    }
    return done;
}
