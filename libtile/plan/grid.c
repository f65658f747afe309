/* SPDX-License-Identifier: MIT */
/*
 * A grid is never spelled out: a region is computed from its index, so a plan of 2^60 tiles costs as much as a plan of
 * one. All arithmetic is in 64 bits over 32-bit inputs and cannot overflow.
 */
#include "../base/buffer.h"
#include "../base/memory.h"
#include "layout.h"
#include "kind.h"

#include <math.h>
#include <string.h>

struct grid_plan {
    tile_plan plan;
    struct tile_grid grid;
};

static const char *const edges[] = {
    [TILE_EDGE_CLIP] = "clip", [TILE_EDGE_PAD] = "pad", [TILE_EDGE_REPLICATE] = "replicate"};

enum { EDGE_COUNT = sizeof edges / sizeof *edges };

static tile_status check(struct tile_rect area, const struct tile_grid *grid, struct tile_error *error) {
    if (!tile_plan_takes(area))
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "the area %u,%u of %u x %u is empty or ends beyond 2^32",
                              area.x, area.y, area.width, area.height);
    uint64_t larger = grid->tile_width > grid->tile_height ? grid->tile_width : grid->tile_height;
    if (larger + 2 * (uint64_t)grid->overlap > UINT32_MAX)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "a tile of %u x %u with an overlap of %u is too large",
                              grid->tile_width, grid->tile_height, grid->overlap);
    if (grid->overlap > grid->tile_width || grid->overlap > grid->tile_height)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "an overlap of %u pixels is larger than a tile of %u x %u",
                              grid->overlap, grid->tile_width, grid->tile_height);
    if (grid->edge < TILE_EDGE_CLIP || grid->edge > TILE_EDGE_REPLICATE)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "%d is no edge policy", (int)grid->edge);
    for (int i = 0; i < 4 && grid->edge == TILE_EDGE_PAD; i++)
        if (!isfinite(grid->pad_color[i]))
            return tile_error_set(error, TILE_INVALID_ARGUMENT, "the edge's color is not finite");
    if (grid->reserved != 0)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "the reserved word of the grid is not 0");
    if (!tile_layout_exists(grid->layout))
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "%d is no layout of a plan", (int)grid->layout);
    return TILE_OK;
}

tile_status tile_plan_new_grid(tile_plan **out, struct tile_rect area, const struct tile_grid *given,
                               const struct tile_allocator *allocator, struct tile_error *error) {
    struct tile_grid grid;
    *out = NULL;
    tile_status status = tile_options_copy(&grid, sizeof grid, given, error);
    if (status != TILE_OK)
        return status;
    if (grid.tile_width == 0)
        grid.tile_width = 256;
    if (grid.tile_height == 0)
        grid.tile_height = grid.tile_width;
    status = check(area, &grid, error);
    if (status != TILE_OK)
        return status;
    if (grid.edge != TILE_EDGE_PAD) /* no pixel has it then, and the plan's text does not tell it */
        memset(grid.pad_color, 0, sizeof grid.pad_color);
    struct grid_plan *made = tile_alloc(allocator, sizeof *made);
    if (!made)
        return tile_no_memory(error, sizeof *made);
    *made = (struct grid_plan){
        .plan = {.kind = &tile_grid_kind,
                 .allocator = allocator,
                 .layout = grid.layout,
                 .area = area,
                 .rows = (uint32_t)(((uint64_t)area.height + grid.tile_height - 1) / grid.tile_height),
                 .columns = (uint32_t)(((uint64_t)area.width + grid.tile_width - 1) / grid.tile_width),
                 .grid = &made->grid},
        .grid = grid,
    };
    made->plan.count = (uint64_t)made->plan.rows * made->plan.columns;
    *out = &made->plan;
    return TILE_OK;
}

/* ---- Regions ---- */

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

