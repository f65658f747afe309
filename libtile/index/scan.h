/* SPDX-License-Identifier: MIT */
/*
 * Finds the beginnings of MCUs and their DC values by Huffman decoding without coefficients.
 *
 * Nearly all bits of a JPEG belong to AC coefficients, which are only skipped. One look-up of the next bits returns the
 * length of one whole coefficient, or of several short ones.
 */
#ifndef TILE_INDEX_SCAN_H
#define TILE_INDEX_SCAN_H

#include "entropy.h"
#include "jpeg_header.h"

enum { TILE_AC_BITS = 12, TILE_DC_BITS = 9 };

/* Codes by length, for codes that are longer than a table's index. */
struct tile_canonical {
    uint32_t end[17]; /* [l]: the first code of 16 bits that is longer than l bits */
    int32_t offset[17];
    uint8_t symbols[256];
};

struct tile_scan_table {
    /* Indexed by the next bits: the length and the number of the whole coefficients whose codes lie within the index.
     * 0: look in `codes`. */
    uint16_t several[1 << TILE_AC_BITS];
    struct tile_canonical codes;
};

struct tile_scan_dc {
    uint16_t first[1 << TILE_DC_BITS]; /* bits of the code | category << 8; 0: look in `codes` */
    struct tile_canonical codes;
};

struct tile_scanner {
    const struct tile_jpeg_header *header;
    int blocks;
    struct {
        const struct tile_scan_dc *dc;
        const struct tile_scan_table *ac;
        int component;
    } block[TILE_MCU_BLOCKS];
    struct tile_scan_dc dc[4];
    struct tile_scan_table ac[4];
};

/*
 * A DC value is 8 times the mean of samples from -128 to 127 (T.81, A.3.3) divided by a quantization of at least 1:
 * from -1024 to 1016. So the difference of any two has a category of at most 11, which always has a code.
 */
enum { TILE_DC_LEAST = -1024, TILE_DC_MOST = 1023 };

/* A scan's position: a bit of the data, counted from the first byte's highest bit, and the DC predictions. */
struct tile_scan_place {
    uint64_t bit;
    int dc[4];
};

/* The DC of a component's first block in an MCU: its position and its value. */
struct tile_scan_dc_place {
    uint64_t begin, end; /* bits */
    int value;
};

/* BAD_DATA for invalid tables. `header` must outlive the scanner. */
tile_status tile_scanner_init(struct tile_scanner *scanner, const struct tile_jpeg_header *header,
                              struct tile_error *error);

/*
 * Skips up to `count` MCUs that begin before bit `limit`; the data must go on for TILE_ENTROPY_PAD bytes behind that.
 * Returns the number of MCUs skipped, or -1 for an invalid code or DC value; `place` is then at that MCU.
 */
int64_t tile_scan(const struct tile_scanner *scanner, const unsigned char *data, uint64_t limit, int64_t count,
                  struct tile_scan_place *place);
/* Skips one MCU and returns the positions of its DCs; false for an invalid code or DC value. */
bool tile_scan_first(const struct tile_scanner *scanner, const unsigned char *data, struct tile_scan_place *place,
                     struct tile_scan_dc_place dc[4]);

#endif
