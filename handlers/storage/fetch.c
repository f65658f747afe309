/* SPDX-License-Identifier: MIT */
/* Ranges of an object: read several at once, and kept. */
#include "object.h"

#include <stdlib.h>
#include <string.h>

enum { PART_SIZE = 4 << 20 }; /* a connection of S3's gives some 50 to 100 MB/s; a request takes some 20 ms to begin */

struct s3_call fetch_call(const struct object *object, uint64_t offset, void *into, uint64_t size) {
    return (struct s3_call){.action = &s3_get,
                            .object = &object->place,
                            .url = object->url,
                            .deadline = object->storage->deadline,
                            .etag = object->facts.etag[0] ? object->facts.etag : NULL,
                            .version = object->version,
                            .whole = object->facts.size,
                            .offset = offset,
                            .size = size,
                            .into = into};
}

/*
 * Runs them all at once; `got` tells which ones worked. The first one in order that failed tells why; those after it
 * are given up: it had all the attempts that there were.
 */
static bool run(struct s3 *s3, struct s3_call *calls, bool *got, size_t count, struct failure *failure) {
    size_t started = 0;
    bool done = true;
    while (started < count && s3_start(s3, &calls[started], failure))
        started++;
    done = started == count;
    for (size_t i = 0; i < started; i++) {
        struct failure other;
        if (!done)
            s3_cancel(&calls[i]);
        got[i] = s3_wait(&calls[i], done ? failure : &other);
        done = done && got[i];
    }
    return done;
}

static size_t parts_of(uint64_t size) {
    return (size_t)(size / PART_SIZE + (size % PART_SIZE != 0));
}

/* Describes the parts of one range; behind the last of them. */
static struct s3_call *split(struct s3_call *calls, const struct object *object, const struct piece *piece) {
    for (size_t at = 0; at < piece->size; at += PART_SIZE) {
        size_t left = piece->size - at;
        *calls++ = fetch_call(object, piece->offset + at, piece->data + at, left < PART_SIZE ? left : PART_SIZE);
    }
    return calls;
}

/* Marks the pieces of which all parts are there. */
static bool read_pieces(struct object *object, struct piece *pieces, size_t count, struct failure *failure) {
    size_t parts = 0;
    for (size_t i = 0; i < count; i++)
        parts += parts_of(pieces[i].size);
    struct s3_call *calls = calloc(parts ? parts : 1, sizeof *calls), *end = calls;
    bool *got = calloc(parts ? parts : 1, sizeof *got), *next = got;
    bool done = calls && got;
    if (!done)
        failure_set(failure, FAILURE_OUT_OF_MEMORY, "%s: no memory for %zu requests", object->url, parts);
    for (size_t i = 0; done && i < count; i++)
        end = split(end, object, &pieces[i]);
    done = done && run(object->s3, calls, got, parts, failure);
    for (size_t i = 0; got && i < count; i++) {
        pieces[i].read = true;
        for (size_t j = parts_of(pieces[i].size); j > 0; j--)
            pieces[i].read &= *next++;
    }
    free(got);
    free(calls);
    return done;
}

bool fetch_read(struct object *object, uint64_t offset, void *buffer, size_t size, struct failure *failure) {
    return read_pieces(object, &(struct piece){.offset = offset, .size = size, .data = buffer}, 1, failure);
}

/* ---- What is kept ------------------------------------------------------------------------------------------- */

size_t fetch_copy(struct object *object, uint64_t offset, void *buffer, size_t size) {
    const unsigned char *data = NULL; /* stays until the object is closed */
    size_t there = 0;
    pthread_mutex_lock(&object->lock);
    for (size_t i = 0; i < object->kept_count && !data; i++) {
        const struct piece *piece = &object->kept[i];
        if (offset < piece->offset || offset - piece->offset >= piece->size)
            continue;
        data = piece->data + (offset - piece->offset);
        there = piece->size - (size_t)(offset - piece->offset);
    }
    pthread_mutex_unlock(&object->lock);
    there = there < size ? there : size;
    if (there)
        memcpy(buffer, data, there);
    return there;
}

