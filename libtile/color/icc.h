/* SPDX-License-Identifier: MIT */
/* Conversions from and to ICC profiles, by LittleCMS. */
#ifndef TILE_COLOR_ICC_H
#define TILE_COLOR_ICC_H

#include "../tile.h"

struct tile_program;

typedef struct tile_icc tile_icc;

/*
 * Appends the conversion of `from` to `to` with the profiles of `options` to `program`. `*out` is the transform for the
 * operation without a kernel; NULL if there is no such operation.
 *
 * `table` receives the value of each 8-bit code of the color channels, in place of the first operation, if the source's
 * profile is of matrix and curves; `*has_table` is then set. `table` is NULL if the input does not have 8 bits.
 */
tile_status tile_icc_compile(tile_icc **out, struct tile_program *program, tile_space from, tile_space to,
                             const struct tile_converter_options *options, float (*table)[256], bool *has_table,
                             struct tile_error *error);
void tile_icc_free(tile_icc *icc, const struct tile_allocator *allocator);
/* Transforms planar strips in place. Thread-safe. */
void tile_icc_run(const tile_icc *icc, float *const *plane, size_t count);

#endif
