/* SPDX-License-Identifier: MIT */
/*
 * What a batch tells of its tiles, in one object, so that assemble need not ask for each of them:
 * runs/JOB/FIRST-LAST.json below the output, JOB being the hash of job.json and the two numbers those of its first and
 * last tile in the plan. It holds the tiles' lines of the manifest, and a hash of all that at its end:
 *
 *     {"job":"HASH","first":0,"last":1,"tiles":[
 *     {"row":0,"column":0,...},
 *     {"row":0,"column":1,...}
 *     ],"sha256":"..."}
 *
 * A batch that is done again writes the same.
 */
#ifndef HANDLERS_IMAGE_RECORDS_H
#define HANDLERS_IMAGE_RECORDS_H

#include "../storage/storage.h"

/* A tile's line, without a newline. */
struct record {
    uint64_t number; /* of the tile in the plan */
    const char *line;
    size_t size;
};

/* OUTPUT/runs/HASH/: where the records of a job are, `hash` being its job.json's. */
bool records_prefix(char out[STORAGE_URL_MOST], const char *output, const char *hash, struct failure *failure);
/* Whether a text is such a prefix, of any output. BAD_REQUEST where not. */
bool records_check_prefix(const char *prefix, struct failure *failure);

/*
 * Writes the object of these tiles, and sorts them. Where they are not one stretch of the plan nothing is written:
 * nobody would look for it.
 */
bool records_write(struct storage *storage, const char *prefix, struct record *records, size_t count,
                   struct failure *failure);

/*
 * Reads the object of tiles `first` to `first + count - 1`: their lines, which point into `text` (for
 * tile_buffer_free). Where there is none, or it is damaged or of other tiles, `*found` is false.
 */
bool records_read(bool *found, struct record *records, struct tile_buffer *text, struct storage *storage,
                  const char *prefix, uint64_t first, size_t count, struct failure *failure);

#endif
