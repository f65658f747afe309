/* SPDX-License-Identifier: MIT */
/*
 * The contract of each conversion from and to sRGB, against the reference. 8-bit codes: all 16,777,216 of them, there
 * and back; the largest error in codes, the share of samples that are exactly rounded, and of pixels whose samples all
 * are. Floats: the largest error, in parts of the channel's range, or of the value where that is larger.
 *
 *     test-color-contract             tests, and prints a line a conversion
 *     test-color-contract --markdown  prints the table of libtile/color/README.md
 */
#include "support.h"

#include "color/reference.h"

#include <math.h>
#include <pthread.h>
#include <unistd.h>

enum { CODES = 256, BLOCK = 1 << 16, THREADS = 16 };
#ifdef __SANITIZE_ADDRESS__
enum { STRIDE = 17 }; /* odd: some of every red, green and blue */
#else
enum { STRIDE = 1 };
#endif

static struct tile_error error;

/* ---- The reference, without doing things twice ---- */

/*
 * Light adds up: an RGB color's XYZ is the sum of its three channels'. So the reference takes each code of each channel
 * there once, through all powers, and goes on from the sum for each color. It is the same products, added in the same
 * order; but this is only done where it turns out to give the same bits.
 */
struct yardstick {
    tile_space from, to;
    double value[4][CODES];
    tile_space light; /* where it adds up; TILE_SPACE_UNSET: nowhere on the way */
    double part[3][CODES][3];
};

static void direct_reference(const struct yardstick *y, const unsigned char *codes, double *out) {
    double v[4] = {0};
    for (int j = 0; j < tile_space_channels(y->from); j++)
        v[j] = y->value[j][codes[j]];
    tile_reference_convert(y->from, y->to, v, out);
}

static void summed_reference(const struct yardstick *y, const unsigned char *codes, double *out) {
    const double *r = y->part[0][codes[0]], *g = y->part[1][codes[1]], *b = y->part[2][codes[2]];
    double v[3];
    for (int i = 0; i < 3; i++)
        v[i] = r[i] + g[i] + b[i];
    tile_reference_convert(y->light, y->to, v, out);
}

static bool gives_the_same_bits(const struct yardstick *y) {
    struct test_random random = {1};
    for (int n = 0; n < 4096; n++) {
        unsigned char codes[3];
        double direct[4], summed[4];
        for (int j = 0; j < 3; j++)
            codes[j] = (unsigned char)test_random_below(&random, CODES);
        direct_reference(y, codes, direct);
        summed_reference(y, codes, summed);
        for (int j = 0; j < tile_space_channels(y->to); j++)
            if (direct[j] != summed[j])
                return false;
    }
    return true;
}

static void make_yardstick(struct yardstick *y, tile_space from, tile_space to) {
    static const tile_space lights[] = {TILE_XYZ_D65, TILE_XYZ_D50, TILE_SRGB_LINEAR};
    y->from = from, y->to = to;
    for (int code = 0; code < CODES; code++) {
        double codes[4] = {code, code, code, code}, values[4];
        tile_reference_decode(from, TILE_U8, codes, values);
        for (int j = 0; j < tile_space_channels(from); j++)
            y->value[j][code] = values[j];
    }
    for (size_t i = 0; tile_space_channels(from) == 3 && i < sizeof lights / sizeof *lights; i++) {
        y->light = lights[i];
        for (int j = 0; j < 3; j++)
            for (int code = 0; code < CODES; code++) {
                double v[3] = {0};
                v[j] = y->value[j][code];
                tile_reference_convert(from, y->light, v, y->part[j][code]);
            }
        if (gives_the_same_bits(y))
            return;
    }
    y->light = TILE_SPACE_UNSET;
}

/* ---- Codes ---- */

struct score {
    int worst;
    uint64_t samples, exact;
    uint64_t pixels, whole; /* whole: all samples exact */
};

/* A thread's part: every `threads`th block of colors from `first` on. */
struct share {
    const struct yardstick *yardstick;
    const tile_converter *converter;
    uint32_t first, threads, colors;
    struct score score;
    tile_status status;
    unsigned char source[BLOCK * 4], target[BLOCK * 4];
};

static int hue_of(tile_space space) {
    switch (space) {
    case TILE_HSV:
    case TILE_HSV_180:
    case TILE_HSL:
    case TILE_HWB: return 0;
    case TILE_LCH:
    case TILE_LCH_D65:
    case TILE_OKLCH: return 2;
    default: return -1;
    }
}

