/* SPDX-License-Identifier: MIT */
#include "encoding.h"

/* What a channel's values are; tile.h has the formulas, and H.273 those of YCbCr. */
enum kind {
    UNIT,           /* 0..1 */
    PERCENT,        /* 0..100 */
    HUE,            /* 0..360 */
    HUE_180,        /* 0..360, half of it in u8 */
    LAB_AB,         /* in units of code */
    LAB_CHROMA,     /* in units of code */
    LUV_U,          /* -134..220 */
    LUV_V,          /* -140..122 */
    OKLAB_AB,       /* 0 at 128 */
    OKLAB_CHROMA,   /* 0..0.5 */
    LUMA_LIMITED,   /* 0..1 */
    CHROMA_LIMITED, /* -0.5..0.5 */
    SIGNED_FULL,    /* -0.5..0.5 */
    YCOCG_Y,        /* 0..255 of 8 bits, divided by 255 */
    YCOCG_C,        /* -255..255 */
};

static const struct {
    struct tile_encoding u8, u16;
} kinds[] = {
    [UNIT] = {{255, 0}, {65535, 0}},
    [PERCENT] = {{255 / 100., 0}, {65535 / 100., 0}},
    [HUE] = {{255 / 360., 0}, {65535 / 360., 0}},
    [HUE_180] = {{1 / 2., 0}, {65535 / 360., 0}},
    [LAB_AB] = {{1, 128}, {257, 257 * 128}},
    [LAB_CHROMA] = {{1, 0}, {257, 0}},
    [LUV_U] = {{255 / 354., 134 * 255 / 354.}, {65535 / 354., 134 * 65535 / 354.}},
    [LUV_V] = {{255 / 262., 140 * 255 / 262.}, {65535 / 262., 140 * 65535 / 262.}},
    [OKLAB_AB] = {{255, 128}, {65535, 257 * 128}},
    [OKLAB_CHROMA] = {{255 / .5, 0}, {65535 / .5, 0}},
    [LUMA_LIMITED] = {{219, 16}, {219 * 256, 16 * 256}},
    [CHROMA_LIMITED] = {{224, 128}, {224 * 256, 128 * 256}},
    [SIGNED_FULL] = {{255, 128}, {65535, 32768}},
    [YCOCG_Y] = {{255, 0}, {255, 0}},
    [YCOCG_C] = {{255, 256}, {255, 256}},
};

/* Spaces that are not listed are UNIT throughout. */
static const unsigned char channels[TILE_SPACE_COUNT][4] = {
    [TILE_YCBCR] = {UNIT, SIGNED_FULL, SIGNED_FULL},
    [TILE_YCBCR601] = {LUMA_LIMITED, CHROMA_LIMITED, CHROMA_LIMITED},
    [TILE_YCBCR709] = {LUMA_LIMITED, CHROMA_LIMITED, CHROMA_LIMITED},
    [TILE_YCBCR709_FULL] = {UNIT, SIGNED_FULL, SIGNED_FULL},
    [TILE_YCBCR2020] = {LUMA_LIMITED, CHROMA_LIMITED, CHROMA_LIMITED},
    [TILE_YCBCR2020_FULL] = {UNIT, SIGNED_FULL, SIGNED_FULL},
    [TILE_LAB] = {PERCENT, LAB_AB, LAB_AB},
    [TILE_LAB_D65] = {PERCENT, LAB_AB, LAB_AB},
    [TILE_LCH] = {PERCENT, LAB_CHROMA, HUE},
    [TILE_LCH_D65] = {PERCENT, LAB_CHROMA, HUE},
    [TILE_LUV] = {PERCENT, LUV_U, LUV_V},
    [TILE_OKLAB] = {UNIT, OKLAB_AB, OKLAB_AB},
    [TILE_OKLCH] = {UNIT, OKLAB_CHROMA, HUE},
    [TILE_HSV] = {HUE},
    [TILE_HSV_180] = {HUE_180},
    [TILE_HSL] = {HUE},
    [TILE_HWB] = {HUE},
    [TILE_ICTCP] = {UNIT, SIGNED_FULL, SIGNED_FULL},
    [TILE_ICTCP_HLG] = {UNIT, SIGNED_FULL, SIGNED_FULL},
    [TILE_JZAZBZ] = {UNIT, SIGNED_FULL, SIGNED_FULL},
    [TILE_YCOCG_R] = {YCOCG_Y, YCOCG_C, YCOCG_C},
};

struct tile_encoding tile_encoding_of(tile_space space, tile_sample sample, int channel) {
    unsigned char kind = channels[space][channel];
    return sample == TILE_U8    ? kinds[kind].u8
           : sample == TILE_U16 ? kinds[kind].u16
                                : (struct tile_encoding){.scale = 1, .offset = 0};
}

int tile_space_hue(tile_space space) {
    for (int i = 0; i < 4; i++)
        if (channels[space][i] == HUE || channels[space][i] == HUE_180)
            return i;
    return -1;
}
