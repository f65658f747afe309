/* SPDX-License-Identifier: MIT */
/*
 * An object on its way to the store, which takes it whole, while it is still being made: in memory as long as it is
 * small, then in a file below $TMPDIR (/tmp where that is not set).
 */
#ifndef PARAGRAPHS_OUTGOING_H
#define PARAGRAPHS_OUTGOING_H

#include "../handler.h"
#include "../storage/storage.h"

#include <xxhash.h>

struct outgoing {
    uint8_t *memory;
    size_t held; /* bytes in memory that are not in the file */
    int descriptor;
    char path[4096];
    XXH3_state_t *hash;
    uint64_t bytes; /* of all that was written */
};

/* OUT_OF_MEMORY. Also then to be closed, which removes the file. */
bool outgoing_open(struct outgoing *outgoing, struct failure *failure);
void outgoing_close(struct outgoing *outgoing);
/* OUTPUT_UNWRITABLE where the file has no room. */
bool outgoing_write(struct outgoing *outgoing, const void *data, size_t size, struct failure *failure);
/* XXH3-128 of all that was written, in its canonical form. */
void outgoing_hash(const struct outgoing *outgoing, char hex[33]);
bool outgoing_store(struct outgoing *outgoing, struct storage *storage, const char *url,
                    const struct storage_put_options *options, struct failure *failure);

#endif
