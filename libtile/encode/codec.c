/* SPDX-License-Identifier: MIT */
/* The list of encoders that this build has, and what each can carry. */
#include "codec.h"

#include "../base/error.h"
#include "../base/format.h"
#include "../base/memory.h"
#include "../base/pixels.h"

#include <limits.h>

/* Each is defined in a file of its own, or with those that are written by the same library. */
extern const struct tile_codec_ops tile_jpeg_ops, tile_png_ops, tile_tiff_ops, tile_npy_ops, tile_bmp_ops, tile_tga_ops,
    tile_hdr_ops;

static const struct tile_codec_ops *const codecs[] = {
    &tile_jpeg_ops, &tile_png_ops,
#if TILE_HAVE_TIFF
    &tile_tiff_ops,
#endif
    &tile_npy_ops,  &tile_bmp_ops, &tile_tga_ops, &tile_hdr_ops,
};

#define CODECS (sizeof codecs / sizeof *codecs)

static const struct tile_codec_ops *find(tile_codec codec) {
    for (size_t i = 0; i < CODECS; i++)
        if (codecs[i]->codec == codec)
            return codecs[i];
    return NULL;
}

bool tile_codec_can_write(tile_codec codec) {
    return find(codec) != NULL;
}

unsigned tile_codec_traits(tile_codec codec) {
    const struct tile_codec_ops *ops = find(codec);
    return ops ? ops->traits : 0;
}

/* ---- Names ------------------------------------------------------------------------------------------------- */

static const char *name_of(const struct tile_codec_ops *codec) {
    return tile_codec_name(codec->codec);
}

static char *list(char *text, size_t size, bool (*holds)(const struct tile_codec_ops *codec, const void *user),
                  const void *user) {
    const char *names[CODECS];
    size_t count = 0;
    for (size_t i = 0; i < CODECS; i++)
        if (holds(codecs[i], user))
            names[count++] = name_of(codecs[i]);
    return tile_names_join(text, size, names, count, ", ", " or ");
}

struct tile_codec_names tile_codecs_that(bool (*holds)(const struct tile_codec_ops *codec, const void *user),
                                         const void *user) {
    struct tile_codec_names names;
    list(names.text, sizeof names.text, holds, user);
    return names;
}

static bool has_trait(const struct tile_codec_ops *codec, const void *traits) {
    return codec->traits & *(const unsigned *)traits;
}

struct tile_codec_names tile_codecs_with(unsigned traits) {
    return tile_codecs_that(has_trait, &traits);
}

static bool any(const struct tile_codec_ops *codec, const void *user) {
    (void)codec, (void)user;
    return true;
}

char *tile_codec_names(char *text, size_t size) {
    return list(text, size, any, NULL);
}

tile_status tile_codec_get(const struct tile_codec_ops **out, tile_codec codec, struct tile_error *error) {
    *out = find(codec);
    if (*out)
        return TILE_OK;
    if (!tile_codec_name(codec))
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "there is no codec %d", (int)codec);
    return tile_error_set(error, TILE_UNSUPPORTED, "%s cannot be written by this build of libtile: %s can",
                          tile_codec_name(codec), tile_codecs_that(any, NULL).text);
}

/* ---- What a codec can carry -------------------------------------------------------------------------------- */

static bool holds_samples(const struct tile_codec_ops *codec, struct tile_format format) {
    return (codec->samples & (unsigned)format.sample) && (format.alpha != TILE_ALPHA_STRAIGHT || codec->straight) &&
           (format.alpha != TILE_ALPHA_PREMULTIPLIED || codec->premultiplied);
}

bool tile_codec_carries(const struct tile_codec_ops *codec, struct tile_format format) {
    return holds_samples(codec, format) && codec->carries(format);
}

static bool carries_raw(const struct tile_codec_ops *codec, struct tile_format format) {
    return holds_samples(codec, format) && (codec->raw_channels >> tile_format_channels(format) & 1);
}

static uint64_t pixels_size(const struct tile_codec_request *r) {
    uint64_t size;
    return __builtin_mul_overflow((uint64_t)r->width * r->height, tile_format_step(r->format), &size) ? UINT64_MAX
                                                                                                      : size;
}

/* stb_image_write computes in int; 4 is the most samples of a pixel, and bytes that it writes of one. */
static bool holds_size(const struct tile_codec_ops *codec, const struct tile_codec_request *r) {
    return r->width <= codec->max_side && r->height <= codec->max_side &&
           (!(codec->traits & TILE_HOLDS_IMAGE) || (uint64_t)r->width * r->height <= (INT_MAX - 1024) / 4);
}

static bool holds_memory(const struct tile_codec_ops *codec, const struct tile_codec_request *r) {
    return !(codec->traits & TILE_HOLDS_IMAGE) || pixels_size(r) <= r->memory;
}

static bool is_able(const struct tile_codec_ops *codec, const void *user) {
    const struct tile_codec_request *r = user;
    return tile_codec_carries(codec, r->format) && holds_size(codec, r) && holds_memory(codec, r);
}

/* "png, tif or npy": the codecs that can do what is asked. NPY always can. */
static struct tile_codec_names able(const struct tile_codec_request *r) {
    return tile_codecs_that(is_able, r);
}

