/* SPDX-License-Identifier: MIT */
#include "scan.h"

#include "../base/hash.h"

#include <stdlib.h>
#include <string.h>

/* A paragraph, or what may prove to be one. */
struct draft {
    uint64_t offset;
    struct text_counter counter;
    XXH3_state_t *hash;
};

/*
 * Whether a line is blank, and with it whether the line's end before it belongs to a paragraph, may show only in a
 * later piece. Until then both are known: the draft that goes on over these bytes, and the one that ended before them.
 */
struct scan {
    enum {
        TEXT,        /* in a line that is not blank */
        CR_OF_TEXT,  /* the same; a CR came last, which may belong to its end */
        INDENT,      /* a line began, only spaces and tabs came yet */
        CR_OF_INDENT /* and then a CR, which belongs to the end of a blank line if LF follows */
    } state;
    struct draft live;
    struct draft ended; /* as it was before the bytes that are not decided, if `has_ended` */
    bool has_ended;
    paragraph_found *found;
    void *user;
};

/* ---- Drafts ---- */

static void begin(struct draft *draft, uint64_t offset) {
    if (draft->counter.offset != draft->offset) /* a blank line after another added nothing */
        XXH3_128bits_reset(draft->hash);
    draft->offset = offset;
    text_counter_begin(&draft->counter, offset);
}

static void add(struct draft *draft, const uint8_t *from, const uint8_t *to) {
    XXH3_128bits_update(draft->hash, from, (size_t)(to - from));
    text_counter_add(&draft->counter, from, (size_t)(to - from));
}

static void keep(struct scan *s) {
    s->ended.offset = s->live.offset;
    s->ended.counter = s->live.counter;
    XXH3_copyState(s->ended.hash, s->live.hash);
    s->has_ended = true;
}

static bool report(const struct scan *s, struct draft *draft, struct failure *failure) {
    struct paragraph paragraph = {.offset = draft->offset, .bytes = draft->counter.offset - draft->offset};
    paragraph.counts = text_counter_end(&draft->counter);
    hash_text(draft->hash, paragraph.xxh3);
    return s->found(s->user, &paragraph, failure);
}

/* ---- Lines ---- */

/* What the line at `*p` is, as far as its indent tells; `*p` goes behind what was decided. */
static enum line { LINE_TEXT, LINE_BLANK, LINE_OPEN, LINE_OPEN_CR } look(const uint8_t **p, const uint8_t *end) {
    const uint8_t *q = *p;
    while (q < end && (*q == ' ' || *q == '\t'))
        q++;
    *p = q;
    if (q == end)
        return LINE_OPEN;
    if (*q == '\n') {
        *p = q + 1;
        return LINE_BLANK;
    }
    if (*q != '\r' || (end - q > 1 && q[1] != '\n'))
        return LINE_TEXT;
    *p = end - q > 1 ? q + 2 : end;
    return end - q > 1 ? LINE_BLANK : LINE_OPEN_CR;
}

/*
 * Where the paragraph ends that is going on at `p`, within a line that is not blank: `*last` is behind its last byte as
 * far as that is decided, `*next` behind all that was looked at. LINE_TEXT: it goes on.
 */
static enum line find_end(const uint8_t *p, const uint8_t *end, const uint8_t **last, const uint8_t **next) {
    enum line line = LINE_TEXT;
    while (line == LINE_TEXT) {
        const uint8_t *lf = memchr(p, '\n', (size_t)(end - p));
        *next = end;
        *last = lf ? lf : end;
        if (*last > p && (*last)[-1] == '\r')
            --*last;
        if (!lf)
            return *last < end ? LINE_OPEN_CR : LINE_TEXT;
        *next = lf + 1;
        line = look(next, end);
        p = *next;
    }
    return line;
}

/* In a line of text. Goes behind what was added. */
static bool add_text(struct scan *s, const uint8_t **p, const uint8_t *end, struct failure *failure) {
    const uint8_t *last, *next;
    enum line line = find_end(*p, end, &last, &next);
    bool within_end = line == LINE_OPEN_CR && next - last == 1;
    add(&s->live, *p, last);
    if (line == LINE_BLANK) {
        uint64_t offset = s->live.counter.offset + (uint64_t)(next - last);
        if (!report(s, &s->live, failure))
            return false;
        begin(&s->live, offset);
        s->state = INDENT;
    } else if (line != LINE_TEXT) {
        keep(s);
        add(&s->live, last, next);
        s->state = within_end ? CR_OF_TEXT : line == LINE_OPEN ? INDENT : CR_OF_INDENT;
    }
    *p = next;
    return true;
}

/* In what is not decided yet. */
static bool add_undecided(struct scan *s, const uint8_t **p, const uint8_t *end, struct failure *failure) {
    const uint8_t *from = *p;
    enum line line = LINE_TEXT;
    bool lf = **p == '\n';
    if (s->state == CR_OF_TEXT && lf) {
        ++*p;
        line = LINE_OPEN;
    } else if (s->state == CR_OF_INDENT && lf) {
        ++*p;
        line = LINE_BLANK;
    } else if (s->state == INDENT) {
        line = look(p, end);
    }
    if (line == LINE_BLANK) {
        if (s->has_ended && !report(s, &s->ended, failure))
            return false;
        begin(&s->live, s->live.counter.offset + (uint64_t)(*p - from));
    } else {
        add(&s->live, from, *p);
    }
    s->has_ended = s->has_ended && (line == LINE_OPEN || line == LINE_OPEN_CR);
    s->state = line == LINE_TEXT ? TEXT : line == LINE_OPEN_CR ? CR_OF_INDENT : INDENT;
    return true;
}

/* ---- The scan ---- */

bool scan_new(struct scan **out, uint64_t offset, paragraph_found *found, void *user, struct failure *failure) {
    struct scan *s = *out = calloc(1, sizeof *s);
    if (s) {
        s->live.hash = XXH3_createState();
        s->ended.hash = XXH3_createState();
    }
    if (!s || !s->live.hash || !s->ended.hash) {
        scan_free(s);
        *out = NULL;
        return failure_set(failure, FAILURE_OUT_OF_MEMORY, "out of memory for a scan of paragraphs");
    }
    s->state = INDENT;
    s->found = found;
    s->user = user;
    XXH3_128bits_reset(s->live.hash);
    begin(&s->live, offset);
    return true;
}

void scan_free(struct scan *scan) {
    if (!scan)
        return;
    XXH3_freeState(scan->live.hash);
    XXH3_freeState(scan->ended.hash);
    free(scan);
}

bool scan_add(struct scan *scan, const void *data, size_t size, struct failure *failure) {
    const uint8_t *p = data, *end = p + size;
    bool done = true;
    while (p < end && done)
        done = scan->state == TEXT ? add_text(scan, &p, end, failure) : add_undecided(scan, &p, end, failure);
    return done;
}

bool scan_end(struct scan *scan, struct failure *failure) {
    if (scan->state != INDENT) /* a CR at the end is one alone */
        return report(scan, &scan->live, failure);
    return !scan->has_ended || report(scan, &scan->ended, failure);
}
