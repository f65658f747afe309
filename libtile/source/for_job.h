/* SPDX-License-Identifier: MIT */
/* What job/ asks of a source beside the public calls: the same under a watch of its own, and which file it is. */
#ifndef TILE_SOURCE_FOR_JOB_H
#define TILE_SOURCE_FOR_JOB_H

#include "../base/watch.h"

#include <sys/stat.h>

/* As without `_watched`; the source's own hook is not asked. Thread-safe where those are; the watch is the thread's. */
tile_status tile_source_read_watched(tile_source *source, struct tile_rect rect, struct tile_image *image,
                                     struct tile_watch *watch, struct tile_error *error);
tile_status tile_source_hash_watched(tile_source *source, unsigned char hash[16], struct tile_watch *watch,
                                     struct tile_error *error);
tile_status tile_source_splice_watched(const tile_source *source, struct tile_rect rect, struct tile_buffer *out,
                                       struct tile_watch *watch, struct tile_error *error);

/* Whether a file is the very one that is read. False of what was not opened by a path. */
bool tile_source_is_file(const tile_source *source, const struct stat *file);

/*
 * SOURCE_CHANGED where the file is another than when it was opened, by its size and times: what was hashed may not be
 * what was decoded. Of what is no file this cannot be asked. Where but its status was changed (it was renamed, say), it
 * is hashed again if the hash is known.
 */
tile_status tile_source_unchanged(const tile_source *source, struct tile_watch *watch, struct tile_error *error);

#endif
