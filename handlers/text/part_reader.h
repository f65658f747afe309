/* SPDX-License-Identifier: MIT */
/* A part, as it is in the store: its paragraphs one after the other, in memory that does not grow with it. */
#ifndef HANDLERS_TEXT_PART_READER_H
#define HANDLERS_TEXT_PART_READER_H

#include "../storage/storage.h"
#include "record.h"

#include <xxhash.h>

struct part_reader {
    const char *url;
    struct object *object;
    struct tile_range range; /* of the text; the paragraphs must be within it */
    uint64_t at;             /* of the part's bytes, behind those that were fetched */
    char *memory;            /* fetched ones */
    size_t begin, end;       /* those of them that are not used yet */
    uint64_t least;          /* where the next paragraph can begin */
    XXH3_state_t *hash;      /* of all bytes fetched */
};

/* `etag` and `size` as of storage_open. INCOMPLETE: there is no part. Also on failure to be closed. */
bool part_reader_open(struct part_reader *reader, struct storage *storage, const char *url, const char *etag,
                      uint64_t size, struct tile_range range, struct failure *failure);
void part_reader_close(struct part_reader *reader);
/*
 * The next one, or `*end`. INCOMPLETE: it is no record, not behind the one before, or not within the range; or the
 * first does not begin where the range does.
 */
bool part_reader_next(struct part_reader *reader, struct paragraph *paragraph, bool *end, struct failure *failure);
/* At the end: XXH3-128 of the whole part. */
void part_reader_hash(const struct part_reader *reader, char hex[33]);

#endif
