/* SPDX-License-Identifier: MIT */
/* Private to storage/. */
#ifndef HANDLERS_STORAGE_INTERNAL_H
#define HANDLERS_STORAGE_INTERNAL_H

#include "file.h"
#include "s3.h"
#include "storage.h"

#include <pthread.h>

struct storage {
    struct local local;
    uint64_t cache;
    size_t part;
    _Atomic uint64_t cached;
    _Atomic int64_t deadline;
    struct http_counts counts; /* of files, too */
    pthread_mutex_t lock;      /* of `s3` */
    struct s3 *s3;             /* made when it is first needed */
};

/* NULL on failure. */
struct s3 *storage_s3(struct storage *storage, struct failure *failure);
/* Starts the call and waits for it. */
bool storage_run(struct storage *storage, struct s3_call *call, struct failure *failure);
/* BAD_REQUEST if the note or type cannot become a header. */
bool storage_check_options(const struct storage_put_options *options, const char *url, struct failure *failure);
/* Takes `size` bytes from the memory for fetched ranges; false if less is left. */
bool storage_reserve(struct storage *storage, uint64_t size);
void storage_release(struct storage *storage, uint64_t size);

#endif
