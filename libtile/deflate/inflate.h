/* SPDX-License-Identifier: MIT */
/*
 * Inflating a stream that comes in pieces: RFC 1951 (deflate) and RFC 1950 (zlib). It stops where zlib stops and
 * refuses what zlib refuses, in zlib's words.
 */
#ifndef TILE_DEFLATE_INFLATE_H
#define TILE_DEFLATE_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Deflate refers back to at most this many bytes (RFC 1951, 2). */
enum { TILE_INFLATE_WINDOW = 32768 };

enum tile_inflate_stop {
    TILE_INFLATE_INPUT, /* all input is taken, and more is needed */
    TILE_INFLATE_ROOM,  /* the next byte finds no room */
    TILE_INFLATE_BLOCK, /* a block has ended, or the first one begins; only if asked for */
    TILE_INFLATE_END,   /* the stream has ended */
    TILE_INFLATE_BAD,   /* it is damaged: see `why` */
};

/* Entries of the tables of codes; no set of codes takes more. */
enum {
    TILE_INFLATE_BITS = 11,
    TILE_INFLATE_SYMBOLS = 2342,
    TILE_INFLATE_DISTANCE_BITS = 8,
    TILE_INFLATE_DISTANCES = 402
};

/* Holds no memory of its own. */
struct tile_inflate {
    /* The caller's, who sets them before a call. No byte of the input is taken that the output does not need yet, but
     * for the bits that share a byte with others. */
    const unsigned char *next; /* input, moves on */
    size_t ready;
    const unsigned char *history; /* what matches may refer to: from here to `to`; at least the last
                                     TILE_INFLATE_WINDOW bytes, if there have been so many */
    unsigned char *to;            /* output, moves on; bytes of the room behind it are written to, too */
    size_t room;
    bool stop_at_blocks;
    bool ignore_checksum;
    const char *why;

    uint64_t bits; /* taken and not used: `count` of them, the lowest first */
    unsigned count;
    bool last; /* the block is the last one */

    enum {
        TILE_INFLATE_HEAD,
        TILE_INFLATE_BEGIN,
        TILE_INFLATE_STORED_HEAD,
        TILE_INFLATE_STORED,
        TILE_INFLATE_COUNTS,
        TILE_INFLATE_ORDER,
        TILE_INFLATE_LENGTHS,
        TILE_INFLATE_CODES,
        TILE_INFLATE_DISTANCE,
        TILE_INFLATE_MATCH,
        TILE_INFLATE_CHECKSUM,
        TILE_INFLATE_ENDED,
        TILE_INFLATE_BROKEN
    } phase;
    bool is_zlib;  /* and not bare deflate */
    bool reported; /* the boundary before the block */
    bool fixed;    /* the tables are those of fixed codes */
    uint32_t adler;
    uint32_t length, distance;                    /* of what is being copied; `length`: of a stored block, too */
    unsigned symbols, distances, orders, lengths; /* of a dynamic block; the last two: read so far */
    uint8_t code_lengths[320];
    uint32_t symbol_table[TILE_INFLATE_SYMBOLS];
    uint32_t distance_table[TILE_INFLATE_DISTANCES];
};

/* Begins a stream: zlib's, or bare deflate that begins behind `count` bits of a byte, of which `bits` are the rest. */
void tile_inflate_begin_zlib(struct tile_inflate *inflate);
void tile_inflate_begin_raw(struct tile_inflate *inflate, unsigned bits, unsigned count);

enum tile_inflate_stop tile_inflate_run(struct tile_inflate *inflate);

#endif
