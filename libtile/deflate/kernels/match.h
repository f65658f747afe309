/* SPDX-License-Identifier: MIT */
/*
 * Finding what was there before. Pixels are compared and not bytes, each with three places: one byte before (runs), the
 * row above, and where two pixels with the same hash were last. The best of the three is taken if it costs less bits
 * than its literals; nothing is searched twice. Photographs have hardly any matches, and looking for them would take
 * most of the time: so a stretch is tried, and where little is gained, only long runs and long repetitions are looked
 * for in what follows, twice as far each time. A repetition is found by places that both of its parts have: those of a
 * byte that is seldom, the mark.
 *
 * What a branch cannot foresee is computed without one, as far as it goes: a wrong guess costs as much as the literals
 * of two pixels.
 */
#include "kernels.h"

#include <stdbool.h>
#include <string.h>

#define INLINE inline __attribute__((always_inline))

enum {
    MATCH_TRIAL = 512,         /* bytes */
    MATCH_FOLLOWING = 4 << 10, /* bytes up to the next trial, at first */
    MATCH_FARTHEST = 32 << 10, /* and at most */
    MATCH_GAIN = 3,            /* bits in 16 bytes of a trial: what is worth the time */
    MATCH_LEAST = 6,           /* bytes of a match, but for what is before it */
    MATCH_BITS = 10,           /* about what the symbols of a match take */
    MATCH_MARK = 8,            /* bits of a byte that is a mark, at least */
    MATCH_BYTE = 4,            /* about what is saved by a byte more, where candidates are compared */
};

struct search {
    struct tile_sequence *out;
    uint8_t *literals;
    uint16_t *place;
    uint8_t mark;
    const uint8_t *data, *cost;
    size_t anchor, end;     /* what has no sequence yet, and the end of the block */
    size_t row, unit, lead; /* in each row, pixels of `unit` bytes follow `lead` others */
    size_t above;           /* the distance of the row above, if a match can have it */
    size_t next_row;        /* where the row begins that is behind the place */
    size_t reciprocal;      /* 2^16 / unit, upwards */
    uint64_t mask;          /* of the bytes that are hashed */
    int gained;             /* bits */
};

struct candidate {
    size_t length, distance;
    int score;
};

static INLINE uint64_t match_load(const uint8_t *p) {
    uint64_t eight;
    memcpy(&eight, p, sizeof eight);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    eight = __builtin_bswap64(eight);
#endif
    return eight;
}

/* How many bytes of eight are equal, from the first on. */
static INLINE unsigned match_equal(uint64_t difference) {
    return difference ? (unsigned)__builtin_ctzll(difference) >> 3 : 8;
}

static INLINE size_t match_hash(uint64_t pixels) {
    return (size_t)(pixels * UINT64_C(0x9E3779B97F4A7C15) >> (64 - TILE_MATCH_HASH));
}

static INLINE int match_extra(size_t distance) {
    return (int)tile_highest_bit((unsigned)(distance - 1) | 2) - 1;
}

static INLINE struct candidate match_candidate(size_t length, size_t distance) {
    return (struct candidate){length, distance, (int)length * MATCH_BYTE - match_extra(distance)};
}

static INLINE struct candidate match_better(struct candidate a, struct candidate b) {
    bool second = b.score > a.score;
    a.length = second ? b.length : a.length;
    a.distance = second ? b.distance : a.distance;
    a.score = second ? b.score : a.score;
    return a;
}

/* How many bytes are equal, `most` at most: at least `length`, which are known to be. There are 8 at `most` - 8. */
static INLINE size_t match_length(const uint8_t *p, size_t distance, size_t length, size_t most) {
    for (; length + 8 <= most; length += 8) {
        uint64_t difference = match_load(p + length) ^ match_load(p + length - distance);
        if (difference)
            return length + match_equal(difference);
    }
    size_t last = most - 8;
    return last + match_equal(match_load(p + last) ^ match_load(p + last - distance));
}

/* The one of three, with its length up to 8, that has most of 16 bytes, with all of its length: `most` at most. */
static INLINE struct candidate match_longest(const uint8_t *p, struct candidate a, struct candidate b,
                                             struct candidate c, size_t most) {
    size_t next = most < 16 ? most - 8 : 8;
    uint64_t here = match_load(p + next);
    size_t of_a = a.length < 8 ? a.length : next + match_equal(match_load(p + next - a.distance) ^ here);
    size_t of_b = b.length < 8 ? b.length : next + match_equal(match_load(p + next - b.distance) ^ here);
    size_t of_c = c.length < 8 ? c.length : next + match_equal(match_load(p + next - c.distance) ^ here);
    struct candidate best =
        match_better(match_better(match_candidate(of_a, a.distance), match_candidate(of_b, b.distance)),
                     match_candidate(of_c, c.distance));
    if (best.length == 16)
        best.length = match_length(p, best.distance, 16, most);
    return best;
}

