/* SPDX-License-Identifier: MIT */
#include "pipeline.h"

#include "../base/memory.h"
#include "../base/pixels.h"
#include "order.h"

#include <pthread.h>

/* A place for a band's pixels, and how far the work on it is. */
struct slot {
    void *memory;
    size_t capacity;
    struct tile_image pixels;
    struct tile_rect rect; /* of the pixels, upright */
    struct tile_band band;
    uint64_t next;  /* member of the band to begin with */
    uint64_t still; /* members that are not done */
};

struct run {
    const struct tile_pipeline *p;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* any of what follows */
    struct tile_band_order *order;
    struct slot *slots; /* a ring: bands are read into one after the other and begun in that order */
    int slot_count;
    int first;  /* oldest slot in use */
    int in_use; /* slots */
    bool all_read;
    tile_status status; /* of the first failure */
    struct tile_error error;
};

static void fail(struct run *run, tile_status status, const struct tile_error *error) {
    pthread_mutex_lock(&run->lock);
    bool first = run->status == TILE_OK;
    if (first) {
        run->status = status;
        run->error = *error;
    }
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
    if (first)
        run->p->give_up(run->p->user);
}

/* Takes the next region that is to be begun; false if there is none now. Called and left with the lock held. */
static bool take(struct run *run, struct slot **slot, uint64_t *index) {
    for (int i = 0; i < run->in_use && run->status == TILE_OK; i++) {
        struct slot *s = &run->slots[(run->first + i) % run->slot_count];
        if (s->next < s->band.count) {
            *slot = s;
            *index = tile_band_member(run->order, &s->band, s->next++);
            return true;
        }
    }
    return false;
}

/* Works on what was taken. Called and left with the lock held, which is not held meanwhile. */
static void work(struct run *run, int thread, struct slot *s, uint64_t index) {
    const struct tile_pipeline *p = run->p;
    pthread_mutex_unlock(&run->lock);
    struct tile_error error = {0};
    tile_status status = TILE_OK;
    if (p->wanted(p->user, index)) {
        struct tile_region region = tile_plan_region(p->plan, index);
        struct tile_rect within = region.source;
        within.x -= s->rect.x;
        within.y -= s->rect.y;
        struct tile_image pixels = tile_image_view(&s->pixels, within);
        status = p->work(p->user, thread, index, &region, &pixels, &error);
    }
    if (status != TILE_OK)
        fail(run, status, &error);
    pthread_mutex_lock(&run->lock);
    s->still--;
    while (run->in_use && run->slots[run->first].still == 0) {
        run->first = (run->first + 1) % run->slot_count;
        run->in_use--;
    }
    pthread_cond_broadcast(&run->changed);
}

struct helper {
    struct run *run;
    pthread_t thread;
    int number;
};

static void *help(void *user) {
    struct helper *helper = user;
    struct run *run = helper->run;
    pthread_mutex_lock(&run->lock);
    while (run->status == TILE_OK) {
        struct slot *slot;
        uint64_t index;
        if (take(run, &slot, &index))
            work(run, helper->number, slot, index);
        else if (run->all_read)
            break;
        else
            pthread_cond_wait(&run->changed, &run->lock);
    }
    pthread_mutex_unlock(&run->lock);
    return NULL;
}

/* Waits until a slot is free, which is *slot then; or, without `slot`, until every band is done. Works meanwhile. */
static tile_status wait_for_slot(struct run *run, struct slot **slot) {
    const struct tile_pipeline *p = run->p;
    pthread_mutex_lock(&run->lock);
    while (run->status == TILE_OK && run->in_use > (slot ? run->slot_count - 1 : 0)) {
        struct slot *busy;
        uint64_t index;
        if (take(run, &busy, &index))
            work(run, 0, busy, index);
        else
            pthread_cond_wait(&run->changed, &run->lock);
        pthread_mutex_unlock(&run->lock);
        if (!p->go_on(p->user)) {
            struct tile_error error;
            fail(run, tile_error_set(&error, TILE_CANCELLED, "stopped"), &error);
        }
        pthread_mutex_lock(&run->lock);
    }
    tile_status status = run->status;
    if (slot) /* first + in_use stays what it is when others retire slots, but only as a pair */
        *slot = &run->slots[(run->first + run->in_use) % run->slot_count];
    pthread_mutex_unlock(&run->lock);
    return status;
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

static tile_status read_band(struct run *run, struct slot *s, const struct tile_band *band, struct tile_rect rect,
                             struct tile_error *error) {
    const struct tile_pipeline *p = run->p;
    size_t row, size;
    if (!tile_mul(&row, rect.width, tile_format_step(p->format)) || !tile_mul(&size, row, rect.height))
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
                                    .width = rect.width,
                                    .height = rect.height,
                                    .plane = {s->memory},
                                    .stride = (ptrdiff_t)row};
    s->rect = rect;
    s->band = *band;
    tile_status status = tile_source_read(p->source, rect, &s->pixels, error);
    if (status != TILE_OK)
        return status;
    pthread_mutex_lock(&run->lock);
    s->next = 0;
    s->still = band->count;
    run->in_use++;
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
    return TILE_OK;
}

