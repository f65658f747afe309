/* SPDX-License-Identifier: MIT */
/*
 * Each function of struct tile_color_kernels by each instruction set against the scalar one. To add an operation in
 * place on planes, add a line to `entries`; any other kernel, a function that calls it and a line.
 */
#include "color.h"

#include "trial.h"

#include "color/choice.h"
#include "color/encoding.h"
#include "color/fused.h"
#include "color/luma.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- What a kernel is given ---- */

enum { BLOCK = TILE_PLANE - TILE_STRIP, MOST_STEP = 20 };
_Static_assert(TILE_STRIP *MOST_STEP <= MOST_BYTES, "pixels as far apart have room");

enum values {
    ANY,   /* whatever a float can be */
    WHOLE, /* whole numbers, 0 to 65535 */
    LIGHT, /* 0 to 1, but not 1 */
};

/* The planes of the trial that runs. */
static uint8_t *codes[4];
static float *floats[TILE_PLANES];

static const struct tile_color_kernels *kernels_of(const struct trial *t) {
    return t->kernels;
}

/* Of a sample. */
static size_t random_size(struct trial *t) {
    return (size_t)1 << random_below(&t->random, 3);
}

static uint16_t *give_words(struct trial *t, enum use use) {
    return give_plane(t, sizeof(uint16_t), use);
}

static void give_samples(struct trial *t, int count, size_t size, enum use use) {
    for (int i = 0; i < count; i++)
        codes[i] = give_plane(t, size, use);
}

static void give_codes(struct trial *t, int count, enum use use) {
    give_samples(t, count, sizeof(uint8_t), use);
}

/* Every exponent that a light can have, and its ends. */
static float random_light(struct random *random) {
    static const float special[] = {0,         -0.f,          0x1p-149f,      0x1p-126f, 0x1p-16f, 0x1.fffffep-17f,
                                    0x1.02p-9, 0x1.fffffep-9, 0x1.fffffep-8f, 0x1p-8f,   0x1p-7f,  0x1.fffffep-1f};
    if (random_below(random, 16) == 0)
        return special[random_below(random, sizeof special / sizeof *special)];
    return (float)random_below(random, 1 << 24) * 0x1p-24f / (float)(1 << random_below(random, 20));
}

/* Values around one of the usual ranges, some of them strange; or what they are to be. */
static void give_floats(struct trial *t, int count, enum use use, enum values values) {
    static const double ranges[] = {1, 1, 100, 255, 360, 65535};
    double range = ranges[random_below(&t->random, sizeof ranges / sizeof *ranges)];
    uint32_t strange = random_below(&t->random, 3) * 8;
    for (int j = 0; j < count; j++) {
        float plane[TILE_STRIP];
        for (size_t i = 0; (use & READ) && i < t->count; i++)
            plane[i] = values == WHOLE                                     ? (float)random_below(&t->random, 65536)
                       : values == LIGHT                                   ? random_light(&t->random)
                       : strange && random_below(&t->random, strange) == 0 ? random_strange(&t->random, false)
                       : range == 1 && j == TILE_ALPHA_PLANE               ? (float)random_below(&t->random, 5) / 4
                                                             : (float)(range * (random_unit(&t->random) * 1.5 - .25));
        floats[j] = give_float_plane(t, use, plane);
    }
}

/* ---- Numbers that conversions have ---- */

/* What a conversion of codes to codes is made of. */
struct ends {
    struct tile_head head;
    struct tile_tail tail;
    struct tile_affine affine; /* has no channels where it is none */
};

static struct ends *ends;
static size_t ends_count;

/* As in converter.c. */
static void add_ends(tile_space from, tile_space to) {
    const struct tile_color_kernels *k = tile_color_kernels_of(TILE_CPU_SCALAR);
    struct tile_program program = {.kernels = k};
    struct ends *e = &ends[ends_count];
    float table[3][256];
    tile_program_path(&program, from, to);
    if (program.count == 1 && program.op[0].run == k->matrix) {
        struct tile_format coded = {.space = from, .sample = TILE_U8}, made = {.space = to, .sample = TILE_U8};
        tile_program_affine(e->affine.p, &program, coded, made);
        e->affine.channels = tile_space_channels(to);
    }
    for (int j = 0; j < 3; j++) {
        struct tile_encoding encoding = tile_encoding_of(from, TILE_U8, j);
        for (int code = 0; code < 256; code++)
            table[j][code] = (float)((code - encoding.offset) / encoding.scale);
    }
    tile_curve_take(table, &program, TILE_U8);
    tile_head_take(&e->head, &program, from, (const float(*)[256])table);
    tile_tail_take(&e->tail, &program, to, &e->head);
    ends_count++;
}

