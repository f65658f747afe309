/* SPDX-License-Identifier: MIT */
#include "system.h"

#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#if defined __linux__ && !defined TILE_PORTABLE
#define ON_LINUX 1
#include <sched.h>
#include <sys/random.h>
#endif

int tile_processors(void) {
#if ON_LINUX
    cpu_set_t set;
    long count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
#else
    long count = sysconf(_SC_NPROCESSORS_ONLN);
#endif
    return count > 0 ? (int)count : 1;
}

bool tile_random(uint64_t *number) {
#if ON_LINUX
    return getrandom(number, sizeof *number, 0) == sizeof *number;
#else
    int descriptor = tile_openat(AT_FDCWD, "/dev/urandom", O_RDONLY, 0);
    if (descriptor < 0)
        return false;
    ssize_t n = read(descriptor, number, sizeof *number);
    int why = n < 0 ? errno : EIO;
    close(descriptor);
    errno = why;
    return n == sizeof *number;
#endif
}

/*
 * Elsewhere a second name does, which is refused where there is one. Not every file system can do either; there, a name
 * that has come to exist meanwhile is replaced.
 */
bool tile_rename_new(const char *from, const char *to) {
#if ON_LINUX && defined RENAME_NOREPLACE
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0 || (errno == EINVAL && rename(from, to) == 0);
#else
    if (link(from, to) != 0)
        return (errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS) && rename(from, to) == 0;
    if (unlink(from) == 0)
        return true;
    int why = errno;
    unlink(to);
    errno = why;
    return false;
#endif
}

int tile_fdatasync(int descriptor) {
#if ON_LINUX
    return fdatasync(descriptor);
#else
    return fsync(descriptor);
#endif
}

int tile_syncfs(int descriptor) {
#if ON_LINUX
    return syncfs(descriptor);
#else
    sync(); /* may return while it is still being written: POSIX has no call that waits */
    return fsync(descriptor);
#endif
}

static uint64_t nanoseconds(struct timespec time) {
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint64_t tile_modified_at(const struct stat *facts) {
#ifdef __APPLE__
    return nanoseconds(facts->st_mtimespec);
#else
    return nanoseconds(facts->st_mtim);
#endif
}

uint64_t tile_changed_at(const struct stat *facts) {
#ifdef __APPLE__
    return nanoseconds(facts->st_ctimespec);
#else
    return nanoseconds(facts->st_ctim);
#endif
}
