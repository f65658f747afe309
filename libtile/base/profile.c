/* SPDX-License-Identifier: MIT */
#include "profile.h"

#include "buffer.h"
#include "bytes.h"

#include <lcms2.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ICC.1:2022, 7.2. */
enum { HEADER = 128 };

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

#define LINEAR_CURVE                                                                                                   \
    { 1, 1, 0, 0, 0 }
#define SRGB_CURVE                                                                                                     \
    { 2.4, 1 / 1.055, .055 / 1.055, 1 / 12.92, .04045 }

static cmsToneCurve *build_curve(cmsContext context, struct curve c) {
    if (c.d == 0)
        return cmsBuildGamma(context, c.g);
    return cmsBuildParametricToneCurve(context, 4, (const double[]){c.g, c.a, c.b, c.c, c.d});
}

/* What a profile is called by those who list it: its description, in ASCII. */
static bool set_name(cmsContext context, cmsHPROFILE profile, const char *name) {
    cmsMLU *text = cmsMLUalloc(context, 1);
    bool set =
        text && cmsMLUsetASCII(text, "en", "US", name) && cmsWriteTag(profile, cmsSigProfileDescriptionTag, text);
    cmsMLUfree(text);
    return set;
}

/* Takes the profile, which may be NULL. */
static tile_status save(struct tile_buffer *out, cmsContext context, cmsHPROFILE profile, const char *name,
                        struct tile_error *error) {
    tile_status status = TILE_NO_MEMORY;
    cmsUInt32Number size = 0;
    if (profile) {
        cmsSetProfileVersion(profile, 4.3);
        /* One input gives one output: the time of making is no part of a profile's meaning. Nor is there an ID, which
         * LittleCMS would make of that time too; it may be absent (ICC.1:2022 7.2.18). */
        if (set_name(context, profile, name) && cmsSaveProfileToMem(profile, NULL, &size))
            status = tile_buffer_reserve(out, out->size + size, error);
        if (status == TILE_OK && cmsSaveProfileToMem(profile, out->data + out->size, &size)) {
            memset(out->data + out->size + 24, 0, 12); /* dateTimeNumber, ICC.1:2022 7.2.8 */
            out->size += size;
        }
        cmsCloseProfile(profile);
    }
    return status == TILE_OK ? TILE_OK : tile_error_set(error, TILE_NO_MEMORY, "out of memory for an ICC profile");
}

/* NULL where there is no memory, or where LittleCMS cannot solve for the primaries. */
static cmsHPROFILE make_rgb(cmsContext context, const struct tile_chromaticities *c, cmsToneCurve *tone) {
    cmsCIExyY white = {c->white[0], c->white[1], 1};
    cmsCIExyYTRIPLE primaries = {{c->red[0], c->red[1], 1}, {c->green[0], c->green[1], 1}, {c->blue[0], c->blue[1], 1}};
    return cmsCreateRGBProfileTHR(context, &white, &primaries, (cmsToneCurve *[]){tone, tone, tone});
}

static tile_status save_rgb(struct tile_buffer *out, const struct tile_chromaticities *c, struct curve curve,
                            const char *name, struct tile_error *error) {
    cmsContext context = cmsCreateContext(NULL, NULL);
    cmsToneCurve *tone = context ? build_curve(context, curve) : NULL;
    cmsHPROFILE profile = tone ? make_rgb(context, c, tone) : NULL;
    /* LittleCMS cannot solve for primaries on one line, or a white without light. */
    tile_status status = tone && !profile
                             ? tile_error_set(error, TILE_BAD_DATA, "no color space has such chromaticities")
                             : save(out, context, profile, name, error);
    cmsFreeToneCurve(tone);
    if (context)
        cmsDeleteContext(context);
    return status;
}

static tile_status save_gray(struct tile_buffer *out, struct curve curve, const char *name, struct tile_error *error) {
    cmsContext context = cmsCreateContext(NULL, NULL);
    cmsToneCurve *tone = context ? build_curve(context, curve) : NULL;
    cmsHPROFILE profile = tone ? cmsCreateGrayProfileTHR(context, cmsD50_xyY(), tone) : NULL;
    tile_status status = save(out, context, profile, name, error);
    cmsFreeToneCurve(tone);
    if (context)
        cmsDeleteContext(context);
    return status;
}

/* "Gray, gamma 2.20", with that point in every locale. */
static void name_gamma(char name[64], const char *what, double gamma) {
    int hundredths = (int)(gamma * 100 + .5);
    snprintf(name, 64, "%s, gamma %d.%02d", what, hundredths / 100, hundredths % 100);
}

tile_status tile_profile_of_gray_gamma(struct tile_buffer *out, double gamma, struct tile_error *error) {
    char name[64];
    name_gamma(name, "Gray", gamma);
    return save_gray(out, (struct curve){gamma, 1, 0, 0, 0}, name, error);
}

