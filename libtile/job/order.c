/* SPDX-License-Identifier: MIT */
#include "order.h"

#include "../base/memory.h"
#include "../plan/for_job.h"

#include <stdlib.h>

/* Pixels of a band where bands need not be as wide as the file: few enough to be in the cache when they are worked on.
 */
#define BAND_PIXELS (1u << 19)

/* Of parts that are whole rows, an image's strips that lie within the usual height of one (an index's 256 rows) are
 * read together, unless they are that many pixels. */
#define PART_ROWS   256u
#define PART_PIXELS ((uint64_t)1 << 24)

struct tile_band_order {
    const struct tile_allocator *allocator;
    uint64_t bands;
    /* A grid: line i begins at the plan's index i * stride, or from the last line back. A line is one band, or `parts`
     * of up to `most` members. */
    uint64_t lines, stride, step, members;
    uint64_t most, parts;
    bool backward;
    /* Rectangles: sorted by the rows that they need; band i is members[starts[i]] to members[starts[i + 1]]. */
    struct entry *list;
    uint64_t *starts;
};

struct entry {
    uint32_t top, height;
    uint64_t index;
};

static int compare(const void *a, const void *b) {
    const struct entry *x = a, *y = b;
    if (x->top != y->top)
        return x->top < y->top ? -1 : 1;
    if (x->height != y->height)
        return x->height < y->height ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* Rectangles in the order of the file's rows; those with the same rows form a band, unless they are read `apart`. */
static tile_status sort_rects(struct tile_band_order *o, const tile_source *source, const tile_plan *plan, bool apart,
                              struct tile_error *error) {
    size_t count = (size_t)tile_plan_count(plan);
    o->list = tile_alloc(o->allocator, count * sizeof *o->list);
    o->starts = tile_alloc(o->allocator, (count + 1) * sizeof *o->starts);
    if (!o->list || !o->starts)
        return tile_no_memory(error, count * sizeof *o->list);
    for (size_t i = 0; i < count; i++) {
        struct tile_rect stored = tile_source_stored_rect(source, tile_plan_region(plan, i).source);
        o->list[i] = (struct entry){stored.y, stored.height, i};
    }
    qsort(o->list, count, sizeof *o->list, compare);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || apart || o->list[i].top != o->list[i - 1].top || o->list[i].height != o->list[i - 1].height)
            o->starts[o->bands++] = i;
    o->starts[o->bands] = count;
    return TILE_OK;
}

tile_status tile_band_order_new(struct tile_band_order **out, const tile_source *source, const tile_plan *plan,
                                bool in_order, const struct tile_allocator *allocator, struct tile_error *error) {
    *out = NULL;
    struct tile_band_order *o = tile_alloc_zero(allocator, sizeof *o);
    if (!o)
        return tile_no_memory(error, sizeof *o);
    o->allocator = allocator;
    uint64_t count = tile_plan_count(plan);
    struct tile_region last = tile_plan_region(plan, count - 1);
    uint64_t rows, columns;
    bool lines = tile_plan_lines(plan, &rows, &columns);
    /* Orientations 1 and 2 keep the order of rows, 3 and 4 reverse it, 5 to 8 make columns of them (EXIF 2.32, 4.6.4).
     * With parts, the order is no matter; where they are narrower than rows, columns come as readily as rows, and no
     * more than is asked for. */
    const struct tile_info *info = tile_source_info(source);
    uint32_t width = info->orientation <= 4 ? info->width : info->height;
    bool any_part = info->parts && info->part_width < width;
    int free_until = any_part ? 8 : info->parts ? 4 : 2; /* orientations whose rows can be had in the plan's order */
    tile_status status = TILE_OK;
    bool whole = in_order && info->orientation > free_until;
    bool strips = in_order && info->parts && !any_part && columns == 1 && !whole;
    if (whole || strips) {
        o->lines = o->step = 1;
        o->members = count;
    } else if (!lines) {
        status = sort_rects(o, source, plan, any_part, error);
    } else if (in_order || info->orientation <= 4) {
        o->lines = rows;
        o->stride = o->members = columns;
        o->step = 1;
    } else {
        o->lines = o->step = columns;
        o->stride = 1;
        o->members = rows;
    }
    if (o->lines) {
        const struct tile_grid *grid = tile_plan_grid(plan);
        uint64_t pixels = (uint64_t)grid->tile_width * grid->tile_height, fit = o->members;
        if (any_part && !in_order)
            fit = BAND_PIXELS / pixels;
        else if (strips)
            fit = PART_PIXELS / pixels < PART_ROWS / grid->tile_height ? PART_PIXELS / pixels
                                                                       : PART_ROWS / grid->tile_height;
        o->most = fit ? fit : 1;
        o->parts = (o->members + o->most - 1) / o->most;
        o->bands = o->lines * o->parts;
    }
    o->backward = !in_order && tile_source_stored_rect(source, tile_plan_region(plan, 0).source).y >
                                   tile_source_stored_rect(source, last.source).y;
    if (status != TILE_OK)
        tile_band_order_free(o);
    else
        *out = o;
    return status;
}

void tile_band_order_free(struct tile_band_order *order) {
    if (!order)
        return;
    tile_free(order->allocator, order->list);
    tile_free(order->allocator, order->starts);
    tile_free(order->allocator, order);
}

uint64_t tile_band_order_count(const struct tile_band_order *order) {
    return order->bands;
}

struct tile_band tile_band_order_get(const struct tile_band_order *o, uint64_t i) {
    if (o->list)
        return (struct tile_band){o->starts[i], 1, o->starts[i + 1] - o->starts[i]};
    uint64_t line = i / o->parts, member = i % o->parts * o->most, left = o->members - member;
    line = o->backward ? o->lines - 1 - line : line;
    return (struct tile_band){line * o->stride + member * o->step, o->step, left < o->most ? left : o->most};
}

uint64_t tile_band_member(const struct tile_band_order *o, const struct tile_band *band, uint64_t i) {
    uint64_t at = band->first + i * band->step;
    return o->list ? o->list[at].index : at;
}
