/* SPDX-License-Identifier: MIT */
/* Hashes of what is made by deflate's kernels, to be compared between machines. */
#include "digest.h"
#include "step.h"

#include "input.h"

#include "deflate/choice.h"
#include "deflate/filter.h"
#include "deflate/deflate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE = 100000 };

static void print(const struct options *options, const char *name, uint64_t digest) {
    if (strstr(name, options->filter))
        printf("%-40s %016llx\n", name, (unsigned long long)digest);
}

void deflate_digest(const struct options *options) {
    static uint8_t data[SIZE];
    const struct tile_deflate_kernels *kernels = tile_deflate_kernels_of(options->cpu);
    uint32_t counts[256] = {0};
    deflate_input_fill(data, SIZE);
    kernels->count(counts, data, SIZE);
    print(options, "deflate count", digest_add(DIGEST_OF_NOTHING, counts, sizeof counts));
    static uint8_t out[2 * SIZE];
    tile_deflate *coder;
    struct tile_error error;
    struct tile_deflate_piece piece = {data, SIZE, 769, 3, true};
    if (tile_deflate_bound(SIZE) > sizeof out || tile_deflate_new(&coder, options->cpu, NULL, &error) != TILE_OK) {
        fprintf(stderr, "kernels: no coder\n");
        exit(1);
    }
    print(options, "deflate coder", digest_add(DIGEST_OF_NOTHING, out, tile_deflate_run(coder, out, &piece)));
    tile_deflate_free(coder);
    struct tile_filter_rows rows = {.pixels = data, .stride = 303, .height = 300, .size = 303, .step = 3};
    tile_filter(out, &rows, NULL, kernels);
    print(options, "deflate filter", digest_add(DIGEST_OF_NOTHING, out, 300 * 304));
}
