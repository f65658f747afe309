/* SPDX-License-Identifier: MIT */
/* PNG's filters by trial: no estimate of a row's cost knows the matches. */
#include "filter.h"

#include "../base/error.h"
#include "../base/memory.h"

#include <libdeflate.h>

enum { BEFORE = 2 /* rows that a trial has before its own */, LEVEL = 1 };

struct trial {
    const struct tile_filter_rows *rows;
    const struct tile_deflate_kernels *kernels;
    struct libdeflate_compressor *compressor;
    uint8_t *packed;
    size_t size; /* of `packed` */
};

static int smallest(void *user, int filters, uint8_t *out, const uint8_t *row, const uint8_t *above, uint32_t y) {
    const struct trial *trial = user;
    size_t step = 1 + trial->rows->size, before = step * (y < BEFORE ? y : BEFORE), least = trial->size;
    int best = 0;
    for (int filter = 0; filter < filters; filter++) {
        out[0] = (uint8_t)filter;
        trial->kernels->filter(out + 1, row, above, trial->rows->size, trial->rows->step, filter);
        /* It gives up, with 0, where it needs more room than the best one so far left it. */
        size_t size = libdeflate_deflate_compress(trial->compressor, out - before, before + step, trial->packed, least);
        if (size) {
            best = filter;
            least = size - 1;
        }
    }
    return best;
}

tile_status tile_filter_smallest(uint8_t *out, const struct tile_filter_rows *rows, void *memory,
                                 const struct tile_deflate_kernels *kernels, const struct tile_allocator *allocator,
                                 struct tile_error *error) {
    struct trial trial = {.rows = rows, .kernels = kernels};
    size_t data;
    if (!tile_add(&data, rows->size, 1) || !tile_mul(&data, data, rows->height < BEFORE ? rows->height : BEFORE + 1))
        return tile_no_memory(error, SIZE_MAX);
    trial.compressor = libdeflate_alloc_compressor(LEVEL);
    if (!trial.compressor)
        return tile_error_set(error, TILE_NO_MEMORY, "out of memory for libdeflate");
    trial.size = libdeflate_deflate_compress_bound(trial.compressor, data);
    trial.packed = tile_alloc(allocator, trial.size);
    if (trial.packed)
        tile_filter_by((struct tile_filter_choice){smallest, &trial}, out, rows, memory, kernels);
    libdeflate_free_compressor(trial.compressor);
    if (!trial.packed)
        return tile_no_memory(error, trial.size);
    tile_free(allocator, trial.packed);
    return TILE_OK;
}
