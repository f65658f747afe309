/* SPDX-License-Identifier: MIT */
#include "reading.h"

static uint64_t min_u64(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/*
 * Some decoded rows, as wide as the MCUs around the rectangle; the piece of the file, which of a JPEG is read and made
 * anew, and of a PNG is not compressed but kept small; a PNG's rows as they are inflated all at once, before and after
 * that; buffers and a decoder.
 */
uint64_t tile_piece_memory(const tile_source *source, struct tile_rect rect, struct tile_format format,
                           uint64_t memory) {
    const uint64_t buffers = (uint64_t)512 << 10, rows_held = 32;
    const struct tile_info *info = tile_source_info(source);
    struct tile_rect stored = tile_source_stored_rect(source, rect);
    bool jpeg = info->codec == TILE_JPEG;
    uint32_t mcu_width, mcu_height;
    tile_source_mcu(source, &mcu_width, &mcu_height);
    uint64_t row = tile_u64_mul((uint64_t)stored.width + 4 * mcu_width, tile_format_step(format));
    uint64_t piece = min_u64(tile_u64_mul(row, stored.height), jpeg ? info->bytes : memory / 16);
    piece = tile_u64_mul(piece, jpeg ? 2 : 1);
    const uint64_t inflating_most = (uint64_t)32 << 20;
    uint64_t inflating = jpeg ? 0 : min_u64(memory / 16, inflating_most);
    return tile_u64_add(tile_u64_add(tile_u64_mul(row, rows_held), tile_u64_add(piece, inflating)),
                        tile_u64_add(info->memory, buffers));
}

uint64_t tile_reading_memory(const tile_source *source, struct tile_rect rect, struct tile_format format,
                             uint64_t memory) {
    const struct tile_info *info = tile_source_info(source);
    if (info->indexed)
        return tile_piece_memory(source, rect, format, memory);
    /* From the top: the source keeps whole rows, from the rectangle's first on (see tile_source_read). */
    struct tile_rect stored = tile_source_stored_rect(source, rect);
    uint64_t width = info->orientation >= 5 ? info->height : info->width;
    uint64_t kept = tile_u64_mul(tile_u64_mul(width, stored.height), tile_format_step(format));
    const uint64_t kept_most = (uint64_t)64 << 20;
    return tile_u64_add(info->memory, stored.width == width ? min_u64(kept, kept_most) : kept);
}
