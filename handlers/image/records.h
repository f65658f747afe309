/* SPDX-License-Identifier: MIT */
/*
 * The records of a batch's tiles, in one object, so that assemble need not ask for each tile: runs/JOB/FIRST-LAST.json
 * below the output. JOB is the hash of job.json, FIRST and LAST are the numbers of the batch's first and last tile in
 * the plan. The object has the tiles' lines of the manifest, and a hash of all of them at its end:
 *
 *     {"job":"HASH","first":0,"last":1,"tiles":[
 *     {"row":0,"column":0,...},
 *     {"row":0,"column":1,...}
 *     ],"sha256":"..."}
 *
 * A batch that is done again writes the same object.
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

/* OUTPUT/runs/HASH/, the prefix of a job's records; `hash` is that of its job.json. */
bool records_prefix(char out[STORAGE_URL_MOST], const char *output, const char *hash, struct failure *failure);
/* BAD_REQUEST unless the text is such a prefix, for any output. */
bool records_check_prefix(const char *prefix, struct failure *failure);

/*
 * Sorts the tiles and writes their object. If they are not consecutive in the plan, nothing is written, because nobody
 * would look for the object.
 */
bool records_write(struct storage *storage, const char *prefix, struct record *records, size_t count,
                   struct failure *failure);

/*
 * Reads the object of tiles `first` to `first + count - 1`. The lines point into `text`, which the caller frees by
 * tile_buffer_free. `*found` is false if there is no such object, or it is damaged or of other tiles.
 */
bool records_read(bool *found, struct record *records, struct tile_buffer *text, struct storage *storage,
                  const char *prefix, uint64_t first, size_t count, struct failure *failure);

#endif
