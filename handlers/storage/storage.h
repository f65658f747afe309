/* SPDX-License-Identifier: MIT */
/*
 * One interface to objects in S3 ("s3://bucket/key") and local files (a path, "file:///path").
 * In "s3://..." the key is literal: '%', '+', '?' and '#' are ordinary bytes. "file://" is percent-encoded (RFC 8089).
 *
 * Objects are read by ranges, pinned to the version at opening, and written whole or not at all. All functions may be
 * called from several threads at once, also for the same object with different buffers; only a draft belongs to one
 * thread at a time.
 */
#ifndef HANDLERS_STORAGE_STORAGE_H
#define HANDLERS_STORAGE_STORAGE_H

#include "facts.h"

struct storage;

/*
 * Credentials, region, endpoint and CA bundle come from the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
 * AWS_SESSION_TOKEN, AWS_REGION (or AWS_DEFAULT_REGION), AWS_ENDPOINT_URL_S3 (or AWS_ENDPOINT_URL), AWS_CA_BUNDLE,
 * TILE_BUCKET_OWNER.
 * They are read once, at the first request to S3, and are not needed for local files. Before that, no connection is
 * made and no thread started.
 */
bool storage_new(struct storage **out, const struct storage_options *options, struct failure *failure);
void storage_free(struct storage *storage);
/* Requests that begin from now on fail with OUT_OF_TIME at this time (milliseconds since 1970; INT64_MAX: never). */
void storage_set_deadline(struct storage *storage, int64_t deadline);

/* Traffic since the storage was made, with the network and with files. */
struct storage_counts {
    uint64_t bytes_read, bytes_written, requests, retries;
};
struct storage_counts storage_count(const struct storage *storage);

/* BAD_REQUEST unless the URL is valid here: scheme, bucket, key, path within the root. */
bool storage_check_url(const struct storage *storage, const char *url, struct failure *failure);
/* Joins `prefix` (with or without a '/' at its end) and `name` to a URL. BAD_REQUEST if it does not fit. */
bool storage_join(char out[STORAGE_URL_MOST], const char *prefix, const char *name, struct failure *failure);

bool storage_stat(struct storage *storage, const char *url, struct storage_facts *facts, struct failure *failure);

struct object;

/*
 * Opens an object for reading. Every read returns the content at opening (by If-Match and versionId), else fails with
 * SOURCE_CHANGED. `want` may be NULL: any content. With an etag and a size in `want`, the first read is the first
 * request to the store, and the facts only have these two.
 */
bool storage_open(struct object **out, struct storage *storage, const char *url, const struct storage_want *want,
                  struct failure *failure);
void storage_close(struct object *object);
const struct storage_facts *storage_object_facts(const struct object *object);
/* Whether `url` names the opened object; for a file, also by another path. */
bool storage_is(const struct object *object, const char *url);

/* A reader for the library. After a read that begins where the last one ended, several ranges are read ahead at once.
 */
struct tile_reader storage_reader(struct object *object);
/*
 * Whether a read by the reader failed, and the last failure. The library's error has the same message, but only says
 * that reading failed, not whether the object is missing, may not be read, or was out of reach.
 */
bool storage_reader_failed(struct object *object, struct failure *failure);
/*
 * As failure_from, for an error of the library while it read `object` (NULL: none), with the kind of the read's
 * failure; returns false.
 */
bool storage_failure_from(struct object *object, const struct tile_error *error, struct failure *failure);
/* Reads these ranges, all at once, and keeps them until the object is closed, for later reads within them. */
bool storage_fetch(struct object *object, const struct tile_range *ranges, size_t count, struct failure *failure);
/* Reads `size` bytes at `offset`. */
bool storage_read(struct object *object, uint64_t offset, void *buffer, size_t size, struct failure *failure);

/* Reads a whole object and appends it to `out`; LIMIT_EXCEEDED above `most` bytes. `facts` may be NULL. */
bool storage_get(struct storage *storage, const char *url, uint64_t most, struct tile_buffer *out,
                 struct storage_facts *facts, struct failure *failure);

/*
 * Writes an object whole: nothing appears or changes before all bytes are stored. Missing folders of local files are
 * made; a file's note is kept beside it, in the hidden folder ".tile". A file that another thread or process is writing
 * is OUTPUT_UNWRITABLE; if two write the same object in S3, one of the two remains.
 */
bool storage_put(struct storage *storage, const char *url, const void *data, size_t size,
                 const struct storage_put_options *options, struct failure *failure);

/*
 * An object that is written while it is made. Up to a part's size it stays in memory and is put at the end; a larger
 * one goes to the store in parts, several at a time, or to a temporary file. The part's size grows with the object, so
 * that a thousand parts make 160 GiB. Nothing appears or changes before storage_commit.
 */
struct draft;

/* The most memory of a draft of up to 5 GiB in S3, with parts of the default size; measured. */
#define STORAGE_DRAFT_MEMORY ((uint64_t)176 << 20)

/* storage_stat returns the options' note; `options` and its texts must stay valid until the draft ends. */
bool storage_create(struct draft **out, struct storage *storage, const char *url,
                    const struct storage_put_options *options, struct failure *failure);
/* Appends. After a failure, all later calls fail in the same way. */
bool storage_write(struct draft *draft, const void *data, size_t size, struct failure *failure);
uint64_t storage_written(const struct draft *draft);
/* A writer for the library: it appends, and can go back within the first part, as TIFF does. */
struct tile_writer storage_writer(struct draft *draft);
/*
 * As failure_from, for an error of the library while it wrote `draft`, with the draft's own failure if there is one;
 * returns false.
 */
bool storage_failure_writing(const struct draft *draft, const struct tile_error *error, struct failure *failure);
/* Both free the draft, also on failure. storage_discard leaves nothing in the store and takes NULL. */
bool storage_commit(struct draft *draft, struct failure *failure);
void storage_discard(struct draft *draft);

#endif
