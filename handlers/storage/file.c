/* SPDX-License-Identifier: MIT */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NAME_MOST = 240 }; /* of a file, so that NAME.json fits the 255 bytes of a file system */

/* ---- The root ----------------------------------------------------------------------------------------------- */

bool local_open(struct local *out, const struct storage_options *options, struct failure *failure) {
    *out = (struct local){.allowed = options->local || options->root, .descriptor = AT_FDCWD};
    if (!options->root)
        return true;
    out->root = strdup(options->root);
    out->real = realpath(options->root, NULL);
    out->descriptor = out->real ? open(out->real, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    if (out->root && out->descriptor >= 0)
        return true;
    failure_set(failure, FAILURE_BAD_REQUEST, "%s: the folder for local files: %s", options->root, strerror(errno));
    local_close(out);
    return false;
}

void local_close(struct local *local) {
    if (local->descriptor >= 0)
        close(local->descriptor);
    free(local->root);
    free(local->real);
    *local = (struct local){.descriptor = AT_FDCWD};
}

/*
 * Kernels before 5.6, and sandboxes that do not know the call (EPERM), have no openat2. Whoever could exchange a name
 * for a link between the check and its use has the root in his hands anyway; events cannot.
 */
static int open_checked(const struct local *local, const char *path, int flags) {
    char *whole = NULL, *real = NULL;
    int descriptor = -1;
    size_t root = strcmp(local->real, "/") == 0 ? 0 : strlen(local->real);
    if (asprintf(&whole, "%s/%s", local->real, path) < 0)
        return -1;
    real = realpath(whole, NULL);
    if (real && strncmp(real, local->real, root) == 0 && (real[root] == '/' || !real[root]))
        descriptor = open(real, flags);
    else if (real)
        errno = EXDEV;
    int why = errno;
    free(whole);
    free(real);
    errno = why;
    return descriptor;
}

/* As open(); EXDEV where the path leads out of the root. */
static int open_below(const struct local *local, const char *path, int flags) {
    if (!local->root)
        return open(path, flags);
    struct open_how how = {.flags = (unsigned)flags, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    long descriptor;
    do
        descriptor = syscall(SYS_openat2, local->descriptor, path, &how, sizeof how);
    while (descriptor < 0 && (errno == EAGAIN || errno == EINTR)); /* EAGAIN: something was renamed meanwhile */
    if (descriptor < 0 && (errno == ENOSYS || errno == EPERM))
        return open_checked(local, path, flags);
    return (int)descriptor;
}

/* ---- Reading ------------------------------------------------------------------------------------------------ */

static bool fail_to_read(struct failure *failure, const char *url, int error) {
    enum failure_kind kind = error == ENOENT || error == ENOTDIR                         ? FAILURE_SOURCE_NOT_FOUND
                             : error == EACCES || error == EPERM                         ? FAILURE_SOURCE_DENIED
                             : error == EXDEV || error == ELOOP || error == ENAMETOOLONG ? FAILURE_BAD_REQUEST
                                                                                         : FAILURE_SOURCE_UNREADABLE;
    return failure_set(failure, kind, "%s: %s", url,
                       error == EXDEV ? "leads out of the folder that is open here" : strerror(error));
}

static void type_of(char *type, size_t size, const char *path) {
    static const struct {
        const char *suffix, *type;
    } types[] = {
        {"txt", "text/plain"}, {"text", "text/plain"},       {"md", "text/plain"},
        {"log", "text/plain"}, {"csv", "text/csv"},          {"tsv", "text/tab-separated-values"},
        {"html", "text/html"}, {"json", "application/json"}, {"jsonl", "application/jsonl"},
        {"xml", "text/xml"},
    };
    const char *name = strrchr(path, '/');
    const char *dot = strrchr(name ? name : path, '.');
    const char *image = tile_codec_media_type(tile_codec_of_path(path));
    snprintf(type, size, "%s", image ? image : "");
    for (size_t i = 0; dot && i < sizeof types / sizeof *types; i++)
        if (strcasecmp(dot + 1, types[i].suffix) == 0)
            snprintf(type, size, "%s", types[i].type);
}

/* Two writes within one tick of the file system's clock that keep the size and the inode look the same. */
static void identify(struct storage_facts *facts, const struct stat *status) {
    facts->size = (uint64_t)status->st_size;
    facts->modified = (uint64_t)status->st_mtim.tv_sec * 1000000000u + (uint64_t)status->st_mtim.tv_nsec;
    snprintf(facts->etag, sizeof facts->etag, "%jx-%jx-%jx", (uintmax_t)facts->size, (uintmax_t)facts->modified,
             (uintmax_t)status->st_ino);
}

/* "folder/name" -> "folder/.tile/name.json" */
static char *note_path(const char *path) {
    const char *slash = strrchr(path, '/');
    int folder = slash ? (int)(slash - path) + 1 : 0;
    char *note = NULL;
    return asprintf(&note, "%.*s.tile/%s.json", folder, path, path + folder) < 0 ? NULL : note;
}

static void read_note(char note[STORAGE_NOTE_MOST], const struct local *local, const char *path) {
    char *from = note_path(path);
    int descriptor = from ? open_below(local, from, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1;
    free(from);
    if (descriptor < 0)
        return;
    ssize_t size = read(descriptor, note, STORAGE_NOTE_MOST);
    note[size > 0 && size < STORAGE_NOTE_MOST ? size : 0] = '\0';
    close(descriptor);
}

/* The descriptor; -1 on failure. */
static int open_with(const struct local *local, const char *path, const char *url, int flags,
                     struct storage_facts *facts, struct failure *failure) {
    struct stat status;
    int descriptor = open_below(local, path, flags | O_CLOEXEC);
    if (descriptor < 0) {
        fail_to_read(failure, url, errno);
        return -1;
    }
    if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
        failure_set(failure, FAILURE_BAD_REQUEST, "%s: is %s", url,
                    S_ISDIR(status.st_mode) ? "a folder" : "not a regular file");
        close(descriptor);
        return -1;
    }
    *facts = (struct storage_facts){0};
    identify(facts, &status);
    type_of(facts->type, sizeof facts->type, path);
    read_note(facts->note, local, path);
    return descriptor;
}

bool file_open(int *descriptor, const struct local *local, const char *path, const char *url,
               struct storage_facts *facts, struct failure *failure) {
    /* Without O_NONBLOCK, opening a FIFO that nobody writes to would wait forever. */
    *descriptor = open_with(local, path, url, O_RDONLY | O_NONBLOCK, facts, failure);
    return *descriptor >= 0;
}

bool file_stat(const struct local *local, const char *path, const char *url, struct storage_facts *facts,
               struct failure *failure) {
    int descriptor = open_with(local, path, url, O_PATH, facts, failure);
    if (descriptor >= 0)
        close(descriptor);
    return descriptor >= 0;
}

bool file_read(int descriptor, const char *url, const struct storage_facts *facts, uint64_t offset, void *buffer,
               size_t size, struct failure *failure) {
    size_t done = 0;
    while (done < size) {
        ssize_t n = pread(descriptor, (char *)buffer + done, size - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_to_read(failure, url, errno);
        if (n == 0)
            break; /* it shrank */
        done += (size_t)n;
    }
    struct stat status;
    struct storage_facts now = {0};
    if (fstat(descriptor, &status) == 0)
        identify(&now, &status);
    if (done < size || strcmp(now.etag, facts->etag) != 0)
        return failure_set(failure, FAILURE_SOURCE_CHANGED, "%s: changed while it was read", url);
    return true;
}

/* ---- Writing ------------------------------------------------------------------------------------------------ */

static bool fail_to_write(struct failure *failure, const char *url, int error) {
    enum failure_kind kind = error == EXDEV || error == ELOOP || error == ENAMETOOLONG ? FAILURE_BAD_REQUEST
                             : error == EACCES || error == EPERM || error == EROFS || error == ENOTDIR
                                 ? FAILURE_OUTPUT_DENIED
                                 : FAILURE_OUTPUT_UNWRITABLE;
    return failure_set(failure, kind, "%s: %s", url,
                       error == EXDEV ? "leads out of the folder that is open here" : strerror(error));
}

/* Opens the folder `path`, whose end may be written over meanwhile; makes it, and those above it, where it is missing.
 */
static int make_folder(const struct local *local, char *path) {
    const int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
    int folder = open_below(local, *path ? path : ".", flags);
    if (folder >= 0 || errno != ENOENT)
        return folder;
    char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (slash)
        *slash = '\0';
    int above = !slash          ? open_below(local, ".", flags)
                : slash == path ? open_below(local, "/", flags)
                                : make_folder(local, path);
    if (slash)
        *slash = '/';
    if (above < 0)
        return -1;
    bool made = mkdirat(above, name, 0777) == 0 || errno == EEXIST || !*name || strcmp(name, ".") == 0;
    int why = errno;
    close(above);
    errno = why;
    return made ? open_below(local, path, flags) : -1;
}

/* The file itself, or its note. */
struct aside {
    char *path; /* for the library */
    tile_file *file;
    struct tile_writer writer;
};

static bool fail_aside(struct failure *failure, const struct aside *aside, bool keep, const struct tile_error *error) {
    char *slash = strrchr(aside->path, '/');
    struct stat status;
    bool there = stat(aside->path, &status) == 0 && (keep || S_ISDIR(status.st_mode));
    if (slash)
        *slash = '\0';
    bool closed = eaccess(!slash ? "." : slash == aside->path ? "/" : aside->path, W_OK | X_OK) != 0;
    if (slash)
        *slash = '/';
    return failure_set(failure, there || closed ? FAILURE_OUTPUT_DENIED : FAILURE_OUTPUT_UNWRITABLE, "%s",
                       error->message);
}

static bool begin(struct aside *out, const struct local *local, const char *path, const char *url, bool keep,
                  struct failure *failure) {
    *out = (struct aside){0};
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return failure_set(failure, FAILURE_BAD_REQUEST, "%s: names a folder, not a file", url);
    if (strlen(name) > NAME_MOST + strlen(".json"))
        return failure_set(failure, FAILURE_BAD_REQUEST, "%s: the name of the file is longer than %d bytes", url,
                           NAME_MOST);
    char *folder = strndup(path, slash == path ? 1 : (size_t)(name - path) - (slash != NULL));
    int descriptor = folder ? make_folder(local, folder) : -1;
    free(folder);
    if (descriptor < 0)
        return fail_to_write(failure, url, errno);
    close(descriptor);
    if (asprintf(&out->path, "%s%s%s", local->root ? local->real : "", local->root ? "/" : "", path) < 0)
        return failure_set(failure, FAILURE_OUT_OF_MEMORY, "%s: no memory", url);
    struct tile_error error;
    if (tile_file_create(&out->file, out->path, !keep, NULL, &error) != TILE_OK)
        return fail_aside(failure, out, keep, &error);
    out->writer = tile_file_writer(out->file);
    return true;
}

static bool end(struct aside *aside, bool keep, struct failure *failure) {
    struct tile_error error;
    tile_file *file = aside->file;
    aside->file = NULL;
    return tile_file_commit(file, &error) == TILE_OK || fail_aside(failure, aside, keep, &error);
}

static void drop(struct aside *aside) {
    tile_file_discard(aside->file);
    free(aside->path);
}

static bool write_at(struct aside *to, uint64_t offset, const void *data, size_t size, struct failure *failure) {
    struct tile_error error;
    return to->writer.write_at(to->writer.user, offset, data, size, &error) == TILE_OK ||
           fail_aside(failure, to, false, &error);
}

struct file_draft {
    const struct local *local;
    const char *url;
    const struct storage_put_options *options;
    char *note; /* path */
    struct aside aside;
};

/* The note goes in place first, so that no file is there without its own; the file's lock is for both. */
static bool commit_both(struct file_draft *file, struct failure *failure) {
    const char *text = file->options->note;
    struct aside note;
    bool done = begin(&note, file->local, file->note, file->url, false, failure) &&
                write_at(&note, 0, text, strlen(text), failure) && end(&note, false, failure) &&
                end(&file->aside, file->options->keep, failure);
    drop(&note);
    return done;
}

/* What an earlier write noted is not true of this one. */
static bool commit_alone(struct file_draft *file, struct failure *failure) {
    const struct local *local = file->local;
    if (!end(&file->aside, file->options->keep, failure))
        return false;
    int stale = open_below(local, file->note, O_PATH | O_CLOEXEC);
    char *path = NULL;
    if (stale >= 0 &&
        asprintf(&path, "%s%s%s", local->root ? local->real : "", local->root ? "/" : "", file->note) >= 0)
        unlink(path);
    free(path);
    if (stale >= 0)
        close(stale);
    return true;
}

bool file_create(struct file_draft **out, const struct local *local, const char *path, const char *url,
                 const struct storage_put_options *options, struct failure *failure) {
    struct file_draft *file = calloc(1, sizeof *file);
    char *note = note_path(path);
    *out = NULL;
    if (!file || !note) {
        free(file);
        free(note);
        return failure_set(failure, FAILURE_OUT_OF_MEMORY, "%s: no memory", url);
    }
    *file = (struct file_draft){.local = local, .url = url, .options = options, .note = note};
    if (begin(&file->aside, local, path, url, options->keep, failure))
        *out = file;
    else
        file_discard(file);
    return *out != NULL;
}

bool file_write(struct file_draft *file, uint64_t offset, const void *data, size_t size, struct failure *failure) {
    return write_at(&file->aside, offset, data, size, failure);
}

bool file_commit(struct file_draft *file, struct failure *failure) {
    bool done = file->options->note ? commit_both(file, failure) : commit_alone(file, failure);
    file_discard(file); /* what is in place stays */
    return done;
}

void file_discard(struct file_draft *file) {
    drop(&file->aside);
    free(file->note);
    free(file);
}
