/* SPDX-License-Identifier: MIT */
/* What a tile shows outside of the area: a color, or the nearest pixel. */
#include "for_job.h"

#include "../base/pixels.h"

#include <string.h>

/* Writes `count` copies of `pixel` to `to`, doubling what is there already. */
static void repeat(unsigned char *to, const unsigned char *pixel, size_t step, size_t count) {
    if (count == 0)
        return;
    memmove(to, pixel, step);
    for (size_t done = 1; done < count;) {
        size_t more = done < count - done ? done : count - done;
        memcpy(to + done * step, to, more * step);
        done += more;
    }
}

static void fill_row(const struct tile_region *region, tile_edge edge, const void *pixel, struct tile_image *image,
                     uint32_t y) {
    size_t step = tile_format_step(image->format);
    uint32_t left = region->left, top = region->top;
    uint32_t right = left + region->source.width, bottom = top + region->source.height;
    unsigned char *row = tile_image_row(image, 0, y);
    if (y >= top && y < bottom) {
        const unsigned char *first = row + left * step, *last = row + (right - 1) * step;
        repeat(row, edge == TILE_EDGE_PAD ? pixel : first, step, left);
        repeat(row + right * step, edge == TILE_EDGE_PAD ? pixel : last, step, region->width - right);
    } else if (edge == TILE_EDGE_PAD) {
        repeat(row, pixel, step, region->width);
    } else {
        memcpy(row, tile_image_row(image, 0, y < top ? top : bottom - 1), region->width * step);
    }
}

void tile_region_fill_rows(const struct tile_region *region, tile_edge edge, const void *pixel,
                           struct tile_image *image, uint32_t first, uint32_t count) {
    const uint32_t inside = region->source.height, top = region->top;
    if (edge == TILE_EDGE_CLIP)
        return;
    for (uint32_t i = first; i < first + count; i++)
        fill_row(region, edge, pixel, image, i < inside ? top + i : i - inside < top ? i - inside : i);
}

void tile_region_fill_edge(const struct tile_region *region, tile_edge edge, const void *pixel,
                           struct tile_image *image) {
    tile_region_fill_rows(region, edge, pixel, image, 0, region->height);
}
