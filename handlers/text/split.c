/* SPDX-License-Identifier: MIT */
#include "split.h"

#include "../base/parallel.h"
#include "../storage/storage.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { BOM = 3, FIRST_WINDOW = 8 << 10, LARGEST_WINDOW = 1 << 20, AT_ONCE = 16 };

/* What is known of the line at hand. Nothing, where it began before the first window: it is taken for text. */
struct seek {
    bool indent;         /* only spaces and tabs came yet, */
    bool cr;             /* and then a CR */
    uint64_t line;       /* where it began */
    uint64_t blank_line; /* bytes of the one before it, if that was blank; else 0 */
};

static size_t bom_of(const uint8_t *data, size_t size) {
    return size >= BOM && memcmp(data, "\xEF\xBB\xBF", BOM) == 0 ? BOM : 0;
}

/* The first beginning at or behind `from` that these bytes, which go on at `offset`, show. */
static bool find_in(struct seek *s, const uint8_t *data, size_t size, uint64_t offset, uint64_t from, uint64_t *found) {
    const uint8_t *end = data + size;
    for (const uint8_t *p = data + (offset ? 0 : bom_of(data, size)); p < end; p++) {
        if (!s->indent && !(p = memchr(p, '\n', (size_t)(end - p))))
            return false;
        uint64_t at = offset + (uint64_t)(p - data);
        if (*p == '\n') {
            *s = (struct seek){.indent = true, .line = at + 1, .blank_line = s->indent ? at + 1 - s->line : 0};
        } else if (!s->cr && *p == '\r') {
            s->cr = true;
        } else if (s->cr || (*p != ' ' && *p != '\t')) {
            s->indent = false;
            *found = s->line;
            if (s->blank_line && s->blank_line <= SPLIT_NEAR && at - s->line <= SPLIT_NEAR && s->line >= from)
                return true;
        }
    }
    return false;
}

static uint64_t less(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* A window that shows whether `offset` is a beginning: from the end of the line before the blank one. */
static uint64_t see_from(uint64_t offset) {
    return offset > SPLIT_NEAR + 1 ? offset - SPLIT_NEAR - 1 : 0;
}

static uint64_t see_to(uint64_t offset, uint64_t size) {
    return offset + less(size - offset, SPLIT_NEAR + 1);
}

struct split {
    struct object *object;
    uint64_t size, count; /* of the text; of slices */
    uint64_t *begins;     /* in each slice, the first; UINT64_MAX: none */
};

static uint64_t slice_begin(const struct split *split, uint64_t index) {
    return split->size / split->count * index + split->size % split->count * index / split->count;
}

static bool search_slice(void *user, uint64_t index, struct failure *failure) {
    struct split *split = user;
    uint64_t from = slice_begin(split, index), until = slice_begin(split, index + 1);
    uint64_t at = see_from(from), end = see_to(until, split->size), found = UINT64_MAX;
    struct seek seek = {.indent = at == 0};
    bool done = true, seen = false;
    uint8_t *window = NULL;
    for (size_t room = FIRST_WINDOW; done && !seen && at < end; room = room < LARGEST_WINDOW ? 2 * room : room) {
        size_t size = (size_t)less(end - at, room);
        free(window);
        window = malloc(size);
        done = window ? storage_read(split->object, at, window, size, failure)
                      : failure_set(failure, FAILURE_OUT_OF_MEMORY, "out of memory for %zu bytes of a text", size);
        seen = done && find_in(&seek, window, size, at, from, &found);
        at += size;
    }
    free(window);
    split->begins[index] = seen && found < until ? found : UINT64_MAX;
    return done;
}

bool split_text(struct tile_range **ranges, size_t *count, struct object *object, uint64_t wanted,
                struct failure *failure) {
    struct split split = {.object = object, .size = storage_object_facts(object)->size};
    split.count = split.size ? split.size / wanted + (split.size % wanted != 0) : 1;
    *ranges = NULL;
    if (split.count > SPLIT_MOST)
        return failure_set(failure, FAILURE_LIMIT_EXCEEDED,
                           "range: a text of %" PRIu64 " bytes has %" PRIu64 " ranges of %" PRIu64 "; %d are the limit",
                           split.size, split.count, wanted, SPLIT_MOST);
    split.begins = malloc((size_t)split.count * sizeof *split.begins);
    *ranges = malloc((size_t)split.count * sizeof **ranges);
    bool done = (split.begins && *ranges) ||
                failure_set(failure, FAILURE_OUT_OF_MEMORY, "out of memory for %" PRIu64 " ranges", split.count);
    done = done && (split.size == 0 || parallel_run(split.count, AT_ONCE, search_slice, &split, failure));
    size_t n = 0;
    for (uint64_t i = 0; done && i < split.count; i++) /* the first begins at 0, whatever begins in its slice */
        if (i == 0 || split.begins[i] != UINT64_MAX)
            (*ranges)[n++].offset = i ? split.begins[i] : 0;
    for (size_t i = 0; i < n; i++)
        (*ranges)[i].size = (i + 1 < n ? (*ranges)[i + 1].offset : split.size) - (*ranges)[i].offset;
    free(split.begins);
    if (!done) {
        free(*ranges);
        *ranges = NULL;
    }
    *count = n;
    return done;
}

bool split_may_begin(struct object *object, uint64_t offset, bool *may, struct failure *failure) {
    uint64_t from = see_from(offset), to = see_to(offset, storage_object_facts(object)->size), found;
    uint8_t window[2 * (SPLIT_NEAR + 1)];
    *may = offset == 0;
    if (*may)
        return true;
    if (!storage_read(object, from, window, (size_t)(to - from), failure))
        return false;
    struct seek seek = {.indent = from == 0};
    *may = find_in(&seek, window, (size_t)(to - from), from, offset, &found) && found == offset;
    return true;
}

bool split_first_line(struct object *object, uint64_t *offset, struct failure *failure) {
    uint8_t bytes[BOM];
    size_t size = (size_t)less(storage_object_facts(object)->size, BOM);
    if (!storage_read(object, 0, bytes, size, failure))
        return false;
    *offset = bom_of(bytes, size);
    return true;
}