static void make_ends(void) {
    ends = calloc((size_t)TILE_SPACE_COUNT * TILE_SPACE_COUNT, sizeof *ends);
    if (!ends) {
        fprintf(stderr, "kernels: no memory\n");
        exit(1);
    }
    for (int from = TILE_SRGB; from < TILE_SPACE_COUNT; from++)
        for (int to = TILE_SRGB; to < TILE_SPACE_COUNT; to++)
            if (from != to && tile_space_has_sample((tile_space)from, TILE_U8) &&
                tile_space_has_sample((tile_space)to, TILE_U8))
                add_ends((tile_space)from, (tile_space)to);
}

/* Those of a conversion that has what is asked for: a kind of head, or of tail, or an affine. */
static const struct ends *some_ends(struct trial *t, int head, int tail) {
    size_t first = random_below(&t->random, (uint32_t)ends_count);
    for (size_t i = 0; i < ends_count; i++) {
        const struct ends *e = &ends[(first + i) % ends_count];
        if (head ? (int)e->head.kind == head : tail ? (int)e->tail.kind == tail : e->affine.channels != 0)
            return e;
    }
    fprintf(stderr, "kernels: no conversion has the head %d, the tail %d\n", head, tail);
    exit(1);
}

/* ---- Calls ---- */

#define CODES_READ ((const uint8_t *const *)codes)

/* As rows of an image, anywhere in the planes of a strip. */
static int begin_anywhere(struct trial *t) {
    t->begin = random_below(&t->random, (uint32_t)(TILE_STRIP - t->count + 1));
    return coin(t) ? 3 : 4;
}

static void run_split(struct trial *t) {
    int channels = begin_anywhere(t);
    size_t size = random_size(t);
    const uint8_t *in = give_bytes(t, t->count * (size_t)channels * size, READ);
    give_samples(t, channels, size, WRITE);
    kernels_of(t)->split(codes, in, t->count, channels, size);
}

static void run_join(struct trial *t) {
    int channels = begin_anywhere(t);
    size_t size = random_size(t);
    uint8_t *out = give_bytes(t, t->count * (size_t)channels * size, WRITE);
    give_samples(t, channels, size, READ);
    kernels_of(t)->join(out, CODES_READ, t->count, channels, size);
}

static void random_power(struct trial *t, struct tile_power *power) {
    RANDOM_FLOATS(t, power->c, -1, 1);
    RANDOM_FLOATS(t, power->scale, 0, 255);
}

/* A head as conversions have it, or with random numbers. */
static struct tile_head random_head(struct trial *t, enum tile_head_kind kind) {
    struct tile_head head = some_ends(t, (int)kind, 0)->head;
    if (coin(t))
        return head;
    RANDOM_FLOATS(t, head.light.table, -1, 2);
    RANDOM_FLOATS(t, head.light.m, -2, 2);
    head.light.same = coin(t);
    for (int i = 1; head.light.same && i < 3; i++)
        memcpy(head.light.table[i], head.light.table[0], sizeof head.light.table[0]);
    RANDOM_FLOATS(t, head.luv.m, -2, 2);
    random_floats(t, &head.luv.u, 1, .1, .6);
    random_floats(t, &head.luv.v, 1, .1, .6);
    RANDOM_FLOATS(t, head.cubes.first, -.01, .01);
    RANDOM_FLOATS(t, head.cubes.second, -4, 4);
    return head;
}

