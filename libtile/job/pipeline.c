/* SPDX-License-Identifier: MIT */
#include "pipeline.h"

#include "../base/error.h"
#include "../base/memory.h"
#include "../base/pixels.h"
#include "../base/wait.h"
#include "../source/for_job.h"
#include "order.h"

#include <pthread.h>

/* A place for a band's pixels, and how far the work on it is. */
struct slot {
    void *memory;
    size_t capacity;
    struct tile_image pixels;
    struct tile_rect rect; /* of the pixels, upright */
    struct tile_band band;
    bool ready;     /* the pixels are there; until then they are the reading thread's alone */
    uint64_t next;  /* member of the band to begin with */
    uint64_t still; /* members that are not done */
};

struct run {
    const struct tile_pipeline *p;
    bool any_reads; /* any thread may read, not the calling one alone */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* any of what follows */
    struct tile_band_order *order;
    uint64_t next_band, bands;
    struct slot *slots; /* a ring: bands get their slots, and are begun, in their order */
    int slot_count;
    int first;          /* oldest slot in use */
    int in_use;         /* slots */
    tile_status status; /* of the first failure */
    struct tile_error error;
    _Atomic bool stop; /* there was one: what is being worked on will not be needed */
};

static void note_failure(struct run *run, tile_status status, const struct tile_error *error) {
    pthread_mutex_lock(&run->lock);
    bool first = run->status == TILE_OK;
    if (first) {
        run->status = status;
        run->error = *error;
    }
    run->stop = true;
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
    if (first)
        run->p->give_up(run->p->user);
}

/* What the watches of the calling thread and of the others ask. They stop for a failure elsewhere, too. */
static bool ask_caller(void *user, const struct tile_progress *progress) {
    struct run *run = user;
    (void)progress; /* of a part of the work */
    return !run->stop && run->p->go_on(run->p->user);
}

static bool ask_run(void *user, const struct tile_progress *progress) {
    const struct run *run = user;
    (void)progress;
    return !run->stop;
}

static struct tile_watch watch_of(struct run *run, int thread) {
    return (struct tile_watch){.progress = thread == 0 ? ask_caller : ask_run, .user = run};
}

static void go_on(struct run *run) {
    struct tile_error error;
    struct tile_watch watch = watch_of(run, 0);
    tile_status status = tile_watch_ask(&watch, &error);
    if (status != TILE_OK)
        note_failure(run, status, &error);
}

/* Takes the next region that is to be begun; false if there is none now. */
static bool take(struct run *run, struct slot **slot, uint64_t *index) {
    for (int i = 0; i < run->in_use; i++) {
        struct slot *s = &run->slots[(run->first + i) % run->slot_count];
        if (!s->ready && run->p->in_order)
            return false;
        if (s->ready && s->next < s->band.count) {
            *slot = s;
            *index = tile_band_member(run->order, &s->band, s->next++);
            return true;
        }
    }
    return false;
}

/* Frees the slots that are done, as far as the oldest ones are. */
static void retire(struct run *run) {
    while (run->in_use && run->slots[run->first].still == 0) {
        run->first = (run->first + 1) % run->slot_count;
        run->in_use--;
    }
    pthread_cond_broadcast(&run->changed);
}

/* Works on the next region. False: there is none. Called and left with the lock held, which is not held meanwhile. */
static bool work_next(struct run *run, int thread) {
    const struct tile_pipeline *p = run->p;
    struct slot *s;
    uint64_t index;
    if (!take(run, &s, &index))
        return false;
    pthread_mutex_unlock(&run->lock);
    struct tile_error error = {0};
    struct tile_watch watch = watch_of(run, thread);
    tile_status status = TILE_OK;
    if (p->wanted(p->user, index)) {
        struct tile_region region = tile_plan_region(p->plan, index);
        struct tile_rect within = region.source;
        within.x -= s->rect.x;
        within.y -= s->rect.y;
        struct tile_image pixels = {0};
        if (!p->unread)
            pixels = tile_image_view(&s->pixels, within);
        status = p->work(p->user, thread, index, &region, p->unread ? NULL : &pixels, &watch, &error);
    }
    if (status != TILE_OK)
        note_failure(run, status, &error);
    pthread_mutex_lock(&run->lock);
    s->still--;
    retire(run);
    return true;
}

