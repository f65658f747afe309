/* SPDX-License-Identifier: MIT */
/* Making a tile and its record: by conversion and encoding, or by splicing the source's own coefficients. */
#ifndef TILE_JOB_MAKE_H
#define TILE_JOB_MAKE_H

#include "../base/watch.h"
#include "record.h"
#include "settle.h"

/*
 * Makes the region as it is written from the pixels of region->source, which are no larger. `out` lies in `scratch` or
 * is `pixels` itself.
 */
tile_status tile_job_convert(const struct tile_job *job, const struct tile_region *region,
                             const struct tile_image *pixels, struct tile_buffer *scratch, struct tile_image *out,
                             struct tile_watch *watch, struct tile_error *error);
/* What encodes the tiles of one thread, one after the other. It begins as {0}, stays where it is, and is freed by
 * tile_maker_free. */
struct tile_maker {
    tile_encoder *encoder; /* NULL: none so far */
    struct tile_watch *watch;
    struct tile_buffer *bytes;
    size_t start; /* an encoder writes from 0 on; its file comes behind what the buffer has */
};
void tile_maker_free(struct tile_maker *maker);

/* Appends the tile's file to `bytes`, and fills in the record. */
tile_status tile_job_encode(const struct tile_job *job, struct tile_maker *maker, const struct tile_image *tile,
                            struct tile_buffer *bytes, struct tile_record *record, struct tile_watch *watch,
                            struct tile_error *error);
/* Takes the place of both in a lossless job. `scratch` is overwritten. */
tile_status tile_job_splice(const struct tile_job *job, const struct tile_region *region, struct tile_buffer *scratch,
                            struct tile_buffer *bytes, struct tile_record *record, struct tile_watch *watch,
                            struct tile_error *error);

/* Memory that making a tile of so many pixels (tile_job_region_pixels) takes, beside the pixels that were read. */
uint64_t tile_make_memory(const struct tile_job *job, uint64_t pixels, uint32_t width);
/* The part of it that a spliced tile takes before tile_jpeg_rewrite. */
uint64_t tile_splice_memory(const struct tile_job *job, uint64_t pixels);

#endif
