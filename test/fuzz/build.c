/* SPDX-License-Identifier: MIT */
/* A file's index is made, with checkpoints at distances that its size tells. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const uint32_t tiles[] = {1, 16, 40, 256};
    struct tile_source_options options = small_limits();
    struct tile_index_options making = TILE_OPTIONS(struct tile_index_options);
    struct tile_error error = {0};
    tile_source *source;
    tile_status status = tile_source_open_memory(&source, data, size, &options, &error);
    require_message(status, &error);
    if (status != TILE_OK)
        return 0;
    making.tile_width = making.tile_height = tiles[size % 4];
    tile_index *index;
    status = tile_index_build(&index, source, &making, &error);
    require_message(status, &error);
    require((status == TILE_OK) == (index != NULL));
    if (index) {
        struct tile_buffer file = {0};
        struct tile_writer writer = tile_buffer_writer(&file);
        require(tile_index_save(index, &writer, NULL) == TILE_OK);
        require(tile_source_use_index(source, index, NULL) == TILE_OK);
        tile_buffer_free(&file);
    }
    tile_source_close(source);
    tile_index_free(index);
    return 0;
}
