/* SPDX-License-Identifier: MIT */
#include "filter.h"

#include "../base/bytes.h"

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

/* ---- Whether to filter at all ---- */

enum { SAMPLE = 2048 /* pixels, about */, SEEN_BITS = 16 };

/* Which values were seen, by their hashes. */
struct seen {
    uint64_t set[(1 << SEEN_BITS) / 64];
};

/* 1 if the value is new. */
static uint32_t see(struct seen *seen, uint64_t value) {
    uint64_t hash = (value * UINT64_C(0x9E3779B97F4A7C15)) >> (64 - SEEN_BITS), bit = UINT64_C(1) << hash % 64;
    uint32_t fresh = !(seen->set[hash / 64] & bit);
    seen->set[hash / 64] |= bit;
    return fresh;
}

/* Each byte of a less that of b. */
static uint64_t minus_bytes(uint64_t a, uint64_t b) {
    const uint64_t high = UINT64_C(0x8080808080808080);
    return ((a | high) - (b & ~high)) ^ ((a ^ ~b) & high);
}

/* The pixel here and what follows it; of words the same on every machine, as its filters are to be. */
static uint64_t eight_bytes(const uint8_t *at, bool words) {
    const uint64_t low = UINT64_C(0x00FF00FF00FF00FF);
    uint64_t bytes = tile_get_le(at, 8);
    return words && !little_endian ? (bytes & low) << 8 | (bytes >> 8 & low) : bytes;
}

/*
 * Deflate finds what was there before. Of what is drawn or written these are pixels rather than differences of pixels:
 * a few colors side by side make many differences, slopes and noise few. So both are counted where pixels change, in
 * some rows; in photographs there are not even half as many differences more than colors.
 */
static bool pixels_recur(const struct tile_filter_rows *rows) {
    struct seen pixels = {0}, differences = {0};
    uint32_t new_pixels = 0, new_differences = 0;
    if (rows->size < rows->step + (size_t)8)
        return false;
    uint64_t apart = (uint64_t)rows->size / rows->step * rows->height / SAMPLE;
    uint64_t mask = UINT64_MAX >> (64 - 8 * rows->step);
    uint32_t every = apart < 1 ? 1 : apart < rows->height ? (uint32_t)apart : rows->height;
    for (uint32_t y = every / 2; y < rows->height; y += every) {
        const uint8_t *row = rows->pixels + (ptrdiff_t)y * rows->stride;
        uint64_t left = eight_bytes(row, rows->words) & mask;
        for (size_t i = rows->step; rows->size - i >= 8; i += rows->step) { /* the last pixels do not matter */
            uint64_t pixel = eight_bytes(row + i, rows->words) & mask;
            if (pixel != left) {
                new_pixels += see(&pixels, pixel);
                new_differences += see(&differences, minus_bytes(pixel, left));
            }
            left = pixel;
        }
    }
    return 3 * (uint64_t)new_pixels < 2 * (uint64_t)new_differences;
}

/* ---- Rows ---- */

void tile_filter_by(struct tile_filter_choice choice, uint8_t *out, const struct tile_filter_rows *rows, void *memory,
                    const struct tile_deflate_kernels *kernels) {
    const uint8_t *pixels = rows->pixels, *above = NULL;
    bool swapped = rows->words && little_endian;
    bool none = pixels_recur(rows);
    uint8_t *turns[2] = {memory, swapped ? (uint8_t *)memory + rows->size : NULL};
    for (uint32_t y = 0; y < rows->height; y++) {
        const uint8_t *row = pixels;
        if (swapped) {
            kernels->swap(turns[y % 2], row, rows->size / 2);
            row = turns[y % 2];
        }
        if (y == 0)
            above = row;
        /* Nothing is above the first row: None and Sub are left, which do not look there. */
        int filter = none ? 0 : choice.choose(choice.user, y == 0 ? 2 : TILE_FILTERS, out, row, above, y);
        *out++ = (uint8_t)filter;
        kernels->filter(out, row, above, rows->size, rows->step, filter);
        out += rows->size;
        above = row;
        pixels += rows->stride;
    }
}

struct costed {
    const struct tile_filter_rows *rows;
    const struct tile_deflate_kernels *kernels;
};

/* Of filters that cost the same, the one of the lower number. */
static int cheapest(void *user, int filters, uint8_t *out, const uint8_t *row, const uint8_t *above, uint32_t y) {
    (void)out;
    (void)y;
    const struct costed *costed = user;
    uint64_t costs[TILE_FILTERS];
    int best = 0;
    costed->kernels->filter_costs(costs, row, above, costed->rows->size, costed->rows->step);
    for (int filter = 1; filter < filters; filter++)
        if (costs[filter] < costs[best])
            best = filter;
    return best;
}

void tile_filter(uint8_t *out, const struct tile_filter_rows *rows, void *memory,
                 const struct tile_deflate_kernels *kernels) {
    struct costed costed = {rows, kernels};
    tile_filter_by((struct tile_filter_choice){cheapest, &costed}, out, rows, memory, kernels);
}
