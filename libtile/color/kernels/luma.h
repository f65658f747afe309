/* SPDX-License-Identifier: MIT */
/*
 * Codes of RGB to those of luma and color differences, and back. What is rounded is a sum of products of integers, by
 * i_dot, that lies in the bits of a float: a multiplication and a rounding make it a code. All is exact: see luma.c.
 */
#ifndef TILE_COLOR_LUMA_H
#define TILE_COLOR_LUMA_H

#include "blocks.h"
#include "kernels.h"
#include "samples.h"

/* The bits of the float 1.5 x 2^23 + n are these + n. */
#define ZERO 0x4B400000

/* What a sum begins at, and what it is multiplied by and gets added. */
struct ratio {
    ints begin;
    floats by, lift;
};

static inline struct ratio ratio_load(const struct tile_ratio *ratio) {
    return (struct ratio){i_all(ZERO + ratio->bias), f_all(ratio->by), f_all(ratio->lift)};
}

static inline ints ratio_of(ints n, const struct ratio *ratio) {
    return i_bits(f_fma(f_bits(n), ratio->by, ratio->lift));
}

/* ---- From RGB ---- */

struct luma {
    ints rg, b, unit, begin_b, begin_r;
    struct ratio ratio[3];
    const struct tile_luma *numbers;
};

static inline struct luma luma_load(const struct tile_luma *numbers) {
    struct luma l = {.numbers = numbers, .rg = i_all(numbers->rg), .b = i_all(numbers->b), .unit = i_all(TILE_LUMA_UNIT)};
    for (int j = 0; j < 3; j++)
        l.ratio[j] = ratio_load(&numbers->ratio[j]);
    l.begin_b = i_add(l.ratio[0].begin, l.ratio[1].begin);
    l.begin_r = i_add(l.ratio[0].begin, l.ratio[2].begin);
    return l;
}

INTO_LOOP void gray_block(bytes codes[3], const void *luma) {
    const struct luma *l = luma;
    ints rg[4], b[4];
    i_pairs(rg, codes[0], codes[1]);
    i_pairs(b, codes[2], b_all(0));
    for (size_t k = 0; k < 4; k++)
        rg[k] = ratio_of(i_dot(i_dot(l->ratio[0].begin, rg[k], l->rg), b[k], l->b), &l->ratio[0]);
    codes[0] = w_bytes(i_low(rg));
}

/* In double precision, for what is too close to call. */
static inline void affine_block(bytes codes[3], const struct tile_affine *affine) {
    uint8_t plane[3][BLOCK];
    for (int j = 0; j < 3; j++)
        b_store(plane[j], codes[j]);
    affine_codes((uint8_t *const[]){plane[0], plane[1], plane[2]}, BLOCK, affine);
    for (int j = 0; j < 3; j++)
        codes[j] = b_load(plane[j]);
}

/* In limited range there are 15 bits of a fraction behind each code. Where all are 0, the code may be one too high. */
INTO_LOOP void ycbcr_block(bytes codes[3], const struct luma *l, bool limited) {
    ints rg[4], b[4], n[3][4], least = i_all(-1);
    i_pairs(rg, codes[0], codes[1]);
    i_pairs(b, codes[2], b_all(0));
    for (size_t k = 0; k < 4; k++) {
        ints y = i_dot(i_dot(l->ratio[0].begin, rg[k], l->rg), b[k], l->b);
        n[0][k] = ratio_of(y, &l->ratio[0]);
        n[1][k] = ratio_of(i_dot(i_sub(l->begin_b, y), b[k], l->unit), &l->ratio[1]);
        n[2][k] = ratio_of(i_dot(i_sub(l->begin_r, y), rg[k], l->unit), &l->ratio[2]);
        for (size_t j = 0; limited && j < 3; j++) {
            n[j][k] = i_add(n[j][k], n[j][k]);
            least = i_min_words(least, n[j][k]);
        }
    }
    if (limited && i_any_low_zero(least)) {
        affine_block(codes, &l->numbers->affine);
        return;
    }
    bytes made[3];
    for (size_t j = 0; j < 3; j++)
        made[j] = w_bytes(limited ? w_add(i_high(n[j]), w_all(0x10000 - 0x8700)) : i_low(n[j]));
    codes[0] = made[0];
    codes[1] = l->numbers->reversed ? made[2] : made[1];
    codes[2] = l->numbers->reversed ? made[1] : made[2];
}

