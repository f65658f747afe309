/* SPDX-License-Identifier: MIT */
#include "peers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_LIBYUV
#include <libyuv.h>
#endif
#ifdef HAVE_LCMS2
#include <lcms2.h>
#endif

#if defined(HAVE_LIBYUV) || defined(HAVE_LCMS2)
static void *allocate(size_t size) {
    void *memory = malloc(size);
    if (!memory) {
        fprintf(stderr, "kernels: no memory\n");
        exit(1);
    }
    return memory;
}
#endif

/* ---- LittleCMS: what a transform between two profiles does ---- */

#ifdef HAVE_LCMS2

static cmsHPROFILE rgb_profile(const cmsCIExyYTRIPLE *primaries, cmsFloat64Number gamma) {
    /* IEC 61966-2-1; type 4 is (a x + b)^g above d, c x below. */
    const cmsFloat64Number srgb[5] = {2.4, 1 / 1.055, .055 / 1.055, 1 / 12.92, .04045};
    const cmsCIExyY d65 = {.3127, .3290, 1};
    cmsToneCurve *curve = gamma > 0 ? cmsBuildGamma(NULL, gamma) : cmsBuildParametricToneCurve(NULL, 4, srgb);
    cmsToneCurve *curves[3] = {curve, curve, curve};
    cmsHPROFILE profile = cmsCreateRGBProfile(&d65, primaries, curves);
    cmsFreeToneCurve(curve);
    return profile;
}

static cmsHPROFILE profile_of(tile_space space) {
    const cmsCIExyYTRIPLE bt709 = {{.64, .33, 1}, {.30, .60, 1}, {.15, .06, 1}};
    const cmsCIExyYTRIPLE p3 = {{.680, .320, 1}, {.265, .690, 1}, {.150, .060, 1}};
    const cmsCIExyYTRIPLE adobe = {{.64, .33, 1}, {.21, .71, 1}, {.15, .06, 1}};
    switch (space) {
    case TILE_LAB: return cmsCreateLab4Profile(NULL);
    case TILE_DISPLAY_P3: return rgb_profile(&p3, 0);
    case TILE_A98_RGB: return rgb_profile(&adobe, 563 / 256.);
    case TILE_SRGB_LINEAR: return rgb_profile(&bt709, 1);
    default: return rgb_profile(&bt709, 0);
    }
}

#define LAB_ALPHA_8 (COLORSPACE_SH(PT_Lab) | EXTRA_SH(1) | CHANNELS_SH(3) | BYTES_SH(1))

static const struct transform {
    const char *row;
    tile_space from, to;
    cmsUInt32Number from_type, to_type, bytes; /* of a pixel of the result */
} transforms[] = {
    {"srgb -> lab", TILE_SRGB, TILE_LAB, TYPE_RGB_8, TYPE_Lab_8, 3},
    {"lab -> srgb", TILE_LAB, TILE_SRGB, TYPE_Lab_8, TYPE_RGB_8, 3},
    {"srgb alpha -> lab alpha", TILE_SRGB, TILE_LAB, TYPE_RGBA_8, LAB_ALPHA_8, 4},
    {"srgb -> display-p3", TILE_SRGB, TILE_DISPLAY_P3, TYPE_RGB_8, TYPE_RGB_8, 3},
    {"display-p3 -> srgb", TILE_DISPLAY_P3, TILE_SRGB, TYPE_RGB_8, TYPE_RGB_8, 3},
    {"srgb -> a98-rgb", TILE_SRGB, TILE_A98_RGB, TYPE_RGB_8, TYPE_RGB_8, 3},
    {"a98-rgb -> srgb", TILE_A98_RGB, TILE_SRGB, TYPE_RGB_8, TYPE_RGB_8, 3},
    {"a98-rgb icc -> srgb", TILE_A98_RGB, TILE_SRGB, TYPE_RGB_8, TYPE_RGB_8, 3},
    {"srgb -> srgb-linear u16", TILE_SRGB, TILE_SRGB_LINEAR, TYPE_RGB_8, TYPE_RGB_16, 6},
    {"srgb -> srgb-linear f32", TILE_SRGB, TILE_SRGB_LINEAR, TYPE_RGB_8, TYPE_RGB_FLT, 12},
};

struct littlecms {
    cmsHTRANSFORM transform;
    const struct tile_image *source;
    void *target;
};

