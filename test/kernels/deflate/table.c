/* SPDX-License-Identifier: MIT */
/*
 * Each function of struct tile_deflate_kernels by each instruction set against the scalar one. To add a kernel, add a
 * function that calls it and a line to `entries`.
 */
#include "deflate.h"

#include "trial.h"

#include "deflate/choice.h"

#include <string.h>

enum { MOST_LENGTH = 3000 };

static const struct tile_deflate_kernels *kernels_of(const struct trial *t) {
    return t->kernels;
}

static void run_count(struct trial *t) {
    const uint8_t *data = give_bytes(t, t->count, READ);
    uint32_t counts[256] = {0};
    kernels_of(t)->count(counts, data, t->count);
    memcpy(give_bytes(t, sizeof counts, WRITE), counts, sizeof counts);
}

#define ENTRY(kernel)                                                                                                  \
    { #kernel, offsetof(struct tile_deflate_kernels, kernel), run_##kernel, NULL, 0 }

static const struct entry entries[] = {
    ENTRY(count),
};

/* Mostly short ones; 0 too. */
static size_t random_length(struct random *random) {
    return random_below(random, random_below(random, 4) ? 200 : MOST_LENGTH);
}

static const void *table_of(tile_cpu cpu) {
    return tile_deflate_kernels_of(cpu);
}

void deflate_check_table(const struct options *options, struct tallies *tallies) {
    static const struct table table = {.entries = entries,
                                       .count = sizeof entries / sizeof *entries,
                                       .size = sizeof(struct tile_deflate_kernels),
                                       .of = table_of,
                                       .length = random_length,
                                       .block = 1,
                                       .plane = MOST_LENGTH};
    check_table(&table, options, tallies);
}
