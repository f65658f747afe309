/* SPDX-License-Identifier: MIT */
/* The symbols of lengths and distances, and the bits behind them: RFC 1951, 3.2.5. */
#ifndef TILE_DEFLATE_SYMBOLS_H
#define TILE_DEFLATE_SYMBOLS_H

#include <stdint.h>

enum {
    TILE_END_OF_BLOCK = 256,
    TILE_FIRST_LENGTH = 257, /* the symbol of the shortest match */
    TILE_LITERALS = 286,     /* symbols of literals and lengths that have a meaning */
    TILE_DISTANCES = 30,
    TILE_SHORTEST_MATCH = 3,
    TILE_LONGEST_MATCH = 258,
    TILE_WINDOW = 32768, /* the greatest distance */
};

/* A symbol, and its extra bits: how many, and what they say. */
struct tile_symbol {
    unsigned symbol, extra, value;
};

static inline unsigned tile_highest_bit(unsigned x) {
    return 31 - (unsigned)__builtin_clz(x);
}

/* Four symbols for each power of two, but that the longest match has one of its own. */
static inline struct tile_symbol tile_symbol_of_length(unsigned length) {
    unsigned x = length - TILE_SHORTEST_MATCH;
    if (x < 8)
        return (struct tile_symbol){TILE_FIRST_LENGTH + x, 0, 0};
    if (length == TILE_LONGEST_MATCH)
        return (struct tile_symbol){TILE_LITERALS - 1, 0, 0};
    unsigned extra = tile_highest_bit(x) - 2;
    return (struct tile_symbol){TILE_FIRST_LENGTH + 4 * (extra + 1) + (x >> extra & 3), extra, x & ((1U << extra) - 1)};
}

/* Two symbols for each power of two. */
static inline struct tile_symbol tile_symbol_of_distance(unsigned distance) {
    unsigned x = distance - 1;
    if (x < 4)
        return (struct tile_symbol){x, 0, 0};
    unsigned extra = tile_highest_bit(x) - 1;
    return (struct tile_symbol){2 * (extra + 1) + (x >> extra & 1), extra, x & ((1U << extra) - 1)};
}

#endif
