/* SPDX-License-Identifier: MIT */
/* tile_file: written aside, then renamed. */
#include "aside.h"
#include "error.h"
#include "file.h"
#include "memory.h"
#include "system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct tile_file {
    const struct tile_allocator *allocator;
    int descriptor;
    bool overwrite;
    bool synced; /* its name is to be on the disk, too */
    char *path;  /* the final name */
    char *aside; /* the name while it is written */
};

static void release(tile_file *file) {
    const struct tile_allocator *allocator = file->allocator;
    tile_free(allocator, file->path);
    tile_free(allocator, file->aside);
    tile_free(allocator, file);
}

tile_status tile_file_create(tile_file **out, const char *path, bool overwrite, const struct tile_allocator *allocator,
                             struct tile_error *error) {
    *out = NULL;
    struct stat facts;
    bool there = stat(path, &facts) == 0;
    if (!there && errno != ENOENT)
        return tile_error_set(error, TILE_WRITE_FAILED, "%s: %s", path, strerror(errno));
    if (there && !S_ISREG(facts.st_mode)) /* a FIFO or a device would be lost under the new file */
        return tile_error_set(error, TILE_WRITE_FAILED, "%s: is %s", path,
                              S_ISDIR(facts.st_mode) ? "a directory" : "not a regular file");
    if (there && !overwrite)
        return tile_error_advise(error, TILE_REMEDY_OVERWRITE, TILE_WRITE_FAILED, "%s: exists already", path);
    tile_file *file = tile_alloc_zero(allocator, sizeof *file);
    if (!file)
        return tile_no_memory(error, sizeof *file);
    file->allocator = allocator;
    file->overwrite = overwrite;
    file->path = tile_copy_text(allocator, path, strlen(path));
    file->descriptor = file->path ? tile_create_aside(&file->aside, path, allocator) : -1;
    if (file->descriptor >= 0) {
        *out = file;
        return TILE_OK;
    }
    tile_status status = !file->path || !file->aside ? tile_no_memory(error, strlen(path))
                         : errno == EWOULDBLOCK
                             ? tile_error_set(error, TILE_WRITE_FAILED, "%s: is being written by another process", path)
                             : tile_error_set(error, TILE_WRITE_FAILED, "%s: %s", path, strerror(errno));
    release(file);
    return status;
}

static tile_status write_at(void *user, uint64_t offset, const void *data, size_t size, struct tile_error *error) {
    const tile_file *file = user;
    if (tile_write_all(file->descriptor, data, size, offset))
        return TILE_OK;
    return tile_error_set(error, TILE_WRITE_FAILED, "%s: writing at byte %ju: %s", file->path, (uintmax_t)offset,
                          strerror(errno));
}

struct tile_writer tile_file_writer(tile_file *file) {
    return (struct tile_writer){.user = file, .write_at = write_at};
}

/*
 * Network file systems may report a failed write as late as on closing. A second descriptor is closed for that, so that
 * the lock is held until the name is settled.
 */
static bool flush_by_closing(int descriptor) {
    int second = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    return second >= 0 && (close(second) == 0 || errno == EINTR); /* it is closed then, too */
}

static bool rename_aside(const tile_file *file) {
    return file->overwrite ? rename(file->aside, file->path) == 0 : tile_rename_new(file->aside, file->path);
}

tile_status tile_file_sync(tile_file *file, struct tile_error *error) {
    if (!tile_sync_data(file->descriptor))
        return tile_error_set(error, TILE_WRITE_FAILED, "%s: %s", file->path, strerror(errno));
    file->synced = true;
    return TILE_OK;
}

static bool sync_name(const tile_file *file) {
    char folder[PATH_MAX];
    tile_folder_of(file->path, folder);
    return tile_sync_folder(folder, file->descriptor);
}

tile_status tile_file_commit(tile_file *file, struct tile_error *error) {
    tile_status status = TILE_OK;
    if (!flush_by_closing(file->descriptor) || !rename_aside(file)) {
        bool exists = errno == EEXIST;
        status = tile_error_advise(error, exists ? TILE_REMEDY_OVERWRITE : 0, TILE_WRITE_FAILED, "%s: %s", file->path,
                                   exists ? "exists already" : strerror(errno));
        unlink(file->aside);
    } else if (file->synced && !sync_name(file)) {
        status = tile_error_set(error, TILE_WRITE_FAILED, "%s: is whole, but its name may not be on the disk: %s",
                                file->path, strerror(errno));
    }
    close(file->descriptor);
    release(file);
    return status;
}

void tile_file_discard(tile_file *file) {
    if (!file)
        return;
    unlink(file->aside);
    close(file->descriptor);
    release(file);
}

tile_status tile_file_end(tile_file *file, tile_status status, bool sync, struct tile_error *error) {
    if (status == TILE_OK && sync)
        status = tile_file_sync(file, error);
    if (status == TILE_OK)
        return tile_file_commit(file, error);
    tile_file_discard(file);
    return status;
}
