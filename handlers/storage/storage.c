/* SPDX-License-Identifier: MIT */
#include "internal.h"
#include "url.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CACHE_SIZE = 256 << 20 };

bool storage_new(struct storage **out, const struct storage_options *options, struct failure *failure) {
    *out = NULL;
    struct storage *storage = calloc(1, sizeof *storage);
    if (!storage)
        return fail(failure, FAILURE_OUT_OF_MEMORY, "storage: no memory");
    if (!local_open(&storage->local, options, failure)) {
        free(storage);
        return false;
    }
    storage->cache = options->cache ? options->cache : CACHE_SIZE;
    storage->deadline = INT64_MAX;
    *out = storage;
    return true;
}

void storage_free(struct storage *storage) {
    if (!storage)
        return;
    local_close(&storage->local);
    free(storage);
}

void storage_set_deadline(struct storage *storage, int64_t deadline) {
    storage->deadline = deadline;
}

struct storage_counts storage_count(const struct storage *storage) {
    return (struct storage_counts){.bytes_read = storage->bytes_read,
                                   .bytes_written = storage->bytes_written,
                                   .requests = storage->requests,
                                   .retries = storage->retries};
}

bool storage_check_url(const struct storage *storage, const char *url, struct failure *failure) {
    struct url place;
    return url_read(&place, &storage->local, url, failure);
}

bool storage_join(char out[STORAGE_URL_MOST], const char *prefix, const char *name, struct failure *failure) {
    size_t size = strlen(prefix);
    if (size == 0)
        return fail(failure, FAILURE_BAD_REQUEST, "%s: the folder or prefix that it belongs to is empty", name);
    const char *between = prefix[size - 1] == '/' ? "" : "/";
    if (snprintf(out, STORAGE_URL_MOST, "%s%s%s", prefix, between, name) >= STORAGE_URL_MOST)
        return fail(failure, FAILURE_BAD_REQUEST, "%.60s...: with %.60s it is longer than %d bytes", prefix, name,
                    STORAGE_URL_MOST - 1);
    return true;
}

bool storage_stat(struct storage *storage, const char *url, struct storage_facts *facts, struct failure *failure) {
    struct url place;
    if (!url_read(&place, &storage->local, url, failure))
        return false;
    if (place.s3)
        return fail(failure, FAILURE_UNSUPPORTED, "%s: S3 is not built yet", url);
    return file_stat(&storage->local, place.path, url, facts, failure);
}

static bool put(struct storage *storage, const char *url, const struct file_content *content,
                const struct storage_put_options *options, struct failure *failure) {
    static const struct storage_put_options none;
    struct url place;
    options = options ? options : &none;
    if (!url_read(&place, &storage->local, url, failure))
        return false;
    size_t note = options->note ? strlen(options->note) : 0;
    for (size_t i = 0; i < note; i++)
        if (options->note[i] < ' ' || options->note[i] > '~')
            return fail(failure, FAILURE_BAD_REQUEST, "%s: the note has a byte that is not printable ASCII", url);
    if (note >= STORAGE_NOTE_MOST || (note && (options->note[0] == ' ' || options->note[note - 1] == ' ')))
        return fail(failure, FAILURE_BAD_REQUEST,
                    "%s: the note is longer than %d bytes, or begins or ends with a space", url, STORAGE_NOTE_MOST - 1);
    if (place.s3)
        return fail(failure, FAILURE_UNSUPPORTED, "%s: S3 is not built yet", url);
    if (!file_put(&storage->local, place.path, url, content, options, failure))
        return false;
    storage->bytes_written += content->size;
    return true;
}

bool storage_put(struct storage *storage, const char *url, const void *data, size_t size,
                 const struct storage_put_options *options, struct failure *failure) {
    return put(storage, url, &(struct file_content){.data = data, .descriptor = -1, .size = size}, options, failure);
}

bool storage_put_file(struct storage *storage, const char *url, const char *path,
                      const struct storage_put_options *options, struct failure *failure) {
    struct stat status;
    int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0)
        return fail(failure, FAILURE_OUTPUT_UNWRITABLE, "%s: what is to be written, %s: %s", url, path,
                    strerror(errno));
    bool done =
        fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)
            ? put(storage, url, &(struct file_content){.descriptor = descriptor, .size = (uint64_t)status.st_size},
                  options, failure)
            : fail(failure, FAILURE_OUTPUT_UNWRITABLE, "%s: what is to be written, %s, is no file", url, path);
    close(descriptor);
    return done;
}