static void read_all(struct run *run) {
    struct tile_error error = {0};
    uint64_t bands = tile_band_order_count(run->order);
    if (!run->p->go_on(run->p->user))
        fail(run, tile_error_set(&error, TILE_CANCELLED, "stopped"), &error);
    for (uint64_t i = 0; i < bands; i++) {
        struct tile_band band = tile_band_order_get(run->order, i);
        struct tile_rect rect;
        if (!band_rect(run, &band, &rect))
            continue;
        struct slot *slot;
        if (wait_for_slot(run, &slot) != TILE_OK)
            break;
        tile_status status = read_band(run, slot, &band, rect, &error);
        if (status != TILE_OK) {
            fail(run, status, &error);
            break;
        }
        if (!run->p->go_on(run->p->user)) {
            fail(run, tile_error_set(&error, TILE_CANCELLED, "stopped"), &error);
            break;
        }
    }
    pthread_mutex_lock(&run->lock);
    run->all_read = true;
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
    wait_for_slot(run, NULL);
}

/*
 * How many bands to hold: two, so that one is read while the other is worked on; more where a band has too few regions
 * to keep every thread at work, as far as the memory goes.
 */
static tile_status choose_slots(struct run *run, struct tile_error *error) {
    const struct tile_pipeline *p = run->p;
    uint64_t largest = 0, least_members = UINT64_MAX, bands = tile_band_order_count(run->order);
    for (uint64_t i = 0; i < bands; i++) {
        struct tile_band band = tile_band_order_get(run->order, i);
        struct tile_rect rect;
        if (!band_rect(run, &band, &rect))
            continue;
        uint64_t pixels = (uint64_t)rect.width * rect.height, step = tile_format_step(p->format);
        uint64_t size = pixels > UINT64_MAX / step ? UINT64_MAX : pixels * step;
        largest = size > largest ? size : largest;
        least_members = band.count < least_members ? band.count : least_members;
    }
    const uint64_t kept_most = (uint64_t)64 << 20; /* rows that the source keeps, see tile_source_read */
    uint64_t scratch = p->scratch > UINT64_MAX / (uint64_t)p->threads ? UINT64_MAX : p->scratch * (uint64_t)p->threads;
    uint64_t kept = largest < kept_most ? largest : kept_most;
    uint64_t room = p->memory > kept && p->memory - kept > scratch ? p->memory - kept - scratch : 0;
    uint64_t bands_that_fit = largest ? room / largest : UINT64_MAX;
    if (bands_that_fit == 0)
        return tile_error_set(
            error, TILE_LIMIT_EXCEEDED,
            "%s takes %ju bytes of memory, the rows that are kept beside it %ju and %d threads %ju: the "
            "limit is %ju bytes",
            p->in_order && bands == 1 ? "the whole image, which its orientation turns," : "a row of tiles",
            (uintmax_t)largest, (uintmax_t)kept, p->threads, (uintmax_t)scratch, (uintmax_t)p->memory);
    uint64_t wanted = least_members >= (uint64_t)p->threads ? 2 : (uint64_t)p->threads + 1;
    wanted = wanted > bands ? bands : wanted;
    run->slot_count = (int)(wanted > bands_that_fit ? bands_that_fit : wanted);
    return TILE_OK;
}

tile_status tile_pipeline_run(const struct tile_pipeline *p, struct tile_error *error) {
    struct run run = {.p = p, .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct helper *helpers = NULL;
    int started = 0;
    tile_status status = tile_band_order_new(&run.order, p->source, p->plan, p->in_order, p->allocator, error);
    if (status == TILE_OK)
        status = choose_slots(&run, error);
    if (status == TILE_OK) {
        run.slots = tile_alloc_zero(p->allocator, (size_t)run.slot_count * sizeof *run.slots);
        helpers = tile_alloc_zero(p->allocator, (size_t)p->threads * sizeof *helpers);
        if (!run.slots || !helpers)
            status = tile_no_memory(error, (size_t)p->threads * sizeof *helpers);
    }
    if (status == TILE_OK) {
        for (; started < p->threads - 1; started++) {
            helpers[started] = (struct helper){.run = &run, .number = started + 1};
            if (pthread_create(&helpers[started].thread, NULL, help, &helpers[started]) != 0)
                break; /* fewer threads do the same */
        }
        read_all(&run);
        for (int i = 0; i < started; i++)
            pthread_join(helpers[i].thread, NULL);
        status = run.status;
        if (status != TILE_OK && error)
            *error = run.error;
    }
    for (int i = 0; run.slots && i < run.slot_count; i++)
        tile_free(p->allocator, run.slots[i].memory);
    tile_free(p->allocator, run.slots);
    tile_free(p->allocator, helpers);
    tile_band_order_free(run.order);
    return status;
}
