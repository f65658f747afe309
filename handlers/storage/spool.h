/* SPDX-License-Identifier: MIT */
/*
 * An object on its way to the store, which takes it whole, while it is still being made: in memory as long as it is
 * small, then in a file below $TMPDIR (/tmp where that is not set).
 */
#ifndef HANDLERS_STORAGE_SPOOL_H
#define HANDLERS_STORAGE_SPOOL_H

#include "storage.h"

#include <xxhash.h>

struct spool {
    uint8_t *memory;
    size_t held; /* bytes in memory that are not in the file */
    int descriptor;
    char path[4096];
    XXH3_state_t *hash;
    uint64_t bytes; /* of all that was written */
};

/*
 * Removes the files of processes that are gone, or had this one's number: a function that was killed, by its timeout
 * say, starts again beside all that it had in /tmp.
 */
void spool_clean(void);
/* OUT_OF_MEMORY. Also then to be closed, which removes the file. */
bool spool_open(struct spool *spool, struct failure *failure);
/* `spool` may be cleared memory. */
void spool_close(struct spool *spool);
/* OUTPUT_UNWRITABLE where the file has no room. */
bool spool_write(struct spool *spool, const void *data, size_t size, struct failure *failure);
/* For the library: from front to back. */
struct tile_writer spool_writer(struct spool *spool);
/* XXH3-128 of all that was written, in its canonical form. */
void spool_hash(const struct spool *spool, char hex[33]);
/* Has it in the file `path`, for those who write there by name instead. */
bool spool_to_file(struct spool *spool, struct failure *failure);
bool spool_store(struct spool *spool, struct storage *storage, const char *url,
                 const struct storage_put_options *options, struct failure *failure);

#endif
