/* SPDX-License-Identifier: MIT */
#include "filter.h"

#include <string.h>

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
static const bool little_endian = true;
#else
static const bool little_endian = false;
#endif

size_t tile_filter_memory(size_t size, bool words) {
    if (!words || !little_endian)
        return 0;
    return size > SIZE_MAX / 2 ? SIZE_MAX : 2 * size;
}

/* Of the first so many filters; of those that cost the same, the one of the lower number. */
static int cheapest(int filters, const uint8_t *row, const uint8_t *above, const struct tile_filter_rows *rows,
                    const struct tile_deflate_kernels *kernels) {
    if (filters == 1)
        return 0;
    uint64_t costs[TILE_FILTERS];
    int best = 0;
    kernels->filter_costs(costs, row, above, rows->size, rows->step);
    for (int filter = 1; filter < filters; filter++)
        if (costs[filter] < costs[best])
            best = filter;
    return best;
}

void tile_filter(uint8_t *out, const struct tile_filter_rows *rows, void *memory,
                 const struct tile_deflate_kernels *kernels) {
    const uint8_t *pixels = rows->pixels, *above = NULL;
    bool swapped = rows->words && little_endian;
    uint8_t *turns[2] = {memory, swapped ? (uint8_t *)memory + rows->size : NULL};
    for (uint32_t y = 0; y < rows->height; y++) {
        const uint8_t *row = pixels;
        if (swapped) {
            kernels->swap(turns[y % 2], row, rows->size / 2);
            row = turns[y % 2];
        }
        /* Nothing is above the first row: None and Sub are left, which do not look there. */
        int filters = rows->none ? 1 : y == 0 ? 2 : TILE_FILTERS;
        if (y == 0)
            above = row;
        int filter = cheapest(filters, row, above, rows, kernels);
        *out++ = (uint8_t)filter;
        kernels->filter(out, row, above, rows->size, rows->step, filter);
        out += rows->size;
        above = row;
        pixels += rows->stride;
    }
}
