/* SPDX-License-Identifier: MIT */
/*
 * Each function of struct tile_kernels by each instruction set against the scalar one. To add a row operation, add a
 * line to `rows`; any other kernel, a function that calls it and a line to `others`.
 */
#include "check.h"
#include "memory.h"

#include "color/cpu.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- A trial: one call of one kernel ---- */

enum { ARENAS = 5, MOST_STEP = 20, ARENA_SIZE = TILE_STRIP * MOST_STEP };

struct trial {
    const struct tile_kernels *kernels;
    struct random random; /* the same numbers for every instruction set */
    size_t count;         /* of pixels */
    float *plane[TILE_PLANES];
    int outputs;
};

static struct arena in, out[ARENAS];
static float *planes; /* TILE_PLANES x TILE_PLANE, as in a converter, and then no more memory */

/* Memory of random bytes that a kernel reads, at an edge of readable memory. Once in a trial. */
static const unsigned char *input(struct trial *t, size_t size) {
    unsigned char *place = arena_place(&in, size, 1, &t->random);
    for (size_t i = 0; i < size; i++)
        place[i] = (unsigned char)random_next(&t->random);
    return place;
}

/* Memory that a kernel writes, bytes of 0xEE until then. Up to ARENAS times in a trial. */
static unsigned char *output(struct trial *t, size_t size) {
    return arena_place(&out[t->outputs++], size, 1, &t->random);
}

/* Bytes from one sample to the next. */
static size_t random_step(struct trial *t, size_t sample) {
    return sample + random_below(&t->random, (uint32_t)(MOST_STEP - sample + 1));
}

static size_t spread(const struct trial *t, size_t step, size_t sample) {
    return step * (t->count - 1) + sample;
}

/* ---- Row operations ---- */

enum values {
    ANY,   /* whatever a float can be */
    CODES, /* whole numbers, 0 to 65535 */
};

/* Numbers as compile.c gives them, or random ones from -2 to 2. */
#define RANDOM   1e300
#define MATRIX9  RANDOM, RANDOM, RANDOM, RANDOM, RANDOM, RANDOM, RANDOM, RANDOM, RANDOM
#define MATRIX12 MATRIX9, RANDOM, RANDOM, RANDOM

struct row {
    const char *name;
    size_t offset;
    enum values values;
    double p[TILE_NUMBERS];
};

#define ROW(name) #name, offsetof(struct tile_kernels, name)

static const struct row rows[] = {
    {ROW(matrix), ANY, {MATRIX12}},
    {ROW(matrix1), ANY, {MATRIX12}},
    {ROW(affine), CODES, {MATRIX12}},
    {ROW(curve), ANY, {.04045, 1 / 12.92, 1, 1 / 1.055, .055 / 1.055, 2.4, 0}},
    {ROW(curve), ANY, {.0031308, 12.92, 1.055, 1, 0, 1 / 2.4, -.055}},
    {ROW(curve), ANY, {-1, 1, 1, 1, 0, 563 / 256., 0}},
    {ROW(curve), ANY, {-1, 1, 1, 1, 0, 256 / 563., 0}},
    {ROW(pq), ANY, {203 / 10000., 2523 / 32.}},
    {ROW(pq_inverse), ANY, {203 / 10000., 2523 / 32., MATRIX9}},
    {ROW(hlg), ANY, {.26496256042100718}},
    {ROW(hlg_inverse), ANY, {.26496256042100718, 0, MATRIX9}},
    {ROW(cube_root), ANY, {0}},
    {ROW(cube), ANY, {1, 1, MATRIX9}},
    {ROW(lab), ANY, {0}},
    {ROW(lab_inverse), ANY, {0}},
    {ROW(luv), ANY, {.19783, .46834}},
    {ROW(luv_inverse), ANY, {.19783, .46834}},
    {ROW(polar), ANY, {.0015}},
    {ROW(polar_inverse), ANY, {0}},
    {ROW(jz), ANY, {0}},
    {ROW(jz_inverse), ANY, {0}},
    {ROW(hsv), ANY, {1, 1, 1, 1, 360, 1, 1, 1}},
    {ROW(hsv), ANY, {255, 255, 255, 1, 255, 255, 255, 1}},
    {ROW(hsv_inverse), ANY, {360, 1, 1, 1, 1, 1, 1, 1}},
    {ROW(hsv_inverse), ANY, {255, 255, 255, 1, 255, 255, 255, 1}},
    {ROW(hsl), ANY, {1, 1, 1, 1, 360, 1, 1, 1}},
    {ROW(hsl), ANY, {255, 255, 255, 1, 255, 255, 255, 1}},
    {ROW(hsl_inverse), ANY, {360, 1, 1, 1, 1, 1, 1, 1}},
    {ROW(hsl_inverse), ANY, {65535, 65535, 65535, 1, 65535, 65535, 65535, 1}},
    {ROW(hwb), ANY, {1, 1, 1, 1, 360, 1, 1, 1}},
    {ROW(hwb), ANY, {255, 255, 255, 1, 255, 255, 255, 1}},
    {ROW(hwb_inverse), ANY, {360, 1, 1, 1, 1, 1, 1, 1}},
    {ROW(hwb_inverse), ANY, {255, 255, 255, 1, 255, 255, 255, 1}},
    {ROW(cmyk), ANY, {1, 1, 1, 1, 1, 1, 1, 1}},
    {ROW(cmyk), ANY, {255, 255, 255, 255, 255, 255, 255, 255}},
    {ROW(cmyk_inverse), ANY, {1, 1, 1, 1, 1, 1, 1, 1}},
    {ROW(cmyk_inverse), ANY, {255, 255, 255, 255, 255, 255, 255, 255}},
    {ROW(clip), ANY, {0}},
    {ROW(ycocg), ANY, {0}},
    {ROW(ycocg_inverse), ANY, {0}},
    {ROW(wrap_hue), ANY, {0}},
    {ROW(wrap_hue), ANY, {2}},
    {ROW(unpremultiply), ANY, {7}},
    {ROW(unpremultiply), ANY, {1}},
    {ROW(premultiply), ANY, {15}},
    {ROW(premultiply), ANY, {3}},
};

