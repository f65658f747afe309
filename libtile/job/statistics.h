/* SPDX-License-Identifier: MIT */
/* The manifest's statistics of a tile's pixels. */
#ifndef TILE_JOB_STATISTICS_H
#define TILE_JOB_STATISTICS_H

#include "../base/hash.h"
#include "../base/watch.h"

struct tile_statistics {
    struct tile_hash pixels; /* of the samples row by row, interleaved, little-endian, nothing between rows */
    int channels;
    double mean[TILE_MAX_CHANNELS], min[TILE_MAX_CHANNELS], max[TILE_MAX_CHANNELS]; /* of the codes */
};

/* Computes the statistics of an interleaved image. */
tile_status tile_statistics_of(struct tile_statistics *out, const struct tile_image *image, struct tile_watch *watch,
                               struct tile_error *error);

#endif
