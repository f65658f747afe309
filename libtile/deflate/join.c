/* SPDX-License-Identifier: MIT */
/*
 * libdeflate marks the last block of all that it writes, and has no way not to. Where that block begins only decoding
 * tells, which zlib's inflate does: it stops at each block and says at which bit it is. That takes a third of the time
 * that packing takes at level 2, a sixth at level 5 and nothing to speak of at 9. zlib's own deflate, which can end a
 * piece by itself, takes longer all the same and makes more bytes.
 */
#include "join.h"

#include "zlib_memory.h"

#include <limits.h>

/* Where the last block begins, and where it ends, in bits. */
struct last_block {
    size_t begin, end;
};

/* zlib counts in unsigned. */
static unsigned some_of(size_t left) {
    return left < UINT_MAX ? (unsigned)left : UINT_MAX;
}

/* Z_BLOCK: inflate returns where a block begins and where the last one ends. */
static int find_last_block(z_stream *zlib, const uint8_t *data, size_t size, uint8_t *room, size_t room_size,
                           struct last_block *found) {
    enum { UNUSED_BITS = 31, IN_LAST_BLOCK = 64, BETWEEN_BLOCKS = 128 };
    zlib->next_in = (uint8_t *)data;
    zlib->next_out = room;
    for (;;) {
        zlib->avail_in = some_of(size - (size_t)(zlib->next_in - data));
        zlib->avail_out = some_of(room_size - (size_t)(zlib->next_out - room));
        int result = inflate(zlib, Z_BLOCK);
        if (result != Z_OK)
            return result == Z_STREAM_END ? Z_DATA_ERROR : result;
        if (!(zlib->data_type & BETWEEN_BLOCKS))
            continue;
        size_t bit = 8 * (size_t)(zlib->next_in - data) - (unsigned)(zlib->data_type & UNUSED_BITS);
        if (zlib->data_type & IN_LAST_BLOCK) {
            found->end = bit;
            return Z_OK;
        }
        found->begin = bit;
    }
}

tile_status tile_deflate_unend(uint8_t *data, size_t *size, uint8_t *room, size_t room_size,
                               const struct tile_allocator *allocator, struct tile_error *error) {
    static const uint8_t empty_block[] = {0, 0, 0xff, 0xff}; /* behind its three bits, and those up to a whole byte */
    z_stream zlib = tile_zlib_stream(allocator);
    struct last_block block = {0};
    int result = inflateInit2(&zlib, -MAX_WBITS);
    if (result == Z_OK) {
        result = find_last_block(&zlib, data, *size, room, room_size, &block);
        inflateEnd(&zlib);
    }
    if (result != Z_OK)
        return tile_error_set(error, TILE_NO_MEMORY, "out of memory in zlib: %s", zError(result));
    data[block.begin / 8] &= (uint8_t) ~(1U << block.begin % 8);
    size_t bytes = (block.end + 3 + 7) / 8; /* the bits behind the block are 0 */
    if (bytes > *size)
        data[bytes - 1] = 0;
    for (size_t i = 0; i < sizeof empty_block; i++)
        data[bytes + i] = empty_block[i];
    *size = bytes + sizeof empty_block;
    return TILE_OK;
}