/* Values around one of the usual ranges, some of them strange. */
static void fill_planes(struct trial *t, enum values values) {
    static const double ranges[] = {1, 1, 100, 255, 360, 65535};
    double range = ranges[random_below(&t->random, sizeof ranges / sizeof *ranges)];
    uint32_t strange = random_below(&t->random, 3) * 8;
    for (size_t i = 0; i < TILE_PLANES * TILE_PLANE; i++)
        planes[i] = values == CODES                                     ? (float)random_below(&t->random, 65536)
                    : strange && random_below(&t->random, strange) == 0 ? random_strange(&t->random, false)
                    : range == 1 && i / TILE_PLANE == TILE_ALPHA_PLANE
                        ? (float)random_below(&t->random, 5) / 4
                        : (float)(range * (random_unit(&t->random) * 1.5 - .25));
}

static void run_row(struct trial *t, const struct row *row) {
    double p[TILE_NUMBERS];
    memcpy(p, row->p, sizeof p);
    for (int i = 0; i < TILE_NUMBERS; i++)
        if (p[i] == RANDOM)
            p[i] = random_unit(&t->random) * 4 - 2;
    fill_planes(t, row->values);
    tile_row_op *run;
    memcpy(&run, (const char *)t->kernels + row->offset, sizeof run);
    run(t->plane, t->count, p);
}

/* ---- Samples ---- */

/* As the kernels ask: planes that end at the end of readable memory. */
static void *codes_plane(struct trial *t, size_t size) {
    struct arena *arena = &out[t->outputs++];
    unsigned char *plane = arena->memory + arena->size - TILE_PLANE * size;
    for (size_t i = 0; i < TILE_PLANE * size; i++)
        plane[i] = (unsigned char)random_next(&t->random);
    return plane;
}

static void run_unpack_u8(struct trial *t) {
    float table[256];
    for (int i = 0; i < 256; i++)
        table[i] = (float)random_unit(&t->random);
    t->kernels->unpack_u8(t->plane[0], codes_plane(t, 1), t->count, table);
}

static void run_unpack_u16(struct trial *t) {
    t->kernels->unpack_u16(t->plane[0], codes_plane(t, 2), t->count, 65535 / 354.f, 134 * 65535 / 354.f);
}

static void run_pack_u8(struct trial *t) {
    bool half = random_below(&t->random, 2);
    fill_planes(t, ANY);
    uint8_t *codes = codes_plane(t, 1);
    t->kernels->pack_u8(codes, t->plane[0], t->count, half ? .5f : 255, half ? 0 : 128, half ? 180 : 256);
    memset(codes + t->count, 0, TILE_PLANE - t->count);
}