static struct tile_region region(const tile_plan *plan, uint64_t index) {
    uint32_t row = (uint32_t)(index / plan->columns), column = (uint32_t)(index % plan->columns);
    const struct tile_grid *g = plan->grid;
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

static bool find(const tile_plan *plan, const struct tile_region *place, uint64_t *index) {
    *index = (uint64_t)place->row * plan->columns + place->column;
    return place->level == 0 && place->row < plan->rows && place->column < plan->columns;
}

/* Those within the first three rows and columns are of every size: at an edge, beside it, inside. */
static uint64_t sample(const tile_plan *plan, uint64_t i) {
    uint64_t across = plan->columns < 3 ? plan->columns : 3, down = plan->rows < 3 ? plan->rows : 3;
    return i < across * down ? i / across * plan->columns + i % across : plan->count;
}

/* ---- Text ---- */

static tile_status describe(const tile_plan *plan, struct tile_buffer *text, struct tile_error *error) {
    const struct tile_grid *g = plan->grid;
    const struct tile_rect *area = &plan->area;
    tile_status status = tile_buffer_printf(
        text, error, "{\"area\":[%u,%u,%u,%u],\"tile\":[%u,%u],\"overlap\":%u,\"edge\":\"%s\"", area->x, area->y,
        area->width, area->height, g->tile_width, g->tile_height, g->overlap, edges[g->edge]);
    for (int i = 0; g->edge == TILE_EDGE_PAD && i < 4 && status == TILE_OK; i++) {
        status = tile_buffer_printf(text, error, i ? "," : ",\"pad\":[");
        if (status == TILE_OK)
            status = tile_buffer_number(text, (double)g->pad_color[i], error);
    }
    if (status == TILE_OK && g->edge == TILE_EDGE_PAD)
        status = tile_buffer_printf(text, error, "]");
    if (status == TILE_OK && g->layout != TILE_LAYOUT_GRID)
        status = tile_buffer_printf(text, error, ",\"layout\":\"%s\"", tile_layout_name(g->layout));
    return status == TILE_OK ? tile_buffer_printf(text, error, "}") : status;
}

static tile_status wrong(struct tile_error *error, const char *name, const char *wanted) {
    return tile_error_set(error, TILE_BAD_DATA, "%s: %s", name, wanted);
}

static bool read_edge(const json_t *value, tile_edge *edge) {
    const char *name = json_string_value(value);
    for (int i = 0; name && i < EDGE_COUNT; i++)
        if (strcmp(name, edges[i]) == 0) {
            *edge = (tile_edge)i;
            return true;
        }
    return false;
}

static bool read_color(const json_t *value, float color[4]) {
    for (size_t i = 0; i < 4; i++) {
        if (!json_is_number(json_array_get(value, i)))
            return false;
        color[i] = (float)json_number_value(json_array_get(value, i));
    }
    return json_array_size(value) == 4;
}

static tile_status read_members(struct tile_rect *area, struct tile_grid *grid, const json_t *json,
                                struct tile_error *error) {
    uint32_t sides[4], tile[2];
    const json_t *layout = json_object_get(json, "layout");
    if (!json_is_object(json))
        return tile_error_set(error, TILE_BAD_DATA, "an object is wanted");
    if (!tile_plan_read_numbers(json_object_get(json, "area"), sides, 4, 0))
        return wrong(error, "area", "[x,y,width,height] in pixels is wanted");
    if (!tile_plan_read_numbers(json_object_get(json, "tile"), tile, 2, 1))
        return wrong(error, "tile", "[width,height] in pixels is wanted");
    json_int_t overlap = json_integer_value(json_object_get(json, "overlap"));
    if (!json_is_integer(json_object_get(json, "overlap")) || overlap < 0 || overlap > UINT32_MAX)
        return wrong(error, "overlap", "a number of pixels is wanted");
    if (!read_edge(json_object_get(json, "edge"), &grid->edge))
        return wrong(error, "edge", "clip, pad or replicate is wanted");
    if (grid->edge == TILE_EDGE_PAD && !read_color(json_object_get(json, "pad"), grid->pad_color))
        return wrong(error, "pad", "four numbers are wanted, a color of srgb and alpha");
    if (layout && !(json_is_string(layout) && tile_layout_from_name(json_string_value(layout), &grid->layout)))
        return wrong(error, "layout", "the name of a layout is wanted");
    *area = (struct tile_rect){sides[0], sides[1], sides[2], sides[3]};
    grid->tile_width = tile[0];
    grid->tile_height = tile[1];
    grid->overlap = (uint32_t)overlap;
    return TILE_OK;
}

static tile_status check_members(const json_t *json, const struct tile_grid *grid, struct tile_error *error) {
    static const char *const known[] = {"area", "tile", "overlap", "edge", "layout", "pad"};
    size_t count = sizeof known / sizeof *known - (grid->edge != TILE_EDGE_PAD);
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)json, name, value) {
        size_t i = 0;
        while (i < count && strcmp(name, known[i]) != 0)
            i++;
        if (i == count)
            return tile_error_set(error, TILE_BAD_DATA, "%.100s: is no member of a grid%s", name,
                                  strcmp(name, "pad") == 0 ? " of another edge" : "");
    }
    return TILE_OK;
}

static tile_status read(tile_plan **out, const json_t *json, const struct tile_allocator *allocator,
                        struct tile_error *error) {
    struct tile_rect area;
    struct tile_grid grid = TILE_OPTIONS(struct tile_grid);
    tile_status status = read_members(&area, &grid, json, error);
    if (status == TILE_OK)
        status = check_members(json, &grid, error);
    return status == TILE_OK ? tile_plan_new_grid(out, area, &grid, allocator, error) : status;
}

const struct tile_plan_kind tile_grid_kind = {
    .key = "grid", .region = region, .find = find, .sample = sample, .describe = describe, .read = read};
