/* SPDX-License-Identifier: MIT */
#include "entropy.h"

#include "../base/memory.h"

#include <string.h>

void tile_entropy_begin(struct tile_entropy *entropy, const struct tile_allocator *allocator) {
    *entropy = (struct tile_entropy){.allocator = allocator};
}

void tile_entropy_free(struct tile_entropy *entropy) {
    tile_free(entropy->allocator, entropy->data);
    tile_free(entropy->allocator, entropy->marks);
    tile_free(entropy->allocator, entropy->restarts);
    *entropy = (struct tile_entropy){.allocator = entropy->allocator};
}

/* Makes room for `wanted` items in an array that holds `count`. */
static tile_status reserve(const struct tile_allocator *allocator, void **items, size_t item, size_t count,
                           size_t *capacity, size_t wanted, struct tile_error *error) {
    size_t size;
    if (wanted <= *capacity)
        return TILE_OK;
    size_t grown = wanted < 64 ? 64 : wanted + wanted / 2;
    void *memory = tile_mul(&size, grown, item) ? tile_alloc(allocator, size) : NULL;
    if (!memory)
        return tile_no_memory(error, wanted);
    if (count)
        memcpy(memory, *items, count * item);
    tile_free(allocator, *items);
    *items = memory;
    *capacity = grown;
    return TILE_OK;
}

/* What is added next comes from `offset`, and what is there ended at `before`. */
static tile_status add_mark(struct tile_entropy *e, uint64_t offset, uint64_t before, struct tile_error *error) {
    if (e->mark_count && e->marks[e->mark_count - 1].at == e->size) {
        e->marks[e->mark_count - 1].offset = offset;
        return TILE_OK;
    }
    void *items = e->marks;
    tile_status status =
        reserve(e->allocator, &items, sizeof *e->marks, e->mark_count, &e->mark_capacity, e->mark_count + 1, error);
    e->marks = items;
    if (status == TILE_OK)
        e->marks[e->mark_count++] = (struct tile_entropy_mark){e->size, offset, before};
    return status;
}

static tile_status add_restart(struct tile_entropy *e, int number, struct tile_error *error) {
    void *items = e->restarts;
    tile_status status = reserve(e->allocator, &items, sizeof *e->restarts, e->restart_count, &e->restart_capacity,
                                 e->restart_count + 1, error);
    e->restarts = items;
    if (status == TILE_OK)
        e->restarts[e->restart_count++] = (struct tile_entropy_restart){e->size, number};
    return status;
}

tile_status tile_entropy_reset(struct tile_entropy *e, uint64_t offset, struct tile_error *error) {
    e->size = e->mark_count = e->restart_count = e->next_restart = 0;
    e->after_ff = e->after_fill = e->ended = false;
    e->offset = offset;
    return add_mark(e, offset, offset, error);
}

/* What follows a 0xFF. */
static tile_status take_code(struct tile_entropy *e, unsigned char code, struct tile_error *error) {
    bool filled = e->after_fill;
    e->after_fill = code == 0xFF; /* B.1.1.2 */
    if (e->after_fill)
        return TILE_OK;
    e->after_ff = false;
    tile_status status = TILE_OK;
    if (code == 0 && !filled) {
        e->data[e->size++] = 0xFF;
        return add_mark(e, e->offset + 1, e->offset + 1, error);
    }
    if ((code & 0xF8) == 0xD0) {
        uint64_t before = tile_entropy_end(e, e->size);
        status = add_restart(e, code & 7, error);
        return status == TILE_OK ? add_mark(e, e->offset + 1, before, error) : status;
    }
    /* Of fill bytes before a zero, libjpeg-turbo's two ways of decoding make different things: no MCU can have them. */
    e->ended = true;
    e->end_marker = code;
    return TILE_OK;
}

tile_status tile_entropy_add(struct tile_entropy *e, const unsigned char *bytes, size_t size,
                             struct tile_error *error) {
    size_t most;
    void *items = e->data;
    if (e->ended)
        return TILE_OK;
    if (!tile_add(&most, e->size, size) || !tile_add(&most, most, 1 + TILE_ENTROPY_PAD))
        return tile_no_memory(error, size);
    tile_status status = reserve(e->allocator, &items, 1, e->size, &e->capacity, most, error);
    e->data = items;
    while (size > 0 && status == TILE_OK && !e->ended) {
        size_t taken = 1;
        if (e->after_ff) {
            status = take_code(e, *bytes, error);
        } else {
            const unsigned char *ff = memchr(bytes, 0xFF, size);
            size_t plain = ff ? (size_t)(ff - bytes) : size;
            memcpy(e->data + e->size, bytes, plain);
            e->size += plain;
            e->after_ff = ff != NULL;
            taken = plain + e->after_ff;
        }
        bytes += taken;
        size -= taken;
        e->offset += taken;
    }
    if (status == TILE_OK)
        memset(e->data + e->size, 0, TILE_ENTROPY_PAD);
    return status;
}

/* The last mark at or before `at`. */
static size_t find_mark(const struct tile_entropy *e, size_t at) {
    size_t low = 0, high = e->mark_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (e->marks[middle].at <= at)
            low = middle;
        else
            high = middle;
    }
    return low;
}

void tile_entropy_drop(struct tile_entropy *e, size_t at) {
    size_t first = find_mark(e, at), kept = 0;
    memmove(e->data, e->data + at, e->size - at + TILE_ENTROPY_PAD);
    e->size -= at;
    e->marks[first] = (struct tile_entropy_mark){at, tile_entropy_offset(e, at), tile_entropy_end(e, at)};
    for (size_t i = first; i < e->mark_count; i++) {
        e->marks[kept] = e->marks[i];
        e->marks[kept++].at -= at;
    }
    e->mark_count = kept;
    kept = 0;
    for (size_t i = e->next_restart; i < e->restart_count; i++)
        e->restarts[kept++] = (struct tile_entropy_restart){e->restarts[i].at - at, e->restarts[i].number};
    e->restart_count = kept;
    e->next_restart = 0;
}

uint64_t tile_entropy_offset(const struct tile_entropy *e, size_t at) {
    const struct tile_entropy_mark *mark = &e->marks[find_mark(e, at)];
    return mark->offset + (at - mark->at);
}

uint64_t tile_entropy_end(const struct tile_entropy *e, size_t at) {
    const struct tile_entropy_mark *mark = &e->marks[find_mark(e, at)];
    return mark->at == at ? mark->before : mark->offset + (at - mark->at);
}
