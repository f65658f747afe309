/* SPDX-License-Identifier: MIT */
/* What is written while it is being made: in memory first, then in parts or to a file aside. */
#include "upload.h"

#include "../base/deadline.h"

#include <stdlib.h>
#include <string.h>

/*
 * Parts have to grow: S3 takes 10,000 of them, Swift 1,000. With 25 of each size, a thousand make 160 GiB, ten thousand
 * 16 TiB, and at 5 GiB, some 150 parts, one has 56 MiB.
 */
enum { PARTS_OF_A_SIZE = 25 };

struct draft {
    struct storage *storage;
    char *url;
    struct url place;
    struct storage_put_options options;
    uint64_t bytes;

    unsigned char *head;   /* the first part, which is held back; of a file, until there is one */
    struct upload *upload; /* NULL: all is in `head`, or in */
    struct file_draft *file;
    unsigned number;     /* of the part that is being filled */
    unsigned char *part; /* NULL: not begun */
    size_t filled;

    bool failed;
    struct failure failure;
};

static size_t part_size(const struct draft *draft) {
    return draft->storage->part * (1 + (draft->number - 1) / PARTS_OF_A_SIZE);
}

bool storage_create(struct draft **out, struct storage *storage, const char *url,
                    const struct storage_put_options *options, struct failure *failure) {
    *out = NULL;
    struct draft *draft = calloc(1, sizeof *draft);
    if (draft) {
        draft->storage = storage;
        draft->options = options ? *options : (struct storage_put_options){0};
        draft->url = strdup(url);
        draft->head = malloc(storage->part);
    }
    bool done = draft && draft->url && draft->head;
    if (!done)
        failure_set(failure, FAILURE_OUT_OF_MEMORY, "%s: no memory for its first %zu bytes", url, storage->part);
    if (done && url_read(&draft->place, &storage->local, url, failure) &&
        storage_check_options(&draft->options, url, failure))
        *out = draft;
    else
        storage_discard(draft);
    return *out != NULL;
}

uint64_t storage_written(const struct draft *draft) {
    return draft->bytes;
}

/* ---- Writing ------------------------------------------------------------------------------------------------ */

/* The first part is full: what follows goes elsewhere. */
static bool begin(struct draft *draft, struct failure *failure) {
    struct storage *storage = draft->storage;
    draft->number = 2;
    if (draft->place.s3)
        return upload_begin(&draft->upload, storage, &draft->place, draft->url, &draft->options, failure);
    if (!file_create(&draft->file, &storage->local, draft->place.path, draft->url, &draft->options, failure) ||
        !file_write(draft->file, 0, draft->head, storage->part, failure))
        return false;
    free(draft->head);
    draft->head = NULL;
    return true;
}

static bool send_part(struct draft *draft, struct failure *failure) {
    unsigned char *part = draft->part;
    draft->part = NULL;
    return upload_part(draft->upload, draft->number++, part, draft->filled, failure);
}

static bool append_parts(struct draft *draft, const unsigned char *data, size_t size, struct failure *failure) {
    while (size > 0) {
        size_t room = part_size(draft);
        if (!draft->part) {
            draft->part = malloc(room);
            draft->filled = 0;
        }
        if (!draft->part)
            return failure_set(failure, FAILURE_OUT_OF_MEMORY, "%s: no memory for a part of %zu bytes", draft->url,
                               room);
        size_t n = room - draft->filled < size ? room - draft->filled : size;
        memcpy(draft->part + draft->filled, data, n);
        draft->filled += n;
        draft->bytes += n;
        data += n;
        size -= n;
        if (draft->filled == room && !send_part(draft, failure))
            return false;
    }
    return true;
}

static bool write_file(struct draft *draft, uint64_t offset, const void *data, size_t size, struct failure *failure) {
    if (deadline_over(draft->storage->deadline))
        return failure_set(failure, FAILURE_OUT_OF_TIME, "%s: the deadline came at byte %ju of it", draft->url,
                           (uintmax_t)offset);
    return file_write(draft->file, offset, data, size, failure);
}