static void run_littlecms(void *state) {
    struct littlecms *l = state;
    cmsDoTransform(l->transform, l->source->plane[0], l->target, l->source->width * l->source->height);
}

static void free_littlecms(void *state) {
    struct littlecms *l = state;
    cmsDeleteTransform(l->transform);
    free(l->target);
    free(l);
}

static bool littlecms_new(struct peer *out, const char *row, const struct tile_image *source) {
    const struct transform *t = transforms, *end = t + sizeof transforms / sizeof *transforms;
    while (t < end && strcmp(t->row, row) != 0)
        t++;
    if (t == end)
        return false;
    cmsHPROFILE from = profile_of(t->from), to = profile_of(t->to);
    struct littlecms *l = allocate(sizeof *l);
    l->source = source;
    l->target = allocate((size_t)t->bytes * source->width * source->height);
    l->transform = cmsCreateTransform(from, t->from_type, to, t->to_type, INTENT_RELATIVE_COLORIMETRIC,
                                      t->to_type == LAB_ALPHA_8 ? cmsFLAGS_COPY_ALPHA : 0);
    cmsCloseProfile(from);
    cmsCloseProfile(to);
    *out = (struct peer){l, run_littlecms, free_littlecms};
    return true;
}

void *peer_adobe_profile(size_t *size) {
    cmsHPROFILE profile = profile_of(TILE_A98_RGB);
    cmsUInt32Number bytes = 0;
    cmsSaveProfileToMem(profile, NULL, &bytes);
    void *data = allocate(bytes);
    cmsSaveProfileToMem(profile, data, &bytes);
    cmsCloseProfile(profile);
    *size = bytes;
    return data;
}

#else

void *peer_adobe_profile(size_t *size) {
    *size = 0;
    return NULL;
}

#endif

/* ---- libyuv ---- */

#ifdef HAVE_LIBYUV

/* Both sides as libyuv wants them: 3 or 4 bytes a pixel, or planes. */
struct yuv {
    int width, height;
    const uint8_t *in[3];
    uint8_t *out[3];
    int in_stride, out_stride;
    void (*call)(const struct yuv *y);
    struct tile_image source, target;
};

#define IN(i)  y->in[i], y->in_stride
#define OUT(i) y->out[i], y->out_stride
#define IN_3   IN(0), IN(1), IN(2)
#define OUT_3  OUT(0), OUT(1), OUT(2)
#define EXTENT y->width, y->height

static void call_gray(const struct yuv *y) {
    RAWToJ400(IN(0), OUT(0), EXTENT);
}

static void call_gray_of_alpha(const struct yuv *y) {
    ABGRToJ400(IN(0), OUT(0), EXTENT);
}

static void call_to_ycbcr(const struct yuv *y) {
    ARGBToI444(IN(0), OUT_3, EXTENT);
}

static void call_from_ycbcr(const struct yuv *y) {
    J444ToARGB(IN_3, OUT(0), EXTENT);
}

static void call_from_ycbcr709(const struct yuv *y) {
    H444ToARGB(IN_3, OUT(0), EXTENT);
}

static void call_bgr(const struct yuv *y) {
    RAWToRGB24(IN(0), OUT(0), EXTENT);
}

static void call_premultiply(const struct yuv *y) {
    ARGBAttenuate(IN(0), OUT(0), EXTENT);
}

static void call_unpremultiply(const struct yuv *y) {
    ARGBUnattenuate(IN(0), OUT(0), EXTENT);
}

static void call_split(const struct yuv *y) {
    SplitRGBPlane(IN(0), OUT_3, EXTENT);
}

static void call_merge(const struct yuv *y) {
    MergeRGBPlane(IN_3, OUT(0), EXTENT);
}

/* The formats are those of memory: libyuv's ARGB is B, G, R, A byte by byte. */
#define PACKED                                                                                                         \
    { .space = TILE_SRGB, .sample = TILE_U8 }
#define PLANES(of)                                                                                                     \
    { .space = of, .sample = TILE_U8, .layout = TILE_PLANAR }
#define ALPHA(o)                                                                                                       \
    { .space = TILE_SRGB, .sample = TILE_U8, .alpha = TILE_ALPHA_STRAIGHT, .order = o }
#define GRAY                                                                                                           \
    { .space = TILE_GRAY, .sample = TILE_U8 }

