/* SPDX-License-Identifier: MIT */
#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { IN_MEMORY = 4 << 20 };

bool spool_open(struct spool *spool, struct failure *failure) {
    *spool = (struct spool){.memory = malloc(IN_MEMORY), .descriptor = -1, .hash = XXH3_createState()};
    if (!spool->memory || !spool->hash)
        return fail(failure, FAILURE_OUT_OF_MEMORY, "out of memory for %d bytes of output", IN_MEMORY);
    XXH3_128bits_reset(spool->hash);
    return true;
}

void spool_close(struct spool *spool) {
    if (spool->descriptor >= 0) {
        close(spool->descriptor);
        unlink(spool->path);
    }
    XXH3_freeState(spool->hash);
    free(spool->memory);
    *spool = (struct spool){.descriptor = -1};
}

static bool fail_file(const struct spool *spool, struct failure *failure) {
    return fail(failure, FAILURE_OUTPUT_UNWRITABLE, "%s: %s", spool->path, strerror(errno));
}

static bool create(struct spool *spool, struct failure *failure) {
    const char *folder = getenv("TMPDIR");
    int size = snprintf(spool->path, sizeof spool->path, "%s/text.XXXXXX", folder && *folder ? folder : "/tmp");
    if (size >= (int)sizeof spool->path)
        return fail(failure, FAILURE_OUTPUT_UNWRITABLE, "TMPDIR: is too long a path");
    spool->descriptor = mkostemp(spool->path, O_CLOEXEC);
    return spool->descriptor >= 0 || fail_file(spool, failure);
}

static bool flush(struct spool *spool, struct failure *failure) {
    if (spool->descriptor < 0 && !create(spool, failure))
        return false;
    for (size_t done = 0; done < spool->held;) {
        ssize_t n = write(spool->descriptor, spool->memory + done, spool->held - done);
        if (n < 0 && errno != EINTR)
            return fail_file(spool, failure);
        done += n > 0 ? (size_t)n : 0;
    }
    spool->held = 0;
    return true;
}

bool spool_write(struct spool *spool, const void *data, size_t size, struct failure *failure) {
    XXH3_128bits_update(spool->hash, data, size);
    spool->bytes += size;
    for (const uint8_t *p = data; size;) {
        if (spool->held == IN_MEMORY && !flush(spool, failure))
            return false;
        size_t n = size < IN_MEMORY - spool->held ? size : IN_MEMORY - spool->held;
        memcpy(spool->memory + spool->held, p, n);
        spool->held += n;
        p += n;
        size -= n;
    }
    return true;
}

void spool_hash(const struct spool *spool, char hex[33]) {
    XXH128_canonical_t hash;
    XXH128_canonicalFromHash(&hash, XXH3_128bits_digest(spool->hash));
    for (size_t i = 0; i < sizeof hash.digest; i++)
        snprintf(hex + 2 * i, 3, "%02x", hash.digest[i]);
}

bool spool_store(struct spool *spool, struct storage *storage, const char *url,
                 const struct storage_put_options *options, struct failure *failure) {
    bool done;
    if (spool->descriptor < 0)
        done = storage_put(storage, url, spool->memory, spool->held, options, failure);
    else
        done = flush(spool, failure) && storage_put_file(storage, url, spool->path, options, failure);
    if (done || !options->keep || failure->kind != FAILURE_OUTPUT_DENIED)
        return done;
    struct storage_facts facts;
    struct failure ignored;
    return storage_stat(storage, url, &facts, &ignored) && strcmp(facts.note, options->note) == 0;
}
