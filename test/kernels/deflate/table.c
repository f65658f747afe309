/* SPDX-License-Identifier: MIT */
/*
 * Each function of struct tile_deflate_kernels by each instruction set against the scalar one. To add a kernel, add a
 * function that calls it and a line to `entries`.
 */
#include "step.h"

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

static void run_match(struct trial *t) {
    static struct tile_sequence sequences[MOST_LENGTH / TILE_SHORTEST_MATCH + 1];
    static uint8_t literals[MOST_LENGTH + TILE_MATCH_ROOM];
    static struct tile_matcher matcher;
    const uint8_t *data = give_bytes(t, t->count, READ);
    uint8_t cost[256];
    for (int b = 0; b < 256; b++)
        cost[b] = (uint8_t)(1 + random_below(&t->random, 14));
    memset(&matcher, 0, sizeof matcher);
    size_t begin = random_below(&t->random, (uint32_t)t->count + 1), size = 0;
    size_t step = random_below(&t->random, 10), row = coin(t) ? 0 : step * random_below(&t->random, 60) + coin(t);
    size_t count = kernels_of(t)->match(sequences, literals, &matcher, data, begin, t->count, row, step, cost);
    memcpy(give_bytes(t, count * sizeof *sequences, WRITE), sequences, count * sizeof *sequences);
    for (size_t i = 0; i < count; i++)
        size += sequences[i].literals;
    if (size < t->count - begin)
        memcpy(give_bytes(t, size, WRITE), literals, size);
}

/* Codes of any lengths, which need not be a code. */
static uint32_t random_code(struct trial *t, uint32_t most, int at) {
    uint32_t bits = random_below(&t->random, most + 1);
    return random_below(&t->random, 1U << bits) | bits << at;
}

static void random_codes(struct trial *t, struct tile_codes *codes) {
    for (int s = 0; s < TILE_LITERALS; s++)
        codes->literal[s] = random_code(t, 14, 16);
    for (int n = 0; n <= TILE_LONGEST_MATCH; n++)
        codes->length[n] = random_code(t, 19, 24);
    for (int s = 0; s < TILE_DISTANCES; s++)
        codes->distance[s] = random_code(t, 15, 16);
}

static void run_pack(struct trial *t) {
    static struct tile_codes codes;
    static uint8_t out[8 * MOST_LENGTH + 16];
    struct tile_sequence sequences[40];
    const uint8_t *data = give_bytes(t, t->count, READ);
    struct tile_bits bits = {out, random_below(&t->random, 8), 3};
    size_t count = 0;
    random_codes(t, &codes);
    for (size_t left = t->count; left && count < 40; count++) {
        struct tile_sequence *s = &sequences[count];
        s->literals = random_below(&t->random, (uint32_t)(left < 300 ? left + 1 : 300));
        left -= s->literals;
        s->length = left < TILE_SHORTEST_MATCH ? 0 : TILE_SHORTEST_MATCH;
        s->length =
            (uint16_t)(s->length + (s->length ? random_below(&t->random, left < 258 ? (uint32_t)left - 2 : 256) : 0));
        s->distance = (uint16_t)(1 + random_below(&t->random, TILE_WINDOW));
        left = s->length ? left - s->length : 0;
    }
    kernels_of(t)->pack(&bits, &codes, data, sequences, count);
    size_t written = (size_t)(bits.out - out);
    memcpy(give_bytes(t, written, WRITE), out, written);
    memcpy(give_bytes(t, sizeof bits.buffer, WRITE), &bits.buffer, sizeof bits.buffer);
}

static size_t random_step(struct trial *t) {
    return 1 + random_below(&t->random, 8);
}

static void run_filter_costs(struct trial *t) {
    const uint8_t *row = give_bytes(t, t->count, READ), *above = give_bytes(t, t->count, READ);
    uint64_t costs[TILE_FILTERS];
    kernels_of(t)->filter_costs(costs, row, above, t->count, random_step(t));
    memcpy(give_bytes(t, sizeof costs, WRITE), costs, sizeof costs);
}

static void run_filter(struct trial *t) {
    const uint8_t *row = give_bytes(t, t->count, READ), *above = give_bytes(t, t->count, READ);
    uint8_t *out = give_bytes(t, t->count, WRITE);
    size_t step = random_step(t);
    kernels_of(t)->filter(out, row, above, t->count, step, (int)random_below(&t->random, TILE_FILTERS));
}

static size_t png_step(struct trial *t) {
    static const uint8_t steps[] = {1, 2, 3, 4, 6, 8};
    return steps[random_below(&t->random, 6)];
}

static uint8_t *give_row(struct trial *t, size_t size) {
    uint8_t *row = give_bytes(t, size, WRITE);
    for (size_t i = 0; i < size; i++)
        row[i] = (uint8_t)random_below(&t->random, random_below(&t->random, 2) ? 256 : 3);
    return row;
}

static void run_unfilter(struct trial *t) {
    size_t step = png_step(t), size = t->count - t->count % step;
    uint8_t *row = give_row(t, size);
    kernels_of(t)->unfilter(row, give_bytes(t, size, READ), size, step, (int)random_below(&t->random, TILE_FILTERS));
}

static void run_unfilter_paeths(struct trial *t) {
    size_t step = png_step(t), size = t->count - t->count % step;
    uint8_t *row = give_row(t, size), *below = give_row(t, size);
    kernels_of(t)->unfilter_paeths(row, below, give_bytes(t, size, READ), size, step);
}

static void run_swap(struct trial *t) {
    uint8_t *out = give_bytes(t, 2 * t->count, WRITE);
    kernels_of(t)->swap(out, give_bytes(t, 2 * t->count, READ), t->count);
}

static void run_differ_8(struct trial *t) {
    size_t step = random_step(t);
    uint8_t *out = give_bytes(t, t->count, WRITE);
    kernels_of(t)->differ_8(out, give_bytes(t, step + t->count, READ), t->count, step);
}

static void run_differ_16(struct trial *t) {
    size_t step = random_step(t);
    uint16_t *out = (uint16_t *)(void *)give_bytes(t, 2 * t->count, WRITE);
    kernels_of(t)->differ_16(out, (const uint16_t *)(void *)give_bytes(t, 2 * (step + t->count), READ), t->count, step);
}

/* Between the planes there is nothing that must not be written: they are as long as they are apart. */
static void run_differ_planes(struct trial *t) {
    size_t step = random_step(t);
    uint8_t *out = give_bytes(t, 4 * t->count, WRITE);
    const unsigned char *in = give_bytes(t, 4 * (step + t->count), READ);
    kernels_of(t)->differ_planes(out, t->count, (const uint32_t *)(const void *)in, t->count, step);
}

#define ENTRY(kernel)                                                                                                  \
    { #kernel, offsetof(struct tile_deflate_kernels, kernel), run_##kernel, NULL, 0 }

static const struct entry entries[] = {
    ENTRY(count),    ENTRY(match),     ENTRY(pack),          ENTRY(filter_costs), ENTRY(filter),          ENTRY(swap),
    ENTRY(differ_8), ENTRY(differ_16), ENTRY(differ_planes), ENTRY(unfilter),     ENTRY(unfilter_paeths),
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
