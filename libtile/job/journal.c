/* SPDX-License-Identifier: MIT */
#include "journal.h"

#include "../base/buffer.h"
#include "../base/file.h"
#include "../base/memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *tile_join_path(const struct tile_allocator *allocator, const char *folder, const char *name) {
    size_t size = strlen(folder) + 1 + strlen(name) + 1;
    char *path = tile_alloc(allocator, size);
    if (path)
        snprintf(path, size, "%s/%s", folder, name);
    return path;
}

static tile_status failed(const struct tile_journal *journal, const char *why, struct tile_error *error) {
    return tile_error_set(error, TILE_WRITE_FAILED, "%s: %s", journal->path, why);
}

tile_status tile_journal_open(struct tile_journal *journal, const char *folder, const char *name,
                              const struct tile_allocator *allocator, struct tile_error *error) {
    *journal = (struct tile_journal){.allocator = allocator, .path = tile_join_path(allocator, folder, name)};
    if (!journal->path)
        return tile_no_memory(error, strlen(folder));
    struct stat facts;
    const char *why;
    journal->descriptor = tile_open_locked(journal->path, &why);
    if (journal->descriptor >= 0 && fstat(journal->descriptor, &facts) == 0) {
        journal->size = (uint64_t)facts.st_size;
        return TILE_OK;
    }
    tile_status status = failed(journal,
                                journal->descriptor >= 0 ? strerror(errno)
                                : errno == EWOULDBLOCK   ? "another process is writing this folder"
                                                         : why,
                                error);
    if (journal->descriptor >= 0)
        close(journal->descriptor);
    tile_free(allocator, journal->path);
    journal->path = NULL;
    return status;
}

tile_status tile_journal_open_to_read(struct tile_journal *journal, const char *path,
                                      const struct tile_allocator *allocator, struct tile_error *error) {
    *journal = (struct tile_journal){.allocator = allocator};
    struct stat facts;
    const char *why;
    int descriptor = tile_open_regular(path, &why);
    if (descriptor < 0 && errno == ENOENT)
        return TILE_OK;
    if (descriptor >= 0 && fstat(descriptor, &facts) != 0)
        why = strerror(errno);
    if (!why && (journal->path = tile_copy_text(allocator, path, strlen(path)))) {
        journal->descriptor = descriptor;
        journal->size = (uint64_t)facts.st_size;
        return TILE_OK;
    }
    tile_status status =
        why ? tile_error_set(error, TILE_WRITE_FAILED, "%s: %s", path, why) : tile_no_memory(error, strlen(path));
    if (descriptor >= 0)
        close(descriptor);
    return status;
}

void tile_journal_close(struct tile_journal *journal, bool remove) {
    if (!journal->path)
        return;
    if (remove)
        unlink(journal->path);
    close(journal->descriptor);
    tile_free(journal->allocator, journal->path);
    journal->path = NULL;
}

/* Has the bytes from `place` on read; at least one, unless that is the end. */
static tile_status read_from(struct tile_journal *journal, uint64_t place, struct tile_error *error) {
    if (place >= journal->read_at && place < journal->read_at + journal->read_size)
        return TILE_OK;
    ssize_t n;
    do
        n = pread(journal->descriptor, journal->read, sizeof journal->read, (off_t)place);
    while (n < 0 && errno == EINTR);
    journal->read_at = place;
    journal->read_size = n > 0 ? (size_t)n : 0;
    return n >= 0 ? TILE_OK : failed(journal, strerror(errno), error);
}

tile_status tile_journal_line(struct tile_journal *journal, uint64_t place, size_t most, struct tile_buffer *out,
                              uint64_t *next, struct tile_error *error) {
    *next = 0;
    most += out->size;
    for (;;) {
        tile_status status = read_from(journal, place, error);
        size_t skip = (size_t)(place - journal->read_at);
        if (status != TILE_OK || skip >= journal->read_size)
            return status;
        const unsigned char *from = journal->read + skip, *end = memchr(from, '\n', journal->read_size - skip);
        size_t size = end ? (size_t)(end - from) : journal->read_size - skip;
        status = tile_buffer_append(out, from, size < most - out->size ? size : most - out->size, error);
        place += size;
        if (end)
            *next = place + 1;
        if (status != TILE_OK || end)
            return status;
    }
}

tile_status tile_journal_byte(struct tile_journal *journal, uint64_t place, int *byte, struct tile_error *error) {
    tile_status status = read_from(journal, place, error);
    size_t skip = (size_t)(place - journal->read_at);
    *byte = skip < journal->read_size ? journal->read[skip] : -1;
    return status;
}

tile_status tile_journal_append(struct tile_journal *journal, const void *text, size_t size, struct tile_error *error) {
    if (!tile_write_all(journal->descriptor, text, size, journal->size)) {
        tile_status status = failed(journal, strerror(errno), error);
        tile_cut(journal->descriptor, journal->size); /* where that fails, too, a cut line stays */
        return status;
    }
    journal->size += size;
    journal->read_size = 0; /* it may have been read up to its old end */
    return TILE_OK;
}

tile_status tile_journal_empty(struct tile_journal *journal, struct tile_error *error) {
    if (!tile_cut(journal->descriptor, 0))
        return failed(journal, strerror(errno), error);
    journal->size = journal->read_size = 0;
    return TILE_OK;
}

tile_status tile_journal_sync(struct tile_journal *journal, struct tile_error *error) {
    return tile_sync_data(journal->descriptor) ? TILE_OK : failed(journal, strerror(errno), error);
}
