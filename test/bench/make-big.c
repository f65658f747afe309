/* SPDX-License-Identifier: MIT */
/* Writes a large JPEG for the benchmarks, row by row: make-big FILE [WIDTH HEIGHT [QUALITY [420|422|444]]] */
#include "picture.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

struct request {
    const char *path, *subsampling;
    unsigned width, height;
    int quality;
};

static bool parse(struct request *out, int argc, char **argv) {
    *out = (struct request){NULL, "420", 16384, 15360, 90};
    if (argc != 2 && (argc < 4 || argc > 6))
        return false;
    out->path = argv[1];
    if (argc > 3) {
        out->width = (unsigned)strtoul(argv[2], NULL, 10);
        out->height = (unsigned)strtoul(argv[3], NULL, 10);
    }
    if (argc > 4)
        out->quality = atoi(argv[4]);
    if (argc > 5)
        out->subsampling = argv[5];
    bool known = strcmp(out->subsampling, "420") == 0 || strcmp(out->subsampling, "422") == 0 ||
                 strcmp(out->subsampling, "444") == 0;
    return known && out->width && out->width <= JPEG_MAX_DIMENSION && out->height &&
           out->height <= JPEG_MAX_DIMENSION && out->quality >= 1 && out->quality <= 100;
}

static void write_rows(FILE *file, const struct request *request, struct picture *picture, uint8_t *row) {
    struct jpeg_error_mgr errors; /* libjpeg's own: prints and exits */
    struct jpeg_compress_struct jpeg = {.err = jpeg_std_error(&errors)};
    jpeg_create_compress(&jpeg);
    jpeg_stdio_dest(&jpeg, file);
    jpeg.image_width = request->width;
    jpeg.image_height = request->height;
    jpeg.input_components = 3;
    jpeg.in_color_space = JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, request->quality, TRUE);
    jpeg.comp_info[0].h_samp_factor = request->subsampling[1] == '2' ? 2 : 1;
    jpeg.comp_info[0].v_samp_factor = request->subsampling[2] == '0' ? 2 : 1;
    jpeg_start_compress(&jpeg, TRUE);
    for (unsigned y = 0; y < request->height; y++) {
        picture_row(picture, y, row);
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
}

int main(int argc, char **argv) {
    struct request request;
    if (!parse(&request, argc, argv)) {
        fprintf(stderr, "usage: make-big FILE [WIDTH HEIGHT [QUALITY [420|422|444]]]\n");
        return 1;
    }
    struct picture *picture = picture_new(request.width, request.height);
    uint8_t *row = malloc((size_t)3 * request.width);
    if (!picture || !row) {
        fprintf(stderr, "make-big: no memory\n");
        return 1;
    }
    /* Written aside, so that a run that was broken off is not taken for the whole. */
    char aside[4096];
    snprintf(aside, sizeof aside, "%s.part", request.path);
    FILE *file = fopen(aside, "wb");
    if (!file) {
        perror(aside);
        return 1;
    }
    write_rows(file, &request, picture, row);
    free(row);
    picture_free(picture);
    if (fclose(file) != 0 || rename(aside, request.path) != 0) {
        perror(request.path);
        return 1;
    }
    return 0;
}
