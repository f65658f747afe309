/* SPDX-License-Identifier: MIT */
/*
 * The fast coder: raw deflate (RFC 1951) of filtered pixels. What it writes depends on the data and the hints alone,
 * not on the CPU and on no library.
 */
#ifndef TILE_DEFLATE_DEFLATE_H
#define TILE_DEFLATE_DEFLATE_H

#include "../tile.h"

/* Memory for the coder that is kept between pieces: of one thread at a time. */
typedef struct tile_deflate tile_deflate;

/* Its bytes. */
size_t tile_deflate_memory(void);
/* `cpu`: which kernels; UNSUPPORTED if this machine has none of these. `allocator` may be NULL. */
tile_status tile_deflate_new(tile_deflate **out, tile_cpu cpu, const struct tile_allocator *allocator,
                             struct tile_error *error);
void tile_deflate_free(tile_deflate *deflate);

/* The bytes of `data`, and what helps to compress them. */
struct tile_deflate_piece {
    const uint8_t *data;
    size_t size;
    size_t row;  /* how far before a byte the one above it is; 0: unknown */
    size_t step; /* bytes of a pixel; 0: unknown */
    /* The stream ends here. Else it ends on a whole byte, by an empty stored block, and the next piece's can follow. */
    bool last;
};

/* How many bytes `out` must have for a piece of `size`; SIZE_MAX if that does not fit. A little of it may go unused. */
size_t tile_deflate_bound(size_t size);

/* Writes the piece to `out`; no match reaches before it. Returns its bytes, less than the bound. */
size_t tile_deflate_run(tile_deflate *deflate, uint8_t *out, const struct tile_deflate_piece *piece);

#endif
