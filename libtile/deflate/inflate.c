/* SPDX-License-Identifier: MIT */
#include "inflate.h"

#include <libdeflate.h>
#include <string.h>

/*
 * An entry of a table. It is found by the bits that come next, the first of them the lowest.
 *
 *     0 to 5    bits to go on by: of the code, or of two codes, and of the extra bits behind it
 *     8, 9      bytes: a literal, or two
 *     10        neither a literal nor a match: a link, the end of the block, or no code
 *     11        a link to a table for the rest of a long code
 *     12 to 15  bits of the (first) code; link: bits that the other table is found by
 *     16 to 31  the literals; the least length or distance; link: where the other table is
 */
enum {
    ONE = 1 << 8,
    TWO = 2 << 8,
    LITERAL = ONE | TWO,
    SPECIAL = 1 << 10,
    LINK = 1 << 11,
    END = SPECIAL,
    INVALID = SPECIAL | 1 << 16
};

static inline unsigned bits_of(uint32_t entry) {
    return entry & 63;
}

static inline unsigned code_bits_of(uint32_t entry) {
    return entry >> 12 & 15;
}

static inline uint32_t mask(unsigned bits) {
    return ((uint32_t)1 << bits) - 1;
}

/* The least length or distance, and what the extra bits add. */
static inline uint32_t value_of(uint32_t entry, uint64_t bits) {
    return (entry >> 16) + (((uint32_t)bits & mask(bits_of(entry))) >> code_bits_of(entry));
}

static inline uint32_t look_up(const uint32_t *table, unsigned primary, uint64_t bits) {
    uint32_t entry = table[bits & mask(primary)];
    if (entry & LINK)
        entry = table[(entry >> 16) + (bits >> primary & mask(code_bits_of(entry)))];
    return entry;
}

/* ---- Tables ------------------------------------------------------------------------------------------------ */

/* What follows the literals: RFC 1951, 3.2.5. Extra bits, and the least value above. */
#define MEANS(value, extra) ((uint32_t)(value) << 16 | (extra))

static const uint32_t lengths[] = {
    END,           MEANS(3, 0),   MEANS(4, 0),  MEANS(5, 0),   MEANS(6, 0),   MEANS(7, 0),   MEANS(8, 0),
    MEANS(9, 0),   MEANS(10, 0),  MEANS(11, 1), MEANS(13, 1),  MEANS(15, 1),  MEANS(17, 1),  MEANS(19, 2),
    MEANS(23, 2),  MEANS(27, 2),  MEANS(31, 2), MEANS(35, 3),  MEANS(43, 3),  MEANS(51, 3),  MEANS(59, 3),
    MEANS(67, 4),  MEANS(83, 4),  MEANS(99, 4), MEANS(115, 4), MEANS(131, 5), MEANS(163, 5), MEANS(195, 5),
    MEANS(227, 5), MEANS(258, 0), INVALID,      INVALID,
};

static const uint32_t distances[] = {
    MEANS(1, 0),     MEANS(2, 0),     MEANS(3, 0),     MEANS(4, 0),      MEANS(5, 1),      MEANS(7, 1),
    MEANS(9, 2),     MEANS(13, 2),    MEANS(17, 3),    MEANS(25, 3),     MEANS(33, 4),     MEANS(49, 4),
    MEANS(65, 5),    MEANS(97, 5),    MEANS(129, 6),   MEANS(193, 6),    MEANS(257, 7),    MEANS(385, 7),
    MEANS(513, 8),   MEANS(769, 8),   MEANS(1025, 9),  MEANS(1537, 9),   MEANS(2049, 10),  MEANS(3073, 10),
    MEANS(4097, 11), MEANS(6145, 11), MEANS(8193, 12), MEANS(12289, 12), MEANS(16385, 13), MEANS(24577, 13),
    INVALID,         INVALID,
};

enum { LONGEST = 15 };

/* The next code of `bits` bits, from its last bit to its first. */
static uint32_t next_code(uint32_t code, unsigned bits) {
    uint32_t bit = (uint32_t)1 << (bits - 1);
    while (code & bit)
        bit >>= 1;
    return bit ? (code & (bit - 1)) | bit : 0;
}

