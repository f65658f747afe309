/* SPDX-License-Identifier: MIT */
/*
 * The numbers of the luma kernels. 8-bit codes of luma and of what is made of it are fractions of integers: a product
 * of floats, rounded once, is the right code where its error is smaller than the distance of any fraction from the
 * next half.
 */
#include "luma.h"

#include "encoding.h"
#include "kernels/functions.h"

/* 1.5 x 2^23: floats around it are integers. */
#define ZERO 12582912.0

/*
 * What makes at + slope n of n, |n| < reach. Floats near the slope, and others than the nearest `lift` with what `bias`
 * then makes good, leave a choice of errors, of which the least is some 2^-25 of the largest result.
 */
static struct tile_ratio ratio_near(double slope, double at, double reach) {
    struct tile_ratio best = {0};
    double least = 1;
    for (uint32_t i = 0; i <= 8; i++) {
        float by = float_of_bits(bits_of_float((float)slope) + i - 4);
        float nearest_lift = (float)(at - ZERO * (double)by);
        for (uint32_t k = 0; k <= 32; k++) {
            float lift = float_of_bits(bits_of_float(nearest_lift) + k - 16);
            double rest = at - ZERO * (double)by - (double)lift, bias = nearest(rest / (double)by);
            double error = __builtin_fabs(rest - bias * (double)by) + __builtin_fabs((double)by - slope) * reach;
            if (error < least && __builtin_fabs(bias) < 32768) {
                best = (struct tile_ratio){(int32_t)bias, by, lift};
                least = error;
            }
        }
    }
    return best;
}

static int32_t pair(int low, int high) {
    return (int32_t)((uint32_t)low & 0xFFFF) | (int32_t)((uint32_t)high << 16);
}

static bool is_limited(tile_space ycbcr) {
    return tile_encoding_of(ycbcr, TILE_U8, 0).offset != 0;
}

/*
 * Full range: luma are fractions of 10000, color differences of 2 (10000 - kb) and 2 (10000 - kr), that is of 18814 at
 * most. They get half of one's distance from the next, so that ties round up: errors below 2.5e-5 do no harm.
 */
static const double above_ties = 2.5e-5;

static void use_luma(struct tile_luma *luma, tile_space to) {
    const double *p = luma->affine.p;
    double one = tile_encoding_of(to, TILE_U8, 0).scale / 255, kr = p[0] / one, kg = p[1] / one;
    int r = rounded((float)(kr * TILE_LUMA_UNIT)), g = rounded((float)(kg * TILE_LUMA_UNIT));
    luma->limited = is_limited(to);
    luma->rg = pair(r, g);
    luma->b = TILE_LUMA_UNIT - r - g;
    for (int j = 0; j < luma->affine.channels; j++) {
        double slope = (j ? -p[4 * j + 1] : p[1]) / g, offset = tile_encoding_of(to, TILE_U8, j).offset;
        luma->ratio[j] = ratio_near(slope, offset + (luma->limited ? 256.5 : ZERO + above_ties), 255. * TILE_LUMA_UNIT);
    }
}

/*
 * Two integers whose ratio is nearly that of the weights of cb and cr in G: their largest error, and the float's that
 * they are multiplied by, are below the distances of all 65536 results from the next half. In limited range their
 * integer parts are taken out first.
 */
static const struct {
    tile_space space;
    int cb, cr;
} greens[] = {
    {TILE_YCBCR, -10485, -21758},   {TILE_YCBCR709_FULL, -9012, -22521}, {TILE_YCBCR2020_FULL, -7290, -25312},
    {TILE_YCBCR601, 17561, -15167}, {TILE_YCBCR709, 26600, 5999},        {TILE_YCBCR2020, 12809, -18945},
};

static void use_chroma(struct tile_chroma *chroma, const double p[TILE_NUMBERS], tile_space from, int cb, int cr) {
    enum { ONLY = 1 << 14 };
    const int weights[3][2] = {{0, ONLY}, {cb, cr}, {ONLY, 0}};
    chroma->limited = is_limited(from);
    for (int j = 0; j < 3; j++) {
        double scale = chroma->limited ? 73 : 1, slope[2], whole[2] = {0};
        double at = chroma->limited ? ZERO + 36 + 73 * TILE_CHROMA_BASE - 85 * 16
                                    : ZERO + (from == TILE_YCBCR ? above_ties : 0);
        int pairs[2] = {weights[j][0], weights[j][1]};
        for (int i = 0; i < 2; i++) {
            slope[i] = scale * p[4 * j + 1 + i];
            if (chroma->limited)
                whole[i] = nearest(slope[i]);
            slope[i] -= whole[i];
            at -= 128 * whole[i];
            if (j != 1 && slope[i] < 0)
                pairs[i] = -pairs[i];
        }
        int main = pairs[0] * pairs[0] > pairs[1] * pairs[1] ? 0 : 1;
        chroma->weights[j] = pair(pairs[0], pairs[1]);
        chroma->whole[j] = pair((int)whole[0], (int)whole[1]);
        chroma->ratio[j] = ratio_near(slope[main] / pairs[main], at, 128 * 32768.);
        chroma->ratio[j].bias -= 128 * (pairs[0] + pairs[1]);
    }
}

tile_codes_op *tile_codes_of(union tile_codes_numbers *numbers, const struct tile_kernels *kernels, tile_space from,
                             tile_space to) {
    const struct tile_affine affine = numbers->affine;
    if ((from == TILE_SRGB || from == TILE_REC2020) && (to == TILE_GRAY || to == TILE_GRAY709)) {
        use_luma(&numbers->luma, to);
        return kernels->luma_codes;
    }
    for (size_t i = 0; i < sizeof greens / sizeof *greens; i++) {
        if (greens[i].space == to && (from == TILE_SRGB || from == TILE_REC2020)) {
            use_luma(&numbers->luma, to);
            return kernels->luma_codes;
        }
        if (greens[i].space == from && (to == TILE_SRGB || to == TILE_REC2020)) {
            use_chroma(&numbers->chroma, affine.p, from, greens[i].cb, greens[i].cr);
            return kernels->chroma_codes;
        }
    }
    return kernels->affine_codes;
}
