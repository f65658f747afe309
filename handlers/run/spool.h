/* SPDX-License-Identifier: MIT */
/* What may be larger than memory on its way to the store: a file in $TMPDIR, or /tmp, that is gone afterwards. */
#ifndef HANDLERS_RUN_SPOOL_H
#define HANDLERS_RUN_SPOOL_H

#include "../storage/storage.h"

#include <limits.h>
#include <stdio.h>

struct spool {
    FILE *file;
    uint64_t size; /* of what was added */
    char path[PATH_MAX];
};

/* OUTPUT_UNWRITABLE where there is no room for temporary files. */
bool spool_open(struct spool *spool, struct failure *failure);
/* Removes it. `spool` may be cleared memory. */
void spool_close(struct spool *spool);

bool spool_add(struct spool *spool, const void *data, size_t size, struct failure *failure);
/* From front to back. */
struct tile_writer spool_writer(struct spool *spool);
/* Writes what was added to the store. */
bool spool_put(struct spool *spool, struct storage *storage, const char *url, const char *type,
               struct failure *failure);

#endif
