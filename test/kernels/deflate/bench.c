/* SPDX-License-Identifier: MIT */
/* Speeds of deflate's kernels by each instruction set, beside a copy. Medians, on one thread. */
#include "step.h"

#include "input.h"
#include "measure.h"
#include "race.h"

#include "deflate/choice.h"
#include "deflate/deflate.h"
#include "deflate/filter.h"
#include "deflate/predict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE = 196864 }; /* 256 rows of 256 pixels of RGB and their filter bytes */

static _Alignas(4) uint8_t data[SIZE], filtered[SIZE];

struct run {
    const struct tile_deflate_kernels *kernels;
    tile_deflate *coder;
};

static void run_count(void *state) {
    const struct run *r = state;
    uint32_t counts[256] = {0};
    r->kernels->count(counts, data, SIZE);
    __asm__ volatile("" : : "r"(counts) : "memory"); /* the counts are not to be left out */
}

/* The coder: counting, matching and packing. */
static void run_coder(void *state) {
    static uint8_t out[2 * SIZE];
    const struct run *r = state;
    struct tile_deflate_piece piece = {data, SIZE, 769, 3, true};
    tile_deflate_run(r->coder, out, &piece);
}

/* With the choice of each row's filter. */
static void run_filter(void *state) {
    const struct run *r = state;
    struct tile_filter_rows image = {.pixels = data, .stride = 3 * 256, .height = 256, .size = 3 * 256, .step = 3};
    tile_filter(filtered, &image, NULL, r->kernels);
}

/* Rows of 256 pixels of three samples. */
static void predict_rows(const struct run *r, tile_predictor predictor, tile_sample sample) {
    struct tile_predict predict = {.kernels = r->kernels, .predictor = predictor, .sample = sample, .channels = 3};
    for (size_t at = 0; at + 3 * 256 * sample <= SIZE; at += 3 * 256 * sample)
        tile_predict_row(&predict, filtered + at, data + at, 256, 256);
}

static void run_horizontal(void *state) {
    predict_rows(state, TILE_PREDICTOR_HORIZONTAL, TILE_U8);
}

static void run_wide(void *state) {
    predict_rows(state, TILE_PREDICTOR_HORIZONTAL, TILE_U16);
}

static void run_float(void *state) {
    predict_rows(state, TILE_PREDICTOR_FLOAT, TILE_F32);
}

static const struct {
    const char *name;
    void (*run)(void *state);
} rows[] = {
    {"deflate count", run_count},           {"deflate coder", run_coder},      {"deflate filter", run_filter},
    {"deflate predict u8", run_horizontal}, {"deflate predict u16", run_wide}, {"deflate predict f32", run_float},
};

void deflate_bench(const struct options *options) {
    struct copy copy = copy_new(SIZE);
    deflate_input_fill(data, SIZE);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!strstr(rows[i].name, options->filter))
            continue;
        struct run runs[TILE_CPU_COUNT + 1];
        struct entrant entrants[TILE_CPU_COUNT + 1] = {{&copy, run_copy, {0}, 0, 0, 0}};
        const char *names[TILE_CPU_COUNT + 1] = {"copy"};
        size_t count = 1;
        for (int cpu = TILE_CPU_SCALAR; cpu < TILE_CPU_COUNT; cpu++)
            if (tile_cpu_available((tile_cpu)cpu) && (options->cpu == TILE_CPU_BEST || (int)options->cpu == cpu)) {
                struct tile_error error;
                if (tile_deflate_new(&runs[count].coder, (tile_cpu)cpu, NULL, &error) != TILE_OK) {
                    fprintf(stderr, "kernels: %s\n", error.message);
                    exit(1);
                }
                runs[count].kernels = tile_deflate_kernels_of((tile_cpu)cpu);
                names[count] = tile_cpu_name((tile_cpu)cpu);
                entrants[count] = (struct entrant){&runs[count], rows[i].run, {0}, 0, 0, 0};
                count++;
            }
        run_race(entrants, count);
        printf("%-26s", rows[i].name);
        for (size_t k = 0; k < count; k++)
            printf(" %s %.0f", names[k], SIZE / median(entrants[k].times, entrants[k].count) / 1e6);
        printf(" MB/s\n");
        for (size_t k = 1; k < count; k++)
            tile_deflate_free(runs[k].coder);
    }
}