/*
 * Makes the table for codes of `sizes` bits, of which there are `symbols`. `meaning` has an entry for each symbol;
 * `literals` of them come before it, which mean themselves. False: the set of codes is over-subscribed; or incomplete,
 * which only one code of one bit may be where `may_lack`.
 */
static bool make_table(uint32_t *table, unsigned primary, const uint8_t *sizes, unsigned symbols, unsigned literals,
                       const uint32_t *meaning, bool may_lack) {
    unsigned counts[LONGEST + 1] = {0}, first[LONGEST + 2] = {0}, longest = LONGEST;
    uint16_t sorted[288];
    for (unsigned i = 0; i < symbols; i++)
        counts[sizes[i]]++;
    counts[0] = 0;
    while (longest > 0 && counts[longest] == 0)
        longest--;
    int left = 1;
    for (unsigned size = 1; size <= LONGEST; size++) {
        left = left * 2 - (int)counts[size];
        if (left < 0)
            return false;
        first[size + 1] = first[size] + counts[size];
    }
    if (left > 0) {
        if (longest > 1 || (longest == 1 && !may_lack))
            return false;
        for (uint32_t i = 0; i < (uint32_t)1 << primary; i++)
            table[i] = INVALID | 1 << 12 | 1;
    }
    for (unsigned i = 0; i < symbols; i++)
        if (sizes[i])
            sorted[first[sizes[i]]++] = (uint16_t)i;
    uint32_t code = 0, used = (uint32_t)1 << primary, link = 0;
    unsigned at = 0;
    for (unsigned size = 1; size <= longest; size++)
        for (unsigned i = 0; i < counts[size]; i++) {
            unsigned symbol = sorted[at++];
            uint32_t entry = symbol < literals ? ONE | (uint32_t)symbol << 16 : meaning[symbol - literals];
            entry += size << 12 | size; /* to the extra bits */
            if (size <= primary) {
                for (uint32_t j = code; j < (uint32_t)1 << primary; j += (uint32_t)1 << size)
                    table[j] = entry;
            } else {
                if (!(code >> primary)) {
                    /* The first of those with this beginning: the table is as large as they all need. */
                    unsigned rest = size - primary;
                    int room = (1 << rest) - (int)(counts[size] - i);
                    while (room > 0) {
                        rest++;
                        room = room * 2 - (int)counts[primary + rest];
                    }
                    link = used;
                    used += (uint32_t)1 << rest;
                    table[code & mask(primary)] = SPECIAL | LINK | link << 16 | rest << 12 | primary;
                }
                uint32_t *other = table + link;
                unsigned rest = code_bits_of(table[code & mask(primary)]);
                for (uint32_t j = code >> primary; j < (uint32_t)1 << rest; j += (uint32_t)1 << (size - primary))
                    other[j] = entry;
            }
            code = next_code(code, size);
        }
    return true;
}

/* Where the bits that find a literal hold another one, too, both are found at once. */
static void pair_literals(uint32_t *table) {
    for (uint32_t i = 0; i < (uint32_t)1 << TILE_INFLATE_BITS; i++) {
        unsigned size = code_bits_of(table[i]);
        uint32_t second = table[i >> size];
        unsigned both = size + code_bits_of(second);
        if ((table[i] & LITERAL) && (second & LITERAL) && both <= TILE_INFLATE_BITS)
            table[i] = TWO | both | (table[i] & 0xFFF000) | (second & 0xFF0000) << 8;
    }
}

static bool make_symbols(struct tile_inflate *s, const uint8_t *sizes, unsigned symbols) {
    if (!make_table(s->symbol_table, TILE_INFLATE_BITS, sizes, symbols, 256, lengths, true))
        return false;
    pair_literals(s->symbol_table);
    return true;
}

static bool make_distances(struct tile_inflate *s, const uint8_t *sizes, unsigned count) {
    return make_table(s->distance_table, TILE_INFLATE_DISTANCE_BITS, sizes, count, 0, distances, true);
}

