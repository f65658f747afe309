/* SPDX-License-Identifier: MIT */
#include "count.h"

#include <stdbool.h>

/*
 * Words and sentences are one finite automaton over classes of characters. A class is a row of its table: a byte for
 * each state, which says what follows: the next state, and whether a word begins or a sentence ends. A state is the
 * shift that gets its byte out of a row, so that a step from state to state is one shift, at a cycle a character.
 */
enum {
    FREE = 0,  /* white space, or nothing, before; no sentence is open */
    OPEN = 8,  /* white space before, within a sentence */
    MUTE = 16, /* within a word, no sentence is open: only what ends them was there */
    BODY = 24, /* within a word of a sentence */
    STOP = 32, /* the same, after a run that ends it if white space follows */
    STATE = 63,
    WORD = 64,
    SENTENCE = 128,
};

enum kind { OTHER, WHITE, ENDING, ENDING_AT_ONCE, CLOSING };

#define ROW(of_free, of_open, of_mute, of_body, of_stop)                                                               \
    ((uint64_t)(of_free) << FREE | (uint64_t)(of_open) << OPEN | (uint64_t)(of_mute) << MUTE |                         \
     (uint64_t)(of_body) << BODY | (uint64_t)(of_stop) << STOP)

static const uint64_t rows[] = {
    [OTHER] = ROW(BODY | WORD, BODY | WORD, BODY, BODY, BODY),
    [WHITE] = ROW(FREE, OPEN, FREE, OPEN, FREE | SENTENCE),
    [ENDING] = ROW(MUTE | WORD, STOP | WORD, MUTE, STOP, STOP),
    [ENDING_AT_ONCE] = ROW(MUTE | WORD, MUTE | WORD | SENTENCE, MUTE, MUTE | SENTENCE, MUTE | SENTENCE),
    [CLOSING] = ROW(BODY | WORD, BODY | WORD, MUTE, BODY, STOP),
};

static const uint8_t ascii[128] = {
    ['\t'] = WHITE,   ['\n'] = WHITE,  ['\v'] = WHITE,  ['\f'] = WHITE,  ['\r'] = WHITE,
    [' '] = WHITE,    ['.'] = ENDING,  ['!'] = ENDING,  ['?'] = ENDING,  ['"'] = CLOSING,
    ['\''] = CLOSING, [')'] = CLOSING, [']'] = CLOSING, ['}'] = CLOSING,
};

static enum kind kind_of(uint32_t code_point) {
    switch (code_point) {
    case 0x0085:
    case 0x00A0:
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x202F:
    case 0x205F:
    case 0x3000: return WHITE;
    case 0x2026: return ENDING;
    case 0x3002:
    case 0xFF01:
    case 0xFF1F: return ENDING_AT_ONCE;
    case 0x00BB:
    case 0x2019:
    case 0x201D:
    case 0x300D:
    case 0x300F:
    case 0xFF09: return CLOSING;
    default: return code_point >= 0x2000 && code_point <= 0x200A ? WHITE : OTHER;
    }
}

static void step(struct text_counter *c, enum kind kind) {
    c->counts.code_points++;
    c->state = rows[kind] >> (c->state & STATE);
    c->counts.words += c->state / WORD & 1;
    c->counts.sentences += c->state / SENTENCE & 1;
}

static bool goes_on(uint8_t byte) {
    return (byte & 0xC0) == 0x80;
}

