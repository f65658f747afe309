/* SPDX-License-Identifier: MIT */
/* Huffman codes of a bounded length, as RFC 1951 wants them. */
#ifndef TILE_DEFLATE_HUFFMAN_H
#define TILE_DEFLATE_HUFFMAN_H

#include <stdint.h>

#define TILE_HUFFMAN_SYMBOLS 288 /* the largest alphabet's */

/*
 * The lengths of a complete code, none of more than `most` bits, for up to TILE_HUFFMAN_SYMBOLS symbols that occur so
 * often: of 2^22 times at most. What does not occur has the length 0; but where fewer than two symbols occur, the first
 * ones have a code, so that there are two: not every reader takes a code of one symbol. 2^most is at least `symbols`.
 */
void tile_huffman_lengths(uint8_t *lengths, const uint32_t *counts, int symbols, int most);

/* The codes of such lengths, of 15 bits at most: their first bit is the lowest. */
void tile_huffman_codes(uint16_t *codes, const uint8_t *lengths, int symbols);

#endif
