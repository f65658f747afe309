/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CACHE_SIZE = 256 << 20, PART_SIZE = 8 << 20 };

bool storage_new(struct storage **out, const struct storage_options *options, struct failure *failure) {
    *out = NULL;
    struct storage *storage = calloc(1, sizeof *storage);
    if (!storage)
        return failure_set(failure, FAILURE_OUT_OF_MEMORY, "storage: no memory");
    if (!local_open(&storage->local, options, failure)) {
        free(storage);
        return false;
    }
    storage->cache = options->cache ? options->cache : CACHE_SIZE;
    storage->part = options->part ? options->part : PART_SIZE;
    storage->deadline = INT64_MAX;
    pthread_mutex_init(&storage->lock, NULL);
    *out = storage;
    return true;
}

void storage_free(struct storage *storage) {
    if (!storage)
        return;
    s3_free(storage->s3);
    local_close(&storage->local);
    pthread_mutex_destroy(&storage->lock);
    free(storage);
}

struct s3 *storage_s3(struct storage *storage, struct failure *failure) {
    pthread_mutex_lock(&storage->lock);
    if (!storage->s3)
        s3_new(&storage->s3, &storage->counts, failure);
    struct s3 *s3 = storage->s3;
    pthread_mutex_unlock(&storage->lock);
    return s3;
}

bool storage_reserve(struct storage *storage, uint64_t size) {
    if (size > storage->cache)
        return false;
    if (atomic_fetch_add(&storage->cached, size) <= storage->cache - size)
        return true;
    storage_release(storage, size);
    return false;
}

void storage_release(struct storage *storage, uint64_t size) {
    atomic_fetch_sub(&storage->cached, size);
}

void storage_set_deadline(struct storage *storage, int64_t deadline) {
    storage->deadline = deadline;
}

struct storage_counts storage_count(const struct storage *storage) {
    return (struct storage_counts){.bytes_read = storage->counts.bytes_read,
                                   .bytes_written = storage->counts.bytes_written,
                                   .requests = storage->counts.requests,
                                   .retries = storage->counts.retries};
}

bool storage_check_url(const struct storage *storage, const char *url, struct failure *failure) {
    struct url place;
    return url_read(&place, &storage->local, url, failure);
}

bool storage_join(char out[STORAGE_URL_MOST], const char *prefix, const char *name, struct failure *failure) {
    size_t size = strlen(prefix);
    if (size == 0)
        return failure_set(failure, FAILURE_BAD_REQUEST, "%s: the folder or prefix that it belongs to is empty", name);
    const char *between = prefix[size - 1] == '/' ? "" : "/";
    if (snprintf(out, STORAGE_URL_MOST, "%s%s%s", prefix, between, name) >= STORAGE_URL_MOST)
        return failure_set(failure, FAILURE_BAD_REQUEST, "%.60s...: with %.60s it is longer than %d bytes", prefix,
                           name, STORAGE_URL_MOST - 1);
    return true;
}

bool storage_run(struct storage *storage, struct s3_call *call, struct failure *failure) {
    struct s3 *s3 = storage_s3(storage, failure);
    call->deadline = storage->deadline;
    return s3 && s3_start(s3, call, failure) && s3_wait(call, failure);
}

bool storage_stat(struct storage *storage, const char *url, struct storage_facts *facts, struct failure *failure) {
    struct url place;
    if (!url_read(&place, &storage->local, url, failure))
        return false;
    if (!place.s3)
        return file_stat(&storage->local, place.path, url, facts, failure);
    struct s3_call call = {.action = &s3_head, .object = &place, .url = url, .facts = facts};
    return storage_run(storage, &call, failure);
}