/* RFC 1951, 3.2.6 */
static void make_fixed(struct tile_inflate *s) {
    uint8_t sizes[288], of_distances[32];
    if (s->fixed)
        return;
    s->fixed = true;
    memset(sizes, 8, 144);
    memset(sizes + 144, 9, 112);
    memset(sizes + 256, 7, 24);
    memset(sizes + 280, 8, 8);
    memset(of_distances, 5, 32);
    make_symbols(s, sizes, 288);
    make_distances(s, of_distances, 32);
}

/* ---- Quickly ----------------------------------------------------------------------------------------------- */

/* Bytes of input and of room that a round of it may take, or touch. */
enum { ROUND_INPUT = 16, COPIED = 16, ROUND_ROOM = 8 + 258 + COPIED };

/* May write up to COPIED bytes too many. */
static inline void copy(unsigned char *to, uint32_t distance, uint32_t length) {
    const unsigned char *from = to - distance;
    const unsigned char *end = to + length;
    if (distance >= 16) {
        do {
            memcpy(to, from, 16);
            to += 16;
            from += 16;
        } while (to < end);
    } else if (distance == 1) {
        memset(to, *from, length);
    } else if (distance >= 8) {
        do {
            memcpy(to, from, 8);
            to += 8;
            from += 8;
        } while (to < end);
    } else
        do
            *to++ = *from++;
        while (to < end);
}

