/* SPDX-License-Identifier: MIT */
/*
 * The fast coder. A piece is cut into blocks of equal size that the second-level cache holds. A part of a block's bytes
 * is counted, which tells about what a literal costs; matches are searched that cost less than their literals; what was
 * found is counted; and with the codes that fit the counts, all is written. With the codes the size is known to the
 * bit: a block is stored, or takes the fixed codes, where that is smaller.
 */
#include "deflate.h"

#include "../base/memory.h"
#include "choice.h"
#include "huffman.h"
#include "kernels/bits.h"

#include <string.h>

enum {
    BLOCK = 256 << 10,
    SAMPLED = 4096, /* of so many bytes, SAMPLE are looked at to know what literals cost */
    SAMPLE = 512,
    MOST_LITERAL_BITS = 14,  /* of struct tile_codes */
    MOST_DISTANCE_BITS = 15, /* RFC 1951 */
    MOST_PRECODE_BITS = 7,
    PRECODE = 19,        /* symbols of the code that code lengths are written in */
    MOST_STORED = 65535, /* bytes of a stored block */
    STORED = 0,          /* kinds of blocks */
    FIXED = 1,
    DYNAMIC = 2,
};

/* The code lengths of both alphabets as they are written: one behind the other, with repetitions. */
struct header {
    int literals, distances; /* symbols up to the last one in use */
    int count;
    struct {
        uint8_t symbol, extra;
    } item[TILE_LITERALS + TILE_DISTANCES];
    uint8_t precode_bits[PRECODE];
    int precode; /* symbols written */
    size_t bits; /* of all of it */
};

struct tile_deflate {
    const struct tile_allocator *allocator;
    const struct tile_deflate_kernels *kernels;
    uint32_t literal_counts[TILE_LITERALS], distance_counts[TILE_DISTANCES]; /* of the block's symbols */
    uint8_t literal_bits[TILE_LITERALS], distance_bits[TILE_DISTANCES];
    struct header header;
    struct tile_codes codes;
    struct tile_matcher matcher;
    uint8_t literals[BLOCK + TILE_MATCH_ROOM];
    struct tile_sequence sequences[BLOCK / TILE_SHORTEST_MATCH + 1];
};

size_t tile_deflate_memory(void) {
    return sizeof(tile_deflate);
}

tile_status tile_deflate_new(tile_deflate **out, tile_cpu cpu, const struct tile_allocator *allocator,
                             struct tile_error *error) {
    *out = NULL;
    const struct tile_deflate_kernels *kernels = tile_deflate_kernels_of(cpu);
    if (!kernels)
        return tile_error_set(error, TILE_UNSUPPORTED, "deflate: this machine has no %s", tile_cpu_name(cpu));
    tile_deflate *d = tile_alloc_zero(allocator, sizeof *d);
    if (!d)
        return tile_no_memory(error, sizeof *d);
    d->allocator = allocator;
    d->kernels = kernels;
    *out = d;
    return TILE_OK;
}

void tile_deflate_free(tile_deflate *deflate) {
    if (deflate)
        tile_free(deflate->allocator, deflate);
}

/* ---- The code of code lengths: RFC 1951, 3.2.7 ---- */

static const uint8_t precode_order[PRECODE] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

static unsigned precode_extra(unsigned symbol) {
    return symbol == 16 ? 2 : symbol == 17 ? 3 : symbol == 18 ? 7 : 0;
}

static int used(const uint8_t *lengths, int symbols, int least) {
    while (symbols > least && !lengths[symbols - 1])
        symbols--;
    return symbols;
}

static void add_item(struct header *h, uint32_t *counts, int symbol, int extra) {
    h->item[h->count].symbol = (uint8_t)symbol;
    h->item[h->count++].extra = (uint8_t)extra;
    counts[symbol]++;
}

static void make_header(struct header *h, const uint8_t *literals, const uint8_t *distances) {
    uint8_t lengths[TILE_LITERALS + TILE_DISTANCES];
    uint32_t counts[PRECODE] = {0};
    h->literals = used(literals, TILE_LITERALS, TILE_FIRST_LENGTH);
    h->distances = used(distances, TILE_DISTANCES, 1);
    h->count = 0;
    memcpy(lengths, literals, (size_t)h->literals);
    memcpy(lengths + h->literals, distances, (size_t)h->distances);
    int total = h->literals + h->distances;
    for (int i = 0; i < total;) {
        int run = 1;
        while (i + run < total && lengths[i + run] == lengths[i])
            run++;
        int length = lengths[i];
        i += run;
        if (length) {
            add_item(h, counts, length, 0);
            run--;
        }
        while (run >= 3) {
            int most = length ? 6 : 138, now = run < most ? run : most;
            add_item(h, counts, length ? 16 : now < 11 ? 17 : 18, now - (length || now < 11 ? 3 : 11));
            run -= now;
        }
        while (run-- > 0)
            add_item(h, counts, length, 0);
    }
    tile_huffman_lengths(h->precode_bits, counts, PRECODE, MOST_PRECODE_BITS);
    h->precode = PRECODE;
    while (h->precode > 4 && !h->precode_bits[precode_order[h->precode - 1]])
        h->precode--;
    h->bits = 5 + 5 + 4 + 3 * (size_t)h->precode;
    for (unsigned s = 0; s < PRECODE; s++)
        h->bits += counts[s] * (h->precode_bits[s] + precode_extra(s));
}