static const struct {
    const char *row;
    void (*call)(const struct yuv *y);
    struct tile_format from, to;
} calls[] = {
    {"srgb -> gray", call_gray, PACKED, GRAY},
    {"srgb alpha -> gray", call_gray_of_alpha, ALPHA(TILE_ORDER_NATURAL), GRAY},
    {"srgb -> ycbcr", call_to_ycbcr, ALPHA(TILE_ORDER_REVERSED), PLANES(TILE_YCBCR)},
    {"ycbcr -> srgb", call_from_ycbcr, PLANES(TILE_YCBCR), ALPHA(TILE_ORDER_REVERSED)},
    {"ycbcr709 -> srgb", call_from_ycbcr709, PLANES(TILE_YCBCR709), ALPHA(TILE_ORDER_REVERSED)},
    {"rgb -> bgr", call_bgr, PACKED, PACKED},
    {"premultiply", call_premultiply, ALPHA(TILE_ORDER_NATURAL), ALPHA(TILE_ORDER_NATURAL)},
    {"unpremultiply", call_unpremultiply, ALPHA(TILE_ORDER_NATURAL), ALPHA(TILE_ORDER_NATURAL)},
    {"packed -> planar", call_split, PACKED, PLANES(TILE_SRGB)},
    {"planar -> packed", call_merge, PLANES(TILE_SRGB), PACKED},
};

static void run_libyuv(void *state) {
    struct yuv *y = state;
    y->call(y);
}

static void free_libyuv(void *state) {
    struct yuv *y = state;
    tile_image_free(&y->source, NULL);
    tile_image_free(&y->target, NULL);
    free(y);
}

static bool libyuv_new(struct peer *out, const char *row, const struct tile_image *source) {
    size_t i = 0, count = sizeof calls / sizeof *calls;
    while (i < count && strcmp(calls[i].row, row) != 0)
        i++;
    if (i == count)
        return false;
    struct yuv *y = allocate(sizeof *y);
    *y = (struct yuv){.width = (int)source->width, .height = (int)source->height, .call = calls[i].call};
    /* Premultiplied samples are taken as they are. */
    struct tile_image as_they_are = *source;
    if (as_they_are.format.alpha)
        as_they_are.format.alpha = TILE_ALPHA_STRAIGHT;
    struct tile_error error;
    tile_converter *converter;
    if (tile_image_alloc(&y->source, calls[i].from, source->width, source->height, NULL, &error) != TILE_OK ||
        tile_image_alloc(&y->target, calls[i].to, source->width, source->height, NULL, &error) != TILE_OK ||
        tile_converter_new(&converter, as_they_are.format, calls[i].from, NULL, &error) != TILE_OK ||
        tile_convert(converter, &as_they_are, &y->source, &error) != TILE_OK) {
        fprintf(stderr, "kernels: %s: %s\n", row, error.message);
        exit(1);
    }
    tile_converter_free(converter);
    for (int k = 0; k < 3; k++) {
        y->in[k] = y->source.plane[k];
        y->out[k] = y->target.plane[k];
    }
    y->in_stride = (int)y->source.stride;
    y->out_stride = (int)y->target.stride;
    *out = (struct peer){y, run_libyuv, free_libyuv};
    return true;
}

#endif

/* ---- All ---- */

const char *peer_version(enum peer_library library) {
    static char text[PEERS][32];
    switch (library) {
#ifdef HAVE_OPENCV
    case OPENCV: return opencv_version();
#endif
#ifdef HAVE_LCMS2
    case LITTLECMS:
        snprintf(text[library], sizeof text[library], "LittleCMS %d.%02d", cmsGetEncodedCMMversion() / 1000,
                 cmsGetEncodedCMMversion() % 1000 / 10);
        return text[library];
#endif
#ifdef HAVE_LIBYUV
    case LIBYUV: snprintf(text[library], sizeof text[library], "libyuv %d", LIBYUV_VERSION); return text[library];
#endif
    default: (void)text; return NULL;
    }
}

bool peer_new(struct peer *out, enum peer_library library, const char *row, const struct tile_image *source) {
    (void)out, (void)row, (void)source;
    switch (library) {
#ifdef HAVE_OPENCV
    case OPENCV: return opencv_new(out, row, source);
#endif
#ifdef HAVE_LCMS2
    case LITTLECMS: return littlecms_new(out, row, source);
#endif
#ifdef HAVE_LIBYUV
    case LIBYUV: return libyuv_new(out, row, source);
#endif
    default: return false;
    }
}
