/* SPDX-License-Identifier: MIT */
#include "object.h"

#include "../base/deadline.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    FILE_GAP = 4096,    /* another pread costs as much as copying this */
    VERSION_MOST = 1024 /* S3's own limit of a versionId */
};

static bool is_as_wanted(const struct object *object, const struct storage_want *want, struct failure *failure) {
    if ((!want->etag || strcmp(want->etag, object->facts.etag) == 0) &&
        (!want->size || want->size == object->facts.size))
        return true;
    return failure_set(failure, FAILURE_SOURCE_CHANGED, "%s: is not the one any more that is wanted", object->url);
}

/* They become part of a header and a query. */
static bool check_want(const struct object *object, const struct storage_want *want, struct failure *failure) {
    const char *etag = want->etag ? want->etag : "", *version = want->version ? want->version : "";
    for (const char *c = etag; *c; c++)
        if (*c < '!' || *c > '~' || *c == '"')
            return failure_set(failure, FAILURE_BAD_REQUEST, "%s: the ETag that is wanted of it cannot be one",
                               object->url);
    for (const char *c = version; *c; c++)
        if (*c < '!' || *c > '~')
            return failure_set(failure, FAILURE_BAD_REQUEST, "%s: the version that is wanted of it cannot be one",
                               object->url);
    if (strlen(etag) >= sizeof object->facts.etag || strlen(version) > VERSION_MOST)
        return failure_set(failure, FAILURE_BAD_REQUEST, "%s: the ETag or version that is wanted of it is too long",
                           object->url);
    return !want->version || object->place.s3 ||
           failure_set(failure, FAILURE_BAD_REQUEST, "%s: is a file, of which there are no versions", object->url);
}

static bool open_s3(struct object *object, const struct storage_want *want, struct failure *failure) {
    object->s3 = storage_s3(object->storage, failure);
    if (!object->s3)
        return false;
    if (want->version && !(object->version = strdup(want->version)))
        return failure_set(failure, FAILURE_OUT_OF_MEMORY, "%s: no memory", object->url);
    if (want->etag && want->size) {
        object->facts.size = want->size;
        memcpy(object->facts.etag, want->etag, strlen(want->etag) + 1);
        return true;
    }
    struct s3_call call = {.action = &s3_head,
                           .object = &object->place,
                           .url = object->url,
                           .version = object->version,
                           .facts = &object->facts};
    return storage_run(object->storage, &call, failure) && is_as_wanted(object, want, failure);
}

static bool open_file(struct object *object, const struct storage_want *want, struct failure *failure) {
    return file_open(&object->descriptor, &object->storage->local, object->place.path, object->url, &object->facts,
                     failure) &&
           is_as_wanted(object, want, failure);
}

bool storage_open(struct object **out, struct storage *storage, const char *url, const struct storage_want *want,
                  struct failure *failure) {
    struct storage_want wanted = want ? *want : (struct storage_want){0};
    *out = NULL;
    struct object *object = calloc(1, sizeof *object);
    if (!object || !(object->url = strdup(url))) {
        free(object);
        return failure_set(failure, FAILURE_OUT_OF_MEMORY, "%s: no memory", url);
    }
    object->storage = storage;
    object->descriptor = -1;
    pthread_mutex_init(&object->lock, NULL);
    pthread_mutex_init(&object->ahead.lock, NULL);
    wanted.etag = wanted.etag && *wanted.etag ? wanted.etag : NULL;
    wanted.version = wanted.version && *wanted.version ? wanted.version : NULL;
    wanted.size = wanted.size == UINT64_MAX ? 0 : wanted.size;
    bool done = url_read(&object->place, &storage->local, url, failure) && check_want(object, &wanted, failure) &&
                (object->place.s3 ? open_s3(object, &wanted, failure) : open_file(object, &wanted, failure));
    if (done)
        *out = object;
    else
        storage_close(object);
    return done;
}

