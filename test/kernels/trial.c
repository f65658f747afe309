/* SPDX-License-Identifier: MIT */
#include "trial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- What a kernel is given ---- */

/* At the edge of what can be read. */
struct piece {
    struct arena arena;
    unsigned char *place;
    struct margins margins;
    size_t sample, count; /* so many values of so many bytes */
    bool floats;
    enum use use;
    size_t room; /* of what it writes: the bytes that it may change */
    unsigned char input[MOST_BYTES], by_scalar[MOST_BYTES];
};

static struct piece pieces[MOST_PIECES];

bool coin(struct trial *t) {
    return random_below(&t->random, 2);
}

/* All of the memory becomes `around`. */
static struct piece *settle(struct trial *t, struct piece *p, size_t size, enum use use) {
    p->margins = arena_margins(&p->arena, p->place, size);
    p->floats = false;
    p->use = use;
    margins_fill(p->margins, t->around);
    return p;
}

static struct piece *new_bytes(struct trial *t, size_t size, enum use use) {
    struct piece *p = &pieces[t->pieces++];
    p->place = arena_place(&p->arena, size, 1, &t->random);
    p->sample = 1;
    p->count = p->room = size;
    return settle(t, p, size, use);
}

static struct piece *new_plane(struct trial *t, size_t sample, enum use use) {
    struct piece *p = &pieces[t->pieces++];
    size_t size = (t->table->plane - t->begin) * sample;
    p->place = p->arena.memory + p->arena.size - size;
    p->sample = sample;
    p->count = t->count;
    p->room = t->end * sample;
    return settle(t, p, size, use);
}

/* Random bytes, if they are read. */
static void *with_bytes(struct trial *t, struct piece *p) {
    const uint64_t ones = UINT64_C(0x0101010101010101);
    size_t size = p->count * p->sample;
    for (size_t i = 0; (p->use & READ) && i < size; i += sizeof ones) {
        uint64_t bytes = random_next(&t->random);
        bytes = t->style == 0 ? (bytes & ones) * 255 : t->style == 1 ? bytes & ones * 3 : bytes;
        memcpy(p->input + i, &bytes, sizeof bytes);
    }
    if (p->use & READ)
        memcpy(p->place, p->input, size);
    return p->place;
}

unsigned char *give_bytes(struct trial *t, size_t size, enum use use) {
    return with_bytes(t, new_bytes(t, size, use));
}

void *give_plane(struct trial *t, size_t sample, enum use use) {
    return with_bytes(t, new_plane(t, sample, use));
}

float *give_float_plane(struct trial *t, enum use use, const float *values) {
    struct piece *p = new_plane(t, sizeof *values, use);
    p->floats = true;
    if (use & READ) {
        memcpy(p->input, values, t->count * sizeof *values);
        memcpy(p->place, values, t->count * sizeof *values);
    }
    return (float *)(void *)p->place;
}

void random_floats(struct trial *t, float *out, size_t count, double low, double high) {
    for (size_t i = 0; i < count; i++)
        out[i] = (float)(low + random_unit(&t->random) * (high - low));
}

/* ---- What a call left ---- */

static void check_memory(struct tally *tally, const struct trial *t) {
    for (size_t i = 0; i < t->pieces; i++) {
        const struct piece *p = &pieces[i];
        size_t size = p->count * p->sample;
        struct margins below = {p->margins.low, p->place};
        struct margins above = {p->place + (p->use & WRITE ? p->room : size), p->margins.high};
        if (!margins_hold(below, t->around) || !margins_hold(above, t->around))
            tally_fault(tally, "%s of length %zu: wrote %s piece %zu of its memory", t->entry->name, t->count,
                        margins_hold(below, t->around) ? "behind" : "before", i);
        if (p->use == READ && memcmp(p->place, p->input, size) != 0)
            tally_fault(tally, "%s of length %zu: changed input %zu", t->entry->name, t->count, i);
    }
}

static double value_at(const unsigned char *values, const struct piece *p, size_t i) {
    uint32_t word = 0;
    float v;
    if (p->sample == 1)
        return values[i];
    memcpy(p->floats ? (void *)&v : &word, values + i * p->sample, p->sample);
    return p->floats ? (double)v : word;
}

/* One NaN is as good as another. */
static void compare(struct tally *tally, const struct trial *t) {
    for (size_t k = 0; k < t->pieces; k++) {
        const struct piece *p = &pieces[k];
        if (memcmp(p->place, p->by_scalar, p->count * p->sample) == 0)
            continue;
        for (size_t i = 0; i < p->count; i++) {
            double got = value_at(p->place, p, i), want = value_at(p->by_scalar, p, i);
            if (memcmp(p->place + i * p->sample, p->by_scalar + i * p->sample, p->sample) != 0 &&
                !(isnan(got) && isnan(want))) {
                tally_fault(tally, "%s of length %zu: value %zu of piece %zu of its memory is %.9g, by scalar %.9g",
                            t->entry->name, t->count, i, k, got, want);
                return;
            }
        }
    }
}

static void run_trial(struct tally *tally, const struct table *table, const struct entry *entry, size_t count,
                      uint64_t seed) {
    struct trial t = {.entry = entry, .table = table, .kernels = table->of(tally->cpu), .random = {seed}};
    t.around = (unsigned char)(0xA0 + tally->cpu);
    t.count = count;
    t.end = (count + table->block - 1) / table->block * table->block;
    now_running(tally->cpu, entry->name);
    t.style = random_below(&t.random, 6);
    entry->run(&t);
    tally->kernels++;
    check_memory(tally, &t);
    if (tally->cpu != TILE_CPU_SCALAR)
        compare(tally, &t);
    else
        for (size_t i = 0; i < t.pieces; i++)
            memcpy(pieces[i].by_scalar, pieces[i].place, pieces[i].count * pieces[i].sample);
}

/* ---- All of a table ---- */

enum { TRIALS = 125 };

typedef void function(void);

/* Every pointer of the struct has a line. */
static void check_entries(const struct table *table, struct tally *tally) {
    for (size_t at = 0; at < table->size; at += sizeof(function *)) {
        bool listed = false;
        for (size_t i = 0; i < table->count; i++)
            listed = listed || table->entries[i].offset == at;
        if (!listed)
            tally_fault(tally, "no trial runs the function at byte %zu of its struct", at);
    }
}

void check_table(const struct table *table, const struct options *options, struct tallies *tallies) {
    for (int i = 0; i < MOST_PIECES && !pieces[i].arena.memory; i++)
        pieces[i].arena = arena_new(MOST_BYTES);
    check_entries(table, &tallies->tally[0]);

    struct random random = {options->seed};
    for (size_t i = 0; i < table->count; i++)
        for (unsigned n = 0; n < TRIALS * options->rounds; n++) {
            uint64_t seed = random_next(&random);
            size_t count = table->length(&random);
            if (!strstr(table->entries[i].name, options->filter))
                continue;
            for (size_t k = 0; k < tallies->count; k++)
                if (tallies->tally[k].faults < MOST_FAULTS)
                    run_trial(&tallies->tally[k], table, &table->entries[i], count, seed);
        }
}
