/* SPDX-License-Identifier: MIT */
#include "scan.h"

#include "../base/bytes.h"

#include <string.h>

/* An entry of a table of AC codes: bits in all, coefficients passed, whether the block ends. */
enum { BITS = 31, PASSED_SHIFT = 5, PASSED = 63, END_OF_BLOCK = 64 << PASSED_SHIFT };

/* An MCU takes at most 10 blocks of 64 codes of 16 bits and 15 bits behind each: what is read beyond a limit. */
_Static_assert(TILE_MCU_BLOCKS * 64 * (16 + 15) / 8 + 16 < TILE_ENTROPY_PAD, "the padding holds an MCU");

/* ---- Tables ------------------------------------------------------------------------------------------------ */

/* T.81, annex C: codes of a length count up, and are those of the length before, shifted. */
static tile_status make_codes(struct tile_canonical *c, const struct tile_huffman *table, struct tile_error *error) {
    uint32_t code = 0;
    int32_t index = 0;
    memcpy(c->symbols, table->symbols, sizeof c->symbols);
    c->end[0] = 0;
    for (int length = 1; length <= 16; length++) {
        code <<= 1;
        c->offset[length] = index - (int32_t)code;
        code += table->counts[length];
        index += table->counts[length];
        if (code >= 1u << length) /* the code of ones only must stay unused */
            return tile_error_set(error, TILE_BAD_DATA, "has a Huffman table with more codes than there can be");
        c->end[length] = code << (16 - length);
    }
    return TILE_OK;
}

struct code {
    uint16_t length; /* 0: there is none */
    uint16_t symbol;
};

/* The code that 16 bits begin with, if it is not shorter than `length`. */
static inline struct code look_from(const struct tile_canonical *c, uint32_t bits, unsigned length) {
    for (; length <= 16; length++)
        if (bits < c->end[length])
            return (struct code){(uint16_t)length, c->symbols[(int32_t)(bits >> (16 - length)) + c->offset[length]]};
    return (struct code){0};
}

/* The code that 16 bits begin with. Rarely asked for, and returned by value, which keeps its callers' bits in
 * registers. */
static __attribute__((noinline)) struct code look_up(const struct tile_canonical *c, uint32_t bits) {
    return look_from(c, bits, 1);
}

static tile_status make_dc(struct tile_scan_dc *t, const struct tile_huffman *table, struct tile_error *error) {
    tile_status status = make_codes(&t->codes, table, error);
    if (status != TILE_OK)
        return status;
    int count = 0;
    for (int length = 1; length <= 16; length++)
        count += table->counts[length];
    for (int i = 0; i < count; i++) /* used or not, as libjpeg refuses it */
        if (table->symbols[i] > 15)
            return tile_error_set(error, TILE_BAD_DATA, "has a Huffman table with a DC category that cannot be");
    for (uint32_t i = 0; i < 1u << TILE_DC_BITS; i++) {
        struct code code = look_up(&t->codes, i << (16 - TILE_DC_BITS));
        t->first[i] = (uint16_t)(code.length <= TILE_DC_BITS ? code.length | code.symbol << 8 : 0);
    }
    return TILE_OK;
}

/* As many coefficients as have their codes whole within the index; the last one's own bits may lie beyond it. */
static uint16_t several(const struct code first[1 << TILE_AC_BITS], uint32_t index) {
    uint32_t bits = 0, passed = 0;
    while (bits < TILE_AC_BITS) {
        struct code code = first[(index << bits) & ((1 << TILE_AC_BITS) - 1)];
        uint32_t length = code.length, run = code.symbol >> 4, size = code.symbol & 15;
        if (length == 0 || length > TILE_AC_BITS - bits)
            break;
        if (size == 0 && run != 15)
            return (uint16_t)((bits + length) | passed << PASSED_SHIFT | END_OF_BLOCK);
        if (passed + run + 1 > 63)
            break;
        bits += length + size;
        passed += run + 1;
    }
    return (uint16_t)(bits | passed << PASSED_SHIFT);
}

/* For each tile of a distributed run, so its time counts: codes, in order, only become longer. */
static tile_status make_ac(struct tile_scan_table *t, const struct tile_huffman *table, struct tile_error *error) {
    struct code first[1 << TILE_AC_BITS];
    tile_status status = make_codes(&t->codes, table, error);
    if (status != TILE_OK)
        return status;
    unsigned length = 1;
    for (uint32_t i = 0; i < 1u << TILE_AC_BITS; i++) {
        first[i] = look_from(&t->codes, i << (16 - TILE_AC_BITS), length);
        length = first[i].length ? first[i].length : 17;
    }
    for (uint32_t i = 0; i < 1u << TILE_AC_BITS; i++)
        t->several[i] = several(first, i);
    return TILE_OK;
}

tile_status tile_scanner_init(struct tile_scanner *s, const struct tile_jpeg_header *h, struct tile_error *error) {
    tile_status status = TILE_OK;
    s->header = h;
    s->blocks = h->blocks;
    bool dc_made[4] = {false}, ac_made[4] = {false};
    for (int i = 0; i < h->components && status == TILE_OK; i++) {
        const struct tile_jpeg_component *c = &h->component[i];
        if (!dc_made[c->dc])
            status = make_dc(&s->dc[c->dc], &h->dc[c->dc], error);
        if (!ac_made[c->ac] && status == TILE_OK)
            status = make_ac(&s->ac[c->ac], &h->ac[c->ac], error);
        dc_made[c->dc] = ac_made[c->ac] = true;
    }
    for (int i = 0; i < h->blocks; i++) {
        const struct tile_jpeg_component *c = &h->component[h->block_component[i]];
        s->block[i].dc = &s->dc[c->dc];
        s->block[i].ac = &s->ac[c->ac];
        s->block[i].component = h->block_component[i];
    }
    return status;
}