INTO_LOOP void full_block(bytes codes[3], const void *luma) {
    ycbcr_block(codes, luma, false);
}

INTO_LOOP void limited_block(bytes codes[3], const void *luma) {
    ycbcr_block(codes, luma, true);
}

static void luma_codes(uint8_t *const *plane, size_t count, const void *numbers) {
    const struct luma luma = luma_load(numbers);
    if (luma.numbers->affine.channels == 1)
        on_planes(plane, count, 1, gray_block, &luma);
    else if (luma.numbers->limited)
        on_planes(plane, count, 3, limited_block, &luma);
    else
        on_planes(plane, count, 3, full_block, &luma);
}

static void luma_pixels(uint8_t *out, const uint8_t *in, size_t count, const void *numbers) {
    const struct luma luma = luma_load(numbers);
    if (luma.numbers->affine.channels == 1)
        on_pixels(out, in, count, 1, gray_block, &luma);
    else if (luma.numbers->limited)
        on_pixels(out, in, count, 3, limited_block, &luma);
    else
        on_pixels(out, in, count, 3, full_block, &luma);
}

/* ---- To RGB ---- */

struct chroma {
    ints weights[3], whole[3];
    struct ratio ratio[3];
    const struct tile_chroma *numbers;
};

static inline struct chroma chroma_load(const struct tile_chroma *numbers) {
    struct chroma c = {.numbers = numbers};
    for (int j = 0; j < 3; j++) {
        c.weights[j] = i_all(numbers->weights[j]);
        c.whole[j] = i_all(numbers->whole[j]);
        c.ratio[j] = ratio_load(&numbers->ratio[j]);
    }
    return c;
}

/*
 * Codes of RGB are y + n of full range, n being of cb and cr alone. In limited range they are (85 (y - 16) + n) / 73,
 * and n may be rounded down to an integer before the whole is.
 */
INTO_LOOP void rgb_block(bytes codes[3], const struct chroma *c, bool limited) {
    words y = limited ? w_scaled(codes[0], 85, b_all(0)) : w_wide(codes[0]);
    ints chroma[4];
    i_pairs(chroma, codes[1], codes[2]);
    for (size_t j = 0; j < 3; j++) {
        ints n[4];
        for (size_t k = 0; k < 4; k++) {
            n[k] = ratio_of(i_dot(c->ratio[j].begin, chroma[k], c->weights[j]), &c->ratio[j]);
            if (limited)
                n[k] = i_dot(n[k], chroma[k], c->whole[j]);
        }
        words made = w_add(y, i_low(n));
        if (limited) { /* n / 73 = (n 57457 / 2^16) / 2^6, rounded down, is exact for n of 16 bits */
            made = w_shift_right(w_mul_high(made, w_all(57457)), 6);
            made = w_add(made, w_all((uint16_t)-TILE_CHROMA_BASE));
        }
        codes[j] = w_bytes(made);
    }
}

INTO_LOOP void from_full_block(bytes codes[3], const void *chroma) {
    rgb_block(codes, chroma, false);
}

INTO_LOOP void from_limited_block(bytes codes[3], const void *chroma) {
    rgb_block(codes, chroma, true);
}

static void chroma_codes(uint8_t *const *plane, size_t count, const void *numbers) {
    const struct chroma chroma = chroma_load(numbers);
    if (chroma.numbers->limited)
        on_planes(plane, count, 3, from_limited_block, &chroma);
    else
        on_planes(plane, count, 3, from_full_block, &chroma);
}

static void chroma_pixels(uint8_t *out, const uint8_t *in, size_t count, const void *numbers) {
    const struct chroma chroma = chroma_load(numbers);
    if (chroma.numbers->limited)
        on_pixels(out, in, count, 3, from_limited_block, &chroma);
    else
        on_pixels(out, in, count, 3, from_full_block, &chroma);
}

#endif