static INLINE size_t match_most(const struct search *s, size_t i) {
    return s->end - i < TILE_LONGEST_MATCH ? s->end - i : TILE_LONGEST_MATCH;
}

/* The next pixel that begins at `i` or behind it. */
static INLINE size_t match_align(struct search *s, size_t i) {
    if (s->unit == 1)
        return i;
    if (s->next_row <= i)
        s->next_row = i - i % s->row + s->row;
    size_t column = i + s->row - s->next_row;
    return i + (column < s->lead ? s->lead - column : (s->unit - (column - s->lead) % s->unit) % s->unit);
}

/* Bytes before the match, up to 8, may belong to it. */
static INLINE void match_emit(struct search *s, size_t i, size_t length, size_t distance) {
    size_t before = 0;
    if (i >= distance + 8) {
        uint64_t difference = match_load(s->data + i - 8) ^ match_load(s->data + i - 8 - distance);
        size_t room = TILE_LONGEST_MATCH - length;
        before = difference ? (unsigned)__builtin_clzll(difference) >> 3 : 8;
        before = before < room ? before : room;
        before = before < i - s->anchor ? before : i - s->anchor;
    }
    size_t literals = i - before - s->anchor;
    if (literals <= TILE_MATCH_ROOM && s->end - s->anchor >= TILE_MATCH_ROOM)
        memcpy(s->literals, s->data + s->anchor, TILE_MATCH_ROOM); /* more than asked for is faster */
    else
        memcpy(s->literals, s->data + s->anchor, literals);
    s->literals += literals;
    *s->out++ = (struct tile_sequence){(uint32_t)literals, (uint16_t)(length + before), (uint16_t)distance};
    s->anchor = i + length;
}

/* What a match of full length is the beginning of. */
static void match_go_on(struct search *s, size_t distance) {
    for (size_t length = TILE_LONGEST_MATCH; length == TILE_LONGEST_MATCH && s->end - s->anchor >= 8;) {
        const uint8_t *p = s->data + s->anchor;
        if (match_load(p) != match_load(p - distance))
            return;
        length = match_length(p, distance, 8, match_most(s, s->anchor));
        match_emit(s, s->anchor, length, distance);
    }
}

/* From a pixel on; returns the first that is not before `stop`, which is 7 bytes before the end at most. */
static INLINE size_t match_search(struct search *s, size_t i, size_t stop) {
    while (i < stop) {
        const uint8_t *p = s->data + i;
        uint64_t here = match_load(p);
        size_t hash = match_hash(here & s->mask);
        size_t up = s->above <= i ? s->above : 1, back = (uint16_t)(i - s->place[hash]);
        back = back - 1 < TILE_WINDOW ? back : 1;
        s->place[hash] = (uint16_t)i;
        uint64_t run = match_load(p - 1) ^ here, above = match_load(p - up) ^ here;
        struct candidate best = match_candidate(match_equal(match_load(p - back) ^ here), back);
        /* In photographs the other two have hardly ever six equal bytes. */
        if (!(run << 16) | !(above << 16))
            best = match_longest(p, match_candidate(match_equal(run), 1), match_candidate(match_equal(above), up), best,
                                 match_most(s, i));
        else if (best.length == 8)
            best.length = match_length(p, best.distance, 8, match_most(s, i));
        if (best.length >= MATCH_LEAST) {
            unsigned cost = 0;
            for (int k = 0; k < 8; k++)
                cost += s->cost[p[k]];
            int saved = (int)(cost * best.length / 8) - MATCH_BITS - match_extra(best.distance);
            if (saved > 0) {
                s->gained += saved;
                match_emit(s, i, best.length, best.distance);
                /* What comes again mostly begins as this match does: only its second pixel is kept, too. */
                size_t second = i + s->unit;
                if (second + 8 <= s->end)
                    s->place[match_hash(match_load(s->data + second) & s->mask)] = (uint16_t)second;
                if (best.length == 2 * s->unit) { /* of photographs most: a branch that is foreseen waits for nothing */
                    i += 2 * s->unit;
                    if (i >= s->next_row)
                        i = match_align(s, i);
                    continue;
                }
                if (best.length == TILE_LONGEST_MATCH) {
                    match_go_on(s, best.distance);
                    i = match_align(s, s->anchor);
                    continue;
                }
                size_t next = i + ((best.length + s->unit - 1) * s->reciprocal >> 16) * s->unit;
                i = next < s->next_row ? next : match_align(s, s->anchor);
                continue;
            }
        }
        i += s->unit;
        if (i >= s->next_row)
            i = match_align(s, i);
    }
    return i;
}