size_t fetch_gap(struct object *object, uint64_t offset, size_t size) {
    pthread_mutex_lock(&object->lock);
    for (size_t i = 0; i < object->kept_count; i++)
        if (object->kept[i].offset > offset && object->kept[i].offset - offset < size)
            size = (size_t)(object->kept[i].offset - offset);
    pthread_mutex_unlock(&object->lock);
    return size;
}

static bool is_kept(struct object *object, struct tile_range range) {
    pthread_mutex_lock(&object->lock);
    bool found = false;
    for (size_t i = 0; i < object->kept_count && !found; i++) {
        const struct piece *piece = &object->kept[i];
        found = range.offset >= piece->offset && range.offset - piece->offset <= piece->size &&
                range.size <= piece->size - (range.offset - piece->offset);
    }
    pthread_mutex_unlock(&object->lock);
    return found;
}

static bool keep(struct object *object, const struct piece *pieces, size_t count) {
    pthread_mutex_lock(&object->lock);
    struct piece *kept = realloc(object->kept, (object->kept_count + count) * sizeof *kept);
    if (kept) {
        memcpy(kept + object->kept_count, pieces, count * sizeof *kept);
        object->kept = kept;
        object->kept_count += count;
    }
    pthread_mutex_unlock(&object->lock);
    return kept != NULL;
}

static void drop(struct object *object, const struct piece *pieces, size_t count) {
    for (size_t i = 0; i < count; i++) {
        free(pieces[i].data);
        storage_release(object->storage, pieces[i].size);
    }
}

static bool new_piece(struct piece *out, struct object *object, struct tile_range range, struct failure *failure) {
    *out = (struct piece){.offset = range.offset, .size = (size_t)range.size};
    if (!storage_reserve(object->storage, range.size))
        return failure_set(failure, FAILURE_LIMIT_EXCEEDED, "%s: %ju more bytes of it exceed the %ju that may be kept",
                           object->url, (uintmax_t)range.size, (uintmax_t)object->storage->cache);
    out->data = malloc(out->size);
    if (out->data)
        return true;
    storage_release(object->storage, range.size);
    return failure_set(failure, FAILURE_OUT_OF_MEMORY, "%s: no memory for %zu bytes", object->url, out->size);
}

/* Has those that were read first; their number. */
static size_t sort_read(struct piece *pieces, size_t count) {
    size_t there = 0;
    for (size_t i = 0; i < count; i++)
        if (pieces[i].read) {
            struct piece swap = pieces[there];
            pieces[there++] = pieces[i];
            pieces[i] = swap;
        }
    return there;
}

bool storage_fetch(struct object *object, const struct tile_range *ranges, size_t count, struct failure *failure) {
    for (size_t i = 0; i < count; i++)
        if (ranges[i].offset > object->facts.size || ranges[i].size > object->facts.size - ranges[i].offset)
            return failure_set(failure, FAILURE_BAD_REQUEST, "%s: has %ju bytes; %ju at byte %ju are not there",
                               object->url, (uintmax_t)object->facts.size, (uintmax_t)ranges[i].size,
                               (uintmax_t)ranges[i].offset);
    if (!object->place.s3 || count == 0)
        return true; /* the system keeps files */
    struct piece *pieces = calloc(count, sizeof *pieces);
    if (!pieces)
        return failure_set(failure, FAILURE_OUT_OF_MEMORY, "%s: no memory for %zu ranges", object->url, count);
    size_t missing = 0;
    bool done = true;
    for (size_t i = 0; i < count && done; i++) {
        if (ranges[i].size == 0 || is_kept(object, ranges[i]))
            continue;
        done = new_piece(&pieces[missing], object, ranges[i], failure);
        missing += done;
    }
    done = done && (missing == 0 || read_pieces(object, pieces, missing, failure));
    /* What is there need not be read again because something else failed. */
    size_t there = sort_read(pieces, missing);
    if (there && !keep(object, pieces, there)) {
        there = 0;
        done = done && failure_set(failure, FAILURE_OUT_OF_MEMORY, "%s: no memory", object->url);
    }
    drop(object, pieces + there, missing - there);
    free(pieces);
    return done;
}

void fetch_free(struct object *object) {
    drop(object, object->kept, object->kept_count);
    free(object->kept);
}
