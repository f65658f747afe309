/* SPDX-License-Identifier: MIT */
/* An open object, and its bytes in memory. */
#ifndef HANDLERS_STORAGE_OBJECT_H
#define HANDLERS_STORAGE_OBJECT_H

#include "internal.h"

/* A range that was fetched to be kept. */
struct piece {
    uint64_t offset;
    size_t size;
    unsigned char *data;
    bool read;
};

enum { AHEAD_MOST = 8 }; /* ranges that are requested before they are needed */

struct ahead {
    pthread_mutex_t lock;             /* one reader at a time */
    uint64_t next;                    /* the end of the last read */
    uint64_t streak;                  /* bytes that were read up to there without a jump */
    struct block *blocks[AHEAD_MOST]; /* one after another, without gaps */
    int count;
};

struct object {
    struct storage *storage;
    struct s3 *s3;
    char *url;
    struct url place;
    char *version; /* the wanted version in S3; else NULL */
    struct storage_facts facts;
    int descriptor; /* of a local file */

    pthread_mutex_t lock; /* of the rest */
    struct piece *kept;
    size_t kept_count;
    bool failed; /* `failure` is the reader's last one */
    struct failure failure;

    struct ahead ahead;
};

/* The call that reads `size` bytes at `offset` of an object in S3. */
struct s3_call fetch_call(const struct object *object, uint64_t offset, void *into, uint64_t size);
/* Reads bytes from the store, many in several ranges at once. */
bool fetch_read(struct object *object, uint64_t offset, void *buffer, size_t size, struct failure *failure);
/* Copies the kept bytes from `offset` on, up to `size`; returns their number, 0 if the first is not kept. */
size_t fetch_copy(struct object *object, uint64_t offset, void *buffer, size_t size);
/* Number of bytes from `offset` on, up to `size`, before the next kept one. */
size_t fetch_gap(struct object *object, uint64_t offset, size_t size);
void fetch_free(struct object *object);

/* As fetch_read, for reads from front to back: requests the next ranges before they are needed. */
bool ahead_read(struct object *object, uint64_t offset, void *buffer, size_t size, struct failure *failure);
void ahead_free(struct object *object);

#endif