static struct tile_tail random_tail(struct trial *t, enum tile_tail_kind kind) {
    struct tile_tail tail = some_ends(t, 0, (int)kind)->tail;
    if (coin(t))
        return tail;
    random_power(t, &tail.curve.power);
    random_floats(t, &tail.curve.knee, 1, 0x1p-16, .1);
    random_floats(t, &tail.curve.slope, 1, 1, 5000);
    random_floats(t, &tail.curve.lift, 1, -20, 20);
    RANDOM_FLOATS(t, tail.linear.scale, -300, 300);
    RANDOM_FLOATS(t, tail.linear.lift, -300, 300);
    RANDOM_FLOATS(t, tail.lab.x, -100, 200);
    RANDOM_FLOATS(t, tail.lab.y, -100, 200);
    RANDOM_FLOATS(t, tail.lab.z, -200, 100);
    RANDOM_FLOATS(t, tail.luv.l, -100, 500);
    random_floats(t, &tail.luv.u, 1, .1, .6);
    random_floats(t, &tail.luv.v, 1, .1, .6);
    random_power(t, &tail.roots.root);
    random_floats(t, &tail.roots.least, 1, 0x1p-16, .1);
    RANDOM_FLOATS(t, tail.roots.m, -300, 300);
    return tail;
}

static void run_head(struct trial *t) {
    struct tile_head head = random_head(t, 1 + random_below(&t->random, TILE_HEADS - 1));
    give_codes(t, 3, READ);
    give_floats(t, 3, WRITE, ANY);
    kernels_of(t)->head(floats, CODES_READ, t->count, &head);
}

/* Only curves and lines are given whatever a float can be. */
static void run_tail(struct trial *t) {
    struct tile_tail tail = random_tail(t, 1 + random_below(&t->random, TILE_TAILS - 1));
    bool any = tail.kind == TILE_TAIL_CURVE || tail.kind == TILE_TAIL_LINEAR;
    give_floats(t, 3, READ, any && coin(t) ? ANY : LIGHT);
    give_codes(t, 3, WRITE);
    kernels_of(t)->tail(codes, floats, t->count, &tail);
}

/* Those that have it against the two that it stands for. Only curves and lines go with light of any range. */
static void run_fused(struct trial *t) {
    struct tile_head head = random_head(t, 1 + random_below(&t->random, TILE_HEADS - 1));
    struct tile_tail tail = random_tail(t, coin(t) ? TILE_TAIL_CURVE : TILE_TAIL_LINEAR);
    for (bool of_one = coin(t); of_one;) { /* conversion */
        const struct ends *e = &ends[random_below(&t->random, (uint32_t)ends_count)];
        head = e->head;
        tail = e->tail;
        of_one = head.kind == TILE_HEAD_NONE || tail.kind == TILE_TAIL_NONE;
    }
    t->begin = random_below(&t->random, (uint32_t)(TILE_STRIP - t->count + 1));
    uint8_t *out = give_bytes(t, 3 * t->count, WRITE);
    give_codes(t, 3, READ);
    if (kernels_of(t)->fused(out, CODES_READ, t->count, &head, &tail))
        return;
    static _Alignas(64) float light[3][TILE_PLANE];
    static _Alignas(64) uint8_t coded[4][TILE_PLANE];
    float *const lights[3] = {light[0], light[1], light[2]};
    uint8_t *const planes[4] = {coded[0], coded[1], coded[2], coded[3]};
    kernels_of(t)->head(lights, CODES_READ, t->count, &head);
    kernels_of(t)->tail(planes, lights, t->count, &tail);
    kernels_of(t)->join(out, (const uint8_t *const *)planes, t->count, 3, 1);
}

static void run_unpack_u8(struct trial *t) {
    float table[256];
    for (int i = 0; i < 256; i++)
        table[i] = random_below(&t->random, 8) ? (float)random_unit(&t->random) : random_strange(&t->random, false);
    give_codes(t, 1, READ);
    give_floats(t, 1, WRITE, ANY);
    kernels_of(t)->unpack_u8(floats[0], codes[0], t->count, table);
}

/* Those of some channel of some space, or others. */
static struct tile_encoding random_encoding(struct trial *t, tile_sample sample) {
    tile_space space = (tile_space)(TILE_SRGB + random_below(&t->random, TILE_SPACE_COUNT - TILE_SRGB));
    struct tile_encoding e = tile_encoding_of(space, sample, (int)random_below(&t->random, 3));
    if (e.scale == 0 || random_below(&t->random, 4) == 0)
        e = (struct tile_encoding){.scale = .1 + 300 * random_unit(&t->random),
                                   .offset = 300 * random_unit(&t->random)};
    return e;
}

