/* SPDX-License-Identifier: MIT */
/* Objects that are read or written whole. */
#include "internal.h"

#include "../base/deadline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool append(struct tile_buffer *out, struct object *object, struct failure *failure) {
    struct tile_error error;
    size_t size = (size_t)storage_object_facts(object)->size;
    void *data = malloc(size ? size : 1);
    if (!data)
        return failure_set(failure, FAILURE_OUT_OF_MEMORY, "no memory for %zu bytes", size);
    bool done = storage_read(object, 0, data, size, failure);
    if (done && tile_buffer_append(out, data, size, &error) != TILE_OK)
        done = failure_from(failure, &error);
    free(data);
    return done;
}

static bool get_file(struct storage *storage, const char *url, uint64_t most, struct tile_buffer *out,
                     struct storage_facts *facts, struct failure *failure) {
    struct object *object;
    if (!storage_open(&object, storage, url, NULL, failure))
        return false;
    const struct storage_facts *found = storage_object_facts(object);
    bool done = found->size <= most ? append(out, object, failure)
                                    : failure_set(failure, FAILURE_LIMIT_EXCEEDED,
                                                  "%s: has more than %ju bytes, the limit here", url, (uintmax_t)most);
    if (done && facts)
        *facts = *found;
    storage_close(object);
    return done;
}

bool storage_get(struct storage *storage, const char *url, uint64_t most, struct tile_buffer *out,
                 struct storage_facts *facts, struct failure *failure) {
    struct url place;
    if (!url_read(&place, &storage->local, url, failure))
        return false;
    if (!place.s3)
        return get_file(storage, url, most, out, facts, failure);
    struct s3_call call = {
        .action = &s3_get_all, .object = &place, .url = url, .most = most, .out = out, .facts = facts};
    size_t before = out->size;
    bool done = storage_run(storage, &call, failure);
    if (!done)
        out->size = before;
    return done;
}

static bool is_printable(const char *text) {
    for (; *text; text++)
        if (*text < ' ' || *text > '~')
            return false;
    return true;
}

/* They become headers, around whose values there are no spaces. */
bool storage_check_options(const struct storage_put_options *options, const char *url, struct failure *failure) {
    const char *note = options->note ? options->note : "";
    size_t size = strlen(note);
    if (!is_printable(note) || (options->type && !is_printable(options->type)))
        return failure_set(failure, FAILURE_BAD_REQUEST, "%s: its note or type has a byte that is not printable ASCII",
                           url);
    if (size >= STORAGE_NOTE_MOST || (size && (note[0] == ' ' || note[size - 1] == ' ')))
        return failure_set(failure, FAILURE_BAD_REQUEST,
                           "%s: its note is longer than %d bytes, or begins or ends with a space", url,
                           STORAGE_NOTE_MOST - 1);
    return true;
}

bool storage_put(struct storage *storage, const char *url, const void *data, size_t size,
                 const struct storage_put_options *options, struct failure *failure) {
    static const struct storage_put_options none;
    struct url place;
    options = options ? options : &none;
    if (!url_read(&place, &storage->local, url, failure) || !storage_check_options(options, url, failure))
        return false;
    struct s3_call call = {
        .action = &s3_put, .object = &place, .url = url, .content = data, .content_size = size, .options = options};
    if (place.s3)
        return storage_run(storage, &call, failure);
    struct file_draft *file;
    if (deadline_over(storage->deadline))
        return failure_set(failure, FAILURE_OUT_OF_TIME, "%s: the deadline came before it was written", url);
    if (!file_create(&file, &storage->local, place.path, url, options, failure))
        return false;
    if (!file_write(file, 0, data, size, failure)) {
        file_discard(file);
        return false;
    }
    if (!file_commit(file, failure))
        return false;
    storage->counts.bytes_written += size;
    return true;
}
