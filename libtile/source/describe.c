/* SPDX-License-Identifier: MIT */
/* What a source tells about itself, as JSON. */
#include "source.h"

#include "../base/buffer.h"
#include "../base/error.h"
#include "../base/hash.h"
#include "../base/memory.h"
#include "../base/pixels.h"
#include "../base/profile.h"

#include <inttypes.h>
#include <lcms2.h>
#include <string.h>

/* The profile's own description; empty where it has none that can be read. */
static void profile_description(const struct tile_info *info, char *text, size_t size) {
    text[0] = '\0';
    cmsContext context = cmsCreateContext(NULL, NULL);
    cmsHPROFILE profile =
        context ? cmsOpenProfileFromMemTHR(context, info->carried_profile, (cmsUInt32Number)info->carried_profile_size)
                : NULL;
    if (profile) {
        cmsGetProfileInfoASCII(profile, cmsInfoDescription, "en", "US", text, (cmsUInt32Number)size);
        cmsCloseProfile(profile);
    }
    if (context)
        cmsDeleteContext(context);
}

/* ,"key":"text" */
static tile_status put_text(struct tile_buffer *out, const char *key, const char *text, struct tile_error *error) {
    tile_status status = tile_buffer_printf(out, error, ",\"%s\":", key);
    return status == TILE_OK ? tile_buffer_json_text(out, text, error) : status;
}

static tile_status put_profile(struct tile_buffer *out, const struct tile_info *i, struct tile_error *error) {
    char description[256];
    profile_description(i, description, sizeof description);
    tile_status status = tile_buffer_printf(out, error, ",\"profile\":{\"bytes\":%zu", i->carried_profile_size);
    if (status == TILE_OK)
        status = put_text(out, "description", description, error);
    if (status == TILE_OK && i->profile_unusable)
        status = put_text(out, "unusable", i->profile_unusable, error);
    return status == TILE_OK ? tile_buffer_append(out, "}", 1, error) : status;
}

static tile_status put_notes(struct tile_buffer *out, const tile_source *source, struct tile_error *error) {
    tile_status status = tile_buffer_printf(out, error, ",\"notes\":[");
    for (int n = 0; n < source->note_count && status == TILE_OK; n++) {
        if (n)
            status = tile_buffer_append(out, ",", 1, error);
        if (status == TILE_OK)
            status = tile_buffer_json_text(out, source->notes[n], error);
    }
    return status == TILE_OK ? tile_buffer_append(out, "]", 1, error) : status;
}

/* The name of the space that the pixels are of, also where it is a profile that says so. */
static const char *space_name(const struct tile_info *i) {
    tile_space said = i->profile ? tile_profile_space(i->profile, i->profile_size) : TILE_SPACE_UNSET;
    return i->unknown_color ? "unknown" : tile_space_name(said != TILE_SPACE_UNSET ? said : i->format.space);
}

static tile_status put_abilities(struct tile_buffer *out, const struct tile_info *i, struct tile_error *error) {
    return tile_buffer_printf(out, error,
                              ",\"index\":\"%s%s\",\"parts\":%s,\"part_width\":%u,\"part_height\":%u,"
                              "\"splices\":%s,\"pages\":%u,\"levels\":%u",
                              i->no_index  ? "none: "
                              : i->indexed ? "used"
                              : i->parts   ? "not needed"
                                           : "possible",
                              i->no_index ? i->no_index : "", i->parts ? "true" : "false", i->part_width,
                              i->part_height, i->splices ? "true" : "false", i->pages, i->levels);
}

tile_status tile_source_describe(const tile_source *source, struct tile_buffer *out, struct tile_error *error) {
    static const char *const alphas[] = {"none", "straight", "premultiplied"};
    const struct tile_info *i = &source->info;
    tile_status status = tile_buffer_printf(out, error, "{\"name\":");
    if (status == TILE_OK)
        status = tile_buffer_json_text(out, i->name, error);
    if (status == TILE_OK)
        status = tile_buffer_printf(out, error,
                                    ",\"bytes\":%" PRIu64 ",\"format\":\"%s\",\"coding\":\"%s\",\"width\":%u,"
                                    "\"height\":%u,\"orientation\":%d,\"bits\":%d,\"space\":\"%s\",\"sample\":\"%s\","
                                    "\"alpha\":\"%s\",\"tagged\":%s,\"streams\":%s,\"decoder_memory\":%" PRIu64,
                                    i->bytes, tile_codec_name(i->codec), i->coding, i->width, i->height, i->orientation,
                                    i->bits, space_name(i), tile_sample_name(i->format.sample), alphas[i->format.alpha],
                                    i->tagged ? "true" : "false", i->streams ? "true" : "false", i->memory);
    if (status == TILE_OK)
        status = put_abilities(out, i, error);
    if (status == TILE_OK && i->palette)
        status = tile_buffer_printf(out, error, ",\"palette\":%zu", i->palette_size);
    if (status == TILE_OK && i->carried_profile)
        status = put_profile(out, i, error);
    if (status == TILE_OK && i->profile_dropped)
        status = put_text(out, "profile_dropped", i->profile_dropped, error);
    if (status == TILE_OK && i->code_points)
        status = tile_buffer_printf(out, error, ",\"code_points\":[%u,%u,%u,%u]", i->code_points[0], i->code_points[1],
                                    i->code_points[2], i->code_points[3]);
    if (status == TILE_OK && source->note_count)
        status = put_notes(out, source, error);
    return status == TILE_OK ? tile_buffer_append(out, "}", 1, error) : status;
}
