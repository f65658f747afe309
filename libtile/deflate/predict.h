/* SPDX-License-Identifier: MIT */
/*
 * TIFF's predictors, forwards: rows of pixels become what compresses better, and of the same size. Horizontal
 * differences are those of TIFF 6.0, section 14; floats are taken apart as Adobe's Photoshop TIFF Technical Notes of
 * 2005 have it (note 3): the highest bytes of all samples, then the second ones, and so on, and the differences of all
 * that to the byte of the pixel before.
 */
#ifndef TILE_DEFLATE_PREDICT_H
#define TILE_DEFLATE_PREDICT_H

#include "../tile.h"
#include "choice.h"

/* What is known of all rows. */
struct tile_predict {
    const struct tile_deflate_kernels *kernels;
    tile_predictor predictor; /* one that the samples can have */
    tile_sample sample;
    size_t channels;
    bool lab; /* u8 and u16: libtile's codes, of which TIFF's are to be made: section 23 */
};

/* `count` pixels of a row, the last of which is repeated up to `width`. `out` is aligned to the sample, too. */
void tile_predict_row(const struct tile_predict *predict, void *out, const void *row, size_t count, size_t width);

#endif
