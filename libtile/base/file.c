/* SPDX-License-Identifier: MIT */
/* tile_file: written aside, then renamed. */
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct tile_file {
    const struct tile_allocator *allocator;
    int descriptor;
    bool overwrite;
    char *path;  /* the final name */
    char *aside; /* the name while it is written */
};

static void release(tile_file *file) {
    const struct tile_allocator *allocator = file->allocator;
    tile_free(allocator, file->path);
    tile_free(allocator, file->aside);
    tile_free(allocator, file);
}

/* "folder/name" -> "folder/.name.part". A hidden name, so that no glob of the outputs catches it. */
static char *aside_name(const struct tile_allocator *allocator, const char *path) {
    const char *slash = strrchr(path, '/');
    size_t folder = slash ? (size_t)(slash - path) + 1 : 0;
    size_t size = strlen(path) + sizeof "..part";
    char *aside = tile_alloc(allocator, size);
    if (aside)
        snprintf(aside, size, "%.*s.%s.part", (int)folder, path, path + folder);
    return aside;
}

tile_status tile_file_create(tile_file **out, const char *path, bool overwrite, const struct tile_allocator *allocator,
                             struct tile_error *error) {
    *out = NULL;
    struct stat facts;
    if (stat(path, &facts) == 0) {
        if (S_ISDIR(facts.st_mode))
            return tile_error_set(error, TILE_WRITE_FAILED, "%s: is a directory", path);
        if (!overwrite)
            return tile_error_set(error, TILE_WRITE_FAILED, "%s: exists already", path);
    }
    tile_file *file = tile_alloc_zero(allocator, sizeof *file);
    if (!file)
        return tile_no_memory(error, sizeof *file);
    file->allocator = allocator;
    file->overwrite = overwrite;
    file->path = tile_copy_text(allocator, path, strlen(path));
    file->aside = aside_name(allocator, path);
    if (!file->path || !file->aside) {
        release(file);
        return tile_no_memory(error, strlen(path));
    }
    /* Emptied only under the lock: two processes that write one name must not mix their bytes. */
    file->descriptor = open(file->aside, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (file->descriptor < 0 || flock(file->descriptor, LOCK_EX | LOCK_NB) != 0 ||
        ftruncate(file->descriptor, 0) != 0) {
        tile_status status =
            tile_error_set(error, TILE_WRITE_FAILED, "%s: %s", path,
                           errno == EWOULDBLOCK ? "is being written by another process" : strerror(errno));
        if (file->descriptor >= 0)
            close(file->descriptor);
        release(file);
        return status;
    }
    *out = file;
    return TILE_OK;
}

static tile_status write_at(void *user, uint64_t offset, const void *data, size_t size, struct tile_error *error) {
    const tile_file *file = user;
    size_t done = 0;
    while (done < size) {
        ssize_t n = pwrite(file->descriptor, (const char *)data + done, size - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return tile_error_set(error, TILE_WRITE_FAILED, "%s: writing at byte %ju: %s", file->path,
                                  (uintmax_t)offset + done, strerror(errno));
        done += (size_t)n;
    }
    return TILE_OK;
}

struct tile_writer tile_file_writer(tile_file *file) {
    return (struct tile_writer){.user = file, .write_at = write_at};
}

tile_status tile_file_commit(tile_file *file, struct tile_error *error) {
    tile_status status = TILE_OK;
    /* Network file systems may report a failed write as late as here. */
    if (close(file->descriptor) != 0)
        status = tile_error_set(error, TILE_WRITE_FAILED, "%s: %s", file->path, strerror(errno));
    /* Not every file system can rename without replacing; there, a name that has come to exist meanwhile is replaced.
     */
    else if (!file->overwrite && renameat2(AT_FDCWD, file->aside, AT_FDCWD, file->path, RENAME_NOREPLACE) == 0)
        return release(file), TILE_OK;
    else if (!file->overwrite && errno == EEXIST)
        status = tile_error_set(error, TILE_WRITE_FAILED, "%s: exists already", file->path);
    else if (rename(file->aside, file->path) != 0)
        status = tile_error_set(error, TILE_WRITE_FAILED, "%s: %s", file->path, strerror(errno));
    if (status != TILE_OK)
        unlink(file->aside);
    release(file);
    return status;
}

void tile_file_discard(tile_file *file) {
    if (!file)
        return;
    close(file->descriptor);
    unlink(file->aside);
    release(file);
}
