/* SPDX-License-Identifier: MIT */
#include "selftest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Values, or codes. `within`: the digits that the source gives, or what it allows. */
static const struct vector {
    const char *source;
    tile_sample sample;
    tile_space from, to;
    double in[4], out[4], within;
} vectors[] = {
    {"lcms2 testbed",
     TILE_F32,
     TILE_SRGB,
     TILE_LAB,
     {190. / 255, 25. / 255, 210. / 255},
     {47.0521, 74.5656, -56.8833},
     .01},
    {"lcms2 testbed", TILE_F32, TILE_SRGB, TILE_XYZ_D50, {128. / 255}, {.0941240, .0480256, .003005}, 1e-4},
    /* A color of four digits that browsers must show as #008000. */
    {"web-platform-tests lab-001",
     TILE_F32,
     TILE_LAB,
     TILE_SRGB,
     {46.277, -47.562, 48.583},
     {0, 128. / 255, 0},
     .5 / 255},
    {"IEC 61966-2-1", TILE_F32, TILE_SRGB, TILE_SRGB_LINEAR, {127. / 255, 0, 1}, {.212231, 0, 1}, 1e-6},
    {"CSS Color 4", TILE_F32, TILE_SRGB, TILE_XYZ_D65, {1, 1, 1}, {.3127 / .3290, 1, .3583 / .3290}, 1e-6},
    {"CSS Color 4",
     TILE_F32,
     TILE_XYZ_D65,
     TILE_OKLAB,
     {.20654008, .12197225, .05136952},
     {.5163415, .1547180, .0629473},
     1e-6},
    {"CSS Color 4", TILE_F32, TILE_SRGB, TILE_OKLAB, {1}, {.627955, .224863, .125846}, 1e-6},
    {"CSS Color 4", TILE_F32, TILE_DISPLAY_P3, TILE_SRGB, {0, 1}, {-.51160, 1.01827, -.31067}, 1e-5},
    {"CIE 1976", TILE_F32, TILE_SRGB, TILE_LUV, {1}, {53.237, 175.010, 37.765}, 1e-3},
    /* What colour-science calls 1 is 1 cd/m2; here that is 1/203. The first one's color is BT.2020's, linear. */
    {"colour-science, BT.2100",
     TILE_F32,
     TILE_XYZ_D65,
     TILE_ICTCP,
     {(.636958048301291 * .45620519 + .144616903586208 * .03081071 + .168880975164172 * .04091952) / 203,
      (.262700212011267 * .45620519 + .677998071518871 * .03081071 + .059301716469862 * .04091952) / 203,
      (.028072693049087 * .03081071 + 1.060985057710791 * .04091952) / 203},
     {.0735136, .0047525, .0935159},
     1e-6},
    {"colour-science, Safdar 2017",
     TILE_F32,
     TILE_XYZ_D65,
     TILE_JZAZBZ,
     {.20654008 / 203, .12197225 / 203, .05136952 / 203},
     {.0053504, .0092430, .0052600},
     1e-6},
    {"BT.2100, PQ of 100 cd/m2", TILE_F32, TILE_LUMINANCE, TILE_ICTCP, {100. / 203}, {.508078, 0, 0}, 1e-6},
    {"BT.2100, PQ of 203 cd/m2", TILE_F32, TILE_SRGB, TILE_ICTCP, {1, 1, 1}, {.580689, 0, 0}, 1e-6},
    {"BT.2100, PQ of 203 cd/m2", TILE_F32, TILE_SRGB, TILE_REC2100_PQ, {1, 1, 1}, {.580689, .580689, .580689}, 1e-6},
    {"BT.2408, 75 % HLG", TILE_F32, TILE_SRGB, TILE_REC2100_HLG, {1, 1, 1}, {.75, .75, .75}, 1e-6},
    {"ColorAide", TILE_F32, TILE_SRGB, TILE_REC2100_PQ, {1}, {.53255, .32702, .22007}, 1e-5},
    {"ColorAide", TILE_F32, TILE_SRGB, TILE_REC2100_HLG, {1}, {.65587, .23436, .11415}, 1e-5},
    {"babl", TILE_U8, TILE_SRGB, TILE_LAB, {255, 0, 0}, {138, 209, 198}, 0},
    {"CIE 1976, D65 as OpenCV", TILE_U8, TILE_SRGB, TILE_LAB_D65, {255, 0, 0}, {136, 208, 195}, 0},
    {"CIE 1976, D65 as OpenCV", TILE_U8, TILE_SRGB, TILE_LUV, {255, 0, 0}, {136, 223, 173}, 0},
    {"CSS Color 4", TILE_U8, TILE_SRGB, TILE_OKLAB, {255, 0, 0}, {160, 185, 160}, 0},
    {"JFIF", TILE_U8, TILE_SRGB, TILE_YCBCR, {255, 0, 0}, {76, 85, 255}, 0},
    {"BT.601", TILE_U8, TILE_SRGB, TILE_YCBCR601, {255, 0, 0}, {81, 90, 240}, 0},
    {"BT.709", TILE_U8, TILE_SRGB, TILE_YCBCR709, {255, 0, 0}, {63, 102, 240}, 0},
    /* In 10 bits, of which one is 64 here: 294, 387, 960. */
    {"BT.2020", TILE_U16, TILE_REC2020, TILE_YCBCR2020, {65535, 0, 0}, {294 * 64, 387 * 64, 960 * 64}, 32},
    {"Smith 1978", TILE_U8, TILE_SRGB, TILE_HSV, {255, 0, 0}, {0, 255, 255}, 0},
};

static const char *sample_name(tile_sample sample) {
    return sample == TILE_U8 ? "u8" : sample == TILE_U16 ? "u16" : "f32";
}

