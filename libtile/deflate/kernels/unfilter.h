/* SPDX-License-Identifier: MIT */
/*
 * PNG's filters undone: PNG (third edition), 9. But for Up, each byte depends on the one before it of the same channel:
 * a row is done a pixel at a time, and what counts is how long a pixel waits for the one before. Written for a `step`
 * that the compiler knows, a pixel stays in a register, its channels side by side.
 */
#include "kernels.h"

#include <string.h>
#if defined __SSSE3__
#include <tmmintrin.h>
#elif defined __SSE2__
#include <emmintrin.h>
#endif

/* The channels of a pixel, one in each lane, as GCC and Clang have vectors for every machine. */
typedef int16_t unfilter_lanes __attribute__((vector_size(16)));
typedef uint8_t unfilter_bytes __attribute__((vector_size(8)));
typedef uint8_t unfilter_halves __attribute__((vector_size(16)));

/* In whole words: 3 bytes that went through memory one by one would wait for each other. */
static inline unfilter_bytes unfilter_load(const uint8_t *from, unsigned step) {
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
    return (unfilter_bytes)all;
}

static inline void unfilter_store(uint8_t *to, unfilter_bytes from, unsigned step) {
    uint64_t all = (uint64_t)from;
    uint32_t four = (uint32_t)all;
    uint16_t two = (uint16_t)(step == 6 ? all >> 32 : all);
    if (step == 8)
        memcpy(to, &all, 8);
    else if (step >= 4)
        memcpy(to, &four, 4);
    else if (step >= 2)
        memcpy(to, &two, 2);
    else
        to[0] = (uint8_t)all;
    if (step == 6)
        memcpy(to + 4, &two, 2);
    else if (step == 3)
        to[2] = (uint8_t)(all >> 16);
}

static inline unfilter_lanes unfilter_widen(unfilter_bytes from) {
    return __builtin_convertvector(from, unfilter_lanes);
}

static inline unfilter_bytes unfilter_narrow(unfilter_lanes from) {
#if defined __SSE2__
    return (unfilter_bytes)_mm_cvtsi128_si64(_mm_packus_epi16((__m128i)from, (__m128i)from));
#else
    return __builtin_convertvector(from, unfilter_bytes);
#endif
}

/* Both in 0 to 255, the sum modulo 256. */
static inline unfilter_lanes unfilter_add(unfilter_lanes a, unfilter_lanes b) {
    return (unfilter_lanes)((unfilter_halves)a + (unfilter_halves)b);
}

static inline unfilter_lanes unfilter_choose(unfilter_lanes which, unfilter_lanes a, unfilter_lanes b) {
    return (which & a) | (~which & b);
}

/* Where a < b; neither is far from 0. A comparison would go through AVX-512's masks, which take longer. */
static inline unfilter_lanes unfilter_below(unfilter_lanes a, unfilter_lanes b) {
    return (a - b) >> 15;
}

static inline unfilter_lanes unfilter_min(unfilter_lanes a, unfilter_lanes b) {
#if defined __SSE2__
    return (unfilter_lanes)_mm_min_epi16((__m128i)a, (__m128i)b);
#else
    return unfilter_choose(a < b, a, b);
#endif
}

static inline unfilter_lanes unfilter_magnitude(unfilter_lanes a) {
#if defined __SSSE3__
    return (unfilter_lanes)_mm_abs_epi16((__m128i)a);
#else
    return unfilter_choose(a > -a, a, -a);
#endif
}

static inline void unfilter_sub(uint8_t *row, size_t size, unsigned step) {
    unfilter_bytes left = {0};
    for (size_t i = 0; i + step <= size; i += step) {
        left += unfilter_load(row + i, step);
        unfilter_store(row + i, left, step);
    }
}

static void unfilter_up(uint8_t *restrict row, const uint8_t *restrict prior, size_t size) {
    for (size_t i = 0; i < size; i++)
        row[i] = (uint8_t)(row[i] + prior[i]);
}

static inline void unfilter_average(uint8_t *restrict row, const uint8_t *restrict prior, size_t size, unsigned step) {
    unfilter_lanes left = {0};
    for (size_t i = 0; i + step <= size; i += step) {
        unfilter_lanes above = unfilter_widen(unfilter_load(prior + i, step));
        left = unfilter_add(unfilter_widen(unfilter_load(row + i, step)), (left + above) >> 1);
        unfilter_store(row + i, unfilter_narrow(left), step);
    }
}