static bool append(struct draft *draft, const unsigned char *data, size_t size, struct failure *failure) {
    size_t first = draft->storage->part;
    if (draft->bytes < first) {
        size_t n = first - (size_t)draft->bytes < size ? first - (size_t)draft->bytes : size;
        memcpy(draft->head + draft->bytes, data, n);
        draft->bytes += n;
        data += n;
        size -= n;
    }
    if (size == 0)
        return true;
    if (!draft->upload && !draft->file && !begin(draft, failure))
        return false;
    if (draft->upload)
        return append_parts(draft, data, size, failure);
    if (!write_file(draft, draft->bytes, data, size, failure))
        return false;
    draft->bytes += size;
    return true;
}

/* Of bytes that were written before. */
static bool write_over(struct draft *draft, uint64_t offset, const void *data, size_t size, struct failure *failure) {
    if (draft->file)
        return write_file(draft, offset, data, size, failure);
    if (offset + size > draft->storage->part)
        return failure_set(failure, FAILURE_UNSUPPORTED,
                           "%s: byte %ju is written again, but only the first %zu bytes are not sent yet", draft->url,
                           (uintmax_t)offset, draft->storage->part);
    memcpy(draft->head + offset, data, size);
    return true;
}

static bool write_any(struct draft *draft, uint64_t offset, const void *data, size_t size, struct failure *failure) {
    if (draft->failed) {
        *failure = draft->failure;
        return false;
    }
    bool done =
        offset <= draft->bytes || failure_set(failure, FAILURE_UNSUPPORTED, "%s: byte %ju is written before byte %ju",
                                              draft->url, (uintmax_t)offset, (uintmax_t)draft->bytes);
    uint64_t there = done ? draft->bytes - offset : 0;
    size_t over = there < size ? (size_t)there : size;
    done = done && (over == 0 || write_over(draft, offset, data, over, failure)) &&
           (over == size || append(draft, (const unsigned char *)data + over, size - over, failure));
    if (!done) {
        draft->failed = true;
        draft->failure = *failure;
    }
    return done;
}

bool storage_write(struct draft *draft, const void *data, size_t size, struct failure *failure) {
    return write_any(draft, draft->bytes, data, size, failure);
}

static tile_status write_at(void *user, uint64_t offset, const void *data, size_t size, struct tile_error *error) {
    struct failure failure;
    return write_any(user, offset, data, size, &failure) ? TILE_OK : failure_to_error(&failure, error);
}

struct tile_writer storage_writer(struct draft *draft) {
    return (struct tile_writer){.user = draft, .write_at = write_at};
}

bool storage_failure_writing(const struct draft *draft, const struct tile_error *error, struct failure *failure) {
    if (!draft->failed)
        return failure_from(failure, error);
    *failure = draft->failure;
    return false;
}

/* ---- The end ------------------------------------------------------------------------------------------------ */

static bool commit_parts(struct draft *draft, struct failure *failure) {
    unsigned char *head = draft->head;
    struct upload *upload = draft->upload;
    if (draft->part && !send_part(draft, failure))
        return false;
    draft->head = NULL;
    if (!upload_part(upload, 1, head, draft->storage->part, failure))
        return false;
    draft->upload = NULL;
    return upload_complete(upload, failure);
}

static bool commit_file(struct draft *draft, struct failure *failure) {
    struct file_draft *file = draft->file;
    draft->file = NULL;
    if (!file_commit(file, failure))
        return false;
    draft->storage->counts.bytes_written += draft->bytes;
    return true;
}

bool storage_commit(struct draft *draft, struct failure *failure) {
    bool done = !draft->failed;
    if (!done)
        *failure = draft->failure;
    else if (draft->upload)
        done = commit_parts(draft, failure);
    else if (draft->file)
        done = commit_file(draft, failure);
    else
        done = storage_put(draft->storage, draft->url, draft->head, (size_t)draft->bytes, &draft->options, failure);
    storage_discard(draft);
    return done;
}

void storage_discard(struct draft *draft) {
    if (!draft)
        return;
    if (draft->upload)
        upload_abort(draft->upload);
    if (draft->file)
        file_discard(draft->file);
    free(draft->part);
    free(draft->head);
    free(draft->url);
    free(draft);
}
