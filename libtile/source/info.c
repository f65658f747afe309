/* SPDX-License-Identifier: MIT */
/* What a source tells, without reading: its header, notes, and where a rectangle lies. */
#include "source.h"

#include "../base/error.h"
#include "../base/pixels.h"

const struct tile_info *tile_source_info(const tile_source *source) {
    return &source->info;
}

const char *tile_source_note(const tile_source *source, size_t index) {
    return index < (size_t)source->note_count ? source->notes[index] : NULL;
}

const char *tile_source_damage(const tile_source *source) {
    return source->damage[0] ? source->damage : NULL;
}

struct tile_format tile_source_format_for(const tile_source *source, tile_space wanted) {
    struct tile_format format = source->info.format;
    if (source->jfif_ycbcr && format.space == TILE_SRGB && (!source->info.profile || source->profile_is_plain) &&
        (wanted == TILE_YCBCR || wanted == TILE_GRAY))
        format.space = wanted;
    return format;
}

bool tile_source_stores_gray(const tile_source *source) {
    const struct tile_info *info = &source->info;
    if (info->codec == TILE_JPEG && info->format.space == TILE_GRAY)
        return !info->carried_profile;
    return source->luma_whole && tile_source_format_for(source, TILE_GRAY).space == TILE_GRAY;
}

/* `*from`, `*length` of `size`, counted from the other end. */
static void mirror(uint32_t *from, uint32_t length, uint32_t size) {
    *from = size - *from - length;
}

struct tile_rect tile_source_stored_rect(const tile_source *source, struct tile_rect rect) {
    int orientation = source->info.orientation;
    if (tile_orientation_swaps(orientation))
        rect = (struct tile_rect){rect.y, rect.x, rect.height, rect.width};
    if (tile_orientation_flips_x(orientation))
        mirror(&rect.x, rect.width, source->width);
    if (tile_orientation_flips_y(orientation))
        mirror(&rect.y, rect.height, source->height);
    return rect;
}

tile_status tile_source_check_rect(const tile_source *source, struct tile_rect rect, struct tile_error *error) {
    const struct tile_info *info = &source->info;
    if (tile_rect_within(rect, info->width, info->height))
        return TILE_OK;
    return tile_error_set(error, TILE_INVALID_ARGUMENT,
                          "the rectangle %u,%u %u x %u is empty or not within the image's %u x %u", rect.x, rect.y,
                          rect.width, rect.height, info->width, info->height);
}
