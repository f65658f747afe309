/* SPDX-License-Identifier: MIT */
#include "packer.h"

#include "../base/buffer.h"
#include "../base/bytes.h"
#include "../base/memory.h"
#include "deflate.h"
#include "join.h"

#include <libdeflate.h>
#include <zlib.h>

/* The head and the end of a zlib stream. */
enum { HEAD = 2, END = 4 };

/*
 * What is known of each level: libdeflate's (0: the fast coder's), and how much is packed at once. Up to 7 that takes
 * some 35 ms of an Emerald Rapids Xeon. The last two would want less than 256 KiB, but a tile of 256 x 256 RGB pixels
 * is to be one piece: they take 60 and 85 ms.
 */
static const struct level {
    int libdeflate;
    size_t most;
} levels[] = {
    [1] = {0, 1 << 20}, [2] = {2, 1 << 20}, [3] = {4, 1 << 20},  [4] = {5, 1 << 20},  [5] = {6, 1 << 20},
    [6] = {7, 1 << 19}, [7] = {8, 1 << 18}, [8] = {10, 1 << 18}, [9] = {12, 1 << 18},
};

/* The fast coder's number rises when it makes other bytes of the same pixels. */
const char *tile_packer_coder(int level) {
    return levels[level].libdeflate ? "libdeflate " LIBDEFLATE_VERSION_STRING : "libtile 1";
}

struct tile_packer {
    const struct tile_allocator *allocator;
    const struct level *level;
    uint8_t head[HEAD];
    tile_deflate *fast;                       /* level 1's */
    struct libdeflate_compressor *compressor; /* the other levels' */
    struct tile_buffer room;
};

static tile_status start(tile_packer *packer, tile_cpu cpu, struct tile_error *error) {
    if (!packer->level->libdeflate)
        return tile_deflate_new(&packer->fast, cpu, packer->allocator, error);
    packer->compressor = libdeflate_alloc_compressor(packer->level->libdeflate);
    return packer->compressor ? TILE_OK : tile_error_set(error, TILE_NO_MEMORY, "out of memory for libdeflate");
}

tile_status tile_packer_new(tile_packer **out, int level, tile_cpu cpu, const struct tile_allocator *allocator,
                            struct tile_error *error) {
    *out = NULL;
    tile_packer *packer = tile_alloc_zero(allocator, sizeof *packer);
    if (!packer)
        return tile_no_memory(error, sizeof *packer);
    packer->allocator = packer->room.allocator = allocator;
    packer->level = &levels[level];
    /* 0x78: deflate with a window of 32 KiB; then how hard it was tried, 0 to 3, and what makes both a multiple of 31.
     */
    unsigned head = 0x7800U | (unsigned)(level == 1 ? 0 : level < 6 ? 1 : level == 6 ? 2 : 3) << 6;
    tile_put_be(packer->head, head + 31 - head % 31, HEAD);
    tile_status status = start(packer, cpu, error);
    if (status != TILE_OK)
        tile_packer_free(packer);
    else
        *out = packer;
    return status;
}

void tile_packer_free(tile_packer *packer) {
    if (!packer)
        return;
    tile_deflate_free(packer->fast);
    libdeflate_free_compressor(packer->compressor);
    tile_buffer_free(&packer->room);
    tile_free(packer->allocator, packer);
}

size_t tile_packer_most(int level) {
    return levels[level].most;
}

uint64_t tile_packer_memory(int level, uint64_t size) {
    const uint64_t unending = 64 << 10; /* zlib's inflate, of tile_deflate_unend */
    /* libdeflate's compressors up to 9, and above. */
    uint64_t compressor = levels[level].libdeflate == 0   ? tile_deflate_memory()
                          : levels[level].libdeflate < 10 ? unending + (656 << 10)
                                                          : unending + (8800 << 10);
    return tile_u64_add(size, compressor + sizeof(tile_packer) + 256); /* which is a buffer's least */
}

uint64_t tile_packer_bound(uint64_t size) {
    return tile_u64_add(size, size / 512 + 256);
}

tile_status tile_packer_room(tile_packer *packer, size_t size, uint8_t **room, struct tile_error *error) {
    packer->room.size = 0;
    tile_status status = tile_buffer_reserve(&packer->room, size, error);
    if (status == TILE_OK) {
        packer->room.size = size;
        *room = packer->room.data;
    }
    return status;
}

/* Deflates what the room holds to `out`, which has room for the bound. */
static tile_status deflate_room(tile_packer *packer, const struct tile_pack *pack, size_t bound, uint8_t *out,
                                size_t *size, struct tile_error *error) {
    const struct tile_buffer *room = &packer->room;
    if (packer->fast) {
        struct tile_deflate_piece piece = {
            .data = room->data, .size = room->size, .row = pack->row, .step = pack->step, .last = pack->last};
        *size = tile_deflate_run(packer->fast, out, &piece);
        return TILE_OK;
    }
    *size = libdeflate_deflate_compress(packer->compressor, room->data, room->size, out, bound);
    return pack->last ? TILE_OK : tile_deflate_unend(out, size, room->data, room->size, packer->allocator, error);
}

tile_status tile_packer_pack(tile_packer *packer, const struct tile_pack *pack, struct tile_buffer *out,
                             uint32_t *adler, struct tile_error *error) {
    const struct tile_buffer *room = &packer->room;
    size_t size, most,
        bound = packer->fast ? tile_deflate_bound(room->size)
                             : libdeflate_deflate_compress_bound(packer->compressor, room->size);
    if (!tile_add(&most, bound, HEAD + TILE_UNEND_MOST + END) || !tile_add(&most, most, out->size))
        return tile_no_memory(error, SIZE_MAX);
    *adler = libdeflate_adler32(1, room->data, room->size);
    tile_status status = tile_buffer_reserve(out, most, error);
    if (status == TILE_OK && pack->first)
        status = tile_buffer_append(out, packer->head, HEAD, error);
    if (status == TILE_OK)
        status = deflate_room(packer, pack, bound, out->data + out->size, &size, error);
    if (status != TILE_OK)
        return status;
    out->size += size;
    return pack->first && pack->last ? tile_packer_end(out, *adler, error) : TILE_OK;
}

tile_status tile_packer_end(struct tile_buffer *out, uint32_t adler, struct tile_error *error) {
    uint8_t end[END];
    tile_put_be(end, adler, END);
    return tile_buffer_append(out, end, END, error);
}

uint32_t tile_adler_join(uint32_t first, uint32_t second, uint64_t size) {
    return (uint32_t)adler32_combine(first, second, (z_off_t)size);
}
