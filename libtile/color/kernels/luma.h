/* SPDX-License-Identifier: MIT */
/*
 * Codes of RGB to those of luma and color differences, and back. What is rounded is a sum of products of integers, by
 * i_dot, that lies in the bits of a float: a multiplication and a rounding make it a code. All is exact: see luma.c.
 */
#ifndef TILE_COLOR_LUMA_H
#define TILE_COLOR_LUMA_H

#include "kernels.h"
#include "samples.h"

/* The bits of the float 1.5 x 2^23 + n are these + n. */
#define ZERO 0x4B400000

/* A ratio in registers: what it begins to sum at, and how it ends. */
struct ratio {
    ints begin;
    floats by, lift;
};

static inline struct ratio ratio_load(const struct tile_ratio *ratio) {
    return (struct ratio){i_all(ZERO + ratio->bias), f_all(ratio->by), f_all(ratio->lift)};
}

static inline ints ratio_of(ints n, struct ratio ratio) {
    return i_bits(f_fma(f_bits(n), ratio.by, ratio.lift));
}

static inline void gray_codes(uint8_t *const *plane, size_t count, const struct tile_luma *luma) {
    const ints rg = i_all(luma->rg), b = i_all(luma->b);
    const struct ratio ratio = ratio_load(&luma->ratio[0]);
    for (size_t i = 0; i < count; i += BLOCK) {
        ints p[4], q[4];
        i_pairs(p, b_load(plane[0] + i), b_load(plane[1] + i));
        i_pairs(q, b_load(plane[2] + i), b_all(0));
        for (size_t k = 0; k < 4; k++)
            p[k] = ratio_of(i_dot(i_dot(ratio.begin, p[k], rg), q[k], b), ratio);
        b_store(plane[0] + i, w_bytes(i_low(p)));
    }
}

/*
 * In limited range there are 15 bits of a fraction behind each code. Where all are 0, the code may be one too high:
 * such a block is done in double precision.
 */
static inline void ycbcr_codes(uint8_t *const *plane, size_t count, const struct tile_luma *luma, bool limited) {
    const ints rg = i_all(luma->rg), b = i_all(luma->b), unit = i_all(TILE_LUMA_UNIT);
    const struct ratio ratio[3] = {ratio_load(&luma->ratio[0]), ratio_load(&luma->ratio[1]),
                                   ratio_load(&luma->ratio[2])};
    const ints begin_b = i_add(ratio[0].begin, ratio[1].begin), begin_r = i_add(ratio[0].begin, ratio[2].begin);
    uint8_t *const out[3] = {plane[0], plane[1], plane[2]};
    for (size_t i = 0; i < count; i += BLOCK) {
        ints p[4], q[4], codes[3][4], least = i_all(-1);
        i_pairs(p, b_load(out[0] + i), b_load(out[1] + i));
        i_pairs(q, b_load(out[2] + i), b_all(0));
        for (size_t k = 0; k < 4; k++) {
            ints y = i_dot(i_dot(ratio[0].begin, p[k], rg), q[k], b);
            codes[0][k] = ratio_of(y, ratio[0]);
            codes[1][k] = ratio_of(i_dot(i_sub(begin_b, y), q[k], unit), ratio[1]);
            codes[2][k] = ratio_of(i_dot(i_sub(begin_r, y), p[k], unit), ratio[2]);
            for (size_t j = 0; limited && j < 3; j++) {
                codes[j][k] = i_add(codes[j][k], codes[j][k]);
                least = i_min_words(least, codes[j][k]);
            }
        }
        if (limited && i_any_low_zero(least)) {
            affine_codes((uint8_t *const[]){out[0] + i, out[1] + i, out[2] + i}, BLOCK, &luma->affine);
            continue;
        }
        for (size_t j = 0; j < 3; j++)
            b_store(out[j] + i, w_bytes(limited ? w_add(i_high(codes[j]), w_all(0x10000 - 0x8700)) : i_low(codes[j])));
    }
}

static void luma_codes(uint8_t *const *plane, size_t count, const void *numbers) {
    const struct tile_luma *luma = numbers;
    if (luma->affine.channels == 1)
        gray_codes(plane, count, luma);
    else if (luma->limited)
        ycbcr_codes(plane, count, luma, true);
    else
        ycbcr_codes(plane, count, luma, false);
}

/*
 * Codes of RGB are y + n of full range, n being of cb and cr alone. In limited range they are 85 / 73 (y - 16) + n /
 * 73, and n may be rounded down to an integer before the whole is.
 */
static inline void rgb_codes(uint8_t *const *plane, size_t count, const struct tile_chroma *chroma, bool limited) {
    const struct ratio ratio[3] = {ratio_load(&chroma->ratio[0]), ratio_load(&chroma->ratio[1]),
                                   ratio_load(&chroma->ratio[2])};
    ints weights[3], whole[3];
    for (size_t j = 0; j < 3; j++) {
        weights[j] = i_all(chroma->weights[j]);
        whole[j] = i_all(chroma->whole[j]);
    }
    uint8_t *const out[3] = {plane[0], plane[1], plane[2]};
    for (size_t i = 0; i < count; i += BLOCK) {
        bytes luma = b_load(out[0] + i);
        words y = limited ? w_scaled(luma, 85, b_all(0)) : w_wide(luma);
        ints c[4];
        i_pairs(c, b_load(out[1] + i), b_load(out[2] + i));
        for (size_t j = 0; j < 3; j++) {
            ints n[4];
            for (size_t k = 0; k < 4; k++) {
                n[k] = ratio_of(i_dot(ratio[j].begin, c[k], weights[j]), ratio[j]);
                if (limited)
                    n[k] = i_dot(n[k], c[k], whole[j]);
            }
            words codes = w_add(y, i_low(n));
            if (limited) { /* n / 73 = (n 57457 / 2^16) / 2^6, rounded down, is exact for n of 16 bits */
                codes = w_shift_right(w_mul_high(codes, w_all(57457)), 6);
                codes = w_add(codes, w_all((uint16_t)-TILE_CHROMA_BASE));
            }
            b_store(out[j] + i, w_bytes(codes));
        }
    }
}

static void chroma_codes(uint8_t *const *plane, size_t count, const void *numbers) {
    const struct tile_chroma *chroma = numbers;
    if (chroma->limited)
        rgb_codes(plane, count, chroma, true);
    else
        rgb_codes(plane, count, chroma, false);
}

#endif
