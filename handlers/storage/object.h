/* SPDX-License-Identifier: MIT */
/* An object that is open, and what of it is in memory. */
#ifndef HANDLERS_STORAGE_OBJECT_H
#define HANDLERS_STORAGE_OBJECT_H

#include "internal.h"

/* Bytes that were asked for, to be kept. */
struct piece {
    uint64_t offset;
    size_t size;
    unsigned char *data;
    bool read;
};

enum { AHEAD_MOST = 8 }; /* ranges that are asked for before they are needed */

struct ahead {
    pthread_mutex_t lock;             /* one reader at a time */
    uint64_t next;                    /* where the last read ended */
    uint64_t streak;                  /* bytes that were read without a jump until there */
    struct block *blocks[AHEAD_MOST]; /* one after another, without gaps */
    int count;
};

struct object {
    struct storage *storage;
    struct s3 *s3;
    char *url;
    struct url place;
    char *version; /* of S3, where one is wanted; else NULL */
    struct storage_facts facts;
    int descriptor; /* of a local file */

    pthread_mutex_t lock; /* of the rest */
    struct piece *kept;
    size_t kept_count;
    bool failed; /* `failure` is the reader's last one */
    struct failure failure;

    struct ahead ahead;
};

/* Describes reading `size` bytes at `offset` of an object in S3. */
struct s3_call fetch_call(const struct object *object, uint64_t offset, void *into, uint64_t size);
/* Reads them from the store, large ones in several ranges at once. */
bool fetch_read(struct object *object, uint64_t offset, void *buffer, size_t size, struct failure *failure);
/* Copies what is kept from `offset` on, up to `size` bytes; 0 where that byte is not. */
size_t fetch_copy(struct object *object, uint64_t offset, void *buffer, size_t size);
/* How many bytes from `offset` on, up to `size`, are not kept. */
size_t fetch_gap(struct object *object, uint64_t offset, size_t size);
void fetch_free(struct object *object);

/* As fetch_read, for reads that go from front to back: asks for what comes next before it is needed. */
bool ahead_read(struct object *object, uint64_t offset, void *buffer, size_t size, struct failure *failure);
void ahead_free(struct object *object);

#endif
