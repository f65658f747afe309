/* SPDX-License-Identifier: MIT */
#include "spool.h"

#include "../hash.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
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
    if (spool->path[0] && spool->descriptor >= 0) {
        close(spool->descriptor);
        unlink(spool->path);
    }
    XXH3_freeState(spool->hash);
    free(spool->memory);
    *spool = (struct spool){.descriptor = -1};
}

static bool fail_file(const struct spool *spool, struct failure *failure) {
    return fail(failure, FAILURE_OUTPUT_UNWRITABLE,
                "%s: %s: what is written is kept there first (a function's ephemeral storage, or TMPDIR)", spool->path,
                strerror(errno));
}

static const char *spool_folder(void) {
    const char *folder = getenv("TMPDIR");
    return folder && *folder ? folder : "/tmp";
}

/* "tile-PROCESS-random", or what the library writes aside of that: ".tile-...". */
static bool is_left(const char *name) {
    int process, end = 0;
    if (sscanf(name + (*name == '.'), "tile-%d-%n", &process, &end) != 1 || end == 0 || process <= 0)
        return false;
    return process == getpid() || (kill(process, 0) != 0 && errno == ESRCH);
}

void spool_clean(void) {
    DIR *folder = opendir(spool_folder());
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        if (is_left(entry->d_name))
            unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder)
        closedir(folder);
}

static bool create(struct spool *spool, struct failure *failure) {
    int size = snprintf(spool->path, sizeof spool->path, "%s/tile-%d-XXXXXX", spool_folder(), (int)getpid());
    if (size >= (int)sizeof spool->path)
        return fail(failure, FAILURE_OUTPUT_UNWRITABLE, "TMPDIR: is too long a path");
    spool->descriptor = mkostemp(spool->path, O_CLOEXEC);
    return spool->descriptor >= 0 || fail_file(spool, failure);
}

bool spool_to_file(struct spool *spool, struct failure *failure) {
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
        if (spool->held == IN_MEMORY && !spool_to_file(spool, failure))
            return false;
        size_t n = size < IN_MEMORY - spool->held ? size : IN_MEMORY - spool->held;
        memcpy(spool->memory + spool->held, p, n);
        spool->held += n;
        p += n;
        size -= n;
    }
    return true;
}

static tile_status write_at(void *user, uint64_t offset, const void *data, size_t size, struct tile_error *error) {
    struct spool *spool = user;
    struct failure failure;
    if (offset != spool->bytes)
        return tile_error_set(error, TILE_WRITE_FAILED, "the output is written from front to back only");
    return spool_write(spool, data, size, &failure) ? TILE_OK : failure_to_error(&failure, error);
}

struct tile_writer spool_writer(struct spool *spool) {
    return (struct tile_writer){.user = spool, .write_at = write_at};
}

void spool_hash(const struct spool *spool, char hex[33]) {
    hash_text(spool->hash, hex);
}

bool spool_store(struct spool *spool, struct storage *storage, const char *url,
                 const struct storage_put_options *options, struct failure *failure) {
    if (spool->descriptor < 0)
        return storage_put(storage, url, spool->memory, spool->held, options, failure);
    return spool_to_file(spool, failure) && storage_put_file(storage, url, spool->path, options, failure);
}
