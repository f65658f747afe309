/* SPDX-License-Identifier: MIT */
/* A file of lines: each line is added by one write, and the file is locked while it is open. */
#ifndef TILE_JOB_JOURNAL_H
#define TILE_JOB_JOURNAL_H

#include "../tile.h"

struct tile_journal {
    const struct tile_allocator *allocator;
    char *path; /* NULL: not open */
    int descriptor;
    uint64_t size; /* the next line's offset */
    /* The bytes read last: read_size bytes from read_at on. */
    uint64_t read_at;
    size_t read_size;
    unsigned char read[16384];
};

/* Opens or makes `folder`/`name`. WRITE_FAILED if another process has it open, or it is not a journal. */
tile_status tile_journal_open(struct tile_journal *journal, const char *folder, const char *name,
                              const struct tile_allocator *allocator, struct tile_error *error);
/* Opens a file of such lines for reading, unlocked. If there is none, `journal` stays cleared memory. */
tile_status tile_journal_open_to_read(struct tile_journal *journal, const char *path,
                                      const struct tile_allocator *allocator, struct tile_error *error);
/* `journal` may be cleared memory. */
void tile_journal_close(struct tile_journal *journal, bool remove);

/*
 * Appends the line at `place` to `out`, without its newline, and at most `most` bytes: a crash may leave long garbage.
 * `*next`: the next line's offset; 0: this line has no newline.
 */
tile_status tile_journal_line(struct tile_journal *journal, uint64_t place, size_t most, struct tile_buffer *out,
                              uint64_t *next, struct tile_error *error);
/* The byte at `place`, or -1 at the end. */
tile_status tile_journal_byte(struct tile_journal *journal, uint64_t place, int *byte, struct tile_error *error);
/* Appends bytes; `text` ends with a newline unless more follows. A failure leaves nothing behind. */
tile_status tile_journal_append(struct tile_journal *journal, const void *text, size_t size, struct tile_error *error);
tile_status tile_journal_empty(struct tile_journal *journal, struct tile_error *error);
/* Waits until the disk has the journal. */
tile_status tile_journal_sync(struct tile_journal *journal, struct tile_error *error);

/* "folder/name"; NULL without memory. */
char *tile_join_path(const struct tile_allocator *allocator, const char *folder, const char *name);

#endif