/* The rectangle that the band's wanted members need; false if none is wanted. */
static bool band_rect(struct run *run, const struct tile_band *band, struct tile_rect *rect) {
    bool any = false;
    for (uint64_t i = 0; i < band->count; i++) {
        uint64_t index = tile_band_member(run->order, band, i);
        if (!run->p->wanted(run->p->user, index))
            continue;
        struct tile_rect r = tile_plan_region(run->p->plan, index).source;
        *rect = any ? tile_rect_union(*rect, r) : r;
        any = true;
    }
    return any;
}

static tile_status read_band(struct run *run, int thread, struct slot *s, struct tile_error *error) {
    const struct tile_pipeline *p = run->p;
    size_t row, size;
    if (!tile_mul(&row, s->rect.width, tile_format_step(p->format)) || !tile_mul(&size, row, s->rect.height))
        size = SIZE_MAX;
    if (size > s->capacity) {
        tile_free(p->allocator, s->memory);
        s->capacity = 0;
        s->memory = tile_alloc(p->allocator, size);
        if (!s->memory)
            return tile_no_memory(error, size);
        s->capacity = size;
    }
    s->pixels = (struct tile_image){.format = p->format,
                                    .width = s->rect.width,
                                    .height = s->rect.height,
                                    .plane = {s->memory},
                                    .stride = (ptrdiff_t)row};
    struct tile_watch watch = watch_of(run, thread);
    return tile_source_read_watched(p->source, s->rect, &s->pixels, &watch, error);
}

/* Reads the next band, if there is one and a slot for it; else false. The lock as above. */
static bool read_next(struct run *run, int thread) {
    if (run->next_band == run->bands || run->in_use == run->slot_count)
        return false;
    struct slot *s = &run->slots[(run->first + run->in_use++) % run->slot_count];
    s->band = tile_band_order_get(run->order, run->next_band++);
    s->ready = false;
    s->next = 0;
    s->still = s->band.count;
    pthread_mutex_unlock(&run->lock);
    struct tile_error error = {0};
    bool any = band_rect(run, &s->band, &s->rect);
    tile_status status = any && !run->p->unread ? read_band(run, thread, s, &error) : TILE_OK;
    if (status != TILE_OK)
        note_failure(run, status, &error);
    pthread_mutex_lock(&run->lock);
    s->ready = true;
    if (!any) {
        s->next = s->band.count;
        s->still = 0;
    }
    retire(run);
    return true;
}

/* Reads and works until all is done. The calling thread (0) reads whenever it can, so that the others have work. */
static void run_thread(struct run *run, int thread) {
    pthread_mutex_lock(&run->lock);
    while (run->status == TILE_OK && (run->next_band < run->bands || run->in_use)) {
        bool any =
            (thread == 0 && read_next(run, 0)) || work_next(run, thread) || (run->any_reads && read_next(run, thread));
        if (!any && thread != 0)
            pthread_cond_wait(&run->changed, &run->lock);
        else if (!any)
            tile_wait_some(&run->changed, &run->lock);
        if (thread != 0)
            continue;
        pthread_mutex_unlock(&run->lock);
        go_on(run);
        pthread_mutex_lock(&run->lock);
    }
    pthread_mutex_unlock(&run->lock);
}

struct helper {
    struct run *run;
    pthread_t thread;
    int number;
};

static void *help(void *user) {
    struct helper *helper = user;
    run_thread(helper->run, helper->number);
    return NULL;
}

/*
 * How many bands to hold: two, so that one is read while the other is worked on; more where a band has too few regions
 * to keep every thread at work, or where all threads read, as far as the memory goes.
 */
