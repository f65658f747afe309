/* SPDX-License-Identifier: MIT */
/*
 * PNG's filters (third edition, section 9): each byte less what the one a pixel to its left, the one above and the one
 * above that say of it. They are tried without being written, as bits that they would cost; the best is then applied.
 */
#include "kernels.h"

#include <string.h>

/*
 * Bits that a byte costs, in eighths, by its distance from 0: that of 0, of 1 and 2, 3 and 4 ... and of all from 29 on.
 * They are -log2 of a chance that falls by e each 4 steps, about what is left of photographs. Codes that fit the rows
 * would choose no better (within .1 % of the size), and cost their time. Four bytes of 0 cost nothing: they are of a
 * run.
 */
static const uint8_t distance_costs[16] = {24, 28, 34, 40, 46, 51, 57, 63, 69, 74, 80, 86, 91, 97, 102, 106};

enum { MARGIN = 8 /* bytes of the largest pixel */ };

static inline bytes distance(bytes a, bytes b) {
    return b_minus(b_max(a, b), b_min(a, b));
}

/* (a + b) / 2, rounded down, which is to average upwards what is missing to 255. */
static inline bytes average(bytes a, bytes b) {
    bytes most = b_all(255);
    return b_minus(most, b_average(b_minus(most, a), b_minus(most, b)));
}

/*
 * That of a, b and c which is nearest to a + b - c. From there it is |b - c| to a, |a - c| to b, and to c the sum of
 * both, which is no less than either, or, if c lies between a and b, their difference.
 */
static inline bytes paeth(bytes a, bytes b, bytes c) {
    bytes to_a = distance(b, c), to_b = distance(a, c);
    bytes within = b_max(b_min(a, b), b_min(b_max(a, b), c));
    bytes to_c = b_choose(b_equal(within, c), distance(to_a, to_b), b_all(255));
    bytes b_or_c = b_choose(b_at_most(to_b, to_c), b, c);
    return b_choose(b_at_most(to_a, b_min(to_b, to_c)), a, b_or_c);
}

/* A block of the row from `row` on, whose pixels to the left and above are there too. */
static inline bytes filtered(int filter, const uint8_t *row, const uint8_t *above, size_t step) {
    bytes x = b_load(row);
    switch (filter) {
    case 1: return b_minus(x, b_load(row - step));
    case 2: return b_minus(x, b_load(above));
    case 3: return b_minus(x, average(b_load(row - step), b_load(above)));
    case 4: return b_minus(x, paeth(b_load(row - step), b_load(above), b_load(above - step)));
    default: return x;
    }
}

/* The part of a row from `from` on as a block with a margin before it; where the row has no bytes, they are 0. */
static inline const uint8_t *part(uint8_t block[MARGIN + BLOCK], const uint8_t *row, size_t from, size_t size) {
    memset(block, 0, MARGIN + BLOCK);
    size_t before = from < MARGIN ? from : MARGIN, count = size - from < BLOCK ? size - from : BLOCK;
    memcpy(block + MARGIN - before, row + from - before, before + count);
    return block + MARGIN;
}

/* Of the first `count` bytes of a block. */
static inline void add_costs(ints sums[TILE_FILTERS], const uint8_t *row, const uint8_t *above, size_t step,
                             size_t count, bytes16 table) {
    for (int filter = 0; filter < TILE_FILTERS; filter++) {
        bytes x = filtered(filter, row, above, step);
        if (count < BLOCK) {
            uint8_t block[BLOCK];
            b_store(block, x);
            memset(block + count, 0, BLOCK - count);
            x = b_load(block);
        }
        bytes index = b_min(b_average(b_from_0(x), b_all(0)), b_all(15));
        sums[filter] = i_add_costs(sums[filter], b_look(table, index), x);
    }
}

/* So few that the lanes of a sum, of at most 8 x 255 a block, hold them. */
enum { BLOCKS_AT_ONCE = 1 << 20 };

static void filter_costs(uint64_t costs[TILE_FILTERS], const uint8_t *row, const uint8_t *above, size_t size,
                         size_t step) {
    const bytes16 table = bytes16_load(distance_costs);
    memset(costs, 0, TILE_FILTERS * sizeof *costs);
    for (size_t i = 0; i < size;) {
        ints sums[TILE_FILTERS];
        for (int filter = 0; filter < TILE_FILTERS; filter++)
            sums[filter] = i_all(0);
        for (int blocks = 0; blocks < BLOCKS_AT_ONCE && i < size; blocks++, i += BLOCK) {
            if (i >= step && size - i >= BLOCK) {
                add_costs(sums, row + i, above + i, step, BLOCK, table);
            } else {
                uint8_t x[MARGIN + BLOCK], b[MARGIN + BLOCK];
                size_t count = size - i < BLOCK ? size - i : BLOCK;
                add_costs(sums, part(x, row, i, size), part(b, above, i, size), step, count, table);
            }
        }
        for (int filter = 0; filter < TILE_FILTERS; filter++) {
            uint32_t lanes[LANES];
            memcpy(lanes, &sums[filter], sizeof lanes);
            for (int lane = 0; lane < LANES; lane++)
                costs[filter] += lanes[lane];
        }
    }
}

static inline void apply(uint8_t *out, const uint8_t *row, const uint8_t *above, size_t size, size_t step, int filter) {
    for (size_t i = 0; i < size; i += BLOCK) {
        if (i >= step && size - i >= BLOCK) {
            b_store(out + i, filtered(filter, row + i, above + i, step));
        } else {
            uint8_t x[MARGIN + BLOCK], b[MARGIN + BLOCK], made[BLOCK];
            b_store(made, filtered(filter, part(x, row, i, size), part(b, above, i, size), step));
            memcpy(out + i, made, size - i < BLOCK ? size - i : BLOCK);
        }
    }
}

/* Each filter has a loop of its own. */
static void filter(uint8_t *out, const uint8_t *row, const uint8_t *above, size_t size, size_t step, int filter) {
    switch (filter) {
    case 1: apply(out, row, above, size, step, 1); break;
    case 2: apply(out, row, above, size, step, 2); break;
    case 3: apply(out, row, above, size, step, 3); break;
    case 4: apply(out, row, above, size, step, 4); break;
    default: memcpy(out, row, size);
    }
}

/* The bytes of each word change places. */
static void swap(uint8_t *out, const uint8_t *in, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint8_t first = in[2 * i];
        out[2 * i] = in[2 * i + 1];
        out[2 * i + 1] = first;
    }
}