tile_status tile_profile_of_gamma(struct tile_buffer *out, const struct tile_chromaticities *chromaticities,
                                  double gamma, struct tile_error *error) {
    char name[64];
    name_gamma(name, chromaticities ? "RGB of its own primaries" : "RGB", gamma);
    return save_rgb(out, chromaticities ? chromaticities : &srgb, (struct curve){gamma, 1, 0, 0, 0}, name, error);
}

/* The spaces that a profile of curves can say, with or without a matrix. */
static const struct {
    tile_space space;
    const char *name;
    const struct tile_chromaticities *chromaticities; /* NULL: gray */
    struct curve curve;
} known[] = {
    {TILE_SRGB, "sRGB", &srgb, SRGB_CURVE},
    {TILE_SRGB_LINEAR, "Linear sRGB", &srgb, LINEAR_CURVE},
    {TILE_DISPLAY_P3, "Display P3", &p3, SRGB_CURVE},
    {TILE_A98_RGB, "A98 RGB, compatible with Adobe RGB (1998)", &a98, {563 / 256., 1, 0, 0, 0}},
    {TILE_PROPHOTO_RGB, "ProPhoto RGB", &prophoto, {1.8, 1, 0, 1 / 16., 16 / 512.}},
    /* BT.2020, table 4, inverted: alpha 1.09929682680944, beta 0.018053968510807. */
    {TILE_REC2020,
     "ITU-R BT.2020",
     &rec2020,
     {1 / .45, 1 / 1.09929682680944, .09929682680944 / 1.09929682680944, 1 / 4.5, 4.5 * .018053968510807}},
    {TILE_GRAY, "Gray, sRGB curve", NULL, SRGB_CURVE},
    {TILE_LUMINANCE, "Linear gray", NULL, LINEAR_CURVE},
};

#define KNOWN (sizeof known / sizeof *known)

