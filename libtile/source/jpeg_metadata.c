/* SPDX-License-Identifier: MIT */
#include "jpeg_metadata.h"

#include "../base/memory.h"

#include <string.h>

enum { APP1 = JPEG_APP0 + 1, APP2 = JPEG_APP0 + 2 };

/* Whether a segment is of that kind and begins so; its NUL at the end counts. */
static bool begins(jpeg_saved_marker_ptr m, int marker, const char *name, size_t size) {
    return m->marker == marker && m->data_length >= size && memcmp(m->data, name, size) == 0;
}

#define BEGINS(m, marker, name) begins(m, marker, name, sizeof(name))

struct tile_exif tile_jpeg_exif(jpeg_saved_marker_ptr markers) {
    for (jpeg_saved_marker_ptr m = markers; m; m = m->next)
        if (BEGINS(m, APP1, "Exif"))
            return tile_exif_read(m->data, m->data_length);
    return (struct tile_exif){.orientation = 1};
}

/* ---- The ICC profile: ICC.1:2022, B.4 ---- */

enum { ICC_HEAD = 14, WHY = 100 }; /* "ICC_PROFILE" and NUL, the segment's number from 1, how many there are */

struct parts {
    jpeg_saved_marker_ptr part[256];
    unsigned count;
};

/* The segments by their numbers; one that is repeated counts once. `why` is left empty where that can be done. */
static void collect(struct parts *parts, jpeg_saved_marker_ptr markers, char why[WHY]) {
    for (jpeg_saved_marker_ptr m = markers; m && !why[0]; m = m->next) {
        if (!BEGINS(m, APP2, "ICC_PROFILE"))
            continue;
        unsigned number = m->data_length < ICC_HEAD ? 0 : m->data[ICC_HEAD - 2];
        unsigned count = m->data_length < ICC_HEAD ? 0 : m->data[ICC_HEAD - 1];
        jpeg_saved_marker_ptr *part = &parts->part[number];
        if (parts->count == 0)
            parts->count = count;
        if (number == 0 || number > count || count != parts->count)
            snprintf(why, WHY, "one of its segments has the number %u of %u", number, count);
        else if (!*part)
            *part = m;
        else if ((*part)->data_length != m->data_length || memcmp((*part)->data, m->data, m->data_length) != 0)
            snprintf(why, WHY, "its segment %u of %u is there twice, not the same", number, count);
    }
    for (unsigned i = 1; i <= parts->count && !why[0]; i++)
        if (!parts->part[i])
            snprintf(why, WHY, "its segment %u of %u is missing", i, parts->count);
}

tile_status tile_jpeg_profile(tile_source *source, jpeg_saved_marker_ptr markers, struct tile_error *error) {
    struct parts parts = {.count = 0};
    char why[WHY] = "";
    collect(&parts, markers, why);
    if (source->options.ignore_profile) {
        source->info.ignored = parts.count != 0 || why[0];
        return TILE_OK;
    }
    if (why[0])
        return tile_source_drop_profile(source, error, "%s", why);
    if (parts.count == 0)
        return TILE_OK;
    size_t size = 0; /* at most 255 times 65519 */
    for (unsigned i = 1; i <= parts.count; i++)
        size += parts.part[i]->data_length - ICC_HEAD;
    unsigned char *profile = tile_alloc(source->allocator, size);
    if (!profile)
        return tile_no_memory(error, size);
    size = 0;
    for (unsigned i = 1; i <= parts.count; i++) {
        size_t part = parts.part[i]->data_length - ICC_HEAD;
        memcpy(profile + size, parts.part[i]->data + ICC_HEAD, part);
        size += part;
    }
    tile_status status = tile_source_set_profile(source, profile, size, error);
    tile_free(source->allocator, profile);
    return status;
}

/* ---- What else there is ---- */

static bool has_gain_map(jpeg_saved_marker_ptr markers) {
    static const char adobe[] = "http://ns.adobe.com/hdr-gain-map/1.0/"; /* Ultra HDR, in XMP */
    for (jpeg_saved_marker_ptr m = markers; m; m = m->next)
        if (BEGINS(m, APP2, "urn:iso:std:iso:ts:21496:-1") ||
            (BEGINS(m, APP1, "http://ns.adobe.com/xap/1.0/") &&
             memmem(m->data, m->data_length, adobe, sizeof adobe - 1)))
            return true;
    return false;
}

tile_status tile_jpeg_note_others(tile_source *source, jpeg_saved_marker_ptr markers, struct tile_error *error) {
    uint32_t others = 0;
    for (jpeg_saved_marker_ptr m = markers; m && others == 0; m = m->next)
        if (BEGINS(m, APP2, "MPF"))
            others = tile_exif_pictures(m->data + 4, m->data_length - 4);
    if (has_gain_map(markers)) {
        others -= others > 0;
        tile_status status =
            tile_source_notice(source, 0, error, "it has a gain map (Ultra HDR), which is not read and not kept");
        if (status != TILE_OK)
            return status;
    }
    if (others == 0)
        return TILE_OK;
    return tile_source_notice(source, 0, error,
                              "it has %u further picture%s (MPF: a gain map, a stereo half or the like), not read and "
                              "not kept",
                              others, others == 1 ? "" : "s");
}
