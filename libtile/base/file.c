/* SPDX-License-Identifier: MIT */
/* tile_file: written aside, then renamed. */
#include "file.h"

#include "error.h"
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

int tile_open_locked(const char *path) {
    struct stat opened, named;
    int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (descriptor < 0)
        return -1;
    if (flock(descriptor, LOCK_EX | LOCK_NB) == 0 && fstat(descriptor, &opened) == 0) {
        if (stat(path, &named) == 0 && named.st_ino == opened.st_ino && named.st_dev == opened.st_dev)
            return descriptor;
        errno = EWOULDBLOCK;
    }
    int why = errno;
    close(descriptor);
    errno = why;
    return -1;
}

/* Emptied only under the lock: two processes that write one name must not mix their bytes. */
static bool open_aside(tile_file *file) {
    file->descriptor = tile_open_locked(file->aside);
    if (file->descriptor >= 0 && ftruncate(file->descriptor, 0) == 0)
        return true;
    int why = errno;
    if (file->descriptor >= 0)
        close(file->descriptor);
    errno = why;
    return false;
}

tile_status tile_file_create(tile_file **out, const char *path, bool overwrite, const struct tile_allocator *allocator,
                             struct tile_error *error) {
    *out = NULL;
    struct stat facts;
    if (stat(path, &facts) == 0) {
        if (S_ISDIR(facts.st_mode))
            return tile_error_set(error, TILE_WRITE_FAILED, "%s: is a directory", path);
        if (!overwrite)
            return tile_error_advise(error, TILE_REMEDY_OVERWRITE, TILE_WRITE_FAILED, "%s: exists already", path);
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
    if (!open_aside(file)) {
        tile_status status =
            tile_error_set(error, TILE_WRITE_FAILED, "%s: %s", path,
                           errno == EWOULDBLOCK ? "is being written by another process" : strerror(errno));
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

/*
 * Network file systems may report a failed write as late as on closing. A second descriptor is closed for that, so that
 * the lock is held until the name is settled.
 */
static bool flush_by_closing(int descriptor) {
    int second = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    return second >= 0 && close(second) == 0;
}

static bool rename_aside(const tile_file *file) {
    if (file->overwrite)
        return rename(file->aside, file->path) == 0;
    /* Not every file system can rename without replacing; there, a name that has come to exist meanwhile is replaced.
     */
    return renameat2(AT_FDCWD, file->aside, AT_FDCWD, file->path, RENAME_NOREPLACE) == 0 ||
           (errno == EINVAL && rename(file->aside, file->path) == 0);
}

tile_status tile_file_commit(tile_file *file, struct tile_error *error) {
    tile_status status = TILE_OK;
    if (!flush_by_closing(file->descriptor) || !rename_aside(file)) {
        bool exists = errno == EEXIST;
        status = tile_error_advise(error, exists ? TILE_REMEDY_OVERWRITE : 0, TILE_WRITE_FAILED, "%s: %s", file->path,
                                   exists ? "exists already" : strerror(errno));
        unlink(file->aside);
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
