/* SPDX-License-Identifier: MIT */
/*
 * Finding where MCUs begin, and what their DC values are: Huffman decoding without coefficients.
 *
 * Nearly all bits of a JPEG belong to AC coefficients, which are only to be passed over. One look at the next bits
 * tells how many of them whole coefficients take, several at once where they are short.
 */
#ifndef TILE_INDEX_SCAN_H
#define TILE_INDEX_SCAN_H

#include "entropy.h"
#include "jpeg_header.h"

enum { TILE_AC_BITS = 12, TILE_DC_BITS = 9 };

/* Codes by length, for those that are longer than a table's bits. */
struct tile_canonical {
    uint32_t end[17]; /* [l]: the first code of 16 bits that is longer than l bits */
    int32_t offset[17];
    uint8_t symbols[256];
};

struct tile_scan_table {
    /* By the next bits: how many of them whole coefficients take, and how many these are; as many as have their codes
     * within the index. 0: ask `codes`. */
    uint16_t several[1 << TILE_AC_BITS];
    struct tile_canonical codes;
};

struct tile_scan_dc {
    uint16_t first[1 << TILE_DC_BITS]; /* bits of the code | category << 8; 0: ask `codes` */
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
 * from -1024 to 1016. The difference of any two has a category up to 11 then, for which there is always a code.
 */
enum { TILE_DC_LEAST = -1024, TILE_DC_MOST = 1023 };

/* Where a scan is: a bit of the data, counted from its first byte's highest, and what DC is predicted from. */
struct tile_scan_place {
    uint64_t bit;
    int dc[4];
};

/* Of a component's first block in an MCU: where its DC stands, and what it is. */
struct tile_scan_dc_place {
    uint64_t begin, end; /* bits */
    int value;
};

/* BAD_DATA for tables that cannot be. The scanner takes from `header` as long as it lives. */
tile_status tile_scanner_init(struct tile_scanner *scanner, const struct tile_jpeg_header *header,
                              struct tile_error *error);

/*
 * Passes over up to `count` MCUs, as long as they begin before bit `limit`; the data goes on for TILE_ENTROPY_PAD bytes
 * behind that. Returns how many, or -1 where what comes is no code or no DC value; `place` is of that MCU then.
 */
int64_t tile_scan(const struct tile_scanner *scanner, const unsigned char *data, uint64_t limit, int64_t count,
                  struct tile_scan_place *place);
/* One MCU, and where its DCs are; false as above. */
bool tile_scan_first(const struct tile_scanner *scanner, const unsigned char *data, struct tile_scan_place *place,
                     struct tile_scan_dc_place dc[4]);

#endif
