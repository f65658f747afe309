/* SPDX-License-Identifier: MIT */
/*
 * Packing filtered pixels into zlib streams (RFC 1950), at any level: whole, or in pieces that several threads pack
 * side by side.
 *
 * Level 1 is the fast coder's. The levels above are libdeflate's: their bytes depend on its version, too.
 */
#ifndef TILE_DEFLATE_PACKER_H
#define TILE_DEFLATE_PACKER_H

#include "../tile.h"

/* Who makes a level's bytes, and in which version: "libtile 1", "libdeflate 1.14". */
const char *tile_packer_coder(int level);

/* The compressor and the memory of one thread, kept from piece to piece. */
typedef struct tile_packer tile_packer;

/* `cpu`: the kernels to use; UNSUPPORTED if this machine cannot run them. */
tile_status tile_packer_new(tile_packer **out, int level, tile_cpu cpu, const struct tile_allocator *allocator,
                            struct tile_error *error);
void tile_packer_free(tile_packer *packer);

/*
 * The size of a stream's pieces: meanwhile nobody is asked whether to go on, so that slow levels have smaller ones. A
 * stream of them is up to .15 % larger than one that is packed whole, at levels 8 and 9 up to .8 %.
 */
size_t tile_packer_most(int level);
/* Bytes of memory that a packer takes for pieces of `size`, but for the packed ones; at most UINT64_MAX. */
uint64_t tile_packer_memory(int level, uint64_t size);
/* No fewer bytes than a packed piece of `size` has room for, at any level; at most UINT64_MAX. */
uint64_t tile_packer_bound(uint64_t size);

/* Room for the `size` bytes of the next piece, which the caller fills in. Valid until the packer's next call. */
tile_status tile_packer_room(tile_packer *packer, size_t size, uint8_t **room, struct tile_error *error);

/* The piece in the room. */
struct tile_pack {
    size_t row, step; /* how far before a byte the one above it is, and the one of the pixel before; 0: unknown */
    bool first, last; /* of its stream */
};

/*
 * Appends the room's piece, packed, to `out`. `adler`: the Adler-32 of the room's bytes. The packed pieces of a stream,
 * one behind the other, are the stream but for its end. A piece that is the whole stream has its end.
 */
tile_status tile_packer_pack(tile_packer *packer, const struct tile_pack *pack, struct tile_buffer *out,
                             uint32_t *adler, struct tile_error *error);
/* Appends the end of a stream of pieces, behind the last one: the Adler-32 of all their bytes. `out` has room for it.
 */
tile_status tile_packer_end(struct tile_buffer *out, uint32_t adler, struct tile_error *error);

/* The Adler-32 of two pieces together; the second one has `size` bytes. */
uint32_t tile_adler_join(uint32_t first, uint32_t second, uint64_t size);

#endif