static INLINE size_t match_next_mark(const struct search *s, size_t i, size_t stop) {
    const uint8_t *found = i < stop ? memchr(s->data + i, s->mark, stop - i) : NULL;
    return found ? (size_t)(found - s->data) : SIZE_MAX;
}

/* Whether a repetition has been found at a mark. */
static bool match_repeated(struct search *s, size_t i) {
    uint64_t here = match_load(s->data + i);
    size_t hash = match_hash(here & s->mask), back = (uint16_t)(i - s->place[hash]);
    s->place[hash] = (uint16_t)i;
    if (i < s->anchor || back == 0 || back > TILE_WINDOW || back > i || match_load(s->data + i - back) != here)
        return false;
    size_t length = match_length(s->data + i, back, 8, match_most(s, i));
    match_emit(s, i, length, back);
    if (length == TILE_LONGEST_MATCH)
        match_go_on(s, back);
    return true;
}

/* The same for repetitions and runs of one byte alone: of 15 and more, and some that are shorter. */
static INLINE size_t match_runs(struct search *s, size_t i, size_t stop) {
    size_t mark = match_next_mark(s, i, stop);
    while (i < stop) {
        const uint8_t *p = s->data + i;
        if (mark <= i) {
            if (match_repeated(s, mark))
                i = s->anchor;
            mark = match_next_mark(s, mark < i ? i : mark + 1, stop);
            continue;
        }
        if (match_load(p) != match_load(p - 1)) {
            i += 8;
            continue;
        }
        match_emit(s, i, match_length(p, 1, 8, match_most(s, i)), 1);
        i = s->anchor;
    }
    return match_align(s, i);
}

/* The byte that is the least seldom of those that are seldom. */
static uint8_t match_mark(const uint8_t cost[256]) {
    int best = 0;
    for (int b = 1; b < 256; b++)
        if (cost[b] >= MATCH_MARK ? cost[best] < MATCH_MARK || cost[b] < cost[best] : cost[b] > cost[best])
            best = b;
    return (uint8_t)best;
}

static size_t match(struct tile_sequence *out, uint8_t *literals, struct tile_matcher *matcher, const uint8_t *data,
                    size_t begin, size_t end, size_t row, size_t step, const uint8_t cost[256]) {
    struct search s = {.out = out, .literals = literals, .place = matcher->place, .data = data, .cost = cost};
    if (begin == 0)
        matcher->mark = match_mark(cost);
    s.mark = matcher->mark;
    s.anchor = begin;
    s.end = end;
    s.row = row > 0 ? row : 1;
    s.above = s.row <= TILE_WINDOW ? s.row : 1;
    s.unit = row > 0 && step > 2 && step <= 8 ? step : 1;
    s.lead = s.row % s.unit;
    s.next_row = s.unit > 1 ? begin - begin % row + row : SIZE_MAX;
    s.reciprocal = (65536 + s.unit - 1) / s.unit;
    size_t hashed = 2 * s.unit < MATCH_LEAST ? MATCH_LEAST : 2 * s.unit < 8 ? 2 * s.unit : 8;
    s.mask = UINT64_MAX >> (64 - 8 * hashed);

    size_t readable = end < 7 ? 0 : end - 7; /* at these places there are 8 bytes */
    size_t following = MATCH_FOLLOWING;
    bool trial = true;
    for (size_t i = match_align(&s, begin ? begin : 1); i < readable;) {
        size_t left = readable - i, size = trial ? MATCH_TRIAL : MATCH_FOLLOWING;
        s.gained = 0;
        i = match_search(&s, i, i + (left < size ? left : size));
        trial = !trial || s.gained < MATCH_GAIN * MATCH_TRIAL / 16;
        if (trial && size == MATCH_TRIAL) {
            left = i < readable ? readable - i : 0;
            i = match_runs(&s, i, i + (left < following ? left : following));
            following = following < MATCH_FARTHEST ? 2 * following : following;
        } else {
            following = MATCH_FOLLOWING;
        }
    }
    size_t count = (size_t)(s.out - out);
    if (s.anchor < end) {
        if (count)
            memcpy(s.literals, data + s.anchor, end - s.anchor);
        out[count++] = (struct tile_sequence){(uint32_t)(end - s.anchor), 0, 0};
    }
    return count;
}
