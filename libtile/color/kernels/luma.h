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

/* Loops are compiled once for each kind of codes that they are for. */
#define FOR_EACH_KIND static inline __attribute__((always_inline))

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

/* ---- Blocks of pixels of 3 codes ---- */

#ifndef PIXELS_TO_INTS

/* The first two codes as pairs, and the third alone. */
static inline void i_split3(ints pairs[4], ints third[4], const uint8_t *in) {
    bytes codes[3];
    b_split3(codes, in);
    i_pairs(pairs, codes[0], codes[1]);
    i_pairs(third, codes[2], b_all(0));
}

/* The first as words, and the other two as pairs. */
static inline void i_split1(words *first, ints pairs[4], const uint8_t *in) {
    bytes codes[3];
    b_split3(codes, in);
    *first = i_words(codes[0]);
    i_pairs(pairs, codes[1], codes[2]);
}

static inline void i_join3(uint8_t *out, const words in[3]) {
    const bytes codes[3] = {i_bytes(in[0]), i_bytes(in[1]), i_bytes(in[2])};
    b_join3(out, codes);
}

#endif

/* Where a loop finds its codes: in planes, or in pixels, the last of which go through memory with room for a block. */
struct place {
    uint8_t *plane[3];
    const uint8_t *in;
    uint8_t *out;
    uint8_t rest[3 * BLOCK];
};

static inline const uint8_t *block_in(struct place *p, size_t i, size_t count) {
    const uint8_t *in = p->in + 3 * i;
    return count - i < BLOCK ? memcpy(p->rest, in, 3 * (count - i)) : in;
}

FOR_EACH_KIND void block_out(struct place *p, size_t i, size_t count, const words made[3], int channels, bool pixels) {
    uint8_t *out = p->out + (size_t)channels * i, *to = count - i < BLOCK ? p->rest : out;
    if (!pixels)
        for (int j = 0; j < channels; j++)
            b_store(p->plane[j] + i, i_bytes(made[j]));
    else if (channels == 1)
        b_store(to, i_bytes(made[0]));
    else
        i_join3(to, made);
    if (pixels && to == p->rest)
        memcpy(out, p->rest, (size_t)channels * (count - i));
}

/* ---- From RGB ---- */

/* In double precision, for what is too close to call; as words. */
static inline void affine_block(words made[3], struct place *p, size_t i, const uint8_t *in,
                                const struct tile_affine *affine) {
    uint8_t plane[3][BLOCK];
    bytes codes[3];
    if (in)
        b_split3(codes, in);
    for (int j = 0; j < 3; j++)
        b_store(plane[j], in ? codes[j] : b_load(p->plane[j] + i));
    affine_codes((uint8_t *const[]){plane[0], plane[1], plane[2]}, BLOCK, affine);
    for (int j = 0; j < 3; j++)
        made[j] = i_words(b_load(plane[j]));
}

/* In limited range there are 15 bits of a fraction behind each code. Where all are 0, the code may be one too high. */
FOR_EACH_KIND void luma_loop(struct place *p, size_t count, const struct tile_luma *luma, int channels, bool limited,
                             bool pixels) {
    const ints weights_rg = i_all(luma->rg), weight_b = i_all(luma->b), unit = i_all(TILE_LUMA_UNIT);
    struct ratio ratio[3];
    for (int j = 0; j < channels; j++)
        ratio[j] = ratio_load(&luma->ratio[j]);
    const ints begin = ratio[0].begin, begin_b = i_add(begin, ratio[1].begin), begin_r = i_add(begin, ratio[2].begin);
    const bool reversed = luma->reversed;
    for (size_t i = 0; i < count; i += BLOCK) {
        const uint8_t *in = pixels ? block_in(p, i, count) : NULL;
        ints rg[4], b[4], n[3][4], least = i_all(-1);
        words made[3];
        if (pixels)
            i_split3(rg, b, in);
        else {
            i_pairs(rg, b_load(p->plane[0] + i), b_load(p->plane[1] + i));
            i_pairs(b, b_load(p->plane[2] + i), b_all(0));
        }
        for (int k = 0; k < 4; k++) {
            ints y = i_dot(i_dot(begin, rg[k], weights_rg), b[k], weight_b);
            n[0][k] = ratio_of(y, &ratio[0]);
            if (channels == 3) {
                n[1][k] = ratio_of(i_dot(i_sub(begin_b, y), b[k], unit), &ratio[1]);
                n[2][k] = ratio_of(i_dot(i_sub(begin_r, y), rg[k], unit), &ratio[2]);
            }
            for (int j = 0; limited && j < channels; j++) {
                n[j][k] = i_add(n[j][k], n[j][k]);
                least = i_min_words(least, n[j][k]);
            }
        }
        for (int j = 0; j < channels; j++)
            made[j] = limited ? w_add(i_high(n[j]), w_all(0x10000 - 0x8700)) : i_low(n[j]);
        if (channels == 3 && reversed) {
            words swapped = made[1];
            made[1] = made[2];
            made[2] = swapped;
        }
        if (limited && i_any_low_zero(least))
            affine_block(made, p, i, in, &luma->affine);
        block_out(p, i, count, made, channels, pixels);
    }
}

