/* SPDX-License-Identifier: MIT */
/* What job/ asks of encoders beside the public calls. */
#ifndef TILE_ENCODE_FOR_JOB_H
#define TILE_ENCODE_FOR_JOB_H

#include "../base/watch.h"
#include "../tile.h"

/* Whether files of `codec` that say what samples of `format` mean embed the profile of its space for that. */
bool tile_codec_needs_profile(tile_codec codec, struct tile_format format);

/*
 * Appends to `out` a Huffman-coded JPEG, whole in memory, with tables of its own: the same coefficients, quantization
 * and application segments. `memory` bounds the coefficients, which are held all. Errors: BAD_DATA, LIMIT_EXCEEDED,
 * NO_MEMORY, CANCELLED.
 */
tile_status tile_jpeg_optimize(const struct tile_buffer *jpeg, uint64_t memory, struct tile_buffer *out,
                               struct tile_watch *watch, struct tile_error *error);

#endif
