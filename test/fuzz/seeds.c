/* SPDX-License-Identifier: MIT */
/* Writes the index of a file, where it can have one: seeds FILE OUT. What load.c begins with. */
#include "fuzz.h"

int main(int argc, char **argv) {
    tile_source *source;
    tile_index *index = NULL;
    struct tile_error error = {0};
    struct tile_index_options options = TILE_OPTIONS(struct tile_index_options);
    options.tile_width = options.tile_height = 32;
    tile_file *file = NULL;
    if (argc != 3)
        return 1;
    tile_status status = tile_source_open_file(&source, argv[1], NULL, &error);
    if (status == TILE_OK)
        status = tile_index_build(&index, source, &options, &error);
    if (status == TILE_OK)
        status = tile_file_create(&file, argv[2], true, NULL, &error);
    if (status == TILE_OK) {
        struct tile_writer writer = tile_file_writer(file);
        status = tile_index_save(index, &writer, &error);
    }
    if (status == TILE_OK)
        status = tile_file_commit(file, &error);
    if (status != TILE_OK)
        fprintf(stderr, "%s\n", error.message);
    tile_index_free(index);
    tile_source_close(source);
    return status != TILE_OK;
}