static void run_unpack_u16(struct trial *t) {
    struct tile_encoding e = random_encoding(t, TILE_U16);
    uint16_t *words = give_words(t, READ);
    give_floats(t, 1, WRITE, ANY);
    kernels_of(t)->unpack_u16(floats[0], words, t->count, (float)e.scale, (float)e.offset);
}

static void run_pack_u8(struct trial *t) {
    struct tile_encoding e = random_encoding(t, TILE_U8);
    give_floats(t, 1, READ, ANY);
    give_codes(t, 1, WRITE);
    kernels_of(t)->pack_u8(codes[0], floats[0], t->count, (float)e.scale, (float)e.offset, e.scale == .5 ? 180 : 256);
}

static void run_pack_u16(struct trial *t) {
    struct tile_encoding e = random_encoding(t, TILE_U16);
    give_floats(t, 1, READ, ANY);
    uint16_t *words = give_words(t, WRITE);
    kernels_of(t)->pack_u16(words, floats[0], t->count, (float)e.scale, (float)e.offset);
}

static void run_on_codes(struct trial *t, const void *numbers) {
    tile_codes_op *run;
    memcpy(&run, (const char *)t->kernels + t->entry->offset, sizeof run);
    give_codes(t, 4, CHANGE);
    run(codes, t->count, numbers);
}

static void run_affine_codes(struct trial *t) {
    struct tile_affine affine = some_ends(t, 0, 0)->affine;
    if (coin(t)) {
        affine.channels = coin(t) ? 3 : 1;
        for (int i = 0; i < TILE_NUMBERS; i++)
            affine.p[i] = random_unit(&t->random) * 3 - 1;
    }
    run_on_codes(t, &affine);
}

static const tile_space lumas[] = {TILE_YCBCR,     TILE_YCBCR601,       TILE_YCBCR709, TILE_YCBCR709_FULL,
                                   TILE_YCBCR2020, TILE_YCBCR2020_FULL, TILE_GRAY,     TILE_GRAY709};

static struct tile_affine affine_of(tile_space from, tile_space to) {
    struct tile_program program = {.kernels = tile_color_kernels_of(TILE_CPU_SCALAR)};
    struct tile_affine affine = {.channels = tile_space_channels(to)};
    tile_program_path(&program, from, to);
    tile_program_affine(affine.p, &program, (struct tile_format){.space = from, .sample = TILE_U8},
                        (struct tile_format){.space = to, .sample = TILE_U8});
    return affine;
}

static tile_space rgb_of(tile_space luma) {
    return tile_luma_is_of(luma, TILE_SRGB) ? TILE_SRGB : TILE_REC2020;
}

static struct tile_luma random_luma(struct trial *t, bool reversed) {
    tile_space to = lumas[random_below(&t->random, 8)];
    struct tile_affine affine = affine_of(rgb_of(to), to);
    struct tile_luma luma = {0};
    tile_luma_fill(&luma, &affine, to, reversed);
    return luma;
}

static struct tile_chroma random_chroma(struct trial *t, bool reversed) {
    tile_space from = lumas[random_below(&t->random, 6)];
    struct tile_affine affine = affine_of(from, rgb_of(from));
    struct tile_chroma chroma = {0};
    tile_chroma_fill(&chroma, affine.p, from, reversed);
    return chroma;
}

static void run_luma_codes(struct trial *t) {
    struct tile_luma luma = random_luma(t, false);
    run_on_codes(t, &luma);
}

static void run_chroma_codes(struct trial *t) {
    struct tile_chroma chroma = random_chroma(t, false);
    run_on_codes(t, &chroma);
}

static void run_on_pixels(struct trial *t, int channels, const void *numbers) {
    tile_pixels_op *run;
    memcpy(&run, (const char *)t->kernels + t->entry->offset, sizeof run);
    if (channels == 3 && coin(t)) {
        unsigned char *both = give_bytes(t, 3 * t->count, CHANGE);
        run(both, both, t->count, numbers);
    } else {
        unsigned char *out = give_bytes(t, (size_t)channels * t->count, WRITE);
        run(out, give_bytes(t, 3 * t->count, READ), t->count, numbers);
    }
}

static void run_luma_pixels(struct trial *t) {
    struct tile_luma luma = random_luma(t, coin(t));
    run_on_pixels(t, luma.affine.channels, &luma);
}

