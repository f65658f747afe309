/* SPDX-License-Identifier: MIT */
/* PNG (third edition), 4.3: cICP goes before iCCP, that before sRGB, that before gAMA and cHRM. */
#include "png_color.h"

#include "../base/profile.h"

#include <stdlib.h>
#include <string.h>

/* cICP: ITU-T H.273's numbers for primaries, transfer, matrix and range. *unknown: those that name no space here. */
static tile_space cicp_space(png_structp read, png_infop info, bool gray, const png_byte **unknown) {
    static const struct {
        png_byte primaries, transfer;
        tile_space color, gray;
    } known[] = {
        {1, 13, TILE_SRGB, TILE_GRAY},
        {12, 13, TILE_DISPLAY_P3, TILE_GRAY},
        {1, 8, TILE_SRGB_LINEAR, TILE_LUMINANCE},
        {9, 1, TILE_REC2020, TILE_SPACE_UNSET}, /* 1, 14 and 15 are one curve */
        {9, 14, TILE_REC2020, TILE_SPACE_UNSET},
        {9, 15, TILE_REC2020, TILE_SPACE_UNSET},
    };
    png_unknown_chunkp chunks = NULL;
    int count = png_get_unknown_chunks(read, info, &chunks);
    for (int i = 0; i < count; i++) {
        const png_byte *data = chunks[i].data;
        if (memcmp(chunks[i].name, "cICP", 4) != 0 || chunks[i].size != 4)
            continue;
        *unknown = data;
        for (size_t k = 0; k < sizeof known / sizeof known[0] && data[2] == 0 && data[3] == 1; k++)
            if (data[0] == known[k].primaries && data[1] == known[k].transfer)
                return gray ? known[k].gray : known[k].color;
    }
    return TILE_SPACE_UNSET;
}

/* In units of 1/100000, as the file has them: white, red, green, blue. */
static bool is_srgb(const png_fixed_point xy[8]) {
    static const png_fixed_point srgb[8] = {31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000};
    for (int i = 0; i < 8; i++)
        if (abs(xy[i] - srgb[i]) > 100)
            return false;
    return true;
}

static tile_status gamma_color(tile_source *source, png_structp read, png_infop info, png_fixed_point gamma,
                               struct tile_error *error) {
    bool gray = source->info.format.space == TILE_GRAY;
    png_fixed_point c[8];
    bool chromaticities = png_get_cHRM_fixed(read, info, &c[0], &c[1], &c[2], &c[3], &c[4], &c[5], &c[6], &c[7]) != 0;
    bool srgb_primaries = gray || !chromaticities || is_srgb(c);
    /* What writes 1/2.2 means sRGB (PNG, 11.3.2.5, has sRGB's writers put 45455 beside it); 1 % around it. */
    if (srgb_primaries && abs(gamma - 45455) <= 455) {
        source->info.tagged = true;
        return TILE_OK;
    }
    if (gamma < 10000 || gamma > 1000000) /* beyond exponents of 0.1 to 10 it is nonsense */
        return TILE_OK;
    struct tile_buffer profile = {.allocator = source->allocator};
    tile_status status;
    if (gray)
        status = tile_profile_of_gray_gamma(&profile, 100000. / gamma, error);
    else {
        struct tile_chromaticities xy = {
            {c[0] / 1e5, c[1] / 1e5}, {c[2] / 1e5, c[3] / 1e5}, {c[4] / 1e5, c[5] / 1e5}, {c[6] / 1e5, c[7] / 1e5}};
        status = tile_profile_of_gamma(&profile, chromaticities ? &xy : NULL, 100000. / gamma, error);
    }
    if (status == TILE_OK)
        status = tile_source_set_profile(source, profile.data, profile.size, error);
    else if (status == TILE_BAD_DATA) /* nonsense too */
        status = TILE_OK;
    tile_buffer_free(&profile);
    return status;
}

/* The chunks from iCCP down. */
static tile_status older_color(tile_source *source, png_structp read, png_infop info, struct tile_error *error) {
    png_charp name;
    int compression;
    png_bytep profile;
    png_uint_32 size;
    if (png_get_iCCP(read, info, &name, &compression, &profile, &size) == PNG_INFO_iCCP) {
        tile_status status = tile_source_set_profile(source, profile, size, error);
        if (status != TILE_OK || source->info.profile)
            return status;
    }
    int intent;
    if (png_get_sRGB(read, info, &intent) == PNG_INFO_sRGB) {
        source->info.tagged = true;
        return TILE_OK;
    }
    png_fixed_point gamma;
    if (png_get_gAMA_fixed(read, info, &gamma) == PNG_INFO_gAMA)
        return gamma_color(source, read, info, gamma, error);
    return TILE_OK;
}

tile_status tile_png_color(tile_source *source, png_structp read, png_infop info, struct tile_error *error) {
    if (source->options.ignore_profile)
        return TILE_OK;
    const png_byte *unknown = NULL;
    tile_space space = cicp_space(read, info, source->info.format.space == TILE_GRAY, &unknown);
    if (space != TILE_SPACE_UNSET) {
        source->info.format.space = space;
        source->info.tagged = true;
        return TILE_OK;
    }
    tile_status status = older_color(source, read, info, error);
    /* PQ, HLG and the like, and nothing beside it to fall back on: any guess would be wrong colors. */
    if (status == TILE_OK && unknown && !source->info.tagged && source->options.assume == TILE_SPACE_UNSET)
        return tile_error_set(
            error, TILE_UNSUPPORTED,
            "its cICP chunk says %u-%u-%u-%u (ITU-T H.273), which is no color space known here: say what "
            "to assume, or ignore its profile",
            unknown[0], unknown[1], unknown[2], unknown[3]);
    return status;
}