static void luma_codes(uint8_t *const *plane, size_t count, const void *numbers) {
    const struct tile_luma *luma = numbers;
    struct place p = {.plane = {plane[0], plane[1], plane[2]}};
    if (luma->affine.channels == 1)
        luma_loop(&p, count, luma, 1, false, false);
    else if (luma->limited)
        luma_loop(&p, count, luma, 3, true, false);
    else
        luma_loop(&p, count, luma, 3, false, false);
}

static void luma_pixels(uint8_t *out, const uint8_t *in, size_t count, const void *numbers) {
    const struct tile_luma *luma = numbers;
    struct place p = {.in = in, .out = out};
    if (luma->affine.channels == 1)
        luma_loop(&p, count, luma, 1, false, true);
    else if (luma->limited)
        luma_loop(&p, count, luma, 3, true, true);
    else
        luma_loop(&p, count, luma, 3, false, true);
}

/* ---- To RGB ---- */

/*
 * Codes of RGB are y + n of full range, n being of cb and cr alone. In limited range they are (85 (y - 16) + n) / 73,
 * and n may be rounded down to an integer before the whole is.
 */
FOR_EACH_KIND void chroma_loop(struct place *p, size_t count, const struct tile_chroma *chroma, bool limited,
                               bool pixels) {
    ints weights[3], whole[3];
    struct ratio ratio[3];
    for (int j = 0; j < 3; j++) {
        weights[j] = i_all(chroma->weights[j]);
        whole[j] = i_all(chroma->whole[j]);
        ratio[j] = ratio_load(&chroma->ratio[j]);
    }
    const words scale = w_all((uint16_t)chroma->luma);
    for (size_t i = 0; i < count; i += BLOCK) {
        words y, made[3];
        ints c[4];
        if (pixels)
            i_split1(&y, c, block_in(p, i, count));
        else {
            y = i_words(b_load(p->plane[0] + i));
            i_pairs(c, b_load(p->plane[1] + i), b_load(p->plane[2] + i));
        }
        if (limited)
            y = w_mul(y, scale);
        for (int j = 0; j < 3; j++) {
            ints n[4];
            for (int k = 0; k < 4; k++) {
                n[k] = ratio_of(i_dot(ratio[j].begin, c[k], weights[j]), &ratio[j]);
                if (limited)
                    n[k] = i_dot(n[k], c[k], whole[j]);
            }
            made[j] = w_add(y, i_low(n));
            if (limited) { /* n / 73 = (n 57457 / 2^16) / 2^6, rounded down, is exact for n of 16 bits */
                made[j] = w_shift_right(w_mul_high(made[j], w_all(57457)), 6);
                made[j] = w_add(made[j], w_all((uint16_t)-TILE_CHROMA_BASE));
            }
        }
        block_out(p, i, count, made, 3, pixels);
    }
}

static void chroma_codes(uint8_t *const *plane, size_t count, const void *numbers) {
    const struct tile_chroma *chroma = numbers;
    struct place p = {.plane = {plane[0], plane[1], plane[2]}};
    if (chroma->limited)
        chroma_loop(&p, count, chroma, true, false);
    else
        chroma_loop(&p, count, chroma, false, false);
}

static void chroma_pixels(uint8_t *out, const uint8_t *in, size_t count, const void *numbers) {
    const struct tile_chroma *chroma = numbers;
    struct place p = {.in = in, .out = out};
    if (chroma->limited)
        chroma_loop(&p, count, chroma, true, true);
    else
        chroma_loop(&p, count, chroma, false, true);
}

#endif
