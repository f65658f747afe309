/* SPDX-License-Identifier: MIT */
/*
 * The operations that deflating, inflating and filtering are made of. They know arrays and nothing else, cannot fail,
 * and touch no byte but those that they are told of.
 *
 * Each kernel is written once and compiled once per ISA into that ISA's table. All tables give the same bits.
 */
#ifndef TILE_DEFLATE_KERNELS_H
#define TILE_DEFLATE_KERNELS_H

#include "symbols.h"

#include <stddef.h>
#include <stdint.h>

/* So many bytes as they are, and then a match: `length` bytes that are those of `distance` before. Length 0: none. */
struct tile_sequence {
    uint32_t literals;
    uint16_t length, distance;
};

/*
 * The codes of a block, the first bit of each the lowest, and how many bits they have: from bit 24 on in `length`, from
 * bit 16 on in the others. No code of the first table has more than 14 bits.
 */
struct tile_codes {
    uint32_t literal[TILE_LITERALS];
    uint32_t length[TILE_LONGEST_MATCH + 1]; /* of each length, with the extra bits */
    uint32_t distance[TILE_DISTANCES];       /* without the extra bits */
};

/* Where bits go, the first the lowest. Between calls fewer than 8 are left in `buffer`. */
struct tile_bits {
    uint8_t *out; /* 8 bytes from here on may be written, whatever they become */
    uint64_t buffer;
    unsigned count;
};

/* Where the matcher saw what last: the lower 16 bits of the place, by a hash of the bytes. All 0 before a piece. */
#define TILE_MATCH_HASH 13
struct tile_matcher {
    uint16_t place[1 << TILE_MATCH_HASH];
    uint8_t mark; /* a byte that is seldom, by which repetitions are found: of the first block */
};
#define TILE_MATCH_ROOM 32

/* PNG's filters: None, Sub, Up, Average and Paeth, by their numbers. */
#define TILE_FILTERS 5

struct tile_deflate_kernels {
    /* Adds to counts[b] how often b is among the bytes. */
    void (*count)(uint32_t counts[256], const uint8_t *data, size_t size);
    /*
     * Splits data[begin] to data[end - 1] into sequences, of which it returns how many: (end - begin) / 3 + 1 at most,
     * and only the last one may lack a match. What matches may begin before `begin`. `row` is how far before a byte the
     * one above it is, `step` are the bytes of a pixel; 0: unknown. cost[b] is about how many bits the literal b takes,
     * which a match is to save. `literals` gets what is in no match, one behind the other, and has TILE_MATCH_ROOM more
     * bytes than the data; where there is no match at all, it is left as it is.
     */
    size_t (*match)(struct tile_sequence *out, uint8_t *literals, struct tile_matcher *matcher, const uint8_t *data,
                    size_t begin, size_t end, size_t row, size_t step, const uint8_t cost[256]);
    /* Writes sequences, whose literals are one behind the other. */
    void (*pack)(struct tile_bits *bits, const struct tile_codes *codes, const uint8_t *literals,
                 const struct tile_sequence *sequences, size_t count);

    /*
     * For a row of PNG of pixels of `step` bytes, 1 to 8, with the row above: about how many eighths of a bit it takes
     * by each filter; and the row by one of them.
     */
    void (*filter_costs)(uint64_t costs[TILE_FILTERS], const uint8_t *row, const uint8_t *above, size_t size,
                         size_t step);
    void (*filter)(uint8_t *out, const uint8_t *row, const uint8_t *above, size_t size, size_t step, int filter);
    /*
     * Undoes a filter in place, below a row where that is done; and Paeth in two rows at once, which takes hardly more
     * time than in one. `step` is 1, 2, 3, 4, 6 or 8, and `size` whole pixels.
     */
    void (*unfilter)(uint8_t *row, const uint8_t *above, size_t size, size_t step, int filter);
    void (*unfilter_paeths)(uint8_t *row, uint8_t *below, const uint8_t *above, size_t size, size_t step);
    /* Words of 16 bits to the other order of bytes. */
    void (*swap)(uint8_t *out, const uint8_t *in, size_t count);

    /* out[i] = in[step + i] - in[i] for `count` samples; `in` has step + count of them. */
    void (*differ_8)(uint8_t *out, const uint8_t *in, size_t count, size_t step);
    void (*differ_16)(uint16_t *out, const uint16_t *in, size_t count, size_t step);
    /* The same of each of the four bytes by itself, the highest to `out`, the others to the planes behind it, each of
     * which begins `plane` bytes after the one before. */
    void (*differ_planes)(uint8_t *out, size_t plane, const uint32_t *in, size_t count, size_t step);
};

#endif