static int distance_of(tile_space space, int channel, int got, double code) {
    /* Most are exact. The reference decides about what clips, turns around, is a tie or is off. */
    if (fabs(got - code) < .5 - 1e-9)
        return 0;
    int distance = abs(got - (int)tile_reference_round(space, TILE_U8, channel, code));
    int turn = space == TILE_HSV_180 ? 180 : 255;
    return channel == hue_of(space) && distance > turn / 2 ? abs(turn - distance) : distance;
}

static void score_pixel(struct score *score, const struct yardstick *y, const unsigned char *in,
                        const unsigned char *out) {
    double code[4];
    int channels = tile_space_channels(y->to), exact = 0;
    if (y->light)
        summed_reference(y, in, code);
    else
        direct_reference(y, in, code);
    tile_reference_encode(y->to, TILE_U8, code, code);
    for (int j = 0; j < channels; j++) {
        int distance = distance_of(y->to, j, out[j], code[j]);
        score->worst = distance > score->worst ? distance : score->worst;
        exact += distance == 0;
    }
    score->samples += (uint64_t)channels;
    score->exact += (uint64_t)exact;
    score->pixels++;
    score->whole += exact == channels;
}

static void *run_share(void *argument) {
    struct share *share = argument;
    const struct yardstick *y = share->yardstick;
    size_t in = (size_t)tile_space_channels(y->from), out = (size_t)tile_space_channels(y->to);
    for (uint32_t begin = share->first * BLOCK; begin < share->colors; begin += share->threads * BLOCK) {
        uint32_t count = share->colors - begin < BLOCK ? share->colors - begin : BLOCK;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t color = (begin + i) * STRIDE;
            unsigned char *codes = share->source + i * in;
            codes[0] = (unsigned char)(in == 1 ? begin + i : color >> 16);
            for (size_t j = 1; j < in; j++) /* CMYK's black is anything */
                codes[j] = (unsigned char)(j == 3 ? color * 2654435761U >> 24 : color >> (16 - 8 * j));
        }
        struct tile_image source = {.format = {.space = y->from, .sample = TILE_U8},
                                    .width = count,
                                    .height = 1,
                                    .plane = {share->source},
                                    .stride = BLOCK * 4};
        struct tile_image target = source;
        target.format.space = y->to;
        target.plane[0] = share->target;
        share->status = tile_convert(share->converter, &source, &target, NULL);
        if (share->status != TILE_OK)
            break;
        for (uint32_t i = 0; i < count; i++)
            score_pixel(&share->score, y, share->source + i * in, share->target + i * out);
    }
    return NULL;
}

static tile_converter *new_converter(tile_space from, tile_sample from_sample, tile_space to, tile_sample to_sample) {
    struct tile_format f = {.space = from, .sample = from_sample}, t = {.space = to, .sample = to_sample};
    tile_converter *converter;
    assert_ok(tile_converter_new(&converter, f, t, test_converter_options(), &error));
    return converter;
}

static struct score measure_codes(tile_space from, tile_space to) {
    static struct yardstick yardstick;
    static struct share shares[THREADS];
    pthread_t threads[THREADS];
    tile_converter *converter = new_converter(from, TILE_U8, to, TILE_U8);
    make_yardstick(&yardstick, from, to);
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t count = processors < 1 ? 1 : processors > THREADS ? THREADS : (uint32_t)processors;
    for (uint32_t i = 0; i < count; i++) {
        struct share *share = &shares[i];
        share->yardstick = &yardstick;
        share->converter = converter;
        share->first = i, share->threads = count;
        share->colors = tile_space_channels(from) == 1 ? CODES : (1 << 24) / STRIDE;
        share->score = (struct score){0};
        share->status = TILE_OK;
        assert_int_equal(pthread_create(&threads[i], NULL, run_share, share), 0);
    }
    struct score sum = {0};
    for (uint32_t i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
        const struct score *s = &shares[i].score;
        assert_int_equal(shares[i].status, TILE_OK);
        sum.worst = s->worst > sum.worst ? s->worst : sum.worst;
        sum.samples += s->samples, sum.exact += s->exact;
        sum.pixels += s->pixels, sum.whole += s->whole;
    }
    tile_converter_free(converter);
    return sum;
}

/* In percent; rounded down, so that only all of them are 100. */
static double percent(uint64_t part, uint64_t whole) {
    return floor((double)part / (double)whole * 1e6) / 1e4;
}

/* Fractions of RGB codes: test exact has the proof by integers. */
static bool is_luma(tile_space space) {
    return (space >= TILE_GRAY && space <= TILE_GRAY709) || (space >= TILE_YCBCR && space <= TILE_YCBCR709_FULL);
}

