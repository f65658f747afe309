/* SPDX-License-Identifier: MIT */
/* The color spaces' names and shapes; what they mean is in color/. */
#include "pixels.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    int channels;
    enum tile_family family;
    bool u8; /* has 8-bit codes */
    const char *description;
} spaces[TILE_SPACE_COUNT] = {
    [TILE_SRGB] = {"srgb", 3, TILE_FAMILY_RGB, true, "sRGB, IEC 61966-2-1"},
    [TILE_SRGB_LINEAR] = {"srgb-linear", 3, TILE_FAMILY_RGB, true, "sRGB's primaries, linear light"},
    [TILE_DISPLAY_P3] = {"display-p3", 3, TILE_FAMILY_RGB, true, "Display P3"},
    [TILE_A98_RGB] = {"a98-rgb", 3, TILE_FAMILY_RGB, true, "Adobe RGB (1998)"},
    [TILE_PROPHOTO_RGB] = {"prophoto-rgb", 3, TILE_FAMILY_RGB, true, "ProPhoto (ROMM) RGB, D50"},
    [TILE_REC2020] = {"rec2020", 3, TILE_FAMILY_RGB, true, "ITU-R BT.2020 RGB"},
    [TILE_REC2100_PQ] = {"rec2100-pq", 3, TILE_FAMILY_RGB_HDR, true, "ITU-R BT.2100 RGB with PQ, SMPTE ST 2084"},
    [TILE_REC2100_HLG] = {"rec2100-hlg", 3, TILE_FAMILY_RGB_HDR, true, "ITU-R BT.2100 RGB with HLG"},
    [TILE_GRAY] = {"gray", 1, TILE_FAMILY_OTHER, true, "BT.601 luma of the coded sRGB values, as JFIF's Y"},
    [TILE_GRAY709] = {"gray709", 1, TILE_FAMILY_OTHER, true, "BT.709 luma of the coded sRGB values"},
    [TILE_LUMINANCE] = {"luminance", 1, TILE_FAMILY_OTHER, true, "CIE Y, linear"},
    [TILE_YCBCR] = {"ycbcr", 3, TILE_FAMILY_YCBCR, true, "JFIF YCbCr: BT.601, full range"},
    [TILE_YCBCR601] = {"ycbcr601", 3, TILE_FAMILY_YCBCR, true, "BT.601 YCbCr, limited range"},
    [TILE_YCBCR709] = {"ycbcr709", 3, TILE_FAMILY_YCBCR, true, "BT.709 YCbCr, limited range"},
    [TILE_YCBCR709_FULL] = {"ycbcr709-full", 3, TILE_FAMILY_YCBCR, true, "BT.709 YCbCr, full range"},
    [TILE_YCBCR2020] = {"ycbcr2020", 3, TILE_FAMILY_YCBCR, true, "BT.2020 YCbCr of rec2020, limited range"},
    [TILE_YCBCR2020_FULL] = {"ycbcr2020-full", 3, TILE_FAMILY_YCBCR, true, "BT.2020 YCbCr of rec2020, full range"},
    [TILE_XYZ_D65] = {"xyz-d65", 3, TILE_FAMILY_OTHER, true, "CIE XYZ, D65 white"},
    [TILE_XYZ_D50] = {"xyz-d50", 3, TILE_FAMILY_OTHER, true, "CIE XYZ, D50 white"},
    [TILE_LAB] = {"lab", 3, TILE_FAMILY_OTHER, true, "CIE L*a*b*, D50 white, as ICC and CSS"},
    [TILE_LAB_D65] = {"lab-d65", 3, TILE_FAMILY_OTHER, true, "CIE L*a*b*, D65 white, as OpenCV"},
    [TILE_LCH] = {"lch", 3, TILE_FAMILY_OTHER, true, "CIE LCh of lab"},
    [TILE_LCH_D65] = {"lch-d65", 3, TILE_FAMILY_OTHER, true, "CIE LCh of lab-d65"},
    [TILE_LUV] = {"luv", 3, TILE_FAMILY_OTHER, true, "CIE L*u*v*, D65 white"},
    [TILE_OKLAB] = {"oklab", 3, TILE_FAMILY_OTHER, true, "Oklab"},
    [TILE_OKLCH] = {"oklch", 3, TILE_FAMILY_OTHER, true, "Oklch"},
    [TILE_HSV] = {"hsv", 3, TILE_FAMILY_OTHER, true, "hue, saturation, value of sRGB; 8-bit hue 255/360"},
    [TILE_HSV_180] = {"hsv-180", 3, TILE_FAMILY_OTHER, true, "the same; 8-bit hue halved, as OpenCV"},
    [TILE_HSL] = {"hsl", 3, TILE_FAMILY_OTHER, true, "hue, saturation, lightness of sRGB"},
    [TILE_HWB] = {"hwb", 3, TILE_FAMILY_OTHER, true, "hue, whiteness, blackness of sRGB"},
    [TILE_CMYK] = {"cmyk", 4, TILE_FAMILY_OTHER, true, "ink; without profiles the naive device-cmyk of CSS"},
    [TILE_ICTCP] = {"ictcp", 3, TILE_FAMILY_OTHER, false, "BT.2100 ICtCp with PQ"},
    [TILE_ICTCP_HLG] = {"ictcp-hlg", 3, TILE_FAMILY_OTHER, false, "BT.2100 ICtCp with HLG"},
    [TILE_JZAZBZ] = {"jzazbz", 3, TILE_FAMILY_OTHER, false, "JzAzBz, Safdar 2017"},
    [TILE_YCOCG_R] = {"ycocg-r", 3, TILE_FAMILY_OTHER, false, "YCoCg-R, reversible, of 8-bit sRGB"},
};

static const struct {
    const char *name;
    tile_space space;
} others[] = {{"ycbcr601-full", TILE_YCBCR}, {"grey", TILE_GRAY}, {"grey709", TILE_GRAY709}};

static bool known(tile_space space) {
    return space > TILE_SPACE_UNSET && space < TILE_SPACE_COUNT;
}

tile_space tile_space_from_name(const char *name) {
    if (!name)
        return TILE_SPACE_UNSET;
    for (int i = TILE_SPACE_UNSET + 1; i < TILE_SPACE_COUNT; i++)
        if (strcasecmp(name, spaces[i].name) == 0)
            return (tile_space)i;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcasecmp(name, others[i].name) == 0)
            return others[i].space;
    return TILE_SPACE_UNSET;
}

const char *tile_space_name(tile_space space) {
    return known(space) ? spaces[space].name : NULL;
}

int tile_space_channels(tile_space space) {
    return known(space) ? spaces[space].channels : 0;
}

enum tile_family tile_space_family(tile_space space) {
    return known(space) ? spaces[space].family : TILE_FAMILY_OTHER;
}

const char *tile_space_description(tile_space space) {
    return known(space) ? spaces[space].description : NULL;
}

bool tile_space_has_sample(tile_space space, tile_sample sample) {
    return known(space) && (sample == TILE_U16 || sample == TILE_F32 || (sample == TILE_U8 && spaces[space].u8));
}

bool tile_color_from_text(const char *text, float color[4]) {
    text += *text == '#';
    size_t digits = strlen(text);
    if ((digits != 6 && digits != 8) || strspn(text, "0123456789abcdefABCDEF") != digits)
        return false;
    color[3] = 1;
    for (size_t i = 0; i < digits / 2; i++) {
        const char pair[3] = {text[2 * i], text[2 * i + 1], '\0'};
        color[i] = (float)strtoul(pair, NULL, 16) / 255.0f;
    }
    return true;
}
