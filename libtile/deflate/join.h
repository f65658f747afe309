/* SPDX-License-Identifier: MIT */
#ifndef TILE_DEFLATE_JOIN_H
#define TILE_DEFLATE_JOIN_H

#include "../tile.h"

/* Bytes that tile_deflate_unend adds at most. */
#define TILE_UNEND_MOST 5

/*
 * Makes a whole raw deflate stream one that another can follow, as zlib's Z_SYNC_FLUSH leaves it: its last block is the
 * last no more, and an empty stored block ends it on a whole byte. `room` is overwritten with what the stream holds,
 * `room_size` bytes. `data` has room for TILE_UNEND_MOST bytes behind its `*size`.
 */
tile_status tile_deflate_unend(uint8_t *data, size_t *size, uint8_t *room, size_t room_size,
                               const struct tile_allocator *allocator, struct tile_error *error);

#endif
