/* SPDX-License-Identifier: MIT */
/* What is the same for every kind of plan: asking it, its names, and its text. */
#include "../base/buffer.h"
#include "../base/error.h"
#include "../base/memory.h"
#include "for_job.h"
#include "kind.h"
#include "layout.h"

#include <string.h>

static const struct tile_plan_kind *const kinds[] = {&tile_grid_kind, &tile_rects_kind};

tile_status tile_plan_new_regions(tile_plan **out, const struct tile_rect *rects, size_t count,
                                  const struct tile_grid *given, const struct tile_allocator *allocator,
                                  struct tile_error *error) {
    struct tile_grid grid;
    *out = NULL;
    tile_status status = tile_options_copy(&grid, sizeof grid, given, error);
    if (status != TILE_OK)
        return status;
    if (grid.tile_width == 0)
        return tile_plan_new_rects(out, rects, count, allocator, error);
    if (count != 1)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "a grid cuts one rectangle, not %zu", count);
    return tile_plan_new_grid(out, rects[0], &grid, allocator, error);
}

void tile_plan_free(tile_plan *plan) {
    if (plan)
        tile_free(plan->allocator, plan);
}

uint64_t tile_plan_count(const tile_plan *plan) {
    return plan->count;
}

struct tile_region tile_plan_region(const tile_plan *plan, uint64_t index) {
    return index < plan->count ? plan->kind->region(plan, index) : (struct tile_region){0};
}

const struct tile_grid *tile_plan_grid(const tile_plan *plan) {
    return plan->grid;
}

struct tile_rect tile_plan_area(const tile_plan *plan) {
    return plan->area;
}

bool tile_plan_lines(const tile_plan *plan, uint64_t *rows, uint64_t *columns) {
    *rows = plan->rows;
    *columns = plan->columns;
    return plan->rows != 0;
}

bool tile_plan_sample(const tile_plan *plan, uint64_t i, struct tile_region *region) {
    uint64_t index = plan->kind->sample(plan, i);
    *region = tile_plan_region(plan, index);
    return index < plan->count;
}

/* ---- Names ---- */

void tile_plan_name(const tile_plan *plan, const struct tile_region *region, const char *suffix,
                    char name[TILE_NAME_SIZE]) {
    tile_name_write(tile_layout_format(plan->layout), region, suffix, name);
}

bool tile_plan_find(const tile_plan *plan, const char *name, const char *suffix, uint64_t *index) {
    struct tile_region place;
    const char *end = tile_name_read(tile_layout_format(plan->layout), name, &place);
    return end && strcmp(end, suffix) == 0 && plan->kind->find(plan, &place, index);
}

int tile_plan_depth(const tile_plan *plan) {
    return tile_name_depth(tile_layout_format(plan->layout));
}

bool tile_plan_is_name(const char *name) {
    return tile_layout_is_name(name);
}

/* ---- Text ---- */

tile_status tile_plan_describe(const tile_plan *plan, struct tile_buffer *text, struct tile_error *error) {
    tile_status status = tile_buffer_printf(text, error, "{\"%s\":", plan->kind->key);
    if (status == TILE_OK)
        status = plan->kind->describe(plan, text, error);
    return status == TILE_OK ? tile_buffer_printf(text, error, "}") : status;
}

static tile_status read_json(tile_plan **out, const json_t *json, const struct tile_allocator *allocator,
                             struct tile_error *error) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const json_t *value = json_object_get(json, kinds[i]->key);
        if (value && json_object_size(json) == 1) {
            tile_status status = kinds[i]->read(out, value, allocator, error);
            return status == TILE_OK ? status : tile_error_name(error, kinds[i]->key, status, error);
        }
    }
    return tile_error_set(error, TILE_BAD_DATA, "is no plan's text: one member is wanted, grid or rectangles");
}

tile_status tile_plan_from_json(tile_plan **out, const char *text, size_t size, const struct tile_allocator *allocator,
                                struct tile_error *error) {
    json_error_t why;
    *out = NULL;
    json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why);
    tile_status status = json ? read_json(out, json, allocator, error)
                              : tile_error_set(error, TILE_BAD_DATA, "is no plan's text: line %d, column %d: %s",
                                               why.line, why.column, why.text);
    json_decref(json);
    return status;
}
