/* SPDX-License-Identifier: MIT */
#include "jpeg_table.h"

#include "../base/buffer.h"
#include "../base/bytes.h"
#include "../base/memory.h"
#include "../base/pixels.h"

#include <string.h>

tile_status tile_jpeg_prepare(struct tile_jpeg_access *a, const struct tile_subject *subject, uint64_t end,
                              struct tile_error *error) {
    tile_status status = tile_jpeg_header_read(&a->header, subject, end, error);
    /* The scanner knows the file's own codes: others are damage. */
    if (status == TILE_OK)
        status = tile_scanner_init(&a->scanner, &a->header, error);
    return status == TILE_OK ? tile_dc_codes_complete(&a->header, a->codes, error) : status;
}

/* Tells the group of records that begins at this place of the whole image: there are at most 2^13 MCUs each way. */
static uint64_t group_number(const struct tile_index_header *header, uint32_t column, uint32_t row) {
    return (uint64_t)header->step << 32 | (uint64_t)(header->first_column + column) << 16 | (header->first_row + row);
}

tile_status tile_jpeg_write_payload(const struct tile_index_header *header, const unsigned char *records, size_t size,
                                    struct tile_buffer *payload, struct tile_error *error) {
    unsigned char sum[8];
    tile_status status = TILE_OK;
    for (uint32_t column = 0; column < header->columns; column++)
        for (uint32_t row = 0; row < header->rows && status == TILE_OK;) {
            uint64_t number = group_number(header, column, row);
            size_t begin = payload->size;
            for (uint32_t i = 0; i < TILE_JPEG_GROUP && row < header->rows && status == TILE_OK; i++, row++)
                status =
                    tile_buffer_append(payload, records + ((size_t)row * header->columns + column) * size, size, error);
            if (status != TILE_OK)
                break;
            tile_put_le(sum, tile_index_checksum(header, number, payload->data + begin, payload->size - begin), 8);
            status = tile_buffer_append(payload, sum, sizeof sum, error);
        }
    return status;
}

static tile_status get_record(const struct tile_index_header *header, const unsigned char *record, int components,
                              struct tile_jpeg_checkpoint *to, struct tile_error *error) {
    to->bit = tile_get_le(record, 5);
    to->length = tile_get_le(record + 5, 3);
    uint64_t begin = to->bit / 8;
    if (begin < header->data_begin || begin > header->data_end || to->length == 0 ||
        to->length > header->data_end - begin)
        return tile_index_damaged(error, "a checkpoint");
    for (int c = 0; c < 4; c++) {
        to->dc[c] = c < components ? (int16_t)tile_get_le(record + 8 + 2 * c, 2) : 0;
        if (to->dc[c] < TILE_DC_LEAST || to->dc[c] > TILE_DC_MOST)
            return tile_index_damaged(error, "a checkpoint");
    }
    return TILE_OK;
}

tile_status tile_jpeg_checkpoints(const struct tile_access *access, uint32_t column, uint32_t top, uint32_t count,
                                  struct tile_jpeg_checkpoint *to, struct tile_error *error) {
    const struct tile_jpeg_access *a = access->state;
    const struct tile_index_header *header = &access->index->header;
    size_t size = tile_jpeg_record_size(&a->header);
    uint64_t groups = ((uint64_t)header->rows + TILE_JPEG_GROUP - 1) / TILE_JPEG_GROUP;
    unsigned char bytes[TILE_JPEG_GROUP * TILE_JPEG_RECORD + 8];
    column -= header->first_column;
    top -= header->first_row;
    for (uint32_t row = top; row < top + count;) {
        uint32_t group = row / TILE_JPEG_GROUP, first = group * TILE_JPEG_GROUP,
                 in_group = tile_min_u32(TILE_JPEG_GROUP, header->rows - first);
        uint64_t offset =
            column * (header->rows * (uint64_t)size + 8 * groups) + group * (TILE_JPEG_GROUP * (uint64_t)size + 8);
        tile_status status = tile_index_read(access->index, offset, bytes, in_group * size + 8, error);
        if (status != TILE_OK)
            return status;
        if (tile_get_le(bytes + in_group * size, 8) !=
            tile_index_checksum(header, group_number(header, column, first), bytes, in_group * size))
            return tile_error_set(error, TILE_BAD_INDEX, "has a damaged index: the checksum at byte %ju is wrong",
                                  (uintmax_t)offset);
        for (; row < top + count && row < first + in_group; row++) {
            status = get_record(header, bytes + (row - first) * size, a->header.components, to++, error);
            if (status != TILE_OK)
                return status;
        }
    }
    return TILE_OK;
}
