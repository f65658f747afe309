/* SPDX-License-Identifier: MIT */
/* Without cmocka: fuzzers and benchmarks read by it, too. */
#include "reader.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t size_of(const struct test_reader *reader) {
    return reader->size ? reader->size : reader->file.size;
}

static void require(bool condition, const char *what, uint64_t offset, size_t length) {
    if (condition)
        return;
    fprintf(stderr, "reading %zu bytes at %ju: %s\n", length, (uintmax_t)offset, what);
    abort();
}

static void copy(const struct test_bytes *file, uint64_t offset, void *to, size_t length) {
    uint64_t there = offset < file->size ? file->size - offset : 0;
    size_t count = length < there ? length : (size_t)there;
    if (count > 0)
        memcpy(to, file->data + offset, count);
    memset((unsigned char *)to + count, 0, length - count);
}

static tile_status read_at(void *user, uint64_t offset, void *to, size_t length, struct tile_error *error) {
    struct test_reader *reader = user;
    uint64_t size = size_of(reader);
    require(error, "no place for an error", offset, length);
    require(length > 0 && offset <= size && length <= size - offset, "not in there", offset, length);
    require(!atomic_exchange(&reader->busy, true), "another thread's read goes on", offset, length);
    sched_yield();
    bool fails = ++reader->reads == reader->fail_at;
    if (!fails) {
        copy(&reader->file, offset, to, length);
        reader->bytes += length;
        if (reader->count < sizeof reader->asked / sizeof reader->asked[0])
            reader->asked[reader->count++] = (struct tile_range){offset, length};
    }
    atomic_store(&reader->busy, false);
    if (!fails)
        return TILE_OK;
    return reader->silent ? TILE_READ_FAILED : tile_error_set(error, TILE_READ_FAILED, "the disk is on fire");
}

static void note_close(void *user) {
    ((struct test_reader *)user)->closed++;
}

struct tile_reader test_reader_of(struct test_reader *reader) {
    return (struct tile_reader){.struct_size = sizeof(struct tile_reader),
                                .user = reader,
                                .size = size_of(reader),
                                .read_at = read_at,
                                .close = note_close,
                                .etag = reader->etag,
                                .modified = reader->modified,
                                .gap = reader->gap};
}