tile_status tile_profile_of_space(struct tile_buffer *out, tile_space space, struct tile_error *error) {
    for (size_t i = 0; i < KNOWN; i++)
        if (known[i].space == space)
            return known[i].chromaticities
                       ? save_rgb(out, known[i].chromaticities, known[i].curve, known[i].name, error)
                       : save_gray(out, known[i].curve, known[i].name, error);
    return tile_error_set(error, TILE_UNSUPPORTED, "there is no ICC profile for %s",
                          tile_space_name(space) ? tile_space_name(space) : "that space");
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

/* Whether a curve is that one to 1/1024 at all 8-bit codes. */
static bool is_curve(const cmsToneCurve *tone, const struct curve *c) {
    for (int code = 0; code < 256; code++) {
        double v = code / 255., light = v < c->d ? c->c * v : pow(c->a * v + c->b, c->g);
        if (!(fabs((double)cmsEvalToneCurveFloat(tone, (cmsFloat32Number)v) - light) <= 1 / 1024.))
            return false;
    }
    return true;
}

static const cmsTagSignature colorants[3] = {cmsSigRedColorantTag, cmsSigGreenColorantTag, cmsSigBlueColorantTag};
static const cmsTagSignature curves[3] = {cmsSigRedTRCTag, cmsSigGreenTRCTag, cmsSigBlueTRCTag};

/* Whether the columns of the profile's matrix are those of the primaries, adapted to D50, to 1/1000. */
static bool has_primaries(cmsHPROFILE profile, const struct tile_chromaticities *chromaticities) {
    cmsContext context = cmsGetProfileContextID(profile);
    cmsToneCurve *tone = cmsBuildGamma(context, 1);
    cmsHPROFILE own = tone ? make_rgb(context, chromaticities, tone) : NULL;
    bool same = own != NULL;
    for (int i = 0; same && i < 3; i++) {
        const cmsCIEXYZ *a = cmsReadTag(profile, colorants[i]), *b = cmsReadTag(own, colorants[i]);
        same = a && b && fabs(a->X - b->X) <= 1e-3 && fabs(a->Y - b->Y) <= 1e-3 && fabs(a->Z - b->Z) <= 1e-3;
    }
    if (own)
        cmsCloseProfile(own);
    cmsFreeToneCurve(tone);
    return same;
}

bool tile_profile_is_of(void *profile, tile_space space) {
    size_t i = 0;
    while (i < KNOWN && known[i].space != space)
        i++;
    if (i == KNOWN || tile_profile_has_tables(profile))
        return false;
    if (!known[i].chromaticities) {
        /* Under a PCS of Lab the curve gives L*, not light. */
        const cmsToneCurve *tone = cmsReadTag(profile, cmsSigGrayTRCTag);
        return tone && cmsGetPCS(profile) == cmsSigXYZData && is_curve(tone, &known[i].curve);
    }
    for (int j = 0; j < 3; j++) {
        const cmsToneCurve *tone = cmsReadTag(profile, curves[j]);
        if (!tone || !is_curve(tone, &known[i].curve))
            return false;
    }
    return has_primaries(profile, known[i].chromaticities);
}

tile_space tile_profile_space(const void *profile, size_t size) {
    cmsContext context = cmsCreateContext(NULL, NULL);
    cmsHPROFILE opened = context ? cmsOpenProfileFromMemTHR(context, profile, (cmsUInt32Number)size) : NULL;
    tile_space found = TILE_SPACE_UNSET;
    for (size_t i = 0; opened && i < KNOWN && found == TILE_SPACE_UNSET; i++)
        if (tile_profile_is_of(opened, known[i].space))
            found = known[i].space;
    if (opened)
        cmsCloseProfile(opened);
    if (context)
        cmsDeleteContext(context);
    return found;
}

/* ---- Whether it can be used ---- */

static void complain(cmsContext context, cmsUInt32Number code, const char *text) {
    struct tile_complaint *first = cmsGetContextUserData(context);
    (void)code;
    if (!first || first->text[0] != '\0')
        return;
    snprintf(first->text, sizeof first->text, "%s", text);
    for (char *c = first->text; *c; c++) /* it may quote a signature from the profile, which may be anything */
        *c = *c < ' ' || *c > '~' ? '?' : *c;
}

void *tile_profile_context(struct tile_complaint *first) {
    cmsContext context = cmsCreateContext(NULL, first);
    if (context)
        cmsSetLogErrorHandlerTHR(context, complain);
    return context;
}

tile_space tile_profile_model(const void *profile, size_t size) {
    static const struct {
        char signature[5];
        tile_space space;
    } models[] = {{"RGB ", TILE_SRGB}, {"GRAY", TILE_GRAY}, {"CMYK", TILE_CMYK}};
    for (size_t i = 0; size >= 20 && i < sizeof models / sizeof *models; i++)
        if (memcmp((const char *)profile + 16, models[i].signature, 4) == 0)
            return models[i].space;
    return TILE_SPACE_UNSET;
}

size_t tile_profile_size(const void *profile, size_t size) {
    /* ICC.1:2022, 7.2: the size, ..., the signature; 7.3: the number of tags follows on the header. */
    if (size < HEADER + 4 || memcmp((const char *)profile + 36, "acsp", 4) != 0)
        return 0;
    size_t said = (size_t)tile_get_be(profile, 4);
    return said < HEADER + 4 ? 0 : said < size ? said : size;
}

const char *tile_profile_speaks_of_others(const void *profile) {
    static const struct {
        char class[5];
        const char *what;
    } others[] = {{"link", "is a device link, which goes from one device to another"},
                  {"abst", "is an abstract profile, which goes from the connection space to itself"},
                  {"nmcl", "is a list of named colors"}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (memcmp((const char *)profile + 12, others[i].class, 4) == 0)
            return others[i].what;
    return NULL;
}

/* Whether the three intents that use tables of their own, or the one that there is, lead to the connection space. */
static bool converts(cmsContext context, cmsHPROFILE profile) {
    static const cmsTagSignature tables[3][2] = {
        {0, 0}, {cmsSigAToB1Tag, cmsSigDToB1Tag}, {cmsSigAToB2Tag, cmsSigDToB2Tag}};
    cmsColorSpaceSignature model = cmsGetColorSpace(profile);
    cmsUInt32Number type = FLOAT_SH(1) | COLORSPACE_SH((cmsUInt32Number)_cmsLCMScolorSpace(model)) |
                           CHANNELS_SH(cmsChannelsOf(model)) | BYTES_SH(4);
    cmsHPROFILE xyz = cmsCreateXYZProfileTHR(context);
    bool can = xyz != NULL;
    for (cmsUInt32Number intent = 0; can && intent < 3; intent++) {
        if (intent > 0 && !cmsIsTag(profile, tables[intent][0]) && !cmsIsTag(profile, tables[intent][1]))
            continue;
        cmsHTRANSFORM transform =
            cmsCreateTransformTHR(context, profile, type, xyz, TYPE_XYZ_FLT, intent, cmsFLAGS_NOCACHE);
        can = transform != NULL;
        if (transform)
            cmsDeleteTransform(transform);
    }
    if (xyz)
        cmsCloseProfile(xyz);
    return can;
}

enum tile_profile_use tile_profile_judge(const void *profile, size_t size, struct tile_complaint *why) {
    *why = (struct tile_complaint){{0}};
    cmsContext context = size <= UINT32_MAX ? tile_profile_context(why) : NULL;
    cmsHPROFILE opened = context ? cmsOpenProfileFromMemTHR(context, profile, (cmsUInt32Number)size) : NULL;
    enum tile_profile_use use = !opened                                                         ? TILE_PROFILE_NONE
                                : tile_profile_is_of(opened, tile_profile_model(profile, size)) ? TILE_PROFILE_PLAIN
                                : converts(context, opened)                                     ? TILE_PROFILE_USED
                                                                                                : TILE_PROFILE_CARRIED;
    if (opened)
        cmsCloseProfile(opened);
    if (context)
        cmsDeleteContext(context);
    if (why->text[0] == '\0')
        snprintf(why->text, sizeof why->text, "LittleCMS gives no reason");
    return use;
}
