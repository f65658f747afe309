/* SPDX-License-Identifier: MIT */
#include "input.h"

#include "file.h"
#include "memory.h"
#include "system.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

tile_status tile_reader_copy(struct tile_reader *out, const struct tile_reader *reader, const char *what,
                             struct tile_error *error) {
    tile_status status = tile_options_copy(out, sizeof *out, reader, error);
    if (status == TILE_OK && !out->read_at)
        status = tile_error_set(error, TILE_INVALID_ARGUMENT, "%s has no read_at", what);
    return status;
}

void tile_reader_close(const struct tile_reader *reader) {
    if (reader->close)
        reader->close(reader->user);
}

struct file_input {
    int descriptor;
    struct stat facts; /* when it was opened */
    const struct tile_allocator *allocator;
};

static tile_status file_read_at(void *user, uint64_t offset, void *buffer, size_t length, struct tile_error *error) {
    const struct file_input *file = user;
    size_t done = 0;
    while (done < length) {
        ssize_t n = pread(file->descriptor, (char *)buffer + done, length - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return tile_error_set(error, TILE_READ_FAILED, "reading at byte %ju: %s", (uintmax_t)offset + done,
                                  strerror(errno));
        if (n == 0)
            return tile_error_set(error, TILE_SOURCE_CHANGED, "the file shrank while it was read: it ends at byte %ju",
                                  (uintmax_t)offset + done);
        done += (size_t)n;
    }
    return TILE_OK;
}

tile_status tile_reader_unchanged(const struct tile_reader *reader, bool *touched, struct tile_error *error) {
    *touched = false;
    if (reader->read_at != file_read_at)
        return TILE_OK;
    const struct file_input *file = reader->user;
    struct stat now;
    if (fstat(file->descriptor, &now) != 0)
        return tile_error_set(error, TILE_READ_FAILED, "%s", strerror(errno));
    *touched = tile_changed_at(&now) != tile_changed_at(&file->facts);
    if (now.st_size == file->facts.st_size && tile_modified_at(&now) == tile_modified_at(&file->facts))
        return TILE_OK;
    return tile_error_set(error, TILE_SOURCE_CHANGED, "changed while it was read: its size or its time is another");
}

static void file_close(void *user) {
    struct file_input *file = user;
    close(file->descriptor);
    tile_free(file->allocator, file);
}

tile_status tile_reader_open_file(struct tile_reader *out, const char *path, const struct tile_allocator *allocator,
                                  struct tile_error *error) {
    *out = (struct tile_reader){0};
    struct file_input *file = tile_alloc(allocator, sizeof *file);
    if (!file)
        return tile_no_memory(error, sizeof *file);
    file->allocator = allocator;
    /* Without O_NONBLOCK, opening a FIFO that nobody writes to would wait forever. */
    file->descriptor = tile_openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK, 0);
    if (file->descriptor < 0) {
        tile_status status = tile_error_set(error, TILE_READ_FAILED, "%s", strerror(errno));
        tile_free(allocator, file);
        return status;
    }
    struct stat *facts = &file->facts;
    const char *wrong = fstat(file->descriptor, facts) != 0 ? strerror(errno)
                        : S_ISDIR(facts->st_mode)           ? "is a directory"
                        : !S_ISREG(facts->st_mode)          ? "is not a regular file"
                                                            : NULL;
    if (wrong) {
        tile_status status = tile_error_set(error, TILE_READ_FAILED, "%s", wrong);
        file_close(file);
        return status;
    }
    /* Another pread costs as much as copying a few KB. */
    *out = (struct tile_reader){.struct_size = sizeof *out,
                                .user = file,
                                .size = (uint64_t)facts->st_size,
                                .read_at = file_read_at,
                                .close = file_close,
                                .modified = tile_modified_at(facts),
                                .gap = 8192};
    return TILE_OK;
}

int tile_reader_descriptor(const struct tile_reader *reader) {
    return reader->read_at == file_read_at ? ((const struct file_input *)reader->user)->descriptor : -1;
}

struct memory_input {
    const unsigned char *data;
    const struct tile_allocator *allocator;
};

static tile_status memory_read_at(void *user, uint64_t offset, void *buffer, size_t length, struct tile_error *error) {
    const struct memory_input *memory = user;
    (void)error; /* the caller stays below `size` */
    memcpy(buffer, memory->data + offset, length);
    return TILE_OK;
}

static void memory_close(void *user) {
    struct memory_input *memory = user;
    tile_free(memory->allocator, memory);
}

tile_status tile_reader_open_memory(struct tile_reader *out, const void *data, size_t size,
                                    const struct tile_allocator *allocator, struct tile_error *error) {
    *out = (struct tile_reader){0};
    struct memory_input *memory = tile_alloc(allocator, sizeof *memory);
    if (!memory)
        return tile_no_memory(error, sizeof *memory);
    *memory = (struct memory_input){.data = data, .allocator = allocator};
    *out = (struct tile_reader){.struct_size = sizeof *out,
                                .user = memory,
                                .size = size,
                                .read_at = memory_read_at,
                                .close = memory_close,
                                .gap = 1};
    return TILE_OK;
}
