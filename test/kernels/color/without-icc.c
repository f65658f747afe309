/* SPDX-License-Identifier: MIT */
/* Stands for color/icc.c where there is no LittleCMS: see kernels_only in meson_options.txt. */
#include "color/icc.h"

#include "base/memory.h"

tile_status tile_icc_compile(tile_icc **out, struct tile_program *program, tile_space from, tile_space to,
                             const struct tile_converter_options *options, float (*table)[256], bool *has_table,
                             struct tile_error *error) {
    (void)program, (void)from, (void)to, (void)options, (void)table, (void)has_table;
    *out = NULL;
    return tile_error_set(error, TILE_UNSUPPORTED, "this build has no ICC profiles");
}

void tile_icc_free(tile_icc *icc, const struct tile_allocator *allocator) {
    (void)icc, (void)allocator;
}

void tile_icc_run(const tile_icc *icc, float *const *plane, size_t count) {
    (void)icc, (void)plane, (void)count;
}