static void check_codes(tile_space from, tile_space to) {
    struct score s = measure_codes(from, to);
    printf("%s -> %s  u8  max %d  exact %.4f %%  pixels %.4f %%\n", tile_space_name(from), tile_space_name(to), s.worst,
           percent(s.exact, s.samples), percent(s.whole, s.pixels));
    bool luma = is_luma(from) || is_luma(to);
    if (s.worst > (luma ? 0 : 1) || (double)s.exact < .999 * (double)s.samples)
        fail_msg("%s to %s: off by %d, %.4f %% exactly rounded", tile_space_name(from), tile_space_name(to), s.worst,
                 percent(s.exact, s.samples));
}

/* The other spaces with codes of 8 bits. */
static tile_space next_with_codes(tile_space space) {
    do
        space++;
    while (space < TILE_SPACE_COUNT && !tile_space_has_sample(space, TILE_U8));
    return space;
}

static const tile_space wide[] = {TILE_DISPLAY_P3, TILE_A98_RGB,    TILE_PROPHOTO_RGB,
                                  TILE_REC2020,    TILE_REC2100_PQ, TILE_REC2100_HLG};
enum { WIDE = sizeof wide / sizeof *wide };

static void codes_of_srgb(void **state) {
    (void)state;
    for (tile_space s = next_with_codes(TILE_SRGB); s < TILE_SPACE_COUNT; s = next_with_codes(s))
        check_codes(TILE_SRGB, s);
}

static void codes_to_srgb(void **state) {
    (void)state;
    for (tile_space s = next_with_codes(TILE_SRGB); s < TILE_SPACE_COUNT; s = next_with_codes(s))
        check_codes(s, TILE_SRGB);
}

static void codes_of_wide_rgb(void **state) {
    (void)state;
    for (int i = 0; i < WIDE; i++)
        check_codes(wide[i], TILE_LAB);
}

/* ---- Floats ---- */

enum {
    GRID = 33,
    RANDOM = 1 << 15,
    /* A grid of sRGB, random ones, dark ones; then of all that a BT.2020 display shows. */
    REAL = GRID * GRID * GRID + 3 * RANDOM,
    /* And what no light is, to half the range below black and above white. */
    ALL = REAL + RANDOM
};

static double colors[ALL][3]; /* srgb values */
static union {
    uint8_t u8[ALL * 4];
    uint16_t u16[ALL * 4];
    float f32[ALL * 4];
} float_source;
static float float_target[ALL * 4];

static void make_colors(void) {
    struct test_random random = {3};
    for (int n = 0; n < ALL; n++) {
        int part = n < GRID * GRID * GRID ? 0 : 1 + (n - GRID * GRID * GRID) / RANDOM;
        for (int j = 0; j < 3; j++) {
            int at = j == 0 ? n % GRID : j == 1 ? n / GRID % GRID : n / GRID / GRID;
            double v = test_random_below(&random, 1 << 24) / (double)((1 << 24) - 1);
            colors[n][j] = part == 0 ? at / (GRID - 1.) : part == 2 ? v * v * v : part == 4 ? v * 2 - .5 : v;
        }
        if (part == 3)
            tile_reference_convert(TILE_REC2020, TILE_SRGB, colors[n], colors[n]);
    }
}

/* The spaces that keep the contract for what no light is, too. */
static bool takes_all(tile_space space) {
    return space == TILE_LAB || space == TILE_LAB_D65 || space == TILE_OKLAB || space == TILE_XYZ_D65 ||
           space == TILE_XYZ_D50 || space == TILE_SRGB_LINEAR;
}

static double range_of(tile_space space, int channel) {
    if (channel == hue_of(space))
        return 360;
    switch (space) {
    case TILE_LAB:
    case TILE_LAB_D65:
    case TILE_LCH:
    case TILE_LCH_D65:
    case TILE_LUV: return 100;
    default: return 1;
    }
}

/* Color `n` as samples of `space`; `values`: what they then stand for. */
static void put_color(size_t n, tile_space space, tile_sample sample, double *values) {
    int channels = tile_space_channels(space);
    tile_reference_convert(TILE_SRGB, space, colors[n], values);
    tile_reference_encode(space, sample, values, values);
    for (int j = 0; j < channels; j++) {
        size_t at = n * (size_t)channels + (size_t)j;
        if (sample == TILE_F32)
            values[j] = (double)(float_source.f32[at] = (float)values[j]);
        else {
            values[j] = tile_reference_round(space, sample, j, values[j]);
            if (sample == TILE_U8)
                float_source.u8[at] = (uint8_t)values[j];
            else
                float_source.u16[at] = (uint16_t)values[j];
        }
    }
    tile_reference_decode(space, sample, values, values);
}

