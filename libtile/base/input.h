/* SPDX-License-Identifier: MIT */
/* Files and memory as a tile_reader. */
#ifndef TILE_BASE_INPUT_H
#define TILE_BASE_INPUT_H

#include "../tile.h"

/*
 * Copies a caller's reader, which may be older or newer than the library; `what` names it in messages. Close the copy,
 * also after a failure.
 */
tile_status tile_reader_copy(struct tile_reader *out, const struct tile_reader *reader, const char *what,
                             struct tile_error *error);
void tile_reader_close(const struct tile_reader *reader);
/* READ_FAILED if the file is missing, unreadable or not a regular file; the message leaves out the path. */
tile_status tile_reader_open_file(struct tile_reader *out, const char *path, const struct tile_allocator *allocator,
                                  struct tile_error *error);
/* The descriptor of a reader from tile_reader_open_file; -1 for any other. */
int tile_reader_descriptor(const struct tile_reader *reader);
/*
 * SOURCE_CHANGED if the file's size or time of writing differs from that at opening. `touched`: only the time of its
 * last status change, which cannot be set back, differs. For any other reader: TILE_OK.
 */
tile_status tile_reader_unchanged(const struct tile_reader *reader, bool *touched, struct tile_error *error);
/* A reader of `data`, which is not copied. */
tile_status tile_reader_open_memory(struct tile_reader *out, const void *data, size_t size,
                                    const struct tile_allocator *allocator, struct tile_error *error);

#endif
