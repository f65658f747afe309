/* SPDX-License-Identifier: MIT */
/* Making a tile: convert, encode, and tell what came of it; or cut it out of the source's own data. */
#ifndef TILE_JOB_MAKE_H
#define TILE_JOB_MAKE_H

#include "../base/watch.h"
#include "record.h"
#include "settle.h"

/*
 * The region as it is to be written, of the pixels of region->source, which fit in it. `out` lies in `scratch` or is
 * `pixels` itself.
 */
tile_status tile_make_pixels(const struct tile_job *job, const struct tile_region *region,
                             const struct tile_image *pixels, struct tile_buffer *scratch, struct tile_image *out,
                             struct tile_watch *watch, struct tile_error *error);
/* Appends the tile's file to `bytes`. `pixels` are not looked at where the job is lossless; `scratch` is overwritten.
 */
tile_status tile_make(const struct tile_job *job, const struct tile_region *region, const struct tile_image *pixels,
                      struct tile_buffer *scratch, struct tile_buffer *bytes, struct tile_record *record,
                      struct tile_watch *watch, struct tile_error *error);

/* Bytes that this takes for so many pixels (tile_job_region_pixels), beside those that were read. */
uint64_t tile_make_memory(const struct tile_job *job, uint64_t pixels);
/* What of them a lossless tile takes before it is optimized. */
uint64_t tile_cut_memory(const struct tile_job *job, uint64_t pixels);

#endif
