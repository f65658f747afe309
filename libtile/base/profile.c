/* SPDX-License-Identifier: MIT */
#include "profile.h"

#include "buffer.h"

#include <lcms2.h>
#include <math.h>
#include <string.h>

static const struct tile_chromaticities srgb = {{.3127, .3290}, {.64, .33}, {.30, .60}, {.15, .06}};
static const struct tile_chromaticities p3 = {{.3127, .3290}, {.680, .320}, {.265, .690}, {.150, .060}};
static const struct tile_chromaticities a98 = {{.3127, .3290}, {.64, .33}, {.21, .71}, {.15, .06}};
static const struct tile_chromaticities rec2020 = {{.3127, .3290}, {.708, .292}, {.170, .797}, {.131, .046}};
static const struct tile_chromaticities prophoto = {
    {.3457, .3585}, {.734699, .265301}, {.159597, .840403}, {.036598, .000105}};

/* The ICC's parametric curve type 3: (a x + b)^g from x = d on, below it c x. A plain power has d = 0. */
struct curve {
    double g, a, b, c, d;
};

static const struct curve linear = {1, 1, 0, 0, 0};
static const struct curve srgb_curve = {2.4, 1 / 1.055, .055 / 1.055, 1 / 12.92, .04045};
static const struct curve prophoto_curve = {1.8, 1, 0, 1 / 16., 16 / 512.};
/* BT.2020, table 4, inverted: alpha 1.09929682680944, beta 0.018053968510807. */
static const struct curve rec2020_curve = {1 / .45, 1 / 1.09929682680944, .09929682680944 / 1.09929682680944, 1 / 4.5,
                                           4.5 * .018053968510807};

static cmsToneCurve *build_curve(cmsContext context, struct curve c) {
    if (c.d == 0)
        return cmsBuildGamma(context, c.g);
    return cmsBuildParametricToneCurve(context, 4, (const double[]){c.g, c.a, c.b, c.c, c.d});
}

/* Takes the profile, which may be NULL. */
static tile_status save(struct tile_buffer *out, cmsHPROFILE profile, struct tile_error *error) {
    tile_status status = TILE_NO_MEMORY;
    cmsUInt32Number size = 0;
    if (profile) {
        cmsSetProfileVersion(profile, 4.3);
        /* One input gives one output: the time of making is no part of a profile's meaning. Nor is there an ID, which
         * LittleCMS would make of that time too; it may be absent (ICC.1:2022 7.2.18). */
        if (cmsSaveProfileToMem(profile, NULL, &size))
            status = tile_buffer_reserve(out, out->size + size, error);
        if (status == TILE_OK && cmsSaveProfileToMem(profile, out->data + out->size, &size)) {
            memset(out->data + out->size + 24, 0, 12); /* dateTimeNumber, ICC.1:2022 7.2.8 */
            out->size += size;
        }
        cmsCloseProfile(profile);
    }
    return status == TILE_OK ? TILE_OK : tile_error_set(error, TILE_NO_MEMORY, "out of memory for an ICC profile");
}

static tile_status save_rgb(struct tile_buffer *out, const struct tile_chromaticities *c, struct curve curve,
                            struct tile_error *error) {
    cmsContext context = cmsCreateContext(NULL, NULL);
    cmsToneCurve *tone = context ? build_curve(context, curve) : NULL;
    cmsHPROFILE profile = NULL;
    if (tone) {
        cmsCIExyY white = {c->white[0], c->white[1], 1};
        cmsCIExyYTRIPLE primaries = {
            {c->red[0], c->red[1], 1}, {c->green[0], c->green[1], 1}, {c->blue[0], c->blue[1], 1}};
        profile = cmsCreateRGBProfileTHR(context, &white, &primaries, (cmsToneCurve *[]){tone, tone, tone});
    }
    /* LittleCMS cannot solve for primaries on one line, or a white without light. */
    tile_status status = tone && !profile
                             ? tile_error_set(error, TILE_BAD_DATA, "no color space has such chromaticities")
                             : save(out, profile, error);
    cmsFreeToneCurve(tone);
    if (context)
        cmsDeleteContext(context);
    return status;
}

tile_status tile_profile_of_gray_gamma(struct tile_buffer *out, double gamma, struct tile_error *error) {
    cmsContext context = cmsCreateContext(NULL, NULL);
    cmsToneCurve *tone = context ? cmsBuildGamma(context, gamma) : NULL;
    cmsHPROFILE profile = tone ? cmsCreateGrayProfileTHR(context, cmsD50_xyY(), tone) : NULL;
    tile_status status = save(out, profile, error);
    cmsFreeToneCurve(tone);
    if (context)
        cmsDeleteContext(context);
    return status;
}

