/* SPDX-License-Identifier: MIT */
/* Hashes of all conversions, to be compared between machines. */
#include "color.h"

#include "digest.h"
#include "input.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 300, STYLES = 4 };

/* Which bits a NaN that was computed has is up to the machine. */
static void settle_nans(float *v, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (isnan(v[i]))
            memcpy(&v[i], &(uint32_t){0x7FC00000}, sizeof *v);
}

static uint64_t digest_of(struct tile_format from, struct tile_format to, tile_cpu cpu) {
    static float in[WIDTH * TILE_MAX_CHANNELS], out[WIDTH * TILE_MAX_CHANNELS];
    struct tile_image source = {.format = from, .width = WIDTH, .height = 1, .plane = {in}};
    struct tile_image target = {.format = to, .width = WIDTH, .height = 1, .plane = {out}};
    struct tile_converter_options options = TILE_OPTIONS(struct tile_converter_options);
    options.cpu = cpu;
    struct tile_error error;
    tile_converter *converter;
    if (tile_converter_new(&converter, from, to, &options, &error) != TILE_OK) {
        fprintf(stderr, "kernels: %s\n", error.message);
        exit(1);
    }
    struct random random = {(uint64_t)from.space};
    uint64_t digest = DIGEST_OF_NOTHING;
    for (int i = 0; i < STYLES; i++) {
        input_fill((unsigned char *)in, from, WIDTH, true, &random);
        if (tile_convert(converter, &source, &target, &error) != TILE_OK) {
            fprintf(stderr, "kernels: %s\n", error.message);
            exit(1);
        }
        if (to.sample == TILE_F32)
            settle_nans(out, WIDTH * (size_t)tile_format_channels(to));
        digest = digest_add(digest, out, WIDTH * tile_format_step(to));
    }
    tile_converter_free(converter);
    return digest;
}

void color_digest(const struct options *options) {
    static const tile_sample samples[] = {TILE_U8, TILE_U16, TILE_F32};
    for (int from = TILE_SRGB; from < TILE_SPACE_COUNT; from++)
        for (int to = TILE_SRGB; to < TILE_SPACE_COUNT; to++)
            for (int i = 0; i < 9; i++) {
                struct tile_format f = {.space = (tile_space)from, .sample = samples[i / 3]};
                struct tile_format t = {.space = (tile_space)to, .sample = samples[i % 3]};
                char name[100];
                snprintf(name, sizeof name, "%s %s -> %s %s", tile_space_name(f.space), sample_name(f.sample),
                         tile_space_name(t.space), sample_name(t.sample));
                if (tile_space_has_sample(f.space, f.sample) && tile_space_has_sample(t.space, t.sample) &&
                    strstr(name, options->filter))
                    printf("%-40s %016llx\n", name, (unsigned long long)digest_of(f, t, options->cpu));
            }
}