tile_status tile_codec_check_format(struct tile_format format, struct tile_error *error) {
    tile_status status = tile_format_check(format, "encode", error);
    if (status == TILE_OK && (format.order != TILE_ORDER_NATURAL || format.layout != TILE_INTERLEAVED))
        status = tile_error_set(error, TILE_INVALID_ARGUMENT,
                                "encode: pixels must be interleaved and in natural order (tile_convert makes them so)");
    return status;
}

static tile_status refuse(const struct tile_codec_ops *codec, const struct tile_codec_request *r,
                          struct tile_error *error) {
    struct tile_format format = r->format;
    const char *alpha = format.alpha == TILE_ALPHA_STRAIGHT        ? " with straight alpha"
                        : format.alpha == TILE_ALPHA_PREMULTIPLIED ? " with premultiplied alpha"
                                                                   : "";
    const char *space = tile_space_name(format.space), *sample = tile_sample_name(format.sample);
    unsigned remedies = 0;
    if (!holds_samples(codec, format)) {
        format.alpha = TILE_ALPHA_NONE;
        if (r->format.alpha != TILE_ALPHA_NONE && tile_codec_carries(codec, format))
            remedies = TILE_REMEDY_NO_ALPHA;
        return tile_error_advise(error, remedies, TILE_UNSUPPORTED, "%s holds only %s: %s can carry %s %s%s",
                                 name_of(codec), codec->holds, able(r).text, space, sample, alpha);
    }
    remedies = TILE_REMEDY_TO | (carries_raw(codec, format) ? TILE_REMEDY_RAW_CHANNELS : 0u);
    return tile_error_advise(error, remedies, TILE_UNSUPPORTED, "%s cannot carry %s %s%s: %s can", name_of(codec),
                             space, sample, alpha, able(r).text);
}

tile_status tile_codec_can_carry(tile_codec codec, struct tile_format format, struct tile_error *error) {
    const struct tile_codec_ops *ops;
    tile_status status = tile_codec_get(&ops, codec, error);
    if (status == TILE_OK)
        status = tile_codec_check_format(format, error);
    if (status != TILE_OK || tile_codec_carries(ops, format))
        return status;
    struct tile_codec_request request = {.format = format, .width = 1, .height = 1, .memory = UINT64_MAX};
    return refuse(ops, &request, error);
}

tile_codec tile_codec_for(struct tile_format format) {
    static const tile_codec preferred[] = {TILE_PNG, TILE_TIFF, TILE_NPY};
    for (size_t i = 0; i < sizeof preferred / sizeof *preferred; i++)
        if (tile_codec_can_carry(preferred[i], format, NULL) == TILE_OK)
            return preferred[i];
    return TILE_CODEC_UNSET;
}

tile_status tile_codec_check(const struct tile_codec_ops *codec, const struct tile_codec_request *r, bool raw,
                             struct tile_error *error) {
    if (r->width == 0 || r->height == 0)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "encode: %u x %u pixels", r->width, r->height);
    if (!tile_codec_carries(codec, r->format) && !(raw && carries_raw(codec, r->format)))
        return refuse(codec, r, error);
    size_t row;
    if (!tile_mul(&row, r->width, tile_format_step(r->format)))
        return tile_error_set(error, TILE_LIMIT_EXCEEDED, "encode: rows of %u pixels do not fit in memory", r->width);
    if (r->width > codec->max_side || r->height > codec->max_side)
        return tile_error_set(error, TILE_UNSUPPORTED, "%s holds at most %u x %u pixels, not %u x %u: %s can",
                              name_of(codec), codec->max_side, codec->max_side, r->width, r->height, able(r).text);
    if (!holds_size(codec, r))
        return tile_error_set(error, TILE_UNSUPPORTED, "%u x %u pixels are too many for %s: %s can hold them", r->width,
                              r->height, name_of(codec), able(r).text);
    if (!holds_memory(codec, r))
        return tile_error_advise(error, TILE_REMEDY_MEMORY, TILE_LIMIT_EXCEEDED,
                                 "%s is encoded from the whole image, of %ju bytes, and the limit of memory is %ju: %s "
                                 "can do with less",
                                 name_of(codec), (uintmax_t)pixels_size(r), (uintmax_t)r->memory, able(r).text);
    return TILE_OK;
}

bool tile_codec_needs_profile(tile_codec codec, struct tile_format format) {
    const struct tile_codec_ops *ops = find(codec);
    if (!ops)
        return false;
    if (format.space == TILE_SRGB || format.space == TILE_GRAY)
        return (ops->traits & TILE_LINEAR_FLOATS) && format.sample == TILE_F32;
    return ops->profile_most && (tile_space_is_icc_rgb(format.space) || format.space == TILE_LUMINANCE);
}

tile_status tile_codec_choose(tile_codec *out, const char *path, struct tile_error *error) {
    *out = tile_codec_of_path(path);
    if (*out != TILE_CODEC_UNSET)
        return TILE_OK;
    return tile_error_set(error, TILE_INVALID_ARGUMENT, "%s: its suffix names none of %s", path,
                          tile_codec_names((char[TILE_CODEC_NAMES]){0}, TILE_CODEC_NAMES));
}
