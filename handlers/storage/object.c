/* SPDX-License-Identifier: MIT */
#include "internal.h"
#include "url.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_GAP = 4096 }; /* another pread costs as much as copying this */

struct object {
    struct storage *storage;
    char *url;
    struct url place;
    struct storage_facts facts;
    int descriptor; /* of a local file */
};

static bool open_file(struct object *object, const char *etag, uint64_t size, struct failure *failure) {
    const struct storage *storage = object->storage;
    if (!file_open(&object->descriptor, &storage->local, object->place.path, object->url, &object->facts, failure))
        return false;
    if ((etag && strcmp(etag, object->facts.etag) != 0) || (size != UINT64_MAX && size != object->facts.size))
        return fail(failure, FAILURE_SOURCE_CHANGED, "%s: is not the one that is wanted any more", object->url);
    return true;
}

bool storage_open(struct object **out, struct storage *storage, const char *url, const char *etag, uint64_t size,
                  struct failure *failure) {
    *out = NULL;
    struct object *object = calloc(1, sizeof *object);
    if (!object || !(object->url = strdup(url))) {
        free(object);
        return fail(failure, FAILURE_OUT_OF_MEMORY, "%s: no memory", url);
    }
    object->storage = storage;
    object->descriptor = -1;
    bool done = url_read(&object->place, &storage->local, url, failure) &&
                (object->place.s3 ? fail(failure, FAILURE_UNSUPPORTED, "%s: S3 is not built yet", url)
                                  : open_file(object, etag, size, failure));
    if (done)
        *out = object;
    else
        storage_close(object);
    return done;
}

void storage_close(struct object *object) {
    if (!object)
        return;
    if (object->descriptor >= 0)
        close(object->descriptor);
    free(object->url);
    free(object);
}

const struct storage_facts *storage_object_facts(const struct object *object) {
    return &object->facts;
}

static tile_status read_at(void *user, uint64_t offset, void *buffer, size_t size, struct tile_error *error) {
    struct failure failure;
    return storage_read(user, offset, buffer, size, &failure) ? TILE_OK : failure_to_error(&failure, error);
}

struct tile_reader storage_reader(struct object *object) {
    return (struct tile_reader){.user = object,
                                .size = object->facts.size,
                                .read_at = read_at,
                                .etag = object->facts.etag,
                                .modified = object->facts.modified,
                                .gap = object->place.s3 ? 0 : FILE_GAP};
}

bool storage_fetch(struct object *object, const struct tile_range *ranges, size_t count, struct failure *failure) {
    (void)object, (void)ranges, (void)count, (void)failure;
    return true;
}

bool storage_read(struct object *object, uint64_t offset, void *buffer, size_t size, struct failure *failure) {
    if (offset > object->facts.size || size > object->facts.size - offset)
        return fail(failure, FAILURE_BAD_REQUEST, "%s: has %ju bytes; %zu at byte %ju are not there", object->url,
                    (uintmax_t)object->facts.size, size, (uintmax_t)offset);
    if (!file_read(object->descriptor, object->url, &object->facts, offset, buffer, size, failure))
        return false;
    object->storage->bytes_read += size;
    return true;
}

bool storage_get(struct storage *storage, const char *url, uint64_t most, struct tile_buffer *out,
                 struct storage_facts *facts, struct failure *failure) {
    struct object *object;
    struct tile_error error;
    if (!storage_open(&object, storage, url, NULL, UINT64_MAX, failure))
        return false;
    uint64_t size = object->facts.size;
    void *data = NULL;
    bool done = size <= most || fail(failure, FAILURE_LIMIT_EXCEEDED, "%s: has %ju bytes; the limit is %ju", url,
                                     (uintmax_t)size, (uintmax_t)most);
    if (done && !(data = malloc(size ? (size_t)size : 1)))
        done = fail(failure, FAILURE_OUT_OF_MEMORY, "%s: no memory for %ju bytes", url, (uintmax_t)size);
    done = done && storage_read(object, 0, data, (size_t)size, failure);
    struct tile_writer writer = tile_buffer_writer(out);
    if (done && writer.write_at(writer.user, out->size, data, (size_t)size, &error) != TILE_OK)
        done = fail_from(failure, &error);
    if (done && facts)
        *facts = object->facts;
    free(data);
    storage_close(object);
    return done;
}
