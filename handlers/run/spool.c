/* SPDX-License-Identifier: MIT */
#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool failed(const struct spool *spool, int why, struct failure *failure) {
    return fail(failure, FAILURE_OUTPUT_UNWRITABLE,
                "%s: %s: what is written is kept there first (a function's ephemeral storage, or TMPDIR)", spool->path,
                strerror(why));
}

bool spool_open(struct spool *spool, struct failure *failure) {
    const char *folder = getenv("TMPDIR");
    int size = snprintf(spool->path, sizeof spool->path, "%s/tile-XXXXXX", folder && *folder ? folder : "/tmp");
    spool->file = NULL;
    spool->size = 0;
    if (size < 0 || (size_t)size >= sizeof spool->path)
        return failed(spool, ENAMETOOLONG, failure);
    int descriptor = mkostemp(spool->path, O_CLOEXEC);
    if (descriptor < 0)
        return failed(spool, errno, failure);
    spool->file = fdopen(descriptor, "wb");
    if (spool->file)
        return true;
    failed(spool, errno, failure);
    close(descriptor);
    unlink(spool->path);
    return false;
}

void spool_close(struct spool *spool) {
    if (!spool->file)
        return;
    fclose(spool->file);
    unlink(spool->path);
    spool->file = NULL;
}

bool spool_add(struct spool *spool, const void *data, size_t size, struct failure *failure) {
    if (fwrite(data, 1, size, spool->file) != size)
        return failed(spool, errno, failure);
    spool->size += size;
    return true;
}

static tile_status write_at(void *user, uint64_t offset, const void *data, size_t size, struct tile_error *error) {
    struct spool *spool = user;
    struct failure failure;
    if (offset != spool->size)
        return tile_error_set(error, TILE_WRITE_FAILED, "%s: is written from front to back only", spool->path);
    return spool_add(spool, data, size, &failure) ? TILE_OK : failure_to_error(&failure, error);
}

struct tile_writer spool_writer(struct spool *spool) {
    return (struct tile_writer){.user = spool, .write_at = write_at};
}

bool spool_put(struct spool *spool, struct storage *storage, const char *url, const char *type,
               struct failure *failure) {
    if (fflush(spool->file) != 0)
        return failed(spool, errno, failure);
    const struct storage_put_options options = {.type = type};
    return storage_put_file(storage, url, spool->path, &options, failure);
}