tile_status tile_profile_of_gamma(struct tile_buffer *out, const struct tile_chromaticities *chromaticities,
                                  double gamma, struct tile_error *error) {
    struct curve power = linear;
    power.g = gamma;
    return save_rgb(out, chromaticities ? chromaticities : &srgb, power, error);
}

tile_status tile_profile_of_space(struct tile_buffer *out, tile_space space, struct tile_error *error) {
    static const struct curve a98_curve = {563 / 256., 1, 0, 0, 0};
    switch (space) {
    case TILE_SRGB_LINEAR: return save_rgb(out, &srgb, linear, error);
    case TILE_DISPLAY_P3: return save_rgb(out, &p3, srgb_curve, error);
    case TILE_A98_RGB: return save_rgb(out, &a98, a98_curve, error);
    case TILE_PROPHOTO_RGB: return save_rgb(out, &prophoto, prophoto_curve, error);
    case TILE_REC2020: return save_rgb(out, &rec2020, rec2020_curve, error);
    case TILE_LUMINANCE: return tile_profile_of_gray_gamma(out, 1, error);
    default:
        return tile_error_set(error, TILE_UNSUPPORTED, "there is no ICC profile for %s",
                              tile_space_name(space) ? tile_space_name(space) : "that space");
    }
}

/* ---- Reading ---- */

/* Tables have the last word over matrix and curves (ICC.1:2022, 8.3); of a profile with them nothing is known. */
bool tile_profile_has_tables(void *profile) {
    static const cmsTagSignature tags[] = {
        cmsSigAToB0Tag, cmsSigAToB1Tag, cmsSigAToB2Tag, cmsSigBToA0Tag, cmsSigBToA1Tag, cmsSigBToA2Tag, cmsSigDToB0Tag,
        cmsSigDToB1Tag, cmsSigDToB2Tag, cmsSigDToB3Tag, cmsSigBToD0Tag, cmsSigBToD1Tag, cmsSigBToD2Tag, cmsSigBToD3Tag};
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (cmsIsTag(profile, tags[i]))
            return true;
    return false;
}

/* Whether a curve is sRGB's to 1/1024 at all 8-bit codes. */
static bool is_srgb_curve(const cmsToneCurve *curve) {
    for (int code = 0; code < 256; code++) {
        double v = code / 255., light = v <= .04045 ? v / 12.92 : pow((v + .055) / 1.055, 2.4);
        if (!(fabs((double)cmsEvalToneCurveFloat(curve, (cmsFloat32Number)v) - light) <= 1 / 1024.))
            return false;
    }
    return true;
}

static const struct {
    cmsTagSignature colorant, curve;
    double xyz[3]; /* sRGB's, adapted to D50 by Bradford */
} primaries[3] = {{cmsSigRedColorantTag, cmsSigRedTRCTag, {.4361, .2225, .0139}},
                  {cmsSigGreenColorantTag, cmsSigGreenTRCTag, {.3851, .7169, .0971}},
                  {cmsSigBlueColorantTag, cmsSigBlueTRCTag, {.1431, .0606, .7141}}};

bool tile_profile_is_plain(void *profile, tile_space space) {
    if (tile_profile_has_tables(profile))
        return false;
    if (space == TILE_GRAY) {
        const cmsToneCurve *curve = cmsReadTag(profile, cmsSigGrayTRCTag);
        return curve && is_srgb_curve(curve);
    }
    if (space != TILE_SRGB)
        return false;
    for (int i = 0; i < 3; i++) {
        const cmsCIEXYZ *c = cmsReadTag(profile, primaries[i].colorant);
        const cmsToneCurve *curve = cmsReadTag(profile, primaries[i].curve);
        const double *xyz = primaries[i].xyz;
        if (!c || !curve ||
            !(fabs(c->X - xyz[0]) <= 1e-3 && fabs(c->Y - xyz[1]) <= 1e-3 && fabs(c->Z - xyz[2]) <= 1e-3) ||
            !is_srgb_curve(curve))
            return false;
    }
    return true;
}

bool tile_profile_bytes_are_plain(const void *profile, size_t size, tile_space space) {
    cmsContext context = size <= UINT32_MAX ? cmsCreateContext(NULL, NULL) : NULL;
    cmsHPROFILE opened = context ? cmsOpenProfileFromMemTHR(context, profile, (cmsUInt32Number)size) : NULL;
    bool plain = opened && tile_profile_is_plain(opened, space);
    if (opened)
        cmsCloseProfile(opened);
    if (context)
        cmsDeleteContext(context);
    return plain;
}