static tile_status choose_slots(struct run *run, struct tile_error *error) {
    const struct tile_pipeline *p = run->p;
    const uint64_t region_work = 64; /* a step of the watch is looked through in some 10 us */
    struct tile_watch watch = watch_of(run, 0);
    uint64_t largest = 0, reading = 0, least_members = UINT64_MAX;
    uint32_t end = 0; /* of the rows that the bands so far need */
    bool once = true; /* no row of the file is read for two bands */
    if (p->unread) {
        run->slot_count = p->threads + 1;
        return TILE_OK;
    }
    for (uint64_t i = 0; i < run->bands; i++) {
        struct tile_band band = tile_band_order_get(run->order, i);
        struct tile_rect rect;
        tile_status status = tile_watch_pass(&watch, band.count * region_work, error);
        if (status != TILE_OK)
            return status;
        if (!band_rect(run, &band, &rect))
            continue;
        uint64_t size = tile_u64_mul((uint64_t)rect.width * rect.height, tile_format_step(p->format));
        struct tile_rect stored = tile_source_stored_rect(p->source, rect);
        once = once && stored.y >= end;
        end = stored.y + stored.height;
        uint64_t beside = run->any_reads ? tile_part_memory(p->source, rect, p->format, p->memory) : 0;
        largest = size > largest ? size : largest;
        reading = beside > reading ? beside : reading;
        least_members = band.count < least_members ? band.count : least_members;
    }
    if (!run->any_reads) {
        tile_source_read_once(p->source, once);
        reading = tile_rows_kept(largest, once);
    }
    uint64_t scratch = tile_u64_mul(p->scratch, (uint64_t)p->threads);
    uint64_t held = run->any_reads ? scratch : tile_u64_add(scratch, reading);
    uint64_t each = run->any_reads ? tile_u64_add(largest, reading) : largest;
    uint64_t room = p->memory > held ? p->memory - held : 0;
    uint64_t bands_that_fit = largest ? room / each : UINT64_MAX;
    if (bands_that_fit == 0)
        return tile_error_advise(error, TILE_REMEDY_MEMORY, TILE_LIMIT_EXCEEDED,
                                 "%s takes %ju bytes of memory, %s %ju and %d threads %ju: the limit is %ju bytes",
                                 p->in_order && run->bands == 1 ? "the whole image, which its orientation turns,"
                                                                : "a row of tiles",
                                 (uintmax_t)largest, run->any_reads ? "reading it" : "the rows that are kept beside it",
                                 (uintmax_t)reading, p->threads, (uintmax_t)scratch, (uintmax_t)p->memory);
    uint64_t wanted = least_members >= (uint64_t)p->threads && !run->any_reads ? 2 : (uint64_t)p->threads + 1;
    wanted = wanted > run->bands ? run->bands : wanted;
    run->slot_count = (int)(wanted > bands_that_fit ? bands_that_fit : wanted);
    return TILE_OK;
}

tile_status tile_pipeline_run(const struct tile_pipeline *p, struct tile_error *error) {
    struct run run = {
        .p = p, .any_reads = p->unread || tile_source_info(p->source)->parts, .lock = PTHREAD_MUTEX_INITIALIZER};
    struct helper *helpers = NULL;
    int started = 0;
    tile_wait_init(&run.changed);
    tile_status status = tile_band_order_new(&run.order, p->source, p->plan, p->in_order, p->allocator, error);
    if (status == TILE_OK) {
        run.bands = tile_band_order_count(run.order);
        status = choose_slots(&run, error);
    }
    if (status == TILE_OK) {
        run.slots = tile_alloc_zero(p->allocator, (size_t)run.slot_count * sizeof *run.slots);
        helpers = tile_alloc_zero(p->allocator, (size_t)p->threads * sizeof *helpers);
        if (!run.slots || !helpers)
            status = tile_no_memory(error, (size_t)p->threads * sizeof *helpers);
    }
    if (status == TILE_OK) {
        go_on(&run); /* before anything is read */
        for (; started < p->threads - 1; started++) {
            helpers[started] = (struct helper){.run = &run, .number = started + 1};
            if (pthread_create(&helpers[started].thread, NULL, help, &helpers[started]) != 0)
                break; /* fewer threads do the same */
        }
        run_thread(&run, 0);
        for (int i = 0; i < started; i++)
            pthread_join(helpers[i].thread, NULL);
        status = run.status;
        if (status != TILE_OK && error)
            *error = run.error;
    }
    tile_source_read_once(p->source, false);
    for (int i = 0; run.slots && i < run.slot_count; i++)
        tile_free(p->allocator, run.slots[i].memory);
    tile_free(p->allocator, run.slots);
    tile_free(p->allocator, helpers);
    tile_band_order_free(run.order);
    return status;
}
