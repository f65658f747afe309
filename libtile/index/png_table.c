/* SPDX-License-Identifier: MIT */
#include "png_table.h"

#include "../base/bytes.h"

#include <string.h>

const unsigned char tile_png_signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

/* A row that inflating, unfiltering and copying hold at a time, thrice, fits zlib's 32 bits and a chunk's 31. */
#define ROW_MOST ((uint64_t)1 << 30)

void tile_png_put_checkpoint(unsigned char to[TILE_PNG_ENTRY], const struct tile_png_checkpoint *c) {
    const uint64_t longs[] = {c->begin,           c->end,        c->checksum,    c->inflated, c->window.offset,
                              c->window.checksum, c->row.offset, c->row.checksum};
    const uint32_t words[] = {c->left, c->bits | (uint32_t)c->byte << 8, c->window.size, c->window.packed,
                              c->row.packed};
    for (int i = 0; i < 8; i++)
        tile_put_le(to + 8 * i, longs[i], 8);
    for (int i = 0; i < 5; i++)
        tile_put_le(to + 64 + 4 * i, words[i], 4);
}

struct tile_png_checkpoint tile_png_get_checkpoint(const unsigned char from[TILE_PNG_ENTRY]) {
    return (struct tile_png_checkpoint){.begin = tile_get_le(from, 8),
                                        .end = tile_get_le(from + 8, 8),
                                        .checksum = tile_get_le(from + 16, 8),
                                        .inflated = tile_get_le(from + 24, 8),
                                        .left = (uint32_t)tile_get_le(from + 64, 4),
                                        .bits = from[68],
                                        .byte = from[69],
                                        .window = {.offset = tile_get_le(from + 32, 8),
                                                   .checksum = tile_get_le(from + 40, 8),
                                                   .size = (uint32_t)tile_get_le(from + 72, 4),
                                                   .packed = (uint32_t)tile_get_le(from + 76, 4)},
                                        .row = {.offset = tile_get_le(from + 48, 8),
                                                .checksum = tile_get_le(from + 56, 8),
                                                .packed = (uint32_t)tile_get_le(from + 80, 4)}};
}

tile_status tile_png_shape_of(struct tile_png_shape *shape, const unsigned char ihdr[13],
                              const struct tile_subject *subject, struct tile_error *error) {
    /* By color type: samples of a pixel, and the bit depths that there are as bits of a mask (PNG, 11.2.1). */
    static const struct {
        unsigned char samples, depths;
    } types[7] = {{1, 1 | 2 | 4 | 8 | 16}, {0}, {3, 8 | 16}, {1, 1 | 2 | 4 | 8}, {2, 8 | 16}, {0}, {4, 8 | 16}};
    uint64_t width = tile_get_be(ihdr, 4), height = tile_get_be(ihdr + 4, 4);
    unsigned depth = ihdr[8], type = ihdr[9];
    bool depth_is_one_bit = depth != 0 && (depth & (depth - 1)) == 0;
    if (width != subject->width || height != subject->height || type > 6 || !depth_is_one_bit ||
        !(types[type].depths & depth) || ihdr[10] != 0 || ihdr[11] != 0 || ihdr[12] != 0)
        return tile_error_set(error, TILE_SOURCE_CHANGED, "changed while it was read: its header is another");
    uint64_t bits = (uint64_t)types[type].samples * depth, row = (width * bits + 7) / 8;
    if (row > ROW_MOST || 4 * row > subject->limits.memory)
        return tile_error_set(
            error, TILE_LIMIT_EXCEEDED, "has rows of %ju bytes: four of them must be below %ju for an index",
            (uintmax_t)row, (uintmax_t)(subject->limits.memory < 4 * ROW_MOST ? subject->limits.memory : 4 * ROW_MOST));
    memcpy(shape->ihdr, ihdr, sizeof shape->ihdr);
    shape->bits = (unsigned)bits;
    shape->row = (size_t)row;
    shape->step = bits < 8 ? 1 : (unsigned)(bits / 8);
    return TILE_OK;
}
