/* SPDX-License-Identifier: MIT */
#include "predict.h"

#include <string.h>

/* Codes of Lab are made in pieces of a row that the first cache holds. */
enum { PIECE = 1024 };

/*
 * Section 23: a* and b* are signed, 8 bits of 1 or 16 bits of 1/256; L* is as libtile's code. libtile's u8 code is
 * a + 128, its u16 code 257 (a + 128). 256/257 of a whole number is never half way between two, so that this rounds.
 */
static void sign_8(uint8_t *samples, size_t count, size_t channels) {
    for (size_t i = 0; i < count; i += channels) {
        samples[i + 1] ^= 0x80;
        samples[i + 2] ^= 0x80;
    }
}

static void sign_16(uint16_t *samples, size_t count, size_t channels) {
    for (size_t i = 0; i < count; i += channels)
        for (size_t j = i + 1; j <= i + 2; j++)
            samples[j] = (uint16_t)((samples[j] * 256U + 128) / 257 ^ 0x8000);
}

static void sign(const struct tile_predict *predict, void *samples, size_t count) {
    if (predict->lab && predict->sample == TILE_U8)
        sign_8(samples, count, predict->channels);
    if (predict->lab && predict->sample == TILE_U16)
        sign_16(samples, count, predict->channels);
}

static void predict_none(const struct tile_predict *predict, uint8_t *out, const void *row, size_t count,
                         size_t width) {
    size_t step = predict->channels * predict->sample;
    memcpy(out, row, count * step);
    sign(predict, out, count * predict->channels);
    for (size_t x = count; x < width; x++)
        memcpy(out + x * step, out + (count - 1) * step, step);
}

/* The differences of pixels that are repeated are 0. A sign changes no difference of bytes. */
static void differ_8(const struct tile_predict *predict, uint8_t *out, const uint8_t *row, size_t count, size_t width) {
    size_t channels = predict->channels;
    memcpy(out, row, channels);
    sign(predict, out, channels);
    predict->kernels->differ_8(out + channels, row, (count - 1) * channels, channels);
    memset(out + count * channels, 0, (width - count) * channels);
}

static void differ_16(const struct tile_predict *predict, uint16_t *out, const uint16_t *row, size_t count,
                      size_t width) {
    size_t channels = predict->channels, samples = count * channels;
    memcpy(out, row, channels * sizeof *row);
    sign(predict, out, channels);
    if (predict->lab) {
        uint16_t piece[PIECE];
        size_t at_once = PIECE / channels * channels - channels; /* and the pixel before */
        for (size_t i = channels, some; i < samples; i += some) {
            some = samples - i < at_once ? samples - i : at_once;
            memcpy(piece, row + i - channels, (some + channels) * sizeof *piece);
            sign(predict, piece, some + channels);
            predict->kernels->differ_16(out + i, piece, some, channels);
        }
    } else {
        predict->kernels->differ_16(out + channels, row, samples - channels, channels);
    }
    memset(out + samples, 0, (width - count) * channels * sizeof *out);
}

/* Byte 3 is the highest. */
static uint8_t byte_of(uint32_t sample, int byte) {
    return (uint8_t)(sample >> 8 * byte);
}

/* What is before a plane's first pixel is the last one of the plane before. */
static void differ_planes(const struct tile_predict *predict, uint8_t *out, const uint32_t *row, size_t count,
                          size_t width) {
    size_t channels = predict->channels, plane = width * channels, samples = count * channels;
    for (int p = 0; p < 4; p++) {
        uint8_t *to = out + (size_t)p * plane;
        for (size_t c = 0; c < channels; c++)
            to[c] = (uint8_t)(byte_of(row[c], 3 - p) - (p ? byte_of(row[samples - channels + c], 4 - p) : 0));
        memset(to + samples, 0, plane - samples);
    }
    predict->kernels->differ_planes(out + channels, plane, row, samples - channels, channels);
}

void tile_predict_row(const struct tile_predict *predict, void *out, const void *row, size_t count, size_t width) {
    if (predict->predictor == TILE_PREDICTOR_NONE)
        predict_none(predict, out, row, count, width);
    else if (predict->predictor == TILE_PREDICTOR_FLOAT)
        differ_planes(predict, out, row, count, width);
    else if (predict->sample == TILE_U8)
        differ_8(predict, out, row, count, width);
    else
        differ_16(predict, out, row, count, width);
}