static inline uint64_t load(const unsigned char *from) {
    uint64_t word;
    memcpy(&word, from, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* Codes as long as there is more input and room than a round takes. What is special it leaves to others. */
static void run_codes(struct tile_inflate *s) {
    const uint32_t *symbols = s->symbol_table;
    const unsigned char *next = s->next, *last = next + s->ready - ROUND_INPUT;
    unsigned char *to = s->to, *end = to + s->room - ROUND_ROOM;
    uint64_t bits = s->bits;
    unsigned count = s->count;

#define REFILL()                                                                                                       \
    do {                                                                                                               \
        bits |= load(next) << count;                                                                                   \
        next += (63 - count) / 8;                                                                                      \
        count |= 56;                                                                                                   \
    } while (0)
#define DROP(n) (bits >>= (n), count -= (n))
#define NEXT()  (entry = symbols[bits & mask(TILE_INFLATE_BITS)])
#define PUT()                                                                                                          \
    do {                                                                                                               \
        to[0] = (unsigned char)(entry >> 16);                                                                          \
        to[1] = (unsigned char)(entry >> 24);                                                                          \
        to += entry >> 8 & 3;                                                                                          \
        DROP(bits_of(entry));                                                                                          \
        NEXT();                                                                                                        \
    } while (0)

    uint32_t entry;
    REFILL();
    NEXT();
    while (next <= last && to <= end) {
        /*
         * The entry was looked up before there are more bits. Behind a refill all 64 are right, though `count` has 56
         * to 63; a round takes 48 of them before the next lookup at most, and 53 before it refills.
         */
        REFILL();
        if (entry & LITERAL) {
            PUT();
            if (entry & LITERAL) {
                PUT();
                if (entry & LITERAL) {
                    PUT();
                    if (entry & LITERAL) {
                        PUT();
                        continue;
                    }
                }
            }
        }
        if (entry & LINK) {
            entry = look_up(symbols, TILE_INFLATE_BITS, bits);
            if (entry & LITERAL) {
                PUT();
                continue;
            }
        }
        if (entry & SPECIAL)
            break;
        uint32_t length = value_of(entry, bits);
        DROP(bits_of(entry));
        REFILL();
        entry = look_up(s->distance_table, TILE_INFLATE_DISTANCE_BITS, bits);
        uint32_t distance = value_of(entry, bits);
        if ((entry & SPECIAL) || distance > (size_t)(to - s->history)) {
            s->length = length;
            s->phase = TILE_INFLATE_DISTANCE;
            break;
        }
        DROP(bits_of(entry));
        NEXT();
        copy(to, distance, length);
        to += length;
    }
#undef NEXT
#undef REFILL
#undef DROP
#undef PUT
    next -= count / 8;
    count %= 8;
    s->bits = bits & mask(count);
    s->count = count;
    s->ready -= (size_t)(next - s->next);
    s->next = next;
    s->room -= (size_t)(to - s->to);
    s->to = to;
}

/* ---- Step by step ------------------------------------------------------------------------------------------ */

static bool take_byte(struct tile_inflate *s) {
    if (s->ready == 0)
        return false;
    s->bits |= (uint64_t)*s->next++ << s->count;
    s->count += 8;
    s->ready--;
    return true;
}

/* Takes no more bytes than it needs. */
static bool need(struct tile_inflate *s, unsigned bits) {
    while (s->count < bits)
        if (!take_byte(s))
            return false;
    return true;
}

static uint32_t drop(struct tile_inflate *s, unsigned bits) {
    uint32_t value = (uint32_t)s->bits & mask(bits);
    s->bits >>= bits;
    s->count -= bits;
    return value;
}

/* The entry of the code that comes next; its extra bits are there, too. */
static bool find(struct tile_inflate *s, const uint32_t *table, unsigned primary, uint32_t *entry) {
    for (;;) {
        *entry = look_up(table, primary, s->bits);
        if (code_bits_of(*entry) <= s->count)
            break;
        if (!take_byte(s))
            return false;
    }
    /* Of two literals, the first is what comes next. */
    if ((*entry & LITERAL) == TWO)
        *entry = ONE | (*entry & 0xFFF000) | code_bits_of(*entry);
    return need(s, bits_of(*entry));
}

static int bad(struct tile_inflate *s, const char *why) {
    s->why = why;
    s->phase = TILE_INFLATE_BROKEN;
    return TILE_INFLATE_BAD;
}

/* A step that is done; the phase says what comes next. */
enum { GO_ON = -1 };

/* RFC 1950, 2.2 */
static int read_head(struct tile_inflate *s) {
    if (!need(s, 16))
        return TILE_INFLATE_INPUT;
    unsigned method = (unsigned)s->bits & 255, flags = (unsigned)(s->bits >> 8) & 255;
    if ((method << 8 | flags) % 31 != 0)
        return bad(s, "incorrect header check");
    if ((method & 15) != 8)
        return bad(s, "unknown compression method");
    if (method >> 4 > 7)
        return bad(s, "invalid window size");
    if (flags & 32)
        return bad(s, "need dictionary");
    drop(s, 16);
    s->phase = TILE_INFLATE_BEGIN;
    return GO_ON;
}

static int begin_block(struct tile_inflate *s) {
    if (s->stop_at_blocks && !s->reported) {
        s->reported = true;
        return TILE_INFLATE_BLOCK;
    }
    if (s->last) {
        drop(s, s->count % 8);
        s->phase = s->is_zlib ? TILE_INFLATE_CHECKSUM : TILE_INFLATE_ENDED;
        return GO_ON;
    }
    if (!need(s, 3))
        return TILE_INFLATE_INPUT;
    s->reported = false;
    s->last = drop(s, 1);
    switch (drop(s, 2)) {
    case 0:
        drop(s, s->count % 8);
        s->phase = TILE_INFLATE_STORED_HEAD;
        return GO_ON;
    case 1:
        make_fixed(s);
        s->phase = TILE_INFLATE_CODES;
        return GO_ON;
    case 2: s->phase = TILE_INFLATE_COUNTS; return GO_ON;
    default: return bad(s, "invalid block type");
    }
}

/* RFC 1951, 3.2.4 */
static int read_stored_head(struct tile_inflate *s) {
    if (!need(s, 32))
        return TILE_INFLATE_INPUT;
    uint32_t length = (uint32_t)s->bits & 0xFFFF, complement = (uint32_t)(s->bits >> 16) & 0xFFFF;
    if (length != (complement ^ 0xFFFF))
        return bad(s, "invalid stored block lengths");
    s->bits = 0;
    s->count = 0;
    s->length = length;
    s->phase = TILE_INFLATE_STORED;
    return GO_ON;
}

static void advance(struct tile_inflate *s, size_t size) {
    s->to += size;
    s->room -= size;
    s->length -= (uint32_t)size;
}

static int copy_stored(struct tile_inflate *s) {
    size_t size = s->length < s->room ? s->length : s->room;
    size = size < s->ready ? size : s->ready;
    if (s->length > 0 && size == 0)
        return s->ready == 0 ? TILE_INFLATE_INPUT : TILE_INFLATE_ROOM;
    if (size > 0)
        memcpy(s->to, s->next, size);
    s->next += size;
    s->ready -= size;
    advance(s, size);
    if (s->length == 0)
        s->phase = TILE_INFLATE_BEGIN;
    return GO_ON;
}

/* RFC 1951, 3.2.7 */
static int read_counts(struct tile_inflate *s) {
    if (!need(s, 14))
        return TILE_INFLATE_INPUT;
    s->symbols = 257 + drop(s, 5);
    s->distances = 1 + drop(s, 5);
    s->orders = 4 + drop(s, 4);
    s->lengths = 0;
    if (s->symbols > 286 || s->distances > 30)
        return bad(s, "too many length or distance symbols");
    memset(s->code_lengths, 0, 19);
    s->phase = TILE_INFLATE_ORDER;
    return GO_ON;
}

/* Codes of lengths are in a table of their own, where distances will be. */
enum { ORDER_BITS = 7 };

static int read_order(struct tile_inflate *s) {
    static const uint8_t order[] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    static const uint32_t repeats[] = {MEANS(3, 2), MEANS(3, 3), MEANS(11, 7)};
    for (; s->lengths < s->orders; s->lengths++) {
        if (!need(s, 3))
            return TILE_INFLATE_INPUT;
        s->code_lengths[order[s->lengths]] = (uint8_t)drop(s, 3);
    }
    s->lengths = 0;
    s->fixed = false;
    if (!make_table(s->distance_table, ORDER_BITS, s->code_lengths, 19, 16, repeats, false))
        return bad(s, "invalid code lengths set");
    s->phase = TILE_INFLATE_LENGTHS;
    return GO_ON;
}

static int read_lengths(struct tile_inflate *s) {
    const unsigned all = s->symbols + s->distances;
    while (s->lengths < all) {
        uint32_t entry;
        if (!find(s, s->distance_table, ORDER_BITS, &entry))
            return TILE_INFLATE_INPUT;
        if (entry & SPECIAL)
            return bad(s, "invalid code lengths set");
        uint32_t value = entry >> 16, times = 1;
        if (!(entry & LITERAL)) {
            /* 16 repeats the one before, and has 2 extra bits. */
            bool again = bits_of(entry) - code_bits_of(entry) == 2;
            times = value_of(entry, s->bits);
            if ((again && s->lengths == 0) || times > all - s->lengths)
                return bad(s, "invalid bit length repeat");
            value = again ? s->code_lengths[s->lengths - 1] : 0;
        }
        drop(s, bits_of(entry));
        memset(s->code_lengths + s->lengths, (int)value, times);
        s->lengths += times;
    }
    if (s->code_lengths[256] == 0)
        return bad(s, "invalid code -- missing end-of-block");
    if (!make_symbols(s, s->code_lengths, s->symbols))
        return bad(s, "invalid literal/lengths set");
    if (!make_distances(s, s->code_lengths + s->symbols, s->distances))
        return bad(s, "invalid distances set");
    s->phase = TILE_INFLATE_CODES;
    return GO_ON;
}

static int read_code(struct tile_inflate *s) {
    uint32_t entry;
    if (s->ready >= ROUND_INPUT && s->room >= ROUND_ROOM && s->count < 8) {
        run_codes(s);
        if (s->phase != TILE_INFLATE_CODES)
            return GO_ON;
    }
    if (!find(s, s->symbol_table, TILE_INFLATE_BITS, &entry))
        return TILE_INFLATE_INPUT;
    if (entry & LITERAL) {
        if (s->room == 0)
            return TILE_INFLATE_ROOM;
        *s->to = (unsigned char)(entry >> 16);
        s->length = 1;
        advance(s, 1);
    } else if (entry & SPECIAL) {
        if (entry >> 16)
            return bad(s, "invalid literal/length code");
        s->phase = TILE_INFLATE_BEGIN;
    } else {
        s->length = value_of(entry, s->bits);
        s->phase = TILE_INFLATE_DISTANCE;
    }
    drop(s, bits_of(entry));
    return GO_ON;
}

static int read_distance(struct tile_inflate *s) {
    uint32_t entry;
    if (!find(s, s->distance_table, TILE_INFLATE_DISTANCE_BITS, &entry))
        return TILE_INFLATE_INPUT;
    if (entry & SPECIAL)
        return bad(s, "invalid distance code");
    s->distance = value_of(entry, s->bits);
    drop(s, bits_of(entry));
    s->phase = TILE_INFLATE_MATCH;
    return GO_ON;
}

static int copy_match(struct tile_inflate *s) {
    size_t size = s->length < s->room ? s->length : s->room;
    if (size == 0)
        return TILE_INFLATE_ROOM;
    if (s->distance > (size_t)(s->to - s->history))
        return bad(s, "invalid distance too far back");
    const unsigned char *from = s->to - s->distance;
    for (size_t i = 0; i < size; i++)
        s->to[i] = from[i];
    advance(s, size);
    if (s->length == 0)
        s->phase = TILE_INFLATE_CODES;
    return GO_ON;
}

/* `from`: output since the checksum was last brought up to date. */
static int read_checksum(struct tile_inflate *s, const unsigned char **from) {
    if (!need(s, 32))
        return TILE_INFLATE_INPUT;
    s->adler = libdeflate_adler32(s->adler, *from, (size_t)(s->to - *from));
    *from = s->to;
    if (__builtin_bswap32((uint32_t)s->bits) != s->adler && !s->ignore_checksum)
        return bad(s, "incorrect data check");
    s->bits = 0;
    s->count = 0;
    s->phase = TILE_INFLATE_ENDED;
    return GO_ON;
}

enum tile_inflate_stop tile_inflate_run(struct tile_inflate *s) {
    const unsigned char *from = s->to;
    int stop = GO_ON;
    while (stop == GO_ON)
        switch (s->phase) {
        case TILE_INFLATE_HEAD: stop = read_head(s); break;
        case TILE_INFLATE_BEGIN: stop = begin_block(s); break;
        case TILE_INFLATE_STORED_HEAD: stop = read_stored_head(s); break;
        case TILE_INFLATE_STORED: stop = copy_stored(s); break;
        case TILE_INFLATE_COUNTS: stop = read_counts(s); break;
        case TILE_INFLATE_ORDER: stop = read_order(s); break;
        case TILE_INFLATE_LENGTHS: stop = read_lengths(s); break;
        case TILE_INFLATE_CODES: stop = read_code(s); break;
        case TILE_INFLATE_DISTANCE: stop = read_distance(s); break;
        case TILE_INFLATE_MATCH: stop = copy_match(s); break;
        case TILE_INFLATE_CHECKSUM: stop = read_checksum(s, &from); break;
        case TILE_INFLATE_ENDED: stop = TILE_INFLATE_END; break;
        case TILE_INFLATE_BROKEN: stop = TILE_INFLATE_BAD; break;
        }
    if (s->is_zlib && !s->ignore_checksum)
        s->adler = libdeflate_adler32(s->adler, from, (size_t)(s->to - from));
    return (enum tile_inflate_stop)stop;
}

static void begin(struct tile_inflate *s) {
    s->why = NULL;
    s->bits = 0;
    s->count = 0;
    s->last = s->reported = s->fixed = false;
    s->adler = 1;
}

void tile_inflate_begin_zlib(struct tile_inflate *s) {
    begin(s);
    s->is_zlib = true;
    s->phase = TILE_INFLATE_HEAD;
}

void tile_inflate_begin_raw(struct tile_inflate *s, unsigned bits, unsigned count) {
    begin(s);
    s->is_zlib = false;
    s->bits = bits & mask(count);
    s->count = count;
    s->phase = TILE_INFLATE_BEGIN;
}
