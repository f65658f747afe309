/* SPDX-License-Identifier: MIT */
/* What a tile shows outside of the area: a color, or the nearest pixel. */
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

void tile_region_fill_edge(const struct tile_region *region, tile_edge edge, const void *pixel,
                           struct tile_image *image) {
    if (edge == TILE_EDGE_CLIP)
        return;
    size_t step = tile_format_step(image->format);
    uint32_t left = region->left, top = region->top;
    uint32_t right = left + region->source.width, bottom = top + region->source.height;
    for (uint32_t y = top; y < bottom; y++) {
        unsigned char *row = tile_image_row(image, 0, y);
        const unsigned char *first = row + left * step, *last = row + (right - 1) * step;
        repeat(row, edge == TILE_EDGE_PAD ? pixel : first, step, left);
        repeat(row + right * step, edge == TILE_EDGE_PAD ? pixel : last, step, region->width - right);
    }
    for (uint32_t y = 0; y < region->height; y++) {
        if (y >= top && y < bottom)
            continue;
        unsigned char *row = tile_image_row(image, 0, y);
        if (edge == TILE_EDGE_PAD)
            repeat(row, pixel, step, region->width);
        else
            memcpy(row, tile_image_row(image, 0, y < top ? top : bottom - 1), region->width * step);
    }
}
