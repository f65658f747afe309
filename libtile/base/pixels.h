/* SPDX-License-Identifier: MIT */
/* Checks and small facts about formats, images and rectangles that every room shares. */
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

/* The format is in range and its space has that sample type; else INVALID_ARGUMENT or UNSUPPORTED, beginning with
 * `what`. */
tile_status tile_format_check(struct tile_format format, const char *what, struct tile_error *error);
/* The image's format, size, planes and stride can be: rows do not run into each other and are aligned to the sample. */
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

/* What a space is to those who need not know which one it is. */
enum tile_family {
    TILE_FAMILY_OTHER,
    TILE_FAMILY_RGB,     /* that an ICC profile of a matrix and curves tells */
    TILE_FAMILY_RGB_HDR, /* of curves that are none of a profile's, as BT.2100's */
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
