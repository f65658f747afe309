/* SPDX-License-Identifier: MIT */
#include "statistics.h"

#include "../base/pixels.h"

#include <float.h>
#include <string.h>

/*
 * 8-bit samples are taken in lanes: sample i of a row goes to lane i % LANES. LANES is a multiple of every number of
 * channels but 5, so that a lane belongs to one channel and the inner loop has no stride: compilers make three vectors
 * of it. Sums are kept in 16 bits, which hold 257 samples, and then moved on: seldom, since that costs as much as a
 * row.
 */
enum { LANES = 48, CMYKA_LANES = 80, MOST_ROUNDS = UINT16_MAX / UINT8_MAX };

struct u8_lanes {
    uint16_t sum[CMYKA_LANES];
    uint8_t min[CMYKA_LANES], max[CMYKA_LANES];
};

static inline void u8_rounds(struct u8_lanes *restrict l, const uint8_t *restrict samples, size_t rounds,
                             const size_t lanes) {
    for (size_t i = 0; i < rounds; i++, samples += lanes)
        for (size_t j = 0; j < lanes; j++) {
            uint8_t v = samples[j];
            l->sum[j] = (uint16_t)(l->sum[j] + v);
            l->min[j] = v < l->min[j] ? v : l->min[j];
            l->max[j] = v > l->max[j] ? v : l->max[j];
        }
}

static void fold(struct tile_statistics *statistics, int channel, double sum, double min, double max) {
    statistics->mean[channel] += sum;
    if (min < statistics->min[channel])
        statistics->min[channel] = min;
    if (max > statistics->max[channel])
        statistics->max[channel] = max;
}

/* Moves on what the lanes hold, and empties them. */
static void fold_lanes(struct tile_statistics *statistics, struct u8_lanes *l, size_t lanes) {
    const size_t channels = (size_t)statistics->channels;
    for (size_t c = 0; c < channels; c++) {
        uint64_t sum = 0;
        uint8_t min = UINT8_MAX, max = 0;
        for (size_t j = c; j < lanes; j += channels) {
            sum += l->sum[j];
            min = l->min[j] < min ? l->min[j] : min;
            max = l->max[j] > max ? l->max[j] : max;
        }
        fold(statistics, (int)c, (double)sum, min, max);
    }
    memset(l->sum, 0, sizeof l->sum);
    memset(l->min, UINT8_MAX, sizeof l->min);
    memset(l->max, 0, sizeof l->max);
}

enum { ROWS_AHEAD = 4 };

/* A tile's rows lie far from each other in what another thread has read: no processor guesses the next one. */
static void fetch_row(const struct tile_image *image, uint32_t y) {
    enum { LINE = 64 };
    size_t size = image->width * tile_format_step(image->format);
    const uint8_t *row = y < image->height ? tile_image_row(image, 0, y) : NULL;
    for (size_t i = 0; row && i < size; i += LINE)
        __builtin_prefetch(row + i);
}

static void u8_statistics(struct tile_statistics *statistics, const struct tile_image *image) {
    const size_t channels = (size_t)statistics->channels, lanes = channels == 5 ? CMYKA_LANES : LANES;
    struct u8_lanes l = {0};
    size_t used = 0; /* rounds that the lanes hold */
    memset(l.min, UINT8_MAX, sizeof l.min);
    for (uint32_t y = 0; y < image->height; y++) {
        const uint8_t *row = tile_image_row(image, 0, y);
        fetch_row(image, y + ROWS_AHEAD);
        for (size_t left = image->width * channels, taken; left; row += taken, left -= taken) {
            if (used == MOST_ROUNDS) {
                fold_lanes(statistics, &l, lanes);
                used = 0;
            }
            size_t rounds = left / lanes < MOST_ROUNDS - used ? left / lanes : MOST_ROUNDS - used;
            taken = rounds * lanes;
            if (rounds == 0) { /* the end of the row */
                rounds = 1;
                taken = left;
                u8_rounds(&l, row, 1, left);
            } else if (channels == 5) {
                u8_rounds(&l, row, rounds, CMYKA_LANES);
            } else {
                u8_rounds(&l, row, rounds, LANES);
            }
            used += rounds;
        }
    }
    fold_lanes(statistics, &l, lanes);
}

static void u16_statistics(struct tile_statistics *statistics, const struct tile_image *image) {
    for (uint32_t y = 0; y < image->height; y++)
        for (int c = 0; c < statistics->channels; c++) {
            const uint16_t *p = (const uint16_t *)(const void *)tile_image_row(image, 0, y) + c;
            uint64_t sum = 0;
            uint16_t min = UINT16_MAX, max = 0;
            for (uint32_t x = 0; x < image->width; x++, p += statistics->channels) {
                sum += *p;
                min = *p < min ? *p : min;
                max = *p > max ? *p : max;
            }
            fold(statistics, c, (double)sum, min, max);
        }
}

static void f32_statistics(struct tile_statistics *statistics, const struct tile_image *image) {
    for (uint32_t y = 0; y < image->height; y++)
        for (int c = 0; c < statistics->channels; c++) {
            const float *p = (const float *)(const void *)tile_image_row(image, 0, y) + c;
            double sum = 0;
            float min = FLT_MAX, max = -FLT_MAX;
            for (uint32_t x = 0; x < image->width; x++, p += statistics->channels) {
                sum += (double)*p;
                min = *p < min ? *p : min;
                max = *p > max ? *p : max;
            }
            fold(statistics, c, sum, (double)min, (double)max);
        }
}

/* Fast work: rows of so many bytes are looked at, and are in the cache still when they are hashed. */
enum { ROWS_SIZE = 8 * TILE_WATCH_STEP };

tile_status tile_statistics_of(struct tile_statistics *out, const struct tile_image *image, struct tile_watch *watch,
                               struct tile_error *error) {
    tile_sample sample = image->format.sample;
    size_t row = image->width * tile_format_step(image->format), at_once = ROWS_SIZE / row;
    *out = (struct tile_statistics){.channels = tile_format_channels(image->format)};
    for (int c = 0; c < out->channels; c++) {
        out->min[c] = DBL_MAX;
        out->max[c] = -DBL_MAX;
    }
    struct tile_hasher hasher;
    tile_status status = tile_hasher_begin(&hasher, error);
    if (status != TILE_OK)
        return status;
    for (uint32_t y = 0, count; y < image->height && status == TILE_OK; y += count) {
        count = tile_min_u32(at_once > 1 ? (uint32_t)at_once : 1, image->height - y);
        struct tile_image rows = tile_image_view(image, (struct tile_rect){0, y, image->width, count});
        (sample == TILE_U8 ? u8_statistics : sample == TILE_U16 ? u16_statistics : f32_statistics)(out, &rows);
        for (uint32_t i = 0; i < count; i++)
            tile_hasher_add(&hasher, tile_image_row(&rows, 0, i), row);
        status = tile_watch_pass(watch, TILE_WATCH_STEP, error);
    }
    for (int c = 0; c < out->channels; c++)
        out->mean[c] /= (double)image->width * image->height;
    out->pixels = tile_hasher_end(&hasher);
    return status;
}