static bool convert_pixel(const struct vector *v, tile_cpu cpu, double out[4], struct tile_error *error) {
    struct tile_converter_options options = TILE_OPTIONS(struct tile_converter_options);
    options.cpu = cpu;
    union {
        uint8_t u8[4];
        uint16_t u16[4];
        float f32[4];
    } source, target;
    for (int i = 0; i < 4; i++)
        if (v->sample == TILE_U8)
            source.u8[i] = (uint8_t)v->in[i];
        else if (v->sample == TILE_U16)
            source.u16[i] = (uint16_t)v->in[i];
        else
            source.f32[i] = (float)v->in[i];
    struct tile_image from = {.format = {.space = v->from, .sample = v->sample},
                              .width = 1,
                              .height = 1,
                              .plane = {&source},
                              .stride = sizeof source};
    struct tile_image to = from;
    to.format.space = v->to;
    to.plane[0] = &target;
    tile_converter *converter;
    tile_status status = tile_converter_new(&converter, from.format, to.format, &options, error);
    if (status == TILE_OK)
        status = tile_convert(converter, &from, &to, error);
    tile_converter_free(converter);
    for (int i = 0; status == TILE_OK && i < tile_space_channels(v->to); i++)
        out[i] = v->sample == TILE_U8 ? target.u8[i] : v->sample == TILE_U16 ? target.u16[i] : (double)target.f32[i];
    return status == TILE_OK;
}

static bool check_vector(const struct vector *v, tile_cpu cpu) {
    struct tile_error error;
    double out[4] = {0}, worst = 0;
    if (!convert_pixel(v, cpu, out, &error)) {
        printf("FAIL  %s to %s: %s\n", tile_space_name(v->from), tile_space_name(v->to), error.message);
        return false;
    }
    for (int i = 0; i < tile_space_channels(v->to); i++)
        worst = fmax(worst, isnan(out[i]) ? INFINITY : fabs(out[i] - v->out[i]));
    printf("%s  %-3s  %-11s -> %-11s  off by %-7.2g of %-7.2g  %s\n", worst <= v->within ? "ok  " : "FAIL",
           sample_name(v->sample), tile_space_name(v->from), tile_space_name(v->to), worst, v->within, v->source);
    return worst <= v->within;
}

/* ---- Speed ---- */

enum { SIDE = 256, RUNS = 99 };

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static int compare_numbers(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median of as many conversions as fit into a tenth of a second, in seconds; 0: it failed. */
static double time_of(const tile_converter *converter, const struct tile_image *from, const struct tile_image *to) {
    double times[RUNS], end = now() + .1;
    size_t count = 0;
    while (count < RUNS && (count < 3 || now() < end)) {
        double begin = now();
        if (tile_convert(converter, from, to, NULL) != TILE_OK)
            return 0;
        times[count++] = now() - begin;
    }
    qsort(times, count, sizeof *times, compare_numbers);
    return times[count / 2];
}

static void measure(tile_space from, tile_space to, tile_cpu cpu) {
    struct tile_converter_options options = TILE_OPTIONS(struct tile_converter_options);
    options.cpu = cpu;
    struct tile_format f = {.space = from, .sample = TILE_U8}, t = {.space = to, .sample = TILE_U8};
    struct tile_image source = {0}, target = {0};
    tile_converter *converter = NULL;
    double time = 0;
    if (tile_image_alloc(&source, f, SIDE, SIDE, NULL, NULL) == TILE_OK &&
        tile_image_alloc(&target, t, SIDE, SIDE, NULL, NULL) == TILE_OK &&
        tile_converter_new(&converter, f, t, &options, NULL) == TILE_OK) {
        uint32_t random = 1;
        for (size_t i = 0; i < SIDE * SIDE * tile_format_step(f); i++) {
            random = random * 1664525 + 1013904223;
            ((uint8_t *)source.plane[0])[i] = (uint8_t)(random >> 24);
        }
        time = time_of(converter, &source, &target);
    }
    if (time > 0)
        printf("      %-11s -> %-11s %8.0f MPix/s\n", tile_space_name(from), tile_space_name(to),
               SIDE * SIDE / time / 1e6);
    tile_converter_free(converter);
    tile_image_free(&source, NULL);
    tile_image_free(&target, NULL);
}

/* ---- All ---- */

bool selftest(tile_cpu cpu) {
    static const tile_space hot[][2] = {
        {TILE_SRGB, TILE_GRAY}, {TILE_SRGB, TILE_YCBCR},   {TILE_SRGB, TILE_LAB},   {TILE_SRGB, TILE_OKLAB},
        {TILE_SRGB, TILE_HSV},  {TILE_SRGB, TILE_XYZ_D65}, {TILE_YCBCR, TILE_SRGB}, {TILE_LAB, TILE_SRGB},
    };
    size_t count = sizeof vectors / sizeof *vectors, held = 0;
    cpu = cpu == TILE_CPU_BEST ? tile_cpu_best() : cpu;
    printf("tile-convert %s, kernels: %s; this machine has", tile_version(), tile_cpu_name(cpu));
    for (int i = TILE_CPU_BEST + 1; i < TILE_CPU_COUNT; i++)
        if (tile_cpu_available((tile_cpu)i))
            printf(" %s", tile_cpu_name((tile_cpu)i));
    printf("\n\n");
    for (size_t i = 0; i < count; i++)
        held += check_vector(&vectors[i], cpu);
    printf("\nu8, %d x %d random pixels, one thread, medians\n", SIDE, SIDE);
    for (size_t i = 0; i < sizeof hot / sizeof *hot; i++)
        measure(hot[i][0], hot[i][1], cpu);
    printf("\n%zu of %zu published vectors hold\n", held, count);
    return held == count;
}