static void run_pack_u16(struct trial *t) {
    fill_planes(t, ANY);
    uint16_t *codes = codes_plane(t, 2);
    t->kernels->pack_u16(codes, t->plane[0], t->count, 65535, 32768);
    memset(codes + t->count, 0, (TILE_PLANE - t->count) * sizeof *codes);
}

static void run_copy(struct trial *t) {
    size_t size = (size_t)1 << random_below(&t->random, 3);
    size_t out_step = random_step(t, size), in_step = random_step(t, size);
    t->kernels->copy(output(t, spread(t, out_step, size)), out_step, input(t, spread(t, in_step, size)), in_step,
                     t->count, size);
}

#define OTHER(name) #name, run_##name

static const struct {
    const char *name;
    void (*run)(struct trial *);
} others[] = {
    {OTHER(unpack_u8)}, {OTHER(unpack_u16)}, {OTHER(pack_u8)}, {OTHER(pack_u16)}, {OTHER(copy)},
};

/* ---- All ---- */

enum { ROWS = sizeof rows / sizeof *rows, OTHERS = sizeof others / sizeof *others, TRIALS = 300 };

/* What a call left: the planes, as far as they have pixels, and all that lies around what was to be written. */
struct outcome {
    float planes[TILE_PLANES][TILE_PLANE];
    unsigned char out[ARENAS][ARENA_SIZE];
};

static void run_trial(struct outcome *outcome, size_t kernel, tile_cpu cpu, size_t count, uint64_t seed) {
    struct trial t = {.kernels = tile_kernels_of(cpu), .random = {seed}, .count = count};
    for (int i = 0; i < TILE_PLANES; i++)
        t.plane[i] = planes + i * TILE_PLANE;
    memset(planes, 0, sizeof outcome->planes);
    for (int i = 0; i < ARENAS; i++)
        memset(out[i].memory, 0xEE, ARENA_SIZE);
    if (kernel < ROWS)
        run_row(&t, &rows[kernel]);
    else
        others[kernel - ROWS].run(&t);
    for (int i = 0; i < TILE_PLANES; i++)
        memcpy(outcome->planes[i], t.plane[i], count * sizeof(float));
    for (int i = 0; i < ARENAS; i++)
        memcpy(outcome->out[i], out[i].memory, ARENA_SIZE);
}

static void compare(struct tally *tally, const char *name, size_t count, const struct outcome *want,
                    const struct outcome *got) {
    for (size_t i = 0; i < TILE_PLANES; i++)
        for (size_t k = 0; k < count; k++) {
            float a = want->planes[i][k], b = got->planes[i][k];
            if (memcmp(&a, &b, sizeof a) != 0 && !(isnan(a) && isnan(b))) {
                tally_fault(tally, "%s of %zu pixels: plane %zu of pixel %zu is %.9g, by scalar %.9g", name, count, i,
                            k, (double)b, (double)a);
                return;
            }
        }
    for (size_t i = 0; i < ARENAS; i++)
        for (size_t k = 0; k < ARENA_SIZE; k++)
            if (want->out[i][k] != got->out[i][k]) {
                tally_fault(tally, "%s of %zu pixels: byte %zu of output %zu is %d, by scalar %d (238: not written)",
                            name, count, k, i, got->out[i][k], want->out[i][k]);
                return;
            }
}

void check_table(const struct options *options, struct tallies *tallies) {
    static struct outcome want, got;
    in = arena_new(ARENA_SIZE);
    for (int i = 0; i < ARENAS; i++)
        out[i] = arena_new(ARENA_SIZE);
    struct arena floats = arena_new(sizeof want.planes);
    planes = (float *)(void *)(floats.memory + floats.size - sizeof want.planes);

    struct random random = {options->seed};
    for (size_t kernel = 0; kernel < ROWS + OTHERS; kernel++) {
        const char *name = kernel < ROWS ? rows[kernel].name : others[kernel - ROWS].name;
        for (unsigned i = 0; i < TRIALS * options->rounds; i++) {
            uint64_t seed = random_next(&random);
            size_t count = 1 + random_below(&random, TILE_STRIP);
            if (!strstr(name, options->filter))
                continue;
            for (size_t k = 0; k < tallies->count; k++) {
                struct tally *tally = &tallies->tally[k];
                if (tally->faults >= MOST_FAULTS)
                    continue;
                now_running(tally->cpu, name);
                run_trial(k ? &got : &want, kernel, tally->cpu, count, seed);
                tally->kernels++;
                if (k)
                    compare(tally, name, count, &want, &got);
            }
        }
    }
}