/* Of the first `count` colors. */
static double measure_floats(tile_space from, tile_sample sample, tile_space to, uint32_t count) {
    static double values[ALL][4];
    for (uint32_t n = 0; n < count; n++)
        put_color(n, from, sample, values[n]);
    tile_converter *converter = new_converter(from, sample, to, TILE_F32);
    struct tile_image source = {.format = {.space = from, .sample = sample},
                                .width = count,
                                .height = 1,
                                .plane = {&float_source},
                                .stride = sizeof float_source};
    struct tile_image target = source;
    target.format = (struct tile_format){.space = to, .sample = TILE_F32};
    target.plane[0] = float_target;
    assert_ok(tile_convert(converter, &source, &target, &error));
    tile_converter_free(converter);

    double worst = 0;
    for (uint32_t n = 0; n < count; n++) {
        double want[4];
        int channels = tile_space_channels(to);
        tile_reference_convert(from, to, values[n], want);
        for (int j = 0; j < channels; j++) {
            double distance = fabs((double)float_target[n * (uint32_t)channels + (uint32_t)j] - want[j]);
            if (j == hue_of(to)) /* an angle is worth its arc */
                distance = fmin(distance, fabs(360 - distance)) * fmin(want[1] / range_of(to, 1), 1);
            distance /= fmax(range_of(to, j), fabs(want[j]));
            if (!(distance <= worst))
                worst = distance;
        }
    }
    return worst;
}

/* There from u8, u16 and f32; back to srgb-linear and srgb. */
struct float_score {
    double there[3], back[2];
};

static struct float_score measure_float_score(tile_space space) {
    static const tile_sample samples[3] = {TILE_U8, TILE_U16, TILE_F32};
    struct float_score s = {{0}, {0}};
    uint32_t count = takes_all(space) ? ALL : REAL;
    for (int i = 0; i < 3; i++)
        s.there[i] = measure_floats(TILE_SRGB, samples[i], space, count);
    s.back[0] = measure_floats(space, TILE_F32, TILE_SRGB_LINEAR, count);
    s.back[1] = measure_floats(space, TILE_F32, TILE_SRGB, count);
    return s;
}

/*
 * What is left is the rounding of what is a float, by 6e-8 of it: the result; lab's cube roots, before their
 * differences are multiplied by 500, and luv's chromaticities, by 13 L, both in parts of 100; of ycbcr2020 the rec2020
 * signals and of polar spaces a and b, before sRGB's curve, which is 12.92 times as steep at black.
 */
static void floats(void **state) {
    (void)state;
    make_colors();
    for (tile_space space = TILE_SRGB + 1; space < TILE_YCOCG_R; space++) { /* ycocg-r is of integers */
        struct float_score s = measure_float_score(space);
        printf("srgb -> %s  f32  of u8 %.1e  of u16 %.1e  of f32 %.1e  back to srgb-linear %.1e  srgb %.1e\n",
               tile_space_name(space), s.there[0], s.there[1], s.there[2], s.back[0], s.back[1]);
        for (int i = 0; i < 5; i++) {
            double worst = i < 3 ? s.there[i] : s.back[i - 3];
            if (!(worst <= 2e-6))
                fail_msg("%s: f32 is off by %g", tile_space_name(space), worst);
        }
    }
}

/* ---- The table of libtile/color/README.md ---- */

static void print_score(struct score s) {
    if (s.exact == s.samples)
        printf(" %d, 100 %% |", s.worst);
    else
        printf(" %d, %.4f %%, %.4f %% |", s.worst, percent(s.exact, s.samples), percent(s.whole, s.pixels));
}

static void print_markdown(void) {
    make_colors();
    printf("| | u8 from `srgb` | u8 to `srgb` | f32 from / to `srgb` |\n|---|---|---|---|\n");
    for (tile_space space = TILE_SRGB + 1; space < TILE_YCOCG_R; space++) {
        printf("| `%s` |", tile_space_name(space));
        if (tile_space_has_sample(space, TILE_U8)) {
            print_score(measure_codes(TILE_SRGB, space));
            print_score(measure_codes(space, TILE_SRGB));
        } else
            printf(" – | – |");
        struct float_score s = measure_float_score(space);
        printf(" %.1e / %.1e |\n", fmax(fmax(s.there[0], s.there[1]), s.there[2]), fmax(s.back[0], s.back[1]));
    }
    printf("\n| | u8 to `lab` |\n|---|---|\n");
    for (int i = 0; i < WIDE; i++) {
        printf("| `%s` |", tile_space_name(wide[i]));
        print_score(measure_codes(wide[i], TILE_LAB));
        printf("\n");
    }
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_of_srgb),
        cmocka_unit_test(codes_to_srgb),
        cmocka_unit_test(codes_of_wide_rgb),
        cmocka_unit_test(floats),
    };
    if (argc == 2 && strcmp(argv[1], "--markdown") == 0) {
        print_markdown();
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
