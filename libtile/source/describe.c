/* SPDX-License-Identifier: MIT */
/* What a source tells about itself: as JSON, and as a hash. */
#include "source.h"

#include "../base/buffer.h"
#include "../base/hash.h"
#include "../base/memory.h"
#include "../base/pixels.h"

#include <inttypes.h>
#include <lcms2.h>
#include <string.h>

/* The profile's own description; empty where it has none that can be read. */
static void profile_description(const struct tile_info *info, char *text, size_t size) {
    text[0] = '\0';
    cmsContext context = cmsCreateContext(NULL, NULL);
    cmsHPROFILE profile =
        context ? cmsOpenProfileFromMemTHR(context, info->profile, (cmsUInt32Number)info->profile_size) : NULL;
    if (profile) {
        cmsGetProfileInfoASCII(profile, cmsInfoDescription, "en", "US", text, (cmsUInt32Number)size);
        cmsCloseProfile(profile);
    }
    if (context)
        cmsDeleteContext(context);
}

tile_status tile_source_describe(const tile_source *source, struct tile_buffer *out, struct tile_error *error) {
    static const char *const alphas[] = {"none", "straight", "premultiplied"};
    const struct tile_info *i = &source->info;
    tile_status status = tile_buffer_printf(out, error, "{\"name\":");
    if (status == TILE_OK)
        status = tile_buffer_json_text(out, i->name, error);
    if (status == TILE_OK)
        status = tile_buffer_printf(
            out, error,
            ",\"bytes\":%" PRIu64 ",\"format\":\"%s\",\"coding\":\"%s\",\"width\":%u,"
            "\"height\":%u,\"orientation\":%d,\"bits\":%d,\"space\":\"%s\",\"sample\":\"%s\","
            "\"alpha\":\"%s\",\"tagged\":%s,\"streams\":%s,\"decoder_memory\":%" PRIu64 ",\"index\":\"%s%s\"",
            i->bytes, i->codec == TILE_JPEG ? "jpg" : "png", i->coding, i->width, i->height, i->orientation, i->bits,
            tile_space_name(i->format.space), tile_sample_name(i->format.sample), alphas[i->format.alpha],
            i->tagged ? "true" : "false", i->streams ? "true" : "false", i->memory,
            i->no_index  ? "none: "
            : i->indexed ? "used"
                         : "possible",
            i->no_index ? i->no_index : "");
    if (status == TILE_OK && i->profile) {
        char description[256];
        profile_description(i, description, sizeof description);
        status = tile_buffer_printf(out, error, ",\"profile\":{\"bytes\":%zu,\"description\":", i->profile_size);
        if (status == TILE_OK)
            status = tile_buffer_json_text(out, description, error);
        if (status == TILE_OK)
            status = tile_buffer_append(out, "}", 1, error);
    }
    return status == TILE_OK ? tile_buffer_append(out, "}", 1, error) : status;
}

tile_status tile_source_read_hash(tile_source *source, struct tile_hash *hash, struct tile_error *error) {
    struct tile_reader *reader = &source->input.reader;
    enum { PIECE = 1 << 18 };
    struct tile_hasher hasher;
    unsigned char *piece = tile_alloc(source->allocator, PIECE);
    if (!piece)
        return tile_no_memory(error, PIECE);
    tile_status status = tile_hasher_begin(&hasher, error);
    if (status == TILE_OK) {
        for (uint64_t at = 0; at < reader->size && status == TILE_OK; at += PIECE) {
            size_t size = reader->size - at < PIECE ? (size_t)(reader->size - at) : PIECE;
            status = reader->read_at(reader->user, at, piece, size, error);
            if (status == TILE_OK)
                tile_hasher_add(&hasher, piece, size);
        }
        *hash = tile_hasher_end(&hasher);
    }
    tile_free(source->allocator, piece);
    return status;
}

tile_status tile_source_hash(tile_source *source, unsigned char hash[16], struct tile_error *error) {
    struct tile_hash value;
    struct tile_error why = {0};
    tile_status status = TILE_OK;
    if (source->info.indexed) /* the index is of these very bytes */
        value = source->access.index->header.source_hash;
    else
        status = tile_source_read_hash(source, &value, &why);
    if (status != TILE_OK)
        return tile_error_set(error, status, "%s: %s", source->name, why.message);
    memcpy(hash, value.bytes, sizeof value.bytes);
    return TILE_OK;
}
