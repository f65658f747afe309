/* SPDX-License-Identifier: MIT */
#include "part_reader.h"

#include "../base/hash.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROOM = 1 << 20, /* bytes that are fetched at a time */
    APART = 2,      /* bytes between two paragraphs at least: the ends of a line and of a blank one */
};

/* What is missing or wrong in the output is a matter of the run, not of this event. */
static bool fail_part(const struct part_reader *reader, const char *what, struct failure *failure) {
    return failure_set(failure, FAILURE_INCOMPLETE, "%s: %s", reader->url, what);
}

/* Of a failure to read a part: it is not there, or no more what it was. */
static bool fail_missing(struct failure *failure) {
    if (failure->kind == FAILURE_SOURCE_NOT_FOUND || failure->kind == FAILURE_SOURCE_CHANGED)
        failure->kind = FAILURE_INCOMPLETE;
    return false;
}

bool part_reader_open(struct part_reader *reader, struct storage *storage, const char *url, const char *etag,
                      uint64_t size, struct tile_range range, struct failure *failure) {
    *reader = (struct part_reader){.url = url, .range = range, .least = range.offset};
    if (!storage_open(&reader->object, storage, url, &(struct storage_want){.etag = etag, .size = size}, failure))
        return fail_missing(failure);
    reader->memory = malloc(ROOM);
    reader->hash = XXH3_createState();
    if (!reader->memory || !reader->hash)
        return failure_set(failure, FAILURE_OUT_OF_MEMORY, "%s: no memory", url);
    XXH3_128bits_reset(reader->hash);
    return true;
}

void part_reader_close(struct part_reader *reader) {
    storage_close(reader->object);
    XXH3_freeState(reader->hash);
    free(reader->memory);
    *reader = (struct part_reader){0};
}

static bool fetch(struct part_reader *r, struct failure *failure) {
    uint64_t left = storage_object_facts(r->object)->size - r->at;
    memmove(r->memory, r->memory + r->begin, r->end - r->begin);
    r->end -= r->begin;
    r->begin = 0;
    size_t size = left < ROOM - r->end ? (size_t)left : ROOM - r->end;
    if (!storage_read(r->object, r->at, r->memory + r->end, size, failure))
        return fail_missing(failure);
    XXH3_128bits_update(r->hash, r->memory + r->end, size);
    r->at += size;
    r->end += size;
    return true;
}

static bool check(struct part_reader *r, const struct paragraph *paragraph, struct failure *failure) {
    uint64_t end = r->range.offset + r->range.size;
    bool first = r->least == r->range.offset;
    if (paragraph->offset < r->least || paragraph->offset > end || paragraph->bytes == 0 ||
        paragraph->bytes > end - paragraph->offset)
        return failure_set(failure, FAILURE_INCOMPLETE,
                           "%s: a paragraph of %" PRIu64 " bytes at byte %" PRIu64 " is not within the range [%" PRIu64
                           ", %" PRIu64 "], or not behind the one before",
                           r->url, paragraph->bytes, paragraph->offset, r->range.offset, r->range.size);
    if (first && r->range.offset && paragraph->offset != r->range.offset)
        return fail_part(r, "its first paragraph does not begin where its range does", failure);
    r->least = paragraph->offset + paragraph->bytes + APART;
    return true;
}

bool part_reader_next(struct part_reader *reader, struct paragraph *paragraph, bool *end, struct failure *failure) {
    struct part_reader *r = reader;
    uint64_t size = storage_object_facts(r->object)->size;
    if (r->end - r->begin < RECORD_MOST && r->at < size && !fetch(r, failure))
        return false;
    char *line = r->memory + r->begin;
    *end = r->begin == r->end;
    if (*end)
        return r->least != r->range.offset || r->range.offset == 0 ||
               fail_part(r, "has no paragraph, though one begins where its range does", failure);
    char *lf = memchr(line, '\n', r->end - r->begin);
    if (lf)
        *lf = '\0';
    if (!lf || strlen(line) != (size_t)(lf - line) || !record_read(paragraph, line))
        return fail_part(r, "holds a line that is no paragraph's", failure);
    r->begin += (size_t)(lf - line) + 1;
    return check(r, paragraph, failure);
}

void part_reader_hash(const struct part_reader *reader, char hex[33]) {
    hash_text(reader->hash, hex);
}
