/* SPDX-License-Identifier: MIT */
/*
 * Grids and lists of rectangles -> regions. A grid is never spelled out: a region is computed from its index, so a plan
 * of 2^60 tiles costs as much as a plan of one. All arithmetic is in 64 bits over 32-bit inputs and cannot overflow.
 */
#include "../base/memory.h"
#include "../base/pixels.h"

#include <string.h>

struct tile_plan {
    const struct tile_allocator *allocator;
    struct tile_rect area;
    struct tile_grid grid;
    uint32_t rows, columns;
    size_t rect_count; /* 0: a grid */
    struct tile_rect rects[];
};

static bool rect_ends_within_32_bits(struct tile_rect r) {
    return r.width != 0 && r.height != 0 && r.width <= UINT32_MAX - r.x && r.height <= UINT32_MAX - r.y;
}

tile_status tile_plan_new_grid(tile_plan **out, struct tile_rect area, const struct tile_grid *given,
                               const struct tile_allocator *allocator, struct tile_error *error) {
    struct tile_grid grid = given ? *given : (struct tile_grid){0};
    *out = NULL;
    if (grid.tile_width == 0)
        grid.tile_width = 256;
    if (grid.tile_height == 0)
        grid.tile_height = grid.tile_width;
    if (!rect_ends_within_32_bits(area))
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "the area %u,%u of %u x %u is empty or ends beyond 2^32",
                              area.x, area.y, area.width, area.height);
    uint64_t larger = grid.tile_width > grid.tile_height ? grid.tile_width : grid.tile_height;
    if (larger + 2 * (uint64_t)grid.overlap > UINT32_MAX)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "a tile of %u x %u with an overlap of %u is too large",
                              grid.tile_width, grid.tile_height, grid.overlap);
    if (grid.overlap > grid.tile_width || grid.overlap > grid.tile_height)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "an overlap of %u pixels is larger than a tile of %u x %u",
                              grid.overlap, grid.tile_width, grid.tile_height);
    if (grid.edge < TILE_EDGE_CLIP || grid.edge > TILE_EDGE_REPLICATE)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "%d is no edge policy", (int)grid.edge);
    tile_plan *plan = tile_alloc(allocator, sizeof *plan);
    if (!plan)
        return tile_no_memory(error, sizeof *plan);
    *plan = (tile_plan){
        .allocator = allocator,
        .area = area,
        .grid = grid,
        .rows = (uint32_t)(((uint64_t)area.height + grid.tile_height - 1) / grid.tile_height),
        .columns = (uint32_t)(((uint64_t)area.width + grid.tile_width - 1) / grid.tile_width),
    };
    *out = plan;
    return TILE_OK;
}

tile_status tile_plan_new_rects(tile_plan **out, const struct tile_rect *rects, size_t count,
                                const struct tile_allocator *allocator, struct tile_error *error) {
    *out = NULL;
    if (count == 0 || count > UINT32_MAX)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "a plan of %zu rectangles", count);
    for (size_t i = 0; i < count; i++)
        if (!rect_ends_within_32_bits(rects[i]))
            return tile_error_set(error, TILE_INVALID_ARGUMENT,
                                  "rectangle %zu, %u,%u of %u x %u, is empty or ends beyond 2^32", i, rects[i].x,
                                  rects[i].y, rects[i].width, rects[i].height);
    size_t size;
    if (!tile_mul(&size, count, sizeof *rects) || !tile_add(&size, size, sizeof(tile_plan)))
        return tile_no_memory(error, SIZE_MAX);
    tile_plan *plan = tile_alloc(allocator, size);
    if (!plan)
        return tile_no_memory(error, size);
    *plan = (tile_plan){.allocator = allocator, .rows = (uint32_t)count, .columns = 1, .rect_count = count};
    memcpy(plan->rects, rects, count * sizeof *rects);
    *out = plan;
    return TILE_OK;
}

void tile_plan_free(tile_plan *plan) {
    if (plan)
        tile_free(plan->allocator, plan);
}

uint64_t tile_plan_count(const tile_plan *plan) {
    return (uint64_t)plan->rows * plan->columns;
}

const struct tile_grid *tile_plan_grid(const tile_plan *plan) {
    return plan->rect_count ? NULL : &plan->grid;
}

/* One axis of a grid cell: where it begins in the area, how much of the area it shows, and where in the tile that goes.
 */
struct span {
    uint32_t source, length, size, lead;
};

static struct span cell_span(uint32_t index, uint32_t tile, uint32_t overlap, uint32_t area, tile_edge edge) {
    int64_t inner = (int64_t)index * tile; /* below 2^32: the cell begins within the area */
    int64_t from = inner - overlap;
    int64_t to = inner + tile + overlap;
    int64_t source = from < 0 ? 0 : from;
    int64_t end = to > area ? area : to;
    struct span span = {.source = (uint32_t)source, .length = (uint32_t)(end - source)};
    span.size = edge == TILE_EDGE_CLIP ? span.length : (uint32_t)(to - from);
    span.lead = edge == TILE_EDGE_CLIP ? 0 : (uint32_t)(source - from);
    return span;
}

struct tile_region tile_plan_region(const tile_plan *plan, uint64_t index) {
    if (index >= tile_plan_count(plan))
        return (struct tile_region){0};
    uint32_t row = (uint32_t)(index / plan->columns), column = (uint32_t)(index % plan->columns);
    if (plan->rect_count) {
        struct tile_rect r = plan->rects[row];
        return (struct tile_region){.row = row, .source = r, .width = r.width, .height = r.height};
    }
    const struct tile_grid *g = &plan->grid;
    struct span x = cell_span(column, g->tile_width, g->overlap, plan->area.width, g->edge);
    struct span y = cell_span(row, g->tile_height, g->overlap, plan->area.height, g->edge);
    return (struct tile_region){
        .row = row,
        .column = column,
        .source = {plan->area.x + x.source, plan->area.y + y.source, x.length, y.length},
        .width = x.size,
        .height = y.size,
        .left = x.lead,
        .top = y.lead,
    };
}
