/* SPDX-License-Identifier: MIT */
#include "facts.h"

#include "../base/pixels.h"

#include <float.h>
#include <string.h>

/*
 * Sums and extremes are kept in lanes: sample i of a row goes to lane i % lanes, and `lanes` is a multiple of the
 * number of channels, so that a lane belongs to one channel and the inner loops have no stride; compilers vectorize
 * them.
 */
enum { PIXELS_A_STEP = 16, MAX_LANES = PIXELS_A_STEP * TILE_MAX_CHANNELS };

struct u8_lanes {
    uint32_t sum[MAX_LANES];
    uint8_t min[MAX_LANES], max[MAX_LANES];
};

static void u8_row(struct u8_lanes *restrict l, const uint8_t *restrict row, size_t samples, size_t lanes) {
    size_t i = 0;
    for (; i + lanes <= samples; i += lanes)
        for (size_t j = 0; j < lanes; j++) {
            uint8_t v = row[i + j];
            l->sum[j] += v;
            l->min[j] = v < l->min[j] ? v : l->min[j];
            l->max[j] = v > l->max[j] ? v : l->max[j];
        }
    for (size_t j = 0; i < samples; i++, j++) {
        uint8_t v = row[i];
        l->sum[j] += v;
        l->min[j] = v < l->min[j] ? v : l->min[j];
        l->max[j] = v > l->max[j] ? v : l->max[j];
    }
}

static void fold(struct tile_facts *facts, int channel, double sum, double min, double max) {
    facts->mean[channel] += sum;
    if (min < facts->min[channel])
        facts->min[channel] = min;
    if (max > facts->max[channel])
        facts->max[channel] = max;
}

static void u8_flush(struct tile_facts *facts, struct u8_lanes *l, size_t lanes) {
    for (size_t j = 0; j < lanes; j++)
        if (l->min[j] <= l->max[j]) /* the lane saw a sample */
            fold(facts, (int)(j % (size_t)facts->channels), l->sum[j], l->min[j], l->max[j]);
    memset(l, 0, sizeof *l);
    memset(l->min, 255, sizeof l->min);
}

static void u8_facts(struct tile_facts *facts, const struct tile_image *image) {
    const size_t lanes = (size_t)facts->channels * PIXELS_A_STEP, most = UINT32_MAX / UINT8_MAX - 1;
    size_t rounds = 0; /* that a lane's sum has taken */
    struct u8_lanes l = {0};
    memset(l.min, 255, sizeof l.min);
    for (uint32_t y = 0; y < image->height; y++) {
        const uint8_t *row = tile_image_row(image, 0, y);
        for (size_t left = (size_t)image->width * (size_t)facts->channels, run; left; row += run, left -= run) {
            run = left < (most - rounds) * lanes ? left : (most - rounds) * lanes;
            u8_row(&l, row, run, lanes);
            rounds += run / lanes + 1;
            if (rounds >= most) {
                u8_flush(facts, &l, lanes);
                rounds = 0;
            }
        }
    }
    u8_flush(facts, &l, lanes);
}

static void u16_facts(struct tile_facts *facts, const struct tile_image *image) {
    for (uint32_t y = 0; y < image->height; y++)
        for (int c = 0; c < facts->channels; c++) {
            const uint16_t *p = (const uint16_t *)(const void *)tile_image_row(image, 0, y) + c;
            uint64_t sum = 0;
            uint16_t min = UINT16_MAX, max = 0;
            for (uint32_t x = 0; x < image->width; x++, p += facts->channels) {
                sum += *p;
                min = *p < min ? *p : min;
                max = *p > max ? *p : max;
            }
            fold(facts, c, (double)sum, min, max);
        }
}

static void f32_facts(struct tile_facts *facts, const struct tile_image *image) {
    for (uint32_t y = 0; y < image->height; y++)
        for (int c = 0; c < facts->channels; c++) {
            const float *p = (const float *)(const void *)tile_image_row(image, 0, y) + c;
            double sum = 0;
            float min = FLT_MAX, max = -FLT_MAX;
            for (uint32_t x = 0; x < image->width; x++, p += facts->channels) {
                sum += (double)*p;
                min = *p < min ? *p : min;
                max = *p > max ? *p : max;
            }
            fold(facts, c, sum, (double)min, (double)max);
        }
}

tile_status tile_facts_of(struct tile_facts *out, const struct tile_image *image, struct tile_error *error) {
    *out = (struct tile_facts){.channels = tile_format_channels(image->format)};
    for (int c = 0; c < out->channels; c++) {
        out->min[c] = DBL_MAX;
        out->max[c] = -DBL_MAX;
    }
    (image->format.sample == TILE_U8 ? u8_facts : image->format.sample == TILE_U16 ? u16_facts : f32_facts)(out, image);
    for (int c = 0; c < out->channels; c++)
        out->mean[c] /= (double)image->width * image->height;

    struct tile_hasher hasher;
    tile_status status = tile_hasher_begin(&hasher, error);
    if (status != TILE_OK)
        return status;
    size_t row = image->width * tile_format_step(image->format);
    for (uint32_t y = 0; y < image->height; y++)
        tile_hasher_add(&hasher, tile_image_row(image, 0, y), row);
    out->pixels = tile_hasher_end(&hasher);
    return TILE_OK;
}
