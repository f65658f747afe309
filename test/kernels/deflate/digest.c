/* SPDX-License-Identifier: MIT */
/* Hashes of what is made by deflate's kernels, to be compared between machines. */
#include "digest.h"
#include "step.h"

#include "input.h"

#include "deflate/choice.h"
#include "deflate/deflate.h"
#include "deflate/filter.h"
#include "deflate/predict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE = 100000 };

static void print(const struct options *options, const char *name, uint64_t digest) {
    if (strstr(name, options->filter))
        printf("%-40s %016llx\n", name, (unsigned long long)digest);
}

/* TIFF's predictors, of Lab where that has an effect. */
static void print_predictors(const struct options *options, const uint8_t *data, uint8_t *out) {
    static const struct {
        const char *name;
        struct tile_predict predict;
    } cases[] = {
        {"deflate predict none", {.predictor = TILE_PREDICTOR_NONE, .sample = TILE_U16, .channels = 3, .lab = true}},
        {"deflate predict u8", {.predictor = TILE_PREDICTOR_HORIZONTAL, .sample = TILE_U8, .channels = 4}},
        {"deflate predict u16", {.predictor = TILE_PREDICTOR_HORIZONTAL, .sample = TILE_U16, .channels = 1}},
        {"deflate predict lab",
         {.predictor = TILE_PREDICTOR_HORIZONTAL, .sample = TILE_U16, .channels = 3, .lab = true}},
        {"deflate predict f32", {.predictor = TILE_PREDICTOR_FLOAT, .sample = TILE_F32, .channels = 3}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tile_predict predict = cases[i].predict;
        size_t step = predict.channels * predict.sample, count = SIZE / step / 2;
        predict.kernels = tile_deflate_kernels_of(options->cpu);
        tile_predict_row(&predict, out, data, count, count + 9);
        print(options, cases[i].name, digest_add(DIGEST_OF_NOTHING, out, (count + 9) * step));
    }
}

void deflate_digest(const struct options *options) {
    static _Alignas(4) uint8_t data[SIZE];
    const struct tile_deflate_kernels *kernels = tile_deflate_kernels_of(options->cpu);
    uint32_t counts[256] = {0};
    deflate_input_fill(data, SIZE);
    kernels->count(counts, data, SIZE);
    print(options, "deflate count", digest_add(DIGEST_OF_NOTHING, counts, sizeof counts));
    static _Alignas(4) uint8_t out[2 * SIZE];
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
    print_predictors(options, data, out);
}