/* ---- Bits -------------------------------------------------------------------------------------------------- */

/* The next bits, from the highest of `buffer` on; `have` of them at least are right. */
struct bits {
    const unsigned char *next;
    uint64_t buffer;
    unsigned have;
};

/* At least 56 bits. What lies below `have` in the buffer are the bits that come there anyway. */
static inline void refill(struct bits *b) {
    b->buffer |= tile_get_be(b->next, 8) >> b->have;
    b->next += (63 - b->have) >> 3;
    b->have |= 56;
}

static inline void take(struct bits *b, unsigned count) {
    b->buffer <<= count;
    b->have -= count;
}

static inline struct bits bits_at(const unsigned char *data, uint64_t bit) {
    struct bits b = {.next = data + (bit >> 3)};
    refill(&b);
    take(&b, (unsigned)(bit & 7));
    return b;
}

static inline uint64_t position(const struct bits *b, const unsigned char *data) {
    return (uint64_t)(b->next - data) * 8 - b->have;
}

/* ---- Blocks ------------------------------------------------------------------------------------------------ */

/* The DC of a block; false where there is no code. At most 31 bits. */
static inline bool pass_dc(struct bits *b, const struct tile_scan_dc *table, int *dc) {
    uint32_t entry = table->first[b->buffer >> (64 - TILE_DC_BITS)];
    unsigned length = entry & 0xFF;
    unsigned category = entry >> 8;
    if (__builtin_expect(length == 0, 0)) {
        struct code code = look_up(&table->codes, (uint32_t)(b->buffer >> 48));
        length = code.length;
        category = code.symbol;
        if (length == 0 || category > 15)
            return false;
    }
    /* T.81, F.2.2.1: below half of the category's range, the number is negative. */
    uint64_t rest = b->buffer << length;
    int low = (int)(rest >> 32 >> 1 >> (31 - category));
    int negative = (int)(rest >> 63) - 1; /* all ones where the first bit is 0 */
    *dc += low + (negative & (1 - (1 << category)));
    take(b, length + category);
    return true;
}

/* One coefficient; the number of coefficients passed then, 64 at the block's end, or 0 where there is no code. */
static inline unsigned pass_one(struct bits *b, const struct tile_canonical *codes, unsigned passed) {
    struct code code = look_up(codes, (uint32_t)(b->buffer >> 48));
    if (code.length == 0)
        return 0;
    unsigned run = code.symbol >> 4, size = code.symbol & 15;
    take(b, code.length + size);
    /* Runs over the end of the block are taken as libjpeg-turbo takes them: they end it. */
    return size == 0 && run != 15 ? 64 : passed + run + 1;
}

/* The AC coefficients of a block; false where there is no code. */
static inline bool pass_ac(struct bits *b, const struct tile_scan_table *table) {
    unsigned passed = 1;
    do {
        /* Twice at most 27 bits, or once 31. */
        refill(b);
        uint32_t entry = table->several[b->buffer >> (64 - TILE_AC_BITS)];
        unsigned then = passed + (entry >> PASSED_SHIFT); /* above 64 with END_OF_BLOCK */
        if (__builtin_expect(then <= 63 && (entry & BITS) != 0, 1)) {
            take(b, entry & BITS);
            passed = then;
            entry = table->several[b->buffer >> (64 - TILE_AC_BITS)];
            then = passed + (entry >> PASSED_SHIFT);
            if (then <= 63 && (entry & BITS) != 0) {
                take(b, entry & BITS);
                passed = then;
                continue;
            }
            refill(b);
        }
        bool ends = entry & END_OF_BLOCK ? passed + ((entry >> PASSED_SHIFT) & PASSED) <= 63 : then == 64;
        if (ends && (entry & BITS) != 0) {
            take(b, entry & BITS);
            return true;
        }
        passed = pass_one(b, &table->codes, passed);
        if (passed == 0)
            return false;
    } while (passed < 64);
    return true;
}

static inline bool in_range(const int dc[4]) {
    bool in = true;
    for (int i = 0; i < 4; i++)
        in &= dc[i] >= TILE_DC_LEAST && dc[i] <= TILE_DC_MOST;
    return in;
}

int64_t tile_scan(const struct tile_scanner *s, const unsigned char *data, uint64_t limit, int64_t count,
                  struct tile_scan_place *place) {
    struct bits b = bits_at(data, place->bit);
    int dc[4];
    memcpy(dc, place->dc, sizeof dc);
    int64_t done = 0;
    for (; done < count && position(&b, data) < limit; done++) {
        bool right = true;
        for (int i = 0; i < s->blocks && right; i++) {
            refill(&b);
            right = pass_dc(&b, s->block[i].dc, &dc[s->block[i].component]) && pass_ac(&b, s->block[i].ac);
        }
        if (!right || !in_range(dc))
            return -1;
        place->bit = position(&b, data);
        memcpy(place->dc, dc, sizeof dc);
    }
    return done;
}

bool tile_scan_first(const struct tile_scanner *s, const unsigned char *data, struct tile_scan_place *place,
                     struct tile_scan_dc_place at[4]) {
    struct bits b = bits_at(data, place->bit);
    bool seen[4] = {false};
    for (int i = 0; i < s->blocks; i++) {
        int component = s->block[i].component;
        refill(&b);
        uint64_t begin = position(&b, data);
        if (!pass_dc(&b, s->block[i].dc, &place->dc[component]))
            return false;
        if (!seen[component])
            at[component] = (struct tile_scan_dc_place){begin, position(&b, data), place->dc[component]};
        seen[component] = true;
        if (!pass_ac(&b, s->block[i].ac))
            return false;
    }
    place->bit = position(&b, data);
    return in_range(place->dc);
}