static void run_chroma_pixels(struct trial *t) {
    struct tile_chroma chroma = random_chroma(t, coin(t));
    run_on_pixels(t, 3, &chroma);
}

static void run_reverse_pixels(struct trial *t) {
    run_on_pixels(t, 3, NULL);
}

static void run_copy(struct trial *t) {
    size_t size = random_size(t), most = coin(t) ? 1 : MOST_STEP - size + 1;
    size_t to = size + random_below(&t->random, (uint32_t)most), from = size + random_below(&t->random, (uint32_t)most);
    unsigned char *out = give_bytes(t, to * (t->count - 1) + size, CHANGE);
    const unsigned char *in = give_bytes(t, from * (t->count - 1) + size, READ);
    kernels_of(t)->copy(out, to, in, from, t->count, size);
}

/* Instead of a number: a random one from -2 to 2. */
#define RANDOM   1e300
#define MATRIX9  RANDOM, RANDOM, RANDOM, RANDOM, RANDOM, RANDOM, RANDOM, RANDOM, RANDOM
#define MATRIX12 MATRIX9, RANDOM, RANDOM, RANDOM

static void run_row(struct trial *t) {
    double p[TILE_IN_DOUBLE + 1];
    memcpy(p, t->entry->numbers, sizeof p);
    for (int i = 0; i < TILE_IN_DOUBLE + 1; i++)
        if (p[i] == RANDOM)
            p[i] = random_unit(&t->random) * 4 - 2;
    p[TILE_IN_DOUBLE] = coin(t);
    tile_row_op *run;
    memcpy(&run, (const char *)t->kernels + t->entry->offset, sizeof run);
    t->end = t->count;
    give_floats(t, TILE_PLANES, CHANGE, (enum values)t->entry->values);
    run(floats, t->count, p);
}

static void run_codes(struct trial *t) {
    run_on_codes(t, t->entry->numbers);
}

/* ---- All kernels ---- */

