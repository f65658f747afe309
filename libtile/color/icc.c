/* SPDX-License-Identifier: MIT */
#include "icc.h"

#include "../base/error.h"
#include "../base/memory.h"
#include "../base/profile.h"
#include "compile.h"

#include <lcms2.h>
#include <stdio.h>
#include <string.h>

/* What LittleCMS's floats of one side are: interleaved, and for CMYK percent of ink. */
struct side {
    int channels;
    float scale;
};

struct tile_icc {
    cmsContext context;
    cmsHTRANSFORM transform;
    struct side from, to;
};

static const char *model_name(cmsColorSpaceSignature model) {
    switch (model) {
    case cmsSigRgbData: return "RGB";
    case cmsSigGrayData: return "gray";
    case cmsSigCmykData: return "CMYK";
    case cmsSigLabData: return "Lab";
    case cmsSigXYZData: return "XYZ";
    default: return "another model's";
    }
}

/* Opens a profile and checks that it can stand for `space`. */
static tile_status open_profile(cmsHPROFILE *out, cmsContext context, const void *data, size_t size, tile_space space,
                                const char *which, struct tile_error *error) {
    const struct tile_complaint *first = cmsGetContextUserData(context);
    *out = size <= UINT32_MAX ? cmsOpenProfileFromMemTHR(context, data, (cmsUInt32Number)size) : NULL;
    if (!*out)
        return tile_error_set(error, TILE_BAD_DATA, "the %s profile is damaged: %s", which,
                              first->text[0] ? first->text : "LittleCMS cannot open it");
    cmsColorSpaceSignature model = cmsGetColorSpace(*out);
    cmsProfileClassSignature kind = cmsGetDeviceClass(*out);
    tile_space named = tile_profile_model(data, size);
    if (named == TILE_SPACE_UNSET)
        return tile_error_set(error, TILE_UNSUPPORTED, "the %s profile is of %s: one of RGB, gray or CMYK is needed",
                              which, model_name(model));
    if (named != space)
        return tile_error_advise(error, TILE_REMEDY_TO, TILE_UNSUPPORTED,
                                 "the %s profile is of %s, which goes with the space %s, not with %s", which,
                                 model_name(model), tile_space_name(named), tile_space_name(space));
    if (kind != cmsSigInputClass && kind != cmsSigDisplayClass && kind != cmsSigOutputClass &&
        kind != cmsSigColorSpaceClass)
        return tile_error_set(error, TILE_UNSUPPORTED,
                              "the %s profile is a device link, abstract or named-color profile: one of an input, "
                              "display, output or color space class is needed",
                              which);
    return TILE_OK;
}

/* A side without a profile is XYZ, which our own operations take from there. */
static struct side side_of(cmsHPROFILE profile, tile_space space) {
    return (struct side){.channels = profile ? tile_space_channels(space) : 3,
                         .scale = profile && space == TILE_CMYK ? 100 : 1};
}

static cmsUInt32Number type_of(cmsHPROFILE profile, tile_space space) {
    return !profile             ? TYPE_XYZ_FLT
           : space == TILE_GRAY ? TYPE_GRAY_FLT
           : space == TILE_CMYK ? TYPE_CMYK_FLT
                                : TYPE_RGB_FLT;
}

/*
 * Black points are compensated where that is asked for, and where the connection space has a black of its own: under
 * the perceptual intent and saturation, tables of version 4 lead to that of ICC.1's perceptual reference medium.
 */
static bool has_perceptual_black(cmsHPROFILE profile, tile_intent intent) {
    return profile && (intent == TILE_INTENT_PERCEPTUAL || intent == TILE_INTENT_SATURATION) &&
           cmsGetEncodedICCversion(profile) >= 0x4000000 && tile_profile_has_tables(profile);
}

/*
 * A profile of matrix and curves, and XYZ (NULL), know colorimetry only. Called so, LittleCMS leaves their black point
 * alone; under the perceptual intent it would compensate it wherever they are of version 4, as XYZ is.
 */
