/* SPDX-License-Identifier: MIT */
/* Rectangles, one region each: row i, column 0. */
#include "../base/buffer.h"
#include "../base/memory.h"
#include "../base/pixels.h"
#include "kind.h"

#include <string.h>

struct rects_plan {
    tile_plan plan;
    struct tile_rect rects[];
};

static tile_status check(const struct tile_rect *rects, size_t count, struct tile_error *error) {
    if (count == 0 || count > UINT32_MAX)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "a plan of %zu rectangles", count);
    for (size_t i = 0; i < count; i++)
        if (!tile_plan_takes(rects[i]))
            return tile_error_set(error, TILE_INVALID_ARGUMENT,
                                  "rectangle %zu, %u,%u of %u x %u, is empty or ends beyond 2^32", i, rects[i].x,
                                  rects[i].y, rects[i].width, rects[i].height);
    return TILE_OK;
}

tile_status tile_plan_new_rects(tile_plan **out, const struct tile_rect *rects, size_t count,
                                const struct tile_allocator *allocator, struct tile_error *error) {
    *out = NULL;
    tile_status status = check(rects, count, error);
    if (status != TILE_OK)
        return status;
    size_t size;
    if (!tile_mul(&size, count, sizeof *rects) || !tile_add(&size, size, sizeof(struct rects_plan)))
        return tile_no_memory(error, SIZE_MAX);
    struct rects_plan *made = tile_alloc(allocator, size);
    if (!made)
        return tile_no_memory(error, size);
    made->plan = (tile_plan){.kind = &tile_rects_kind, .allocator = allocator, .count = count, .area = rects[0]};
    for (size_t i = 1; i < count; i++)
        made->plan.area = tile_rect_union(made->plan.area, rects[i]);
    memcpy(made->rects, rects, count * sizeof *rects);
    *out = &made->plan;
    return TILE_OK;
}

static struct tile_rect rect_at(const tile_plan *plan, uint64_t index) {
    return ((const struct rects_plan *)plan)->rects[index];
}

static struct tile_region region(const tile_plan *plan, uint64_t index) {
    struct tile_rect r = rect_at(plan, index);
    return (struct tile_region){.row = (uint32_t)index, .source = r, .width = r.width, .height = r.height};
}

static bool find(const tile_plan *plan, const struct tile_region *place, uint64_t *index) {
    *index = place->row;
    return place->level == 0 && place->row < plan->count && place->column == 0;
}

/* Any may be of a size of its own. */
static uint64_t sample(const tile_plan *plan, uint64_t i) {
    (void)plan;
    return i;
}

/* ---- Text ---- */

static tile_status describe(const tile_plan *plan, struct tile_buffer *text, struct tile_error *error) {
    tile_status status = TILE_OK;
    for (uint64_t i = 0; i < plan->count && status == TILE_OK; i++) {
        struct tile_rect r = rect_at(plan, i);
        status = tile_buffer_printf(text, error, "%s[%u,%u,%u,%u]", i ? "," : "[", r.x, r.y, r.width, r.height);
    }
    return status == TILE_OK ? tile_buffer_printf(text, error, "]") : status;
}

static tile_status read(tile_plan **out, const json_t *array, const struct tile_allocator *allocator,
                        struct tile_error *error) {
    size_t count = json_array_size(array), size;
    if (!json_is_array(array))
        return tile_error_set(error, TILE_BAD_DATA, "an array is wanted");
    if (!tile_mul(&size, count, sizeof(struct tile_rect)))
        return tile_no_memory(error, SIZE_MAX);
    struct tile_rect *rects = tile_alloc(allocator, size);
    if (!rects)
        return tile_no_memory(error, size);
    tile_status status = TILE_OK;
    for (size_t i = 0; i < count && status == TILE_OK; i++) {
        uint32_t n[4];
        if (tile_plan_read_numbers(json_array_get(array, i), n, 4, 0))
            rects[i] = (struct tile_rect){n[0], n[1], n[2], n[3]};
        else
            status = tile_error_set(error, TILE_BAD_DATA, "rectangle %zu: [x,y,width,height] in pixels is wanted", i);
    }
    if (status == TILE_OK)
        status = tile_plan_new_rects(out, rects, count, allocator, error);
    tile_free(allocator, rects);
    return status;
}

const struct tile_plan_kind tile_rects_kind = {
    .key = "rectangles", .region = region, .find = find, .sample = sample, .describe = describe, .read = read};
