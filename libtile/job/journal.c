/* SPDX-License-Identifier: MIT */
#include "journal.h"

#include "../base/buffer.h"
#include "../base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
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
    tile_status status = TILE_OK;
    int descriptor = open(journal->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (descriptor < 0 || flock(descriptor, LOCK_EX | LOCK_NB) != 0)
        status =
            failed(journal, errno == EWOULDBLOCK ? "another process is writing this folder" : strerror(errno), error);
    else if (fstat(descriptor, &facts) != 0 || (journal->file = fdopen(descriptor, "r+b")) == NULL)
        status = failed(journal, strerror(errno), error);
    else
        journal->size = (uint64_t)facts.st_size;
    if (status != TILE_OK) {
        if (descriptor >= 0)
            close(descriptor);
        tile_free(allocator, journal->path);
        *journal = (struct tile_journal){0};
    }
    return status;
}

void tile_journal_close(struct tile_journal *journal, bool remove) {
    if (!journal->file)
        return;
    if (remove)
        unlink(journal->path);
    fclose(journal->file);
    tile_free(journal->allocator, journal->path);
    *journal = (struct tile_journal){0};
}

tile_status tile_journal_line(struct tile_journal *journal, uint64_t place, struct tile_buffer *out, uint64_t *next,
                              struct tile_error *error) {
    if (fseeko(journal->file, (off_t)place, SEEK_SET) != 0)
        return failed(journal, strerror(errno), error);
    tile_status status = TILE_OK;
    int c = getc_unlocked(journal->file);
    uint64_t at = place + 1;
    for (; c != EOF && c != '\n' && status == TILE_OK; at++, c = getc_unlocked(journal->file))
        status = tile_buffer_append(out, &(char){(char)c}, 1, error);
    if (status == TILE_OK && ferror(journal->file))
        return failed(journal, strerror(errno), error);
    *next = c == '\n' ? at : 0;
    return status;
}

tile_status tile_journal_append(struct tile_journal *journal, const void *text, size_t size, struct tile_error *error) {
    ssize_t n = pwrite(fileno(journal->file), text, size, (off_t)journal->size);
    if (n != (ssize_t)size)
        return failed(journal, n < 0 ? strerror(errno) : "the disk is full", error);
    journal->size += size;
    return TILE_OK;
}

tile_status tile_journal_empty(struct tile_journal *journal, struct tile_error *error) {
    if (ftruncate(fileno(journal->file), 0) != 0)
        return failed(journal, strerror(errno), error);
    journal->size = 0;
    return TILE_OK;
}
