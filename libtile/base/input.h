/* SPDX-License-Identifier: MIT */
/* Files and memory as a tile_reader. */
#ifndef TILE_BASE_INPUT_H
#define TILE_BASE_INPUT_H

#include "../tile.h"

/*
 * Copies a caller's reader, which may be older or newer than the library; `what` names it in messages. The copy is what
 * is to be closed, also after a failure.
 */
tile_status tile_reader_copy(struct tile_reader *out, const struct tile_reader *reader, const char *what,
                             struct tile_error *error);
void tile_reader_close(const struct tile_reader *reader);
/* READ_FAILED for what is missing, unreadable or no regular file; the message does not repeat the path. */
tile_status tile_reader_open_file(struct tile_reader *out, const char *path, const struct tile_allocator *allocator,
                                  struct tile_error *error);
/* Of a reader that tile_reader_open_file made; -1 of any other. */
int tile_reader_descriptor(const struct tile_reader *reader);
/*
 * SOURCE_CHANGED where the file's size or time of writing is not what it was opened with. `touched`: only the time of
 * its last change, which cannot be set back, is another. Of another reader: TILE_OK.
 */
tile_status tile_reader_unchanged(const struct tile_reader *reader, bool *touched, struct tile_error *error);
/* Shares `data`. */
tile_status tile_reader_open_memory(struct tile_reader *out, const void *data, size_t size,
                                    const struct tile_allocator *allocator, struct tile_error *error);

#endif
