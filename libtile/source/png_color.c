/* SPDX-License-Identifier: MIT */
/*
 * PNG (third edition), 4.3: cICP goes before iCCP, that before sRGB, that before gAMA and cHRM; one that cannot be used
 * leaves the word to the next. Their order in the file does not matter.
 */
#include "png_color.h"

#include "../base/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ITU-T H.273: primaries, transfer, matrix (0: RGB), and 1 for full range. 2 is "unspecified". */
static const struct {
    unsigned char primaries, transfer;
    tile_space color, gray;
} known[] = {
    {1, 13, TILE_SRGB, TILE_GRAY},
    {12, 13, TILE_DISPLAY_P3, TILE_GRAY},
    {1, 8, TILE_SRGB_LINEAR, TILE_LUMINANCE},
    {9, 1, TILE_REC2020, TILE_SPACE_UNSET}, /* 1, 14 and 15 are one curve */
    {9, 14, TILE_REC2020, TILE_SPACE_UNSET},
    {9, 15, TILE_REC2020, TILE_SPACE_UNSET},
    {9, 16, TILE_REC2100_PQ, TILE_SPACE_UNSET},
    {9, 18, TILE_REC2100_HLG, TILE_SPACE_UNSET},
};

static tile_space space_of(const unsigned char cicp[4], bool gray) {
    for (size_t i = 0; i < sizeof known / sizeof known[0] && cicp[2] == 0 && cicp[3] == 1; i++)
        if (cicp[0] == known[i].primaries && cicp[1] == known[i].transfer)
            return gray ? known[i].gray : known[i].color;
    return TILE_SPACE_UNSET;
}

/* In units of 1/100000, as the file has them: white, red, green, blue. */
static bool is_srgb(const uint32_t xy[8]) {
    static const uint32_t srgb[8] = {31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000};
    for (int i = 0; i < 8; i++)
        if (xy[i] + 100 < srgb[i] || xy[i] > srgb[i] + 100)
            return false;
    return true;
}

static tile_status gamma_color(tile_source *source, const struct tile_png_chunks *c, struct tile_error *error) {
    bool gray = source->info.format.space == TILE_GRAY;
    bool srgb_primaries = gray || !c->has_chromaticities || is_srgb(c->chromaticities);
    /* What writes 1/2.2 means sRGB (11.3.2.5 has sRGB's writers put 45455 beside it, and before there was an sRGB chunk
     * that was how it was told); 1 % around it. */
    if (srgb_primaries && c->gamma >= 45000 && c->gamma <= 45910) {
        source->info.tagged = true;
        return TILE_OK;
    }
    if (c->gamma < 10000 || c->gamma > 1000000) /* beyond exponents of 0.1 to 10 it is nonsense */
        return TILE_OK;
    struct tile_buffer profile = {.allocator = source->allocator};
    tile_status status;
    if (gray)
        status = tile_profile_of_gray_gamma(&profile, 100000. / c->gamma, error);
    else {
        const uint32_t *v = c->chromaticities;
        struct tile_chromaticities xy = {
            {v[0] / 1e5, v[1] / 1e5}, {v[2] / 1e5, v[3] / 1e5}, {v[4] / 1e5, v[5] / 1e5}, {v[6] / 1e5, v[7] / 1e5}};
        status = tile_profile_of_gamma(&profile, c->has_chromaticities ? &xy : NULL, 100000. / c->gamma, error);
    }
    if (status == TILE_OK)
        status = tile_source_set_profile(source, profile.data, profile.size, error);
    else if (status == TILE_BAD_DATA) /* nonsense too */
        status = TILE_OK;
    tile_buffer_free(&profile);
    return status;
}

/* The chunks from iCCP down. `hdr`: sRGB and gAMA can be no more than a hint for those who cannot read cICP. */
static tile_status older_color(tile_source *source, const struct tile_png_chunks *c, bool hdr,
                               struct tile_error *error) {
    tile_status status = TILE_OK;
    if (c->no_profile[0])
        status = tile_source_drop_profile(source, error, "%s", c->no_profile);
    else if (c->profile.size)
        status = tile_source_set_profile(source, c->profile.data, c->profile.size, error);
    if (status != TILE_OK || source->info.tagged || hdr)
        return status;
    if (c->has_srgb)
        source->info.tagged = true;
    else if (c->has_gamma)
        status = gamma_color(source, c, error);
    return status;
}

tile_status tile_png_color(tile_source *source, const struct tile_png_chunks *c, struct tile_error *error) {
    enum { UNSPECIFIED = 2, PQ = 16, HLG = 18 };
    struct tile_info *info = &source->info;
    bool says = c->has_cicp && !(c->cicp[0] == UNSPECIFIED && c->cicp[1] == UNSPECIFIED);
    if (source->options.ignore_profile) {
        info->ignored = says || c->profile.size || c->no_profile[0] || c->has_srgb || c->has_gamma;
        return TILE_OK;
    }
    if (says) {
        memcpy(source->code_points, c->cicp, sizeof source->code_points);
        info->code_points = source->code_points;
        tile_space space = space_of(c->cicp, info->format.space == TILE_GRAY);
        if (space != TILE_SPACE_UNSET) {
            info->format.space = space;
            info->tagged = true;
            return TILE_OK;
        }
    }
    tile_status status = older_color(source, c, says && (c->cicp[1] == PQ || c->cicp[1] == HLG), error);
    if (status != TILE_OK || !says)
        return status;
    if (info->tagged)
        return tile_source_notice(source, 0, error,
                                  "its cICP chunk says %u-%u-%u-%u (ITU-T H.273), which is no color space known here: "
                                  "what its other chunks say is taken",
                                  c->cicp[0], c->cicp[1], c->cicp[2], c->cicp[3]);
    /* Any guess would be wrong colors: they can be kept as they are, but not converted. */
    if (source->options.assume == TILE_SPACE_UNSET) {
        snprintf(source->unknown, sizeof source->unknown,
                 "its cICP chunk says %u-%u-%u-%u (ITU-T H.273), which is no color space known here", c->cicp[0],
                 c->cicp[1], c->cicp[2], c->cicp[3]);
        info->unknown_color = source->unknown;
    } else
        info->code_points = NULL;
    return TILE_OK;
}
