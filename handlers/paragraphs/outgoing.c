/* SPDX-License-Identifier: MIT */
#include "outgoing.h"

#include "hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { IN_MEMORY = 4 << 20 };

bool outgoing_open(struct outgoing *outgoing, struct failure *failure) {
    *outgoing = (struct outgoing){.memory = malloc(IN_MEMORY), .descriptor = -1, .hash = XXH3_createState()};
    if (!outgoing->memory || !outgoing->hash)
        return fail(failure, FAILURE_OUT_OF_MEMORY, "out of memory for %d bytes of output", IN_MEMORY);
    XXH3_128bits_reset(outgoing->hash);
    return true;
}

void outgoing_close(struct outgoing *outgoing) {
    if (outgoing->descriptor >= 0) {
        close(outgoing->descriptor);
        unlink(outgoing->path);
    }
    XXH3_freeState(outgoing->hash);
    free(outgoing->memory);
    *outgoing = (struct outgoing){.descriptor = -1};
}

static bool fail_file(const struct outgoing *outgoing, struct failure *failure) {
    return fail(failure, FAILURE_OUTPUT_UNWRITABLE,
                "%s: %s: what is written is kept there first (a function's ephemeral storage, or TMPDIR)",
                outgoing->path, strerror(errno));
}

static bool create(struct outgoing *outgoing, struct failure *failure) {
    const char *folder = getenv("TMPDIR");
    int size = snprintf(outgoing->path, sizeof outgoing->path, "%s/text.XXXXXX", folder && *folder ? folder : "/tmp");
    if (size >= (int)sizeof outgoing->path)
        return fail(failure, FAILURE_OUTPUT_UNWRITABLE, "TMPDIR: is too long a path");
    outgoing->descriptor = mkostemp(outgoing->path, O_CLOEXEC);
    return outgoing->descriptor >= 0 || fail_file(outgoing, failure);
}

static bool flush(struct outgoing *outgoing, struct failure *failure) {
    if (outgoing->descriptor < 0 && !create(outgoing, failure))
        return false;
    for (size_t done = 0; done < outgoing->held;) {
        ssize_t n = write(outgoing->descriptor, outgoing->memory + done, outgoing->held - done);
        if (n < 0 && errno != EINTR)
            return fail_file(outgoing, failure);
        done += n > 0 ? (size_t)n : 0;
    }
    outgoing->held = 0;
    return true;
}

bool outgoing_write(struct outgoing *outgoing, const void *data, size_t size, struct failure *failure) {
    XXH3_128bits_update(outgoing->hash, data, size);
    outgoing->bytes += size;
    for (const uint8_t *p = data; size;) {
        if (outgoing->held == IN_MEMORY && !flush(outgoing, failure))
            return false;
        size_t n = size < IN_MEMORY - outgoing->held ? size : IN_MEMORY - outgoing->held;
        memcpy(outgoing->memory + outgoing->held, p, n);
        outgoing->held += n;
        p += n;
        size -= n;
    }
    return true;
}

void outgoing_hash(const struct outgoing *outgoing, char hex[33]) {
    hash_text(outgoing->hash, hex);
}

bool outgoing_store(struct outgoing *outgoing, struct storage *storage, const char *url,
                    const struct storage_put_options *options, struct failure *failure) {
    if (outgoing->descriptor < 0)
        return storage_put(storage, url, outgoing->memory, outgoing->held, options, failure);
    return flush(outgoing, failure) && storage_put_file(storage, url, outgoing->path, options, failure);
}