#define KERNEL(name) #name, offsetof(struct tile_color_kernels, name)
/* By the function above. */
#define CALL(name)                                                                                                     \
    { KERNEL(name), run_##name, NULL, ANY }
/* A tile_codes_op, with what its numbers point to. */
#define CODES(name, ...)                                                                                               \
    { KERNEL(name), run_codes, __VA_ARGS__, ANY }
/* A tile_row_op with its numbers, as compile.c gives them. */
#define ROW(name, values, ...)                                                                                         \
    { KERNEL(name), run_row, (const double[TILE_IN_DOUBLE + 1]){__VA_ARGS__}, values }

static const struct entry entries[] = {
    CALL(split),
    CALL(join),
    CALL(head),
    CALL(tail),
    CALL(fused),
    CALL(unpack_u8),
    CALL(pack_u8),
    CALL(unpack_u16),
    CALL(pack_u16),
    CALL(affine_codes),
    CODES(affine_codes, &(const struct tile_affine){{0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0}, 3}),
    CODES(hsv_codes, NULL),
    CODES(hsv_codes_inverse, NULL),
    CODES(hsv_180_codes, NULL),
    CODES(hsv_180_codes_inverse, NULL),
    CODES(hsl_codes, NULL),
    CODES(hsl_codes_inverse, NULL),
    CODES(hwb_codes, NULL),
    CODES(hwb_codes_inverse, NULL),
    CODES(cmyk_codes, NULL),
    CODES(cmyk_codes_inverse, NULL),
    CALL(luma_codes),
    CALL(chroma_codes),
    CALL(luma_pixels),
    CALL(chroma_pixels),
    CALL(reverse_pixels),
    CALL(copy),
    ROW(matrix, ANY, MATRIX12),
    ROW(matrix1, ANY, MATRIX12),
    ROW(affine, WHOLE, MATRIX12),
    ROW(curve, ANY, .04045, 1 / 12.92, 1, 1 / 1.055, .055 / 1.055, 2.4),
    ROW(curve, ANY, .0031308, 12.92, 1.055, 1, 0, 1 / 2.4, -.055),
    ROW(curve, ANY, -1, 1, 1, 1, 0, 563 / 256.),
    ROW(curve, ANY, -1, 1, 1, 1, 0, 256 / 563.),
    ROW(curve_matrix, ANY, .04045, 1 / 12.92, 1, 1 / 1.055, .055 / 1.055, 2.4, 0, 0, 0, 0, 0, 0, MATRIX12),
    ROW(pq, ANY, 203 / 10000., 2523 / 32.),
    ROW(pq_inverse, ANY, 203 / 10000., 2523 / 32., MATRIX9, 0, MATRIX12),
    ROW(hlg, ANY, .26496256042100718),
    ROW(hlg_inverse, ANY, .26496256042100718, 0, MATRIX9, 0, MATRIX12),
    ROW(cube_root, ANY, 0),
    ROW(cube, ANY, 1, 1, MATRIX9, 0, MATRIX12),
    ROW(lab, ANY, 0),
    ROW(lab_inverse, ANY, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, MATRIX12),
    ROW(luv, ANY, .19783, .46834),
    ROW(luv_inverse, ANY, .19783, .46834, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, MATRIX12),
    ROW(polar, ANY, .0015),
    ROW(polar_inverse, ANY, 0),
    ROW(jz, ANY, 0),
    ROW(jz_inverse, ANY, 203 / 10000., 1.7 * 2523 / 32., MATRIX9, 0, MATRIX12),
    ROW(hsv, ANY, 1, 1, 1, 1, 360, 1, 1, 1),
    ROW(hsv, ANY, 255, 255, 255, 1, 255, 255, 255, 1),
    ROW(hsv_inverse, ANY, 360, 1, 1, 1, 1, 1, 1, 1),
    ROW(hsv_inverse, ANY, 255, 255, 255, 1, 255, 255, 255, 1),
    ROW(hsl, ANY, 1, 1, 1, 1, 360, 1, 1, 1),
    ROW(hsl, ANY, 255, 255, 255, 1, 255, 255, 255, 1),
    ROW(hsl_inverse, ANY, 360, 1, 1, 1, 1, 1, 1, 1),
    ROW(hsl_inverse, ANY, 65535, 65535, 65535, 1, 65535, 65535, 65535, 1),
    ROW(hwb, ANY, 1, 1, 1, 1, 360, 1, 1, 1),
    ROW(hwb, ANY, 255, 255, 255, 1, 255, 255, 255, 1),
    ROW(hwb_inverse, ANY, 360, 1, 1, 1, 1, 1, 1, 1),
    ROW(hwb_inverse, ANY, 255, 255, 255, 1, 255, 255, 255, 1),
    ROW(cmyk, ANY, 1, 1, 1, 1, 1, 1, 1, 1),
    ROW(cmyk, ANY, 255, 255, 255, 255, 255, 255, 255, 255),
    ROW(cmyk_inverse, ANY, 1, 1, 1, 1, 1, 1, 1, 1),
    ROW(cmyk_inverse, ANY, 255, 255, 255, 255, 255, 255, 255, 255),
    ROW(clip, ANY, 0),
    ROW(ycocg, ANY, 0),
    ROW(ycocg_inverse, ANY, 0),
    ROW(wrap_hue, ANY, 0),
    ROW(wrap_hue, ANY, 2),
    ROW(unpremultiply, ANY, 7),
    ROW(unpremultiply, ANY, 1),
    ROW(premultiply, ANY, 15),
    ROW(premultiply, ANY, 3),
    ROW(over, ANY, .25, .5, .75, 1),
};

static size_t random_length(struct random *random) {
    switch (random_below(random, 4)) {
    case 0: return 1 + random_below(random, 70);
    case 1: { /* about whole blocks */
        size_t count = 1 + random_below(random, TILE_STRIP / BLOCK) * BLOCK + random_below(random, 4) - 2;
        return count < 1 || count > TILE_STRIP ? TILE_STRIP : count;
    }
    default: return 1 + random_below(random, TILE_STRIP);
    }
}

static const void *table_of(tile_cpu cpu) {
    return tile_color_kernels_of(cpu);
}

void color_check_table(const struct options *options, struct tallies *tallies) {
    static const struct table table = {.entries = entries,
                                       .count = sizeof entries / sizeof *entries,
                                       .size = sizeof(struct tile_color_kernels),
                                       .of = table_of,
                                       .length = random_length,
                                       .block = BLOCK,
                                       .plane = TILE_PLANE};
    make_ends();
    check_table(&table, options, tallies);
}
