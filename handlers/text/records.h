/* SPDX-License-Identifier: MIT */
/* A part, as it is in the store: its paragraphs one after the other, in memory that does not grow with it. */
#ifndef HANDLERS_TEXT_RECORDS_H
#define HANDLERS_TEXT_RECORDS_H

#include "../storage/storage.h"
#include "record.h"

#include <xxhash.h>

struct records {
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
bool records_open(struct records *records, struct storage *storage, const char *url, const char *etag, uint64_t size,
                  struct tile_range range, struct failure *failure);
void records_close(struct records *records);
/*
 * The next one, or `*end`. INCOMPLETE: it is no record, not behind the one before, or not within the range; or the
 * first does not begin where the range does.
 */
bool records_next(struct records *records, struct paragraph *paragraph, bool *end, struct failure *failure);
/* At the end: XXH3-128 of the whole part. */
void records_hash(const struct records *records, char hex[33]);

#endif