void storage_close(struct object *object) {
    if (!object)
        return;
    ahead_free(object);
    fetch_free(object);
    if (object->descriptor >= 0)
        close(object->descriptor);
    pthread_mutex_destroy(&object->lock);
    pthread_mutex_destroy(&object->ahead.lock);
    free(object->url);
    free(object->version);
    free(object);
}

const struct storage_facts *storage_object_facts(const struct object *object) {
    return &object->facts;
}

bool storage_is(const struct object *object, const char *url) {
    struct storage_facts facts;
    struct failure failure;
    if (object->place.s3 || strncmp(url, "s3://", strlen("s3://")) == 0)
        return strcmp(url, object->url) == 0;
    return storage_stat(object->storage, url, &facts, &failure) && strcmp(facts.etag, object->facts.etag) == 0;
}

/* ---- Reading ------------------------------------------------------------------------------------------------ */

static bool read_file(struct object *object, uint64_t offset, void *buffer, size_t size, struct failure *failure) {
    if (!file_read(object->descriptor, object->url, &object->facts, offset, buffer, size, failure))
        return false;
    object->storage->counts.bytes_read += size;
    return true;
}

static bool read_from(struct object *object, uint64_t offset, void *buffer, size_t size,
                      bool (*read)(struct object *, uint64_t, void *, size_t, struct failure *),
                      struct failure *failure) {
    if (offset > object->facts.size || size > object->facts.size - offset)
        return failure_set(failure, FAILURE_BAD_REQUEST, "%s: has %ju bytes; %zu at byte %ju are not there",
                           object->url, (uintmax_t)object->facts.size, size, (uintmax_t)offset);
    if (deadline_over(object->storage->deadline)) /* what is in memory is worked on, too */
        return failure_set(failure, FAILURE_OUT_OF_TIME, "%s: the deadline came at byte %ju of %ju", object->url,
                           (uintmax_t)offset, (uintmax_t)object->facts.size);
    if (!object->place.s3)
        return read_file(object, offset, buffer, size, failure);
    for (unsigned char *to = buffer; size > 0;) {
        size_t n = fetch_copy(object, offset, to, size);
        if (n == 0) {
            n = fetch_gap(object, offset, size);
            if (!read(object, offset, to, n, failure))
                return false;
        }
        offset += n;
        to += n;
        size -= n;
    }
    return true;
}

bool storage_read(struct object *object, uint64_t offset, void *buffer, size_t size, struct failure *failure) {
    return read_from(object, offset, buffer, size, fetch_read, failure);
}

static tile_status read_at(void *user, uint64_t offset, void *buffer, size_t size, struct tile_error *error) {
    struct object *object = user;
    struct failure failure;
    if (read_from(object, offset, buffer, size, ahead_read, &failure))
        return TILE_OK;
    pthread_mutex_lock(&object->lock);
    object->failed = true;
    object->failure = failure;
    pthread_mutex_unlock(&object->lock);
    return failure_to_error(&failure, error);
}

struct tile_reader storage_reader(struct object *object) {
    return (struct tile_reader){.struct_size = sizeof(struct tile_reader),
                                .user = object,
                                .size = object->facts.size,
                                .read_at = read_at,
                                .etag = object->facts.etag[0] ? object->facts.etag : NULL,
                                .modified = object->facts.modified,
                                .gap = object->place.s3 ? 0 : FILE_GAP};
}

bool storage_reader_failed(struct object *object, struct failure *failure) {
    pthread_mutex_lock(&object->lock);
    bool failed = object->failed;
    if (failed)
        *failure = object->failure;
    pthread_mutex_unlock(&object->lock);
    return failed;
}

bool storage_failure_from(struct object *object, const struct tile_error *error, struct failure *failure) {
    struct failure read;
    struct tile_error of_read;
    failure_from(failure, error);
    /* An older read that failed otherwise has nothing to do with this. */
    if (object && storage_reader_failed(object, &read) && failure_to_error(&read, &of_read) == error->status)
        *failure =
            read; /* whose message begins with all of the URL, as the library's does with the end of a long one */
    return false;
}
