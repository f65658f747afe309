/* SPDX-License-Identifier: MIT */
/*
 * What job/ asks of a source beside the public calls: the same under a watch of its own, which file it is, and what
 * reading it costs.
 */
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

/*
 * Bytes of memory that reading a rectangle holds beside its pixels, under a limit of memory; UINT64_MAX where they do
 * not fit. The first is of a source with parts.
 */
uint64_t tile_part_memory(const tile_source *source, struct tile_rect rect, struct tile_format format, uint64_t limit);
uint64_t tile_reading_memory(const tile_source *source, struct tile_rect rect, struct tile_format format,
                             uint64_t limit);
/* Of whole rows of so many bytes, what a source that is decoded from its top keeps. */
uint64_t tile_rows_kept(uint64_t bytes);
/* Whether the source has no parts, and making it an index costs less than half of decoding it from its top. */
bool tile_source_indexes_quickly(const tile_source *source);

#endif
