/* SPDX-License-Identifier: MIT */
/* PNGs whose pixel data are divided into chunks in other ways than libpng's. */
#ifndef TEST_INDEX_CHUNKS_H
#define TEST_INDEX_CHUNKS_H

#include "pngs.h"

/* Where a file's IDAT chunks are, and their data as one. */
struct png_parts {
    size_t begin, end;
    struct tile_buffer stream;
};
struct png_parts png_take_apart(const struct tile_buffer *file);
/* What the stream inflates to, which must be `size` bytes; to be freed. */
unsigned char *png_rows(const struct png_parts *parts, size_t size);
/* The file with another stream in chunks of `most` bytes, with an empty one in front where that is odd. */
struct tile_buffer png_put_together(const struct tile_buffer *file, const struct png_parts *parts,
                                    const struct tile_buffer *stream, size_t most);

/* A new file in such chunks. */
struct tile_buffer png_in_chunks(const struct png_recipe *recipe, size_t most);
/* The pixels by libpng, which must read it; to be freed. */
unsigned char *png_decoded(const struct tile_buffer *file, struct stored *stored);
/* A file of 150 x 200 pixels for the tests of what goes wrong: boundaries of blocks and chunks between checkpoints. */
struct tile_buffer png_usual(void);

#endif
