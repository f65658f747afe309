/* SPDX-License-Identifier: MIT */
#ifndef TILE_ENCODE_JPEG_OPTIMIZE_H
#define TILE_ENCODE_JPEG_OPTIMIZE_H

#include "../base/watch.h"
#include "../tile.h"

/*
 * Appends to `out` a Huffman-coded JPEG, whole in memory, with tables of its own: the same coefficients, quantization
 * and application segments. `memory` bounds the coefficients, which are held all. Errors: BAD_DATA, LIMIT_EXCEEDED,
 * NO_MEMORY, CANCELLED.
 */
tile_status tile_jpeg_optimize(const struct tile_buffer *jpeg, uint64_t memory, struct tile_buffer *out,
                               struct tile_watch *watch, struct tile_error *error);

#endif