/* Bytes of the sequence at `p`, which is above ASCII; 0: it is ill-formed, or reaches over `end`. */
static size_t decode(const uint8_t *p, const uint8_t *end, uint32_t *code_point) {
    if (*p < 0xE0) {
        if (*p < 0xC2 || end - p < 2 || !goes_on(p[1]))
            return 0;
        *code_point = (p[0] & 0x1FU) << 6 | (p[1] & 0x3FU);
        return 2;
    }
    if (*p < 0xF0) {
        if (end - p < 3 || !goes_on(p[1]) || !goes_on(p[2]))
            return 0;
        *code_point = (p[0] & 0x0FU) << 12 | (p[1] & 0x3FU) << 6 | (p[2] & 0x3FU);
        return *code_point >= 0x800 && (*code_point < 0xD800 || *code_point > 0xDFFF) ? 3 : 0;
    }
    if (*p > 0xF4 || end - p < 4 || !goes_on(p[1]) || !goes_on(p[2]) || !goes_on(p[3]))
        return 0;
    *code_point = (p[0] & 0x07U) << 18 | (p[1] & 0x3FU) << 12 | (p[2] & 0x3FU) << 6 | (p[3] & 0x3FU);
    return *code_point >= 0x10000 && *code_point <= 0x10FFFF ? 4 : 0;
}

/* Sequences that are well-formed and whole; what is behind them. All but odd bytes go through this loop. */
static const uint8_t *add_whole(struct text_counter *c, const uint8_t *p, const uint8_t *end) {
    uint64_t state = c->state, code_points = 0, words = 0, sentences = 0;
    while (p < end) {
        uint32_t code_point;
        size_t length = 1;
        if (*p >= 0x80 && (length = decode(p, end, &code_point)) == 0)
            break;
        state = rows[length == 1 ? ascii[*p] : kind_of(code_point)] >> (state & STATE);
        words += state / WORD & 1;
        sentences += state / SENTENCE & 1;
        code_points++;
        p += length;
    }
    c->state = state;
    c->counts.code_points += code_points;
    c->counts.words += words;
    c->counts.sentences += sentences;
    return p;
}

static void add_invalid(struct text_counter *c, uint64_t offset) {
    if (c->counts.invalid++ == 0)
        c->counts.first_invalid = offset;
    c->missing = 0;
    step(c, OTHER);
}

/* The first byte of a sequence, and which second bytes go with it (The Unicode Standard, table 3-7). */
static void begin_sequence(struct text_counter *c, uint8_t byte, uint64_t offset) {
    c->begin = offset;
    c->low = byte == 0xE0 ? 0xA0 : byte == 0xF0 ? 0x90 : 0x80;
    c->high = byte == 0xED ? 0x9F : byte == 0xF4 ? 0x8F : 0xBF;
    if (byte >= 0xC2 && byte <= 0xDF) {
        c->missing = 1;
        c->code_point = byte & 0x1F;
    } else if (byte >= 0xE0 && byte <= 0xEF) {
        c->missing = 2;
        c->code_point = byte & 0x0F;
    } else if (byte >= 0xF0 && byte <= 0xF4) {
        c->missing = 3;
        c->code_point = byte & 0x07;
    } else {
        add_invalid(c, offset);
    }
}

/* False: the byte does not go on with the sequence, which was ill-formed, and is to be looked at anew. */
static bool continue_sequence(struct text_counter *c, uint8_t byte) {
    if (byte < c->low || byte > c->high) {
        add_invalid(c, c->begin);
        return false;
    }
    c->code_point = c->code_point << 6 | (byte & 0x3F);
    c->low = 0x80;
    c->high = 0xBF;
    if (--c->missing == 0)
        step(c, kind_of(c->code_point));
    return true;
}

void text_counter_begin(struct text_counter *counter, uint64_t offset) {
    *counter = (struct text_counter){.offset = offset, .state = FREE};
}

void text_counter_add(struct text_counter *counter, const void *data, size_t size) {
    const uint8_t *from = data, *p = from, *end = from + size;
    while (p < end) {
        if (!counter->missing)
            p = add_whole(counter, p, end);
        if (p == end)
            break;
        if (counter->missing) {
            p += continue_sequence(counter, *p);
        } else {
            begin_sequence(counter, *p, counter->offset + (uint64_t)(p - from));
            p++;
        }
    }
    counter->offset += size;
}

struct text_counts text_counter_end(struct text_counter *counter) {
    if (counter->missing)
        add_invalid(counter, counter->begin);
    uint64_t state = counter->state & STATE;
    counter->counts.sentences += state == OPEN || state == BODY || state == STOP;
    counter->state = FREE;
    return counter->counts;
}