static void write_header(struct tile_bits *bits, const struct header *h) {
    uint16_t codes[PRECODE];
    tile_huffman_codes(codes, h->precode_bits, PRECODE);
    tile_bits_add(bits, (unsigned)h->literals - TILE_FIRST_LENGTH, 5);
    tile_bits_add(bits, (unsigned)h->distances - 1, 5);
    tile_bits_add(bits, (unsigned)h->precode - 4, 4);
    for (int i = 0; i < h->precode; i++) {
        tile_bits_flush(bits);
        tile_bits_add(bits, h->precode_bits[precode_order[i]], 3);
    }
    for (int i = 0; i < h->count; i++) {
        tile_bits_flush(bits);
        unsigned symbol = h->item[i].symbol;
        tile_bits_add(bits, codes[symbol], h->precode_bits[symbol]);
        tile_bits_add(bits, h->item[i].extra, precode_extra(symbol));
    }
    tile_bits_flush(bits);
}

/* ---- Codes ---- */

/* RFC 1951, 3.2.6. All of the fixed code's 288 symbols take part in it. */
static void fixed_lengths(uint8_t literals[288], uint8_t distances[TILE_DISTANCES]) {
    memset(literals, 8, 144);
    memset(literals + 144, 9, 256 - 144);
    memset(literals + 256, 7, 280 - 256);
    memset(literals + 280, 8, 288 - 280);
    memset(distances, 5, TILE_DISTANCES);
}

static void make_codes(struct tile_codes *codes, const uint8_t *literals, int symbols, const uint8_t *distances) {
    uint16_t code[TILE_HUFFMAN_SYMBOLS];
    tile_huffman_codes(code, literals, symbols);
    for (int s = 0; s < TILE_LITERALS; s++)
        codes->literal[s] = code[s] | (uint32_t)literals[s] << 16;
    for (unsigned n = TILE_SHORTEST_MATCH; n <= TILE_LONGEST_MATCH; n++) {
        struct tile_symbol s = tile_symbol_of_length(n);
        codes->length[n] = code[s.symbol] | s.value << literals[s.symbol] | (literals[s.symbol] + s.extra) << 24;
    }
    tile_huffman_codes(code, distances, TILE_DISTANCES);
    for (int s = 0; s < TILE_DISTANCES; s++)
        codes->distance[s] = code[s] | (uint32_t)distances[s] << 16;
}

/* ---- Blocks ---- */

/* Also an empty one. */
static void write_stored(struct tile_bits *bits, const uint8_t *data, size_t size, bool last) {
    do {
        size_t now = size < MOST_STORED ? size : MOST_STORED;
        tile_bits_add(bits, last && now == size, 1);
        tile_bits_add(bits, STORED, 2);
        bits->count = (bits->count + 7) & ~7U;
        tile_bits_flush(bits);
        tile_bits_add(bits, (uint64_t)now | (uint64_t)(now ^ 0xFFFF) << 16, 32);
        tile_bits_flush(bits);
        if (now)
            memcpy(bits->out, data, now);
        bits->out += now;
        data += now;
        size -= now;
    } while (size);
}

/* About what each literal takes, by a part of them. */
static void estimate_costs(tile_deflate *d, uint8_t costs[256], const uint8_t *data, size_t size) {
    uint32_t counts[256];
    size_t taken = 0;
    for (size_t at = 0; at < size; at += SAMPLED) {
        size_t now = size - at < SAMPLE ? size - at : SAMPLE;
        memcpy(d->literals + taken, data + at, now);
        taken += now;
    }
    for (int s = 0; s < 256; s++)
        counts[s] = 1; /* each has a cost */
    d->kernels->count(counts, d->literals, taken);
    tile_huffman_lengths(costs, counts, 256, MOST_LITERAL_BITS);
}