static cmsUInt32Number own_intent(cmsHPROFILE profile, tile_intent intent, bool compensates) {
    bool as_asked = compensates || intent == TILE_INTENT_ABSOLUTE || (profile && tile_profile_has_tables(profile));
    return (cmsUInt32Number)(as_asked ? intent : TILE_INTENT_RELATIVE);
}

static tile_status make_transform(tile_icc *icc, cmsHPROFILE from, cmsHPROFILE to, tile_space from_space,
                                  tile_space to_space, const struct tile_converter_options *options,
                                  struct tile_error *error) {
    const struct tile_complaint *first = cmsGetContextUserData(icc->context);
    cmsHPROFILE xyz = cmsCreateXYZProfileTHR(icc->context);
    if (!xyz)
        return tile_error_set(error, TILE_NO_MEMORY, "out of memory for an ICC profile");
    bool compensates = options->black_point_compensation || has_perceptual_black(from, options->intent) ||
                       has_perceptual_black(to, options->intent);
    cmsBool compensation[2] = {compensates, compensates};
    cmsUInt32Number intents[2] = {own_intent(from, options->intent, compensates),
                                  own_intent(to, options->intent, compensates)};
    /* Without the cache of the last pixel a transform may run in many threads. */
    icc->transform = cmsCreateExtendedTransform(icc->context, 2, (cmsHPROFILE[]){from ? from : xyz, to ? to : xyz},
                                                compensation, intents, (cmsFloat64Number[]){1, 1}, NULL, 0,
                                                type_of(from, from_space), type_of(to, to_space), cmsFLAGS_NOCACHE);
    icc->from = side_of(from, from_space);
    icc->to = side_of(to, to_space);
    cmsCloseProfile(xyz);
    if (!icc->transform)
        return tile_error_set(error, TILE_BAD_DATA, "LittleCMS cannot convert with the profile: %s",
                              first->text[0] ? first->text : "no reason given");
    return TILE_OK;
}

/*
 * A profile of matrix and curves without LittleCMS: light of 8-bit codes in tables, and its matrix to xyz-d50. False if
 * the profile is another, or the conversion is to do more than that.
 */
static bool add_matrix_and_curves(struct tile_program *program, cmsHPROFILE profile, tile_space space,
                                  const struct tile_converter_options *options, float (*table)[256]) {
    static const cmsTagSignature curves[] = {cmsSigRedTRCTag, cmsSigGreenTRCTag, cmsSigBlueTRCTag};
    static const cmsTagSignature colorants[] = {cmsSigRedColorantTag, cmsSigGreenColorantTag, cmsSigBlueColorantTag};
    if (tile_profile_has_tables(profile) || cmsGetPCS(profile) != cmsSigXYZData || space == TILE_CMYK ||
        options->intent == TILE_INTENT_ABSOLUTE || options->black_point_compensation)
        return false;
    int channels = tile_space_channels(space);
    double m[TILE_NUMBERS] = {tile_white_pcs[0], 0, 0, 0, tile_white_pcs[1], 0, 0, 0, tile_white_pcs[2]};
    for (int j = 0; j < channels; j++) {
        const cmsToneCurve *curve = cmsReadTag(profile, space == TILE_GRAY ? cmsSigGrayTRCTag : curves[j]);
        const cmsCIEXYZ *c = space == TILE_GRAY ? NULL : cmsReadTag(profile, colorants[j]);
        if (!curve || (space != TILE_GRAY && !c))
            return false;
        for (int code = 0; code < 256; code++)
            table[j][code] = cmsEvalToneCurveFloat(curve, (cmsFloat32Number)(code / 255.));
        if (c) {
            m[j] = c->X;
            m[4 + j] = c->Y;
            m[8 + j] = c->Z;
        }
    }
    tile_program_add(program, program->kernels->matrix, m);
    tile_program_add_from_pcs(program);
    return true;
}

