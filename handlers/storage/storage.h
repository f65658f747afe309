/* SPDX-License-Identifier: MIT */
/*
 * Where bytes live: objects in S3 ("s3://bucket/key") and local files (a path, "file:///path"), seen alike.
 * In "s3://..." the key is literal: '%', '+', '?' and '#' are bytes like others. "file://" is percent-encoded (RFC
 * 8089).
 *
 * Objects are read by ranges, pinned to the version that was there when they were opened, and written whole or not at
 * all. All functions may be called from several threads at once; an object's, with different buffers, too; a draft's
 * from one at a time.
 */
#ifndef HANDLERS_STORAGE_STORAGE_H
#define HANDLERS_STORAGE_STORAGE_H

#include "facts.h"

struct storage;

/*
 * Credentials, region, endpoint and CA bundle come from the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
 * AWS_SESSION_TOKEN, AWS_REGION (or AWS_DEFAULT_REGION), AWS_ENDPOINT_URL_S3 (or AWS_ENDPOINT_URL), AWS_CA_BUNDLE,
 * TILE_BUCKET_OWNER.
 * They are read once, when the first object in S3 is asked for; none is needed for local files. Until then no
 * connection is made and no thread started.
 */
bool storage_new(struct storage **out, const struct storage_options *options, struct failure *failure);
void storage_free(struct storage *storage);
/* What is begun from now on ends by this time (milliseconds since 1970; INT64_MAX: any): FAILURE_OUT_OF_TIME. */
void storage_set_deadline(struct storage *storage, int64_t deadline);

/* What went over the wire (or out of files) since the storage was made. */
struct storage_counts {
    uint64_t bytes_read, bytes_written, requests, retries;
};
struct storage_counts storage_count(const struct storage *storage);

/* Whether the URL can name something here: scheme, bucket, key, path within the root. BAD_REQUEST where not. */
bool storage_check_url(const struct storage *storage, const char *url, struct failure *failure);
/* `prefix` (ends with '/' or gets one) and `name` as one URL. BAD_REQUEST where it does not fit. */
bool storage_join(char out[STORAGE_URL_MOST], const char *prefix, const char *name, struct failure *failure);

bool storage_stat(struct storage *storage, const char *url, struct storage_facts *facts, struct failure *failure);

struct object;

/*
 * Opens what is there to be read; every read is of this content (If-Match, and versionId), else SOURCE_CHANGED.
 * `want` may be NULL: any. With an etag and a size nothing is asked of the store until bytes are; the facts are then no
 * more than these two.
 */
bool storage_open(struct object **out, struct storage *storage, const char *url, const struct storage_want *want,
                  struct failure *failure);
void storage_close(struct object *object);
const struct storage_facts *storage_object_facts(const struct object *object);
/* Whether `url` names what was opened; of a file, also by another path to it. */
bool storage_is(const struct object *object, const char *url);

/* A reader for the library. Reads that go on where the last one ended are read ahead, several ranges at once. */
struct tile_reader storage_reader(struct object *object);
/*
 * Whether a read by the reader failed, and how the last one did: the library's error has its message, but knows only
 * that reading failed, not whether the object is missing, may not be read, or was out of reach.
 */
bool storage_reader_failed(struct object *object, struct failure *failure);
/*
 * As failure_from, of an error of the library's while it read `object` (NULL: none), with the kind of that read's;
 * false.
 */
bool storage_failure_from(struct object *object, const struct tile_error *error, struct failure *failure);
/* Reads these ranges, all at once, and keeps them until the object is closed: reads within them cost nothing. */
bool storage_fetch(struct object *object, const struct tile_range *ranges, size_t count, struct failure *failure);
/* Reads `size` bytes at `offset`. */
bool storage_read(struct object *object, uint64_t offset, void *buffer, size_t size, struct failure *failure);

/* Reads all of it, appended to `out`; LIMIT_EXCEEDED above `most` bytes. `facts` may be NULL. */
bool storage_get(struct storage *storage, const char *url, uint64_t most, struct tile_buffer *out,
                 struct storage_facts *facts, struct failure *failure);

/*
 * Writes it whole: nothing is there, or changed, until all is. Folders of local files are made where they are missing;
 * a file's note is kept beside it, in the hidden folder ".tile". A file that is being written by another thread or
 * process is OUTPUT_UNWRITABLE; of an object, one of them is there in the end.
 */
bool storage_put(struct storage *storage, const char *url, const void *data, size_t size,
                 const struct storage_put_options *options, struct failure *failure);

/*
 * Something that is written while it is still being made. Up to a part's size it stays in memory and is put in the end;
 * what is larger goes to the store in parts, several at a time, or to a file aside. The part's size grows with the
 * object, so that a thousand parts make 160 GiB. Nothing is there, or changed, before storage_commit.
 */
struct draft;

/* Of an object in S3, bytes that a draft of up to 5 GiB takes at most, with parts of the default size; measured. */
#define STORAGE_DRAFT_MEMORY ((uint64_t)176 << 20)

/* The options' note is what storage_stat gives back; `options` and its texts must stay valid until the draft ends. */
bool storage_create(struct draft **out, struct storage *storage, const char *url,
                    const struct storage_put_options *options, struct failure *failure);
/* Appends. After a failure, all that follow fail alike. */
bool storage_write(struct draft *draft, const void *data, size_t size, struct failure *failure);
uint64_t storage_written(const struct draft *draft);
/* For the library: appends, and goes back to what is in the first part, as TIFF does. */
struct tile_writer storage_writer(struct draft *draft);
/*
 * As failure_from, of an error of the library's while it wrote `draft`, with the draft's own failure if it has one;
 * false.
 */
bool storage_failure_writing(const struct draft *draft, const struct tile_error *error, struct failure *failure);
/* Both free the draft, also on failure; NULL is fine for storage_discard, which leaves nothing in the store. */
bool storage_commit(struct draft *draft, struct failure *failure);
void storage_discard(struct draft *draft);

#endif
