/* SPDX-License-Identifier: MIT */
/*
 * Preloaded before a program: counts its calls about files, lets one of them fail or ends the process at it, and writes
 * down what they did, so that crash.py can tell what a disk may have had at any time.
 *
 *     FAULT_AT=N        the N-th call, from 1 ...
 *     FAULT_DO=kill     ... is not made: SIGKILL
 *     FAULT_DO=short    ... reads or writes half of its bytes
 *     FAULT_DO=ERRNO    ... fails with that number and does nothing (close() does, and fails)
 *     FAULT_LOG=FILE    a line a call, and behind it the bytes that it wrote:
 *                       name, result, errno, inode, made, offset, bytes, path, second path; separated by tabs
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The C library's own `name`. With 64-bit offsets, open() is called open64() in it, and so on. */
#define REAL(type, name) ((type)next(name))

static void *next(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found)
        abort();
    return found;
}

/* One call at a time: the log is the order of what happened. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long count;
static int output = -1;

/* What is to happen to a call: all as it is, an error, or half of it. */
struct fate {
    int error;
    bool half;
};

static struct fate begin(void) {
    static bool read_environment;
    static long at;
    static const char *what;
    struct fate fate = {0};
    pthread_mutex_lock(&lock);
    if (!read_environment) {
        const char *number = getenv("FAULT_AT"), *log = getenv("FAULT_LOG");
        at = number ? atol(number) : 0;
        what = getenv("FAULT_DO");
        if (log)
            output = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        read_environment = true;
    }
    if (++count != at || !what)
        return fate;
    if (strcmp(what, "kill") == 0)
        raise(SIGKILL);
    fate.half = strcmp(what, "short") == 0;
    fate.error = atoi(what);
    return fate;
}

/* Where a call was made: by descriptor, or by a path below one. */
struct where {
    ino_t inode;
    char path[PATH_MAX];
};

static struct where of_descriptor(int descriptor) {
    struct where where = {0};
    struct stat facts;
    char link[64];
    if (output < 0 || REAL(int (*)(int, struct stat *), "fstat64")(descriptor, &facts) != 0)
        return where;
    where.inode = facts.st_ino;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t size = readlink(link, where.path, sizeof where.path - 1);
    where.path[size > 0 ? size : 0] = '\0';
    return where;
}

static struct where of_path(int at, const char *path) {
    struct where where = {0};
    if (path[0] == '/' || output < 0) {
        snprintf(where.path, sizeof where.path, "%s", path);
    } else {
        if (at == AT_FDCWD)
            snprintf(where.path, sizeof where.path, "%s", getcwd(where.path, sizeof where.path) ? where.path : "");
        else
            where = of_descriptor(at);
        size_t length = strlen(where.path);
        snprintf(where.path + length, sizeof where.path - length, "/%s", path);
        where.inode = 0;
    }
    return where;
}

static void end(const char *name, long result, const struct where *where, bool made, uint64_t offset, const void *data,
                const char *second) {
    int why = errno;
    char line[2 * PATH_MAX + 200];
    size_t bytes = data && result > 0 ? (size_t)result : 0;
    int size = output < 0 ? 0
                          : snprintf(line, sizeof line, "%s\t%ld\t%d\t%ju\t%d\t%ju\t%zu\t%s\t%s\n", name, result,
                                     result < 0 ? why : 0, (uintmax_t)where->inode, made, (uintmax_t)offset, bytes,
                                     where->path, second ? second : "");
    if (size > 0 && (syscall(SYS_write, output, line, size) != size ||
                     (bytes && syscall(SYS_write, output, data, bytes) != (long)bytes)))
        abort();
    pthread_mutex_unlock(&lock);
    errno = why;
}

/* The result of a call that is made unless its fate is an error. */
#define RESULT(fate, call) ((fate).error ? (errno = (fate).error, -1) : (call))

static int opened(const char *name, int at, const char *path, int flags, mode_t mode) {
    struct fate fate = begin();
    struct where where = of_path(at, path);
    bool there = faccessat(at, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    int descriptor = RESULT(fate, REAL(int (*)(int, const char *, int, ...), "openat64")(at, path, flags, mode));
    if (descriptor >= 0)
        where.inode = of_descriptor(descriptor).inode;
    end(name, descriptor, &where, descriptor >= 0 && !there, 0, NULL, NULL);
    return descriptor;
}

static mode_t mode_of(int flags, va_list arguments) {
    return flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
}

int open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return opened("open", AT_FDCWD, path, flags, mode);
}

int openat(int at, const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return opened("open", at, path, flags, mode);
}

int close(int descriptor) {
    struct fate fate = begin();
    struct where where = of_descriptor(descriptor);
    int result = REAL(int (*)(int), "close")(descriptor);
    if (fate.error) {
        errno = fate.error;
        result = -1;
    }
    end("close", result, &where, false, 0, NULL, NULL);
    return result;
}

ssize_t pread(int descriptor, void *data, size_t size, off_t offset) {
    struct fate fate = begin();
    struct where where = of_descriptor(descriptor);
    size_t most = fate.half && size > 1 ? size / 2 : size;
    ssize_t n = RESULT(fate, REAL(ssize_t(*)(int, void *, size_t, off_t), "pread64")(descriptor, data, most, offset));
    end("pread", n, &where, false, (uint64_t)offset, NULL, NULL);
    return n;
}

ssize_t pwrite(int descriptor, const void *data, size_t size, off_t offset) {
    struct fate fate = begin();
    struct where where = of_descriptor(descriptor);
    size_t most = fate.half && size > 1 ? size / 2 : size;
    ssize_t n =
        RESULT(fate, REAL(ssize_t(*)(int, const void *, size_t, off_t), "pwrite64")(descriptor, data, most, offset));
    end("pwrite", n, &where, false, (uint64_t)offset, data, NULL);
    return n;
}