/* Counts all symbols. Returns the extra bits. */
static size_t count_symbols(tile_deflate *d, const uint8_t *literals, size_t count) {
    size_t extra = 0, size = 0;
    memset(d->literal_counts, 0, sizeof d->literal_counts);
    memset(d->distance_counts, 0, sizeof d->distance_counts);
    for (size_t i = 0; i < count; i++) {
        struct tile_sequence s = d->sequences[i];
        size += s.literals;
        if (!s.length)
            continue;
        struct tile_symbol length = tile_symbol_of_length(s.length), distance = tile_symbol_of_distance(s.distance);
        d->literal_counts[length.symbol]++;
        d->distance_counts[distance.symbol]++;
        extra += length.extra + distance.extra;
    }
    d->kernels->count(d->literal_counts, literals, size);
    d->literal_counts[TILE_END_OF_BLOCK] = 1;
    return extra;
}

static size_t bits_of(const tile_deflate *d, const uint8_t *literal_bits, const uint8_t *distance_bits) {
    size_t bits = 0;
    for (int s = 0; s < TILE_LITERALS; s++)
        bits += (size_t)d->literal_counts[s] * literal_bits[s];
    for (int s = 0; s < TILE_DISTANCES; s++)
        bits += (size_t)d->distance_counts[s] * distance_bits[s];
    return bits;
}

/* The bytes from `begin` to `end` of the piece; there is at least one. */
static void write_block(tile_deflate *d, struct tile_bits *bits, const struct tile_deflate_piece *piece, size_t begin,
                        size_t end) {
    const uint8_t *data = piece->data + begin;
    size_t size = end - begin;
    bool last = piece->last && end == piece->size;
    uint8_t costs[256];
    estimate_costs(d, costs, data, size);
    size_t count = d->kernels->match(d->sequences, d->literals, &d->matcher, piece->data, begin, end, piece->row,
                                     piece->step, costs);
    const uint8_t *literals = d->sequences[0].literals == size ? data : d->literals;
    size_t extra = count_symbols(d, literals, count);

    uint8_t fixed_literals[288], fixed_distances[TILE_DISTANCES];
    fixed_lengths(fixed_literals, fixed_distances);
    tile_huffman_lengths(d->literal_bits, d->literal_counts, TILE_LITERALS, MOST_LITERAL_BITS);
    tile_huffman_lengths(d->distance_bits, d->distance_counts, TILE_DISTANCES, MOST_DISTANCE_BITS);
    make_header(&d->header, d->literal_bits, d->distance_bits);
    size_t fixed = bits_of(d, fixed_literals, fixed_distances);
    size_t dynamic = d->header.bits + bits_of(d, d->literal_bits, d->distance_bits);
    size_t coded = extra + (fixed < dynamic ? fixed : dynamic);
    if (coded >= 8 * size) {
        write_stored(bits, data, size, last);
        return;
    }
    tile_bits_add(bits, last, 1);
    tile_bits_add(bits, fixed < dynamic ? FIXED : DYNAMIC, 2);
    tile_bits_flush(bits);
    if (fixed < dynamic) {
        make_codes(&d->codes, fixed_literals, 288, fixed_distances);
    } else {
        write_header(bits, &d->header);
        make_codes(&d->codes, d->literal_bits, TILE_LITERALS, d->distance_bits);
    }
    d->kernels->pack(bits, &d->codes, literals, d->sequences, count);
    tile_bits_add(bits, d->codes.literal[TILE_END_OF_BLOCK] & 0xFFFF, d->codes.literal[TILE_END_OF_BLOCK] >> 16);
    tile_bits_flush(bits);
}

/*
 * A block is no larger than stored, where each 65535 bytes take 5 more, and one more for the bits before the first of
 * them; blocks that are smaller than BLOCK are as large as half of it unless there is one alone. An empty stored block
 * at the end takes at most 6, and a flush writes 8 bytes at once.
 */
size_t tile_deflate_bound(size_t size) {
    size_t stored = size / (MOST_STORED / 2) + 1, bound;
    return tile_mul(&stored, stored, 6) && tile_add(&bound, size, stored) && tile_add(&bound, bound, 6 + 8 + 2)
               ? bound
               : SIZE_MAX;
}

size_t tile_deflate_run(tile_deflate *deflate, uint8_t *out, const struct tile_deflate_piece *piece) {
    struct tile_bits bits = {out, 0, 0};
    memset(&deflate->matcher, 0, sizeof deflate->matcher);
    size_t blocks = piece->size / BLOCK + (piece->size % BLOCK != 0);
    for (size_t i = 0, begin = 0; i < blocks; i++) {
        size_t end = begin + (piece->size - begin) / (blocks - i);
        write_block(deflate, &bits, piece, begin, end);
        begin = end;
    }
    if (!piece->last || piece->size == 0)
        write_stored(&bits, NULL, 0, piece->last);
    bits.count = (bits.count + 7) & ~7U; /* the last block may end within a byte */
    tile_bits_flush(&bits);
    return (size_t)(bits.out - out);
}
