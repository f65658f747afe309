/* SPDX-License-Identifier: MIT */
#include "unfilter.h"

#include <stdint.h>
#include <string.h>

/*
 * But for Up, each byte depends on the one before it of the same channel: a row is done a pixel at a time. Written for
 * a `step` that the compiler knows, a pixel stays in a register, its channels side by side.
 */
static inline void sub(unsigned char *row, size_t size, unsigned step) {
    for (size_t i = step; i < size; i++)
        row[i] = (unsigned char)(row[i] + row[i - step]);
}

static void up(unsigned char *restrict row, const unsigned char *restrict prior, size_t size) {
    for (size_t i = 0; i < size; i++)
        row[i] = (unsigned char)(row[i] + prior[i]);
}

/* The channels of a pixel, one in each lane, as GCC and Clang have vectors for every machine. */
typedef int16_t lanes __attribute__((vector_size(16)));
typedef unsigned char bytes __attribute__((vector_size(8)));

/* In whole words: 3 bytes that went through memory one by one would wait for each other. */
static inline lanes load(const unsigned char *from, unsigned step) {
    uint64_t all = 0;
    uint32_t four;
    uint16_t two;
    if (step == 8) {
        memcpy(&all, from, 8);
    } else if (step >= 4) {
        memcpy(&four, from, 4);
        all = four;
    } else if (step >= 2) {
        memcpy(&two, from, 2);
        all = two;
    } else
        all = from[0];
    if (step == 6) {
        memcpy(&two, from + 4, 2);
        all |= (uint64_t)two << 32;
    } else if (step == 3)
        all |= (uint64_t)from[2] << 16;
    return __builtin_convertvector((bytes)all, lanes);
}

static inline void store(unsigned char *to, lanes from, unsigned step) {
    uint64_t all = (uint64_t) __builtin_convertvector(from, bytes);
    uint32_t four = (uint32_t)all;
    uint16_t two = (uint16_t)(step == 6 ? all >> 32 : all);
    if (step == 8)
        memcpy(to, &all, 8);
    else if (step >= 4)
        memcpy(to, &four, 4);
    else if (step >= 2)
        memcpy(to, &two, 2);
    else
        to[0] = (unsigned char)all;
    if (step == 6)
        memcpy(to + 4, &two, 2);
    else if (step == 3)
        to[2] = (unsigned char)(all >> 16);
}

static inline lanes choose(lanes which, lanes a, lanes b) {
    return (which & a) | (~which & b);
}

static inline lanes magnitude(lanes a) {
    return choose(a > -a, a, -a);
}

static inline void average(unsigned char *restrict row, const unsigned char *restrict prior, size_t size,
                           unsigned step) {
    lanes left = {0};
    for (size_t i = 0; i + step <= size; i += step) {
        left = (load(row + i, step) + ((left + load(prior + i, step)) >> 1)) & 255;
        store(row + i, left, step);
    }
}

static inline void paeth(unsigned char *restrict row, const unsigned char *restrict prior, size_t size, unsigned step) {
    lanes left = {0}, corner = {0};
    for (size_t i = 0; i + step <= size; i += step) {
        lanes above = load(prior + i, step);
        /* How far left + above - corner is from each of the three; the nearest is the prediction. */
        lanes to_left = above - corner, to_above = left - corner;
        lanes to_corner = magnitude(to_left + to_above);
        to_left = magnitude(to_left);
        to_above = magnitude(to_above);
        lanes nearest = choose(to_above <= to_corner, above, corner);
        nearest = choose((to_left <= to_above) & (to_left <= to_corner), left, nearest);
        left = (load(row + i, step) + nearest) & 255;
        corner = above;
        store(row + i, left, step);
    }
}

static inline void unfilter(unsigned filter, unsigned char *row, const unsigned char *prior, size_t size,
                            unsigned step) {
    switch (filter) {
    case TILE_PNG_SUB: sub(row, size, step); break;
    case TILE_PNG_UP: up(row, prior, size); break;
    case TILE_PNG_AVERAGE: average(row, prior, size, step); break;
    case TILE_PNG_PAETH: paeth(row, prior, size, step); break;
    default: break;
    }
}

bool tile_png_unfilter(unsigned filter, unsigned char *row, const unsigned char *prior, size_t size, unsigned step) {
    switch (step) {
    case 1: unfilter(filter, row, prior, size, 1); break;
    case 2: unfilter(filter, row, prior, size, 2); break;
    case 3: unfilter(filter, row, prior, size, 3); break;
    case 4: unfilter(filter, row, prior, size, 4); break;
    case 6: unfilter(filter, row, prior, size, 6); break;
    case 8: unfilter(filter, row, prior, size, 8); break;
    default: return false;
    }
    return filter <= TILE_PNG_PAETH;
}

void tile_png_filter_sub(unsigned char *to, const unsigned char *row, size_t size, unsigned step) {
    memcpy(to, row, size < step ? size : step);
    for (size_t i = step; i < size; i++)
        to[i] = (unsigned char)(row[i] - row[i - step]);
}