int ftruncate(int descriptor, off_t size) {
    struct fate fate = begin();
    struct where where = of_descriptor(descriptor);
    int result = RESULT(fate, REAL(int (*)(int, off_t), "ftruncate64")(descriptor, size));
    end("ftruncate", result, &where, false, (uint64_t)size, NULL, NULL);
    return result;
}

/* Calls with a descriptor alone. */
#define BY_DESCRIPTOR(name)                                                                                            \
    int name(int descriptor) {                                                                                         \
        struct fate fate = begin();                                                                                    \
        struct where where = of_descriptor(descriptor);                                                                \
        int result = RESULT(fate, REAL(int (*)(int), #name)(descriptor));                                              \
        end(#name, result, &where, false, 0, NULL, NULL);                                                              \
        return result;                                                                                                 \
    }
BY_DESCRIPTOR(fsync)
BY_DESCRIPTOR(fdatasync)
BY_DESCRIPTOR(syncfs)

/* In place of syncfs(), where the library is built without what is Linux's; it cannot fail. */
void sync(void) {
    begin();
    REAL(void (*)(void), "sync")();
    end("sync", 0, &(struct where){0}, false, 0, NULL, NULL);
}

int flock(int descriptor, int operation) {
    struct fate fate = begin();
    struct where where = of_descriptor(descriptor);
    int result = RESULT(fate, REAL(int (*)(int, int), "flock")(descriptor, operation));
    end("flock", result, &where, false, 0, NULL, NULL);
    return result;
}

int fcntl(int descriptor, int command, ...) {
    va_list arguments;
    va_start(arguments, command);
    long argument = va_arg(arguments, long);
    va_end(arguments);
    struct fate fate = begin();
    struct where where = of_descriptor(descriptor);
    int result = RESULT(fate, REAL(int (*)(int, int, ...), "fcntl64")(descriptor, command, argument));
    end("fcntl", result, &where, false, 0, NULL, NULL);
    return result;
}

int fstat(int descriptor, struct stat *facts) {
    struct fate fate = begin();
    struct where where = of_descriptor(descriptor);
    int result = RESULT(fate, REAL(int (*)(int, struct stat *), "fstat64")(descriptor, facts));
    end("fstat", result, &where, false, 0, NULL, NULL);
    return result;
}

int stat(const char *path, struct stat *facts) {
    struct fate fate = begin();
    struct where where = of_path(AT_FDCWD, path);
    int result = RESULT(fate, REAL(int (*)(const char *, struct stat *), "stat64")(path, facts));
    end("stat", result, &where, false, 0, NULL, NULL);
    return result;
}

int fstatat(int at, const char *path, struct stat *facts, int flags) {
    struct fate fate = begin();
    struct where where = of_path(at, path);
    int result =
        RESULT(fate, REAL(int (*)(int, const char *, struct stat *, int), "fstatat64")(at, path, facts, flags));
    end("stat", result, &where, false, 0, NULL, NULL);
    return result;
}

int mkdir(const char *path, mode_t mode) {
    struct fate fate = begin();
    struct where where = of_path(AT_FDCWD, path);
    int result = RESULT(fate, REAL(int (*)(const char *, mode_t), "mkdir")(path, mode));
    end("mkdir", result, &where, result == 0, 0, NULL, NULL);
    return result;
}

int rmdir(const char *path) {
    struct fate fate = begin();
    struct where where = of_path(AT_FDCWD, path);
    int result = RESULT(fate, REAL(int (*)(const char *), "rmdir")(path));
    end("rmdir", result, &where, false, 0, NULL, NULL);
    return result;
}

static int unlinked(int at, const char *path, int flags) {
    struct fate fate = begin();
    struct where where = of_path(at, path);
    int result = RESULT(fate, REAL(int (*)(int, const char *, int), "unlinkat")(at, path, flags));
    end("unlink", result, &where, false, 0, NULL, NULL);
    return result;
}

int unlink(const char *path) {
    return unlinked(AT_FDCWD, path, 0);
}

int unlinkat(int at, const char *path, int flags) {
    return unlinked(at, path, flags);
}

static int renamed(int from_at, const char *from, int to_at, const char *to, unsigned flags) {
    struct fate fate = begin();
    struct where where = of_path(from_at, from), second = of_path(to_at, to);
    int result = RESULT(fate, REAL(int (*)(int, const char *, int, const char *, unsigned),
                                   "renameat2")(from_at, from, to_at, to, flags));
    end("rename", result, &where, false, 0, NULL, second.path);
    return result;
}

int rename(const char *from, const char *to) {
    return renamed(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags) {
    return renamed(from_at, from, to_at, to, flags);
}

/* In place of renameat2(), in the same way. */
int link(const char *from, const char *to) {
    struct fate fate = begin();
    struct where where = of_path(AT_FDCWD, from), second = of_path(AT_FDCWD, to);
    int result = RESULT(fate, REAL(int (*)(const char *, const char *), "link")(from, to));
    end("link", result, &where, false, 0, NULL, second.path);
    return result;
}

struct dirent *readdir(DIR *entries) {
    struct fate fate = begin();
    struct where where = of_descriptor(dirfd(entries));
    struct dirent *entry = NULL;
    if (fate.error)
        errno = fate.error;
    else
        entry = REAL(struct dirent * (*)(DIR *), "readdir64")(entries);
    end("readdir", entry ? 0 : -1, &where, false, 0, NULL, NULL);
    return entry;
}
