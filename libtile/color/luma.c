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

void tile_luma_fill(struct tile_luma *luma, const struct tile_affine *affine, tile_space to, bool reversed) {
    luma->affine = *affine;
    for (int j = 0; reversed && j < affine->channels; j++) {
        luma->affine.p[4 * j] = affine->p[4 * j + 2];
        luma->affine.p[4 * j + 2] = affine->p[4 * j];
    }
    const double *p = luma->affine.p, one = tile_encoding_of(to, TILE_U8, 0).scale / 255;
    int weights[2];
    for (int i = 0; i < 2; i++)
        weights[i] = (int)nearest(p[i] / one * TILE_LUMA_UNIT);
    luma->limited = is_limited(to);
    luma->reversed = reversed;
    luma->rg = pair(weights[0], weights[1]);
    luma->b = TILE_LUMA_UNIT - weights[0] - weights[1];
    for (int j = 0; j < luma->affine.channels; j++) {
        const double *row = p + 4 * (j && reversed ? 3 - j : j);
        double slope = __builtin_fabs(row[1]) / weights[1], offset = tile_encoding_of(to, TILE_U8, j).offset;
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

bool tile_luma_is_of(tile_space luma, tile_space rgb) {
    bool known = luma == TILE_GRAY || luma == TILE_GRAY709;
    for (size_t i = 0; i < sizeof greens / sizeof *greens; i++)
        known = known || greens[i].space == luma;
    return known && rgb == (luma == TILE_YCBCR2020 || luma == TILE_YCBCR2020_FULL ? TILE_REC2020 : TILE_SRGB);
}

void tile_chroma_fill(struct tile_chroma *chroma, const double p[TILE_NUMBERS], tile_space from, bool reversed) {
    int green = 0;
    while (greens[green].space != from)
        green++;
    chroma->limited = is_limited(from);
    chroma->luma = 85;
    for (int j = 0; j < 3; j++) {
        const double *row = p + 4 * (reversed ? 2 - j : j);
        double scale = chroma->limited ? 73 : 1, slope[2], whole[2] = {0};
        double at = chroma->limited ? ZERO + 36 + 73 * TILE_CHROMA_BASE - 85 * 16
                                    : ZERO + (from == TILE_YCBCR ? above_ties : 0);
        for (int i = 0; i < 2; i++) {
            slope[i] = scale * row[1 + i];
            if (chroma->limited)
                whole[i] = nearest(slope[i]);
            slope[i] -= whole[i];
            at -= 128 * whole[i];
        }
        int weights[2] = {greens[green].cb, greens[green].cr};
        for (int i = 0; i < 2; i++) /* R and B have one of the two */
            if (slope[1 - i] == 0) {
                weights[i] = slope[i] < 0 ? -(1 << 14) : 1 << 14;
                weights[1 - i] = 0;
            }
        int main = weights[0] * weights[0] > weights[1] * weights[1] ? 0 : 1;
        chroma->weights[j] = pair(weights[0], weights[1]);
        chroma->whole[j] = pair((int)whole[0], (int)whole[1]);
        chroma->ratio[j] = ratio_near(slope[main] / weights[main], at, 128 * 32768.);
        chroma->ratio[j].bias -= 128 * (weights[0] + weights[1]);
    }
}
