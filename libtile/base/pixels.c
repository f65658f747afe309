/* SPDX-License-Identifier: MIT */
#include "pixels.h"

#include "memory.h"

static bool in_range(struct tile_format f) {
    return f.space > TILE_SPACE_UNSET && f.space < TILE_SPACE_COUNT &&
           (f.sample == TILE_U8 || f.sample == TILE_U16 || f.sample == TILE_F32) &&
           f.alpha <= TILE_ALPHA_PREMULTIPLIED && f.order <= TILE_ORDER_REVERSED_ALPHA_FIRST &&
           f.layout <= TILE_PLANAR && (f.reserved[0] | f.reserved[1] | f.reserved[2]) == 0;
}

int tile_format_channels(struct tile_format format) {
    return in_range(format) ? tile_space_channels(format.space) + (format.alpha != TILE_ALPHA_NONE) : 0;
}

size_t tile_format_step(struct tile_format format) {
    int channels = tile_format_channels(format);
    return format.layout == TILE_PLANAR && channels ? (size_t)format.sample : (size_t)channels * (size_t)format.sample;
}

const char *tile_sample_name(tile_sample sample) {
    return sample == TILE_U8 ? "u8" : sample == TILE_U16 ? "u16" : sample == TILE_F32 ? "f32" : "unset";
}

tile_status tile_format_check(struct tile_format format, const char *what, struct tile_error *error) {
    if (!in_range(format))
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "%s: a field of the format is out of range or reserved",
                              what);
    if (!tile_space_has_sample(format.space, format.sample))
        return tile_error_set(error, TILE_UNSUPPORTED, "%s: %s has no %s samples (u16 and f32 can hold it)", what,
                              tile_space_name(format.space), tile_sample_name(format.sample));
    return TILE_OK;
}

tile_status tile_image_check(const struct tile_image *image, const char *what, struct tile_error *error) {
    if (!image)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "%s: the image is NULL", what);
    tile_status status = tile_format_check(image->format, what, error);
    if (status != TILE_OK)
        return status;
    size_t row;
    ptrdiff_t stride = image->stride;
    if (image->width == 0 || image->height == 0 || !tile_mul(&row, image->width, tile_format_step(image->format)) ||
        row > PTRDIFF_MAX)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "%s: the image is empty or too wide", what);
    if (image->height > 1 && (stride < 0 ? (size_t)0 - (size_t)stride : (size_t)stride) < row)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "%s: rows of %zu bytes overlap at a stride of %td", what,
                              row, stride);
    if (stride % (ptrdiff_t)image->format.sample != 0)
        return tile_error_set(error, TILE_INVALID_ARGUMENT,
                              "%s: the stride, %td, is no multiple of the samples' %d bytes", what, stride,
                              (int)image->format.sample);
    int planes = image->format.layout == TILE_PLANAR ? tile_format_channels(image->format) : 1;
    for (int i = 0; i < planes; i++)
        if (!image->plane[i] || (uintptr_t)image->plane[i] % image->format.sample != 0)
            return tile_error_set(error, TILE_INVALID_ARGUMENT, "%s: plane %d is NULL or not aligned to its samples",
                                  what, i);
    return TILE_OK;
}

tile_status tile_image_alloc(struct tile_image *out, struct tile_format format, uint32_t width, uint32_t height,
                             const struct tile_allocator *allocator, struct tile_error *error) {
    *out = (struct tile_image){0};
    tile_status status = tile_format_check(format, "image", error);
    if (status != TILE_OK)
        return status;
    if (width == 0 || height == 0)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "image: %u x %u pixels", width, height);
    size_t planes = format.layout == TILE_PLANAR ? (size_t)tile_format_channels(format) : 1;
    size_t row, plane, all;
    if (!tile_mul(&row, width, tile_format_step(format)) || !tile_mul(&plane, row, height) ||
        !tile_mul(&all, plane, planes) || all > PTRDIFF_MAX)
        return tile_error_set(error, TILE_LIMIT_EXCEEDED, "image: %u x %u pixels do not fit in memory", width, height);
    unsigned char *memory = tile_alloc(allocator, all);
    if (!memory)
        return tile_no_memory(error, all);
    *out = (struct tile_image){.format = format, .width = width, .height = height, .stride = (ptrdiff_t)row};
    for (size_t i = 0; i < planes; i++)
        out->plane[i] = memory + i * plane;
    return TILE_OK;
}

void tile_image_free(struct tile_image *image, const struct tile_allocator *allocator) {
    if (!image)
        return;
    tile_free(allocator, image->plane[0]);
    *image = (struct tile_image){0};
}

struct tile_image tile_image_of(struct tile_format format, uint32_t width, uint32_t height, const void *pixels,
                                ptrdiff_t stride) {
    struct tile_image image = {.format = format, .width = width, .height = height, .stride = stride};
    size_t row;
    if (stride == 0 && tile_mul(&row, width, tile_format_step(format)) && row <= PTRDIFF_MAX)
        image.stride = (ptrdiff_t)row;
    image.plane[0] = (void *)(uintptr_t)pixels;
    return image;
}

struct tile_image tile_image_view(const struct tile_image *image, struct tile_rect rect) {
    struct tile_image view = *image;
    view.width = rect.width;
    view.height = rect.height;
    for (int i = 0; i < TILE_MAX_CHANNELS; i++)
        if (view.plane[i])
            view.plane[i] = tile_image_row(image, i, rect.y) + rect.x * tile_format_step(image->format);
    return view;
}
