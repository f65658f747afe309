/* SPDX-License-Identifier: MIT */
/* Cuts a JPEG or PNG into Lab tiles of 256 x 256 pixels: hello photo.jpg folder */
#include <stdio.h>
#include <tile.h>

static bool show(void *user, const struct tile_progress *progress) {
    uint64_t *shown = user; /* it is asked in the middle of tiles, too */
    if (progress->done != *shown)
        printf("\r%llu of %llu tiles", (unsigned long long)progress->done, (unsigned long long)progress->total);
    *shown = progress->done;
    return true;
}

int main(int argc, char **argv) {
    if (argc != 3)
        return fprintf(stderr, "usage: hello INPUT FOLDER\n"), 1;
    struct tile_error error;
    tile_source *source;
    tile_status status = tile_source_open_file(&source, argv[1], NULL, &error);
    if (status == TILE_OK) {
        struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
        options.to_space = TILE_LAB;
        options.folder = argv[2];
        options.progress = show;
        options.user = &(uint64_t){0};
        status = tile_job_run(source, &options, NULL, &error);
        printf("\n");
    }
    if (status != TILE_OK)
        fprintf(stderr, "hello: %s\n", error.message);
    tile_source_close(source);
    return status != TILE_OK;
}
