/* SPDX-License-Identifier: MIT */
/* Reading a stored part, one paragraph after the other, in memory that does not grow with it. */
#ifndef HANDLERS_TEXT_PART_READER_H
#define HANDLERS_TEXT_PART_READER_H

#include "../storage/storage.h"
#include "record.h"

#include <xxhash.h>

struct part_reader {
    const char *url;
    struct object *object;
    struct tile_range range; /* of the text; the paragraphs must be within it */
    uint64_t at;             /* offset in the part of the next byte to fetch */
    char *memory;            /* fetched bytes */
    size_t begin, end;       /* fetched bytes that are not used yet */
    uint64_t least;          /* the least offset of the next paragraph */
    XXH3_state_t *hash;      /* of all bytes fetched */
};

/* `etag` and `size` as for storage_open. INCOMPLETE: there is no part. Close the reader also after a failure. */
bool part_reader_open(struct part_reader *reader, struct storage *storage, const char *url, const char *etag,
                      uint64_t size, struct tile_range range, struct failure *failure);
void part_reader_close(struct part_reader *reader);
/*
 * Reads the next paragraph, or sets `*end`. INCOMPLETE: it is not a record, not behind the one before, or not within
 * the range; or the first paragraph does not begin with the range.
 */
bool part_reader_next(struct part_reader *reader, struct paragraph *paragraph, bool *end, struct failure *failure);
/* At the end: XXH3-128 of the whole part. */
void part_reader_hash(const struct part_reader *reader, char hex[33]);

#endif
