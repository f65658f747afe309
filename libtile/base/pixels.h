/* SPDX-License-Identifier: MIT */
/* Checks and small functions for formats, images and rectangles, which every folder uses. */
#ifndef TILE_BASE_PIXELS_H
#define TILE_BASE_PIXELS_H

#include "../tile.h"

static inline uint32_t tile_min_u32(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

/* Whether `inner` lies within width x height and is not empty. */
static inline bool tile_rect_within(struct tile_rect inner, uint32_t width, uint32_t height) {
    return inner.width != 0 && inner.height != 0 && inner.x < width && inner.width <= width - inner.x &&
           inner.y < height && inner.height <= height - inner.y;
}

/* The smallest rectangle that holds both. */
static inline struct tile_rect tile_rect_union(struct tile_rect a, struct tile_rect b) {
    uint32_t x = a.x < b.x ? a.x : b.x, y = a.y < b.y ? a.y : b.y;
    uint32_t right = a.x + a.width > b.x + b.width ? a.x + a.width : b.x + b.width;
    uint32_t bottom = a.y + a.height > b.y + b.height ? a.y + a.height : b.y + b.height;
    return (struct tile_rect){x, y, right - x, bottom - y};
}

/* INVALID_ARGUMENT unless the format is in range, UNSUPPORTED unless its space has that sample type. The message begins
 * with `what`. */
tile_status tile_format_check(struct tile_format format, const char *what, struct tile_error *error);
/* Checks format, size, planes and stride of an image: rows must not overlap and must be aligned to the sample. */
tile_status tile_image_check(const struct tile_image *image, const char *what, struct tile_error *error);

static inline bool tile_format_equal(struct tile_format a, struct tile_format b) {
    return a.space == b.space && a.sample == b.sample && a.alpha == b.alpha && a.order == b.order &&
           a.layout == b.layout;
}

/* The first sample of row `y` in plane `plane`. */
static inline unsigned char *tile_image_row(const struct tile_image *image, int plane, uint32_t y) {
    return (unsigned char *)image->plane[plane] + (ptrdiff_t)y * image->stride;
}

/* "u8", "u16", "f32". */
const char *tile_sample_name(tile_sample sample);

/* Families of spaces, for code that need not know the space itself. */
enum tile_family {
    TILE_FAMILY_OTHER,
    TILE_FAMILY_RGB,     /* an ICC profile of a matrix and curves can describe it */
    TILE_FAMILY_RGB_HDR, /* its curves do not fit in such a profile: BT.2100 */
    TILE_FAMILY_YCBCR,
};
/* TILE_FAMILY_OTHER outside the enumeration. */
enum tile_family tile_space_family(tile_space space);

static inline bool tile_space_is_rgb(tile_space space) {
    enum tile_family family = tile_space_family(space);
    return family == TILE_FAMILY_RGB || family == TILE_FAMILY_RGB_HDR;
}

static inline bool tile_space_is_icc_rgb(tile_space space) {
    return tile_space_family(space) == TILE_FAMILY_RGB;
}

static inline bool tile_space_is_ycbcr(tile_space space) {
    return tile_space_family(space) == TILE_FAMILY_YCBCR;
}

#endif
