/* SPDX-License-Identifier: MIT */
/* Making a tile: convert and encode it, or splice it of the source's own coefficients; and what came of it. */
#ifndef TILE_JOB_MAKE_H
#define TILE_JOB_MAKE_H

#include "../base/watch.h"
#include "record.h"
#include "settle.h"

/*
 * The region as it is to be written, of the pixels of region->source, which fit in it. `out` lies in `scratch` or is
 * `pixels` itself.
 */
tile_status tile_job_convert(const struct tile_job *job, const struct tile_region *region,
                             const struct tile_image *pixels, struct tile_buffer *scratch, struct tile_image *out,
                             struct tile_watch *watch, struct tile_error *error);
/* Appends the tile's file to `bytes`, and fills in the record. */
tile_status tile_job_encode(const struct tile_job *job, const struct tile_image *tile, struct tile_buffer *bytes,
                            struct tile_record *record, struct tile_watch *watch, struct tile_error *error);
/* In place of both, of a lossless job. `scratch` is overwritten. */
tile_status tile_job_splice(const struct tile_job *job, const struct tile_region *region, struct tile_buffer *scratch,
                            struct tile_buffer *bytes, struct tile_record *record, struct tile_watch *watch,
                            struct tile_error *error);

/* Bytes that this takes for so many pixels (tile_job_region_pixels), beside those that were read. */
uint64_t tile_make_memory(const struct tile_job *job, uint64_t pixels);
/* Of that, what a spliced tile takes before tile_jpeg_optimize. */
uint64_t tile_splice_memory(const struct tile_job *job, uint64_t pixels);

#endif