/* The three legs: source to xyz-d50, or LittleCMS from end to end; NULL profiles are our own spaces. */
static tile_status add_operations(tile_icc *icc, struct tile_program *program, cmsHPROFILE from, cmsHPROFILE to,
                                  tile_space from_space, tile_space to_space,
                                  const struct tile_converter_options *options, float (*table)[256], bool *has_table,
                                  struct tile_error *error) {
    if (from && table && add_matrix_and_curves(program, from, from_space, options, table)) {
        *has_table = true;
        from = NULL;
        from_space = TILE_XYZ_D50;
    }
    if (!from && !to) {
        tile_program_path(program, from_space, to_space);
        return TILE_OK;
    }
    if (!from) {
        tile_program_path(program, from_space, TILE_XYZ_D50);
        tile_program_add_to_pcs(program);
    }
    tile_program_add(program, NULL, NULL);
    if (!to) {
        tile_program_add_from_pcs(program);
        tile_program_path(program, TILE_XYZ_D50, to_space);
    }
    return make_transform(icc, from, to, from_space, to_space, options, error);
}

tile_status tile_icc_compile(tile_icc **out, struct tile_program *program, tile_space from, tile_space to,
                             const struct tile_converter_options *options, float (*table)[256], bool *has_table,
                             struct tile_error *error) {
    *out = NULL;
    *has_table = false;
    struct tile_complaint first = {{0}};
    tile_icc *icc = tile_alloc_zero(options->allocator, sizeof *icc);
    if (!icc)
        return tile_no_memory(error, sizeof *icc);
    icc->context = tile_profile_context(&first);
    if (!icc->context) {
        tile_free(options->allocator, icc);
        return tile_error_set(error, TILE_NO_MEMORY, "out of memory for LittleCMS");
    }

    cmsHPROFILE source = NULL, target = NULL;
    tile_status status = TILE_OK;
    if (options->from_profile)
        status = open_profile(&source, icc->context, options->from_profile, options->from_profile_size, from, "source",
                              error);
    if (status != TILE_OK && error)
        error->remedies |= TILE_REMEDY_IGNORE_PROFILE;
    if (status == TILE_OK && options->to_profile)
        status =
            open_profile(&target, icc->context, options->to_profile, options->to_profile_size, to, "target", error);
    if (status == TILE_OK)
        status = add_operations(icc, program, source && !tile_profile_is_of(source, from) ? source : NULL,
                                target && !tile_profile_is_of(target, to) ? target : NULL, from, to, options, table,
                                has_table, error);
    if (source)
        cmsCloseProfile(source);
    if (target)
        cmsCloseProfile(target);
    /* `first` ends with this call. */
    cmsSetLogErrorHandlerTHR(icc->context, NULL);
    if (icc->transform)
        *out = icc;
    else
        tile_icc_free(icc, options->allocator);
    return status;
}

void tile_icc_free(tile_icc *icc, const struct tile_allocator *allocator) {
    if (!icc)
        return;
    if (icc->transform)
        cmsDeleteTransform(icc->transform);
    cmsDeleteContext(icc->context);
    tile_free(allocator, icc);
}

void tile_icc_run(const tile_icc *icc, float *const *plane, size_t count) {
    float in[TILE_STRIP * 4], out[TILE_STRIP * 4];
    for (int j = 0; j < icc->from.channels; j++)
        for (size_t i = 0; i < count; i++)
            in[i * (size_t)icc->from.channels + (size_t)j] = plane[j][i] * icc->from.scale;
    cmsDoTransform(icc->transform, in, out, (cmsUInt32Number)count);
    for (int j = 0; j < icc->to.channels; j++)
        for (size_t i = 0; i < count; i++)
            plane[j][i] = out[i * (size_t)icc->to.channels + (size_t)j] / icc->to.scale;
}