/* The pixels at the left, above, and above the left. */
static inline unfilter_lanes unfilter_nearest(unfilter_lanes left, unfilter_lanes above, unfilter_lanes corner) {
    /* How far left + above - corner is from each of the three; the nearest is the prediction. */
    unfilter_lanes to_left = above - corner, to_above = left - corner;
    unfilter_lanes to_corner = unfilter_magnitude(to_left + to_above);
    to_left = unfilter_magnitude(to_left);
    to_above = unfilter_magnitude(to_above);
    unfilter_lanes nearest = unfilter_choose(unfilter_below(to_corner, to_above), corner, above);
    return unfilter_choose(unfilter_below(unfilter_min(to_above, to_corner), to_left), nearest, left);
}

static inline void unfilter_paeth(uint8_t *restrict row, const uint8_t *restrict prior, size_t size, unsigned step) {
    unfilter_lanes left = {0}, corner = {0};
    for (size_t i = 0; i + step <= size; i += step) {
        unfilter_lanes above = unfilter_widen(unfilter_load(prior + i, step));
        left = unfilter_add(unfilter_widen(unfilter_load(row + i, step)), unfilter_nearest(left, above, corner));
        corner = above;
        unfilter_store(row + i, unfilter_narrow(left), step);
    }
}

/* Both rows at once, the lower one a pixel behind: in the time of one. A pixel has 4 bytes at most. */
static inline void unfilter_two_paeths(uint8_t *restrict row, uint8_t *restrict below, const uint8_t *restrict prior,
                                       size_t size, unsigned step) {
    typedef int64_t two __attribute__((vector_size(16)));
    unfilter_lanes left = {0}, corner = {0};
    for (size_t i = 0; i < size + step; i += step) {
        uint64_t first = 0, second = 0, higher = 0;
        if (i < size) {
            first = (uint64_t)unfilter_load(row + i, step);
            higher = (uint64_t)unfilter_load(prior + i, step);
        }
        if (i > 0)
            second = (uint64_t)unfilter_load(below + i - step, step);
        /* In the upper four lanes: the lower row, to which the upper row's latest pixel is the one above. */
        unfilter_lanes above = (unfilter_lanes)(two){((two)unfilter_widen((unfilter_bytes)higher))[0], ((two)left)[0]};
        unfilter_lanes filtered = unfilter_widen((unfilter_bytes)(first | second << 32));
        left = unfilter_add(filtered, unfilter_nearest(left, above, corner));
        corner = above;
        uint64_t both = (uint64_t)unfilter_narrow(left);
        if (i < size)
            unfilter_store(row + i, (unfilter_bytes)both, step);
        if (i > 0)
            unfilter_store(below + i - step, (unfilter_bytes)(both >> 32), step);
    }
}

static inline void unfilter_step(uint8_t *row, const uint8_t *above, size_t size, unsigned step, int filter) {
    switch (filter) {
    case 1: unfilter_sub(row, size, step); break;
    case 2: unfilter_up(row, above, size); break;
    case 3: unfilter_average(row, above, size, step); break;
    case 4: unfilter_paeth(row, above, size, step); break;
    default: break;
    }
}

static void unfilter(uint8_t *row, const uint8_t *above, size_t size, size_t step, int filter) {
    switch (step) {
    case 1: unfilter_step(row, above, size, 1, filter); break;
    case 2: unfilter_step(row, above, size, 2, filter); break;
    case 3: unfilter_step(row, above, size, 3, filter); break;
    case 4: unfilter_step(row, above, size, 4, filter); break;
    case 6: unfilter_step(row, above, size, 6, filter); break;
    case 8: unfilter_step(row, above, size, 8, filter); break;
    default: break;
    }
}

static void unfilter_paeths(uint8_t *row, uint8_t *below, const uint8_t *above, size_t size, size_t step) {
    switch (step) {
    case 1: unfilter_two_paeths(row, below, above, size, 1); break;
    case 2: unfilter_two_paeths(row, below, above, size, 2); break;
    case 3: unfilter_two_paeths(row, below, above, size, 3); break;
    case 4: unfilter_two_paeths(row, below, above, size, 4); break;
    default: unfilter(row, above, size, step, 4); unfilter(below, row, size, step, 4);
    }
}
