/* SPDX-License-Identifier: MIT */
/*
 * A source's calls for job/ beside the public ones: reading under the job's own watch, the identity of the file, and
 * the memory that reading takes.
 */
#ifndef TILE_SOURCE_FOR_JOB_H
#define TILE_SOURCE_FOR_JOB_H

#include "../base/watch.h"

#include <sys/stat.h>

/* As the public calls without `_watched`, but with the thread's `watch` in place of the source's own hook. Thread-safe
 * where the public calls are. */
tile_status tile_source_read_watched(tile_source *source, struct tile_rect rect, struct tile_image *image,
                                     struct tile_watch *watch, struct tile_error *error);
tile_status tile_source_hash_watched(tile_source *source, unsigned char hash[16], struct tile_watch *watch,
                                     struct tile_error *error);
tile_status tile_source_splice_watched(const tile_source *source, struct tile_rect rect, struct tile_buffer *out,
                                       struct tile_watch *watch, struct tile_error *error);

/*
 * Whether the file is a JPEG with a component of all its pixels in gray, as tile_source_read gives them in the format
 * of tile_source_format_for: that component's coefficients are a JPEG of them.
 */
bool tile_source_stores_gray(const tile_source *source);

/* Whether the source reads this very file. False for a source that was not opened by a path. */
bool tile_source_is_file(const tile_source *source, const struct stat *file);

/*
 * SOURCE_CHANGED if the file's size or times differ from those at opening: the bytes hashed may differ from the bytes
 * decoded. If only its status changed (it was renamed, for example), it is hashed again if the hash is known. Sources
 * that are no files are not checked.
 */
tile_status tile_source_unchanged(const tile_source *source, struct tile_watch *watch, struct tile_error *error);

/*
 * Bytes of memory that reading a rectangle holds beside its pixels, if memory is limited to `limit`; UINT64_MAX if they
 * do not fit 64 bits. The first function requires a source with parts.
 */
uint64_t tile_part_memory(const tile_source *source, struct tile_rect rect, struct tile_format format, uint64_t limit);
uint64_t tile_reading_memory(const tile_source *source, struct tile_rect rect, struct tile_format format,
                             uint64_t limit);
/* The number of bytes that a source decoded from its top keeps from `bytes` of whole rows. */
uint64_t tile_rows_kept(uint64_t bytes, bool once);
/*
 * Says of a source decoded from its top that its rows will be read once, from the top down, so that they need not be
 * kept; or, with false, again that they may be read several times. Reading them again stays right, but slow.
 */
void tile_source_read_once(tile_source *source, bool once);
/* Whether the source has no parts, and building an index costs less than half of decoding it from its top. */
bool tile_source_indexes_quickly(const tile_source *source);

#endif
