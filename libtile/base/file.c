/* SPDX-License-Identifier: MIT */
#include "file.h"

#include "system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Descriptors: calls that a signal interrupts are made again ---- */

/* -1, with errno as it was. */
static int closed(int descriptor) {
    int why = errno;
    close(descriptor);
    errno = why;
    return -1;
}

int tile_openat(int at, const char *path, int flags, mode_t mode) {
    int descriptor;
    do
        descriptor = openat(at, path, flags | O_CLOEXEC | O_NOCTTY, mode);
    while (descriptor < 0 && errno == EINTR);
    return descriptor;
}

bool tile_write_all(int descriptor, const void *data, size_t size, uint64_t offset) {
    for (size_t done = 0; done < size;) {
        ssize_t n = pwrite(descriptor, (const char *)data + done, size - done, (off_t)(offset + done));
        if (n == 0)
            errno = EIO; /* no file system says so; asking again would not end */
        if (n == 0 || (n < 0 && errno != EINTR))
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

bool tile_cut(int descriptor, uint64_t size) {
    while (ftruncate(descriptor, (off_t)size) != 0)
        if (errno != EINTR)
            return false;
    return true;
}

/* What cannot be made durable (a file system in memory may say so) has nothing to wait for. */
static bool sync_by(int (*call)(int), int descriptor) {
    while (call(descriptor) != 0)
        if (errno != EINTR)
            return errno == EINVAL;
    return true;
}

bool tile_sync_data(int descriptor) {
    return sync_by(tile_fdatasync, descriptor);
}

bool tile_sync_all(int descriptor) {
    return sync_by(tile_syncfs, descriptor);
}

bool tile_sync_folder(const char *folder, int within) {
    int descriptor = tile_openat(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0);
    if (descriptor < 0)
        return errno == EACCES && tile_sync_all(within);
    bool done = sync_by(fsync, descriptor);
    closed(descriptor);
    return done;
}

int tile_open_regular(const char *path, const char **why) {
    struct stat facts;
    int descriptor = tile_openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK, 0); /* a FIFO could make it wait */
    *why = NULL;
    if (descriptor >= 0 && fstat(descriptor, &facts) == 0 && !S_ISREG(facts.st_mode)) {
        errno = EINVAL;
        *why = "is not a regular file";
        return closed(descriptor);
    }
    if (descriptor < 0)
        *why = strerror(errno);
    return descriptor;
}

FILE *tile_open_stream(const char *path, const char **why) {
    int descriptor = tile_open_regular(path, why);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "rb");
    if (!file && descriptor >= 0) {
        *why = strerror(errno);
        closed(descriptor);
    }
    return file;
}

void tile_folder_of(const char *path, char folder[PATH_MAX]) {
    const char *slash = strrchr(path, '/');
    snprintf(folder, PATH_MAX, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
}

/* ---- Locking ---- */

/* Locks what was opened, and sees that it still is what the name says: another process may have renamed or removed it
 * before the lock was had. False with errno, EWOULDBLOCK where it has. */
static bool lock(int descriptor, int at, const char *path) {
    struct stat opened, named;
    while (flock(descriptor, LOCK_EX | LOCK_NB) != 0)
        if (errno != EINTR)
            return false;
    if (fstat(descriptor, &opened) != 0)
        return false;
    bool there = fstatat(at, path, &named, AT_SYMLINK_NOFOLLOW) == 0;
    if (!there && errno != ENOENT)
        return false;
    errno = EWOULDBLOCK;
    return there && named.st_ino == opened.st_ino && named.st_dev == opened.st_dev;
}

int tile_create_locked(const char *path) {
    int descriptor = tile_openat(AT_FDCWD, path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0666);
    if (descriptor < 0 || lock(descriptor, AT_FDCWD, path))
        return descriptor;
    int why = errno;
    if (why != EWOULDBLOCK) /* else it is another process' by now */
        unlink(path);
    errno = why;
    return closed(descriptor);
}

/*
 * Why a file that is to be written to is none that a process of ours left there; NULL if it may be one. Whoever owns
 * the folder could do with it what he likes anyway; and there are file systems that give all files to one user.
 */
static const char *foreign(const struct stat *facts, int at, const char *path) {
    char folder[PATH_MAX];
    struct stat above;
    if (!S_ISREG(facts->st_mode))
        return "is not a regular file";
    if (facts->st_nlink > 1)
        return "is a hard link";
    tile_folder_of(path, folder);
    if (facts->st_uid != geteuid() && (fstatat(at, folder, &above, 0) != 0 || above.st_uid != facts->st_uid))
        return "belongs to another user";
    return NULL;
}

int tile_open_ours(int at, const char *path, const char **why) {
    struct stat facts;
    /* Without O_NONBLOCK, opening a FIFO could wait forever. */
    int descriptor = tile_openat(at, path, O_RDWR | O_NOFOLLOW | O_NONBLOCK, 0);
    if (descriptor < 0) {
        *why = errno == ELOOP ? "is a symbolic link" : strerror(errno);
        return -1;
    }
    *why = NULL;
    bool known = fstat(descriptor, &facts) == 0;
    if (known && (*why = foreign(&facts, at, path)))
        errno = EPERM;
    else if (known && lock(descriptor, at, path))
        return descriptor;
    if (!*why)
        *why = strerror(errno);
    return closed(descriptor);
}

int tile_open_locked(const char *path, const char **why) {
    for (int tries = 0; tries < TILE_LOCK_TRIES; tries++) {
        int descriptor = tile_create_locked(path);
        if (descriptor < 0 && errno == EEXIST) {
            descriptor = tile_open_ours(AT_FDCWD, path, why);
            if (descriptor < 0 && errno != ENOENT)
                return -1;
        } else if (descriptor < 0 && errno != EWOULDBLOCK) {
            *why = strerror(errno);
            return -1;
        }
        if (descriptor >= 0)
            return descriptor;
    }
    *why = strerror(errno = EWOULDBLOCK);
    return -1;
}
