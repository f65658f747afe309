/* SPDX-License-Identifier: MIT */
/* How a source comes to have parts: by an index that is made and taken into use, or by its file alone. */
#include "source.h"

#include "../base/error.h"
#include "../base/memory.h"

#include <string.h>

/* The subject's reader: the source's own, one thread at a time. */
static tile_status read_locked(void *user, uint64_t offset, void *buffer, size_t length, struct tile_error *error) {
    tile_source *source = user;
    const struct tile_reader *reader = &source->input.reader;
    pthread_mutex_lock(&source->reading);
    tile_status status = reader->read_at(reader->user, offset, buffer, length, error);
    pthread_mutex_unlock(&source->reading);
    return status;
}

static void set_subject(tile_source *source) {
    const uint64_t most_gap = (uint64_t)1 << 40;
    struct tile_subject *subject = &source->subject;
    *subject = (struct tile_subject){.reader = source->input.reader,
                                     .codec = source->info.codec,
                                     .width = source->width,
                                     .height = source->height,
                                     .limits = source->limits,
                                     .allocator = source->allocator};
    subject->reader.user = source;
    subject->reader.read_at = read_locked;
    subject->reader.close = NULL;
    uint64_t gap = subject->reader.gap;
    subject->reader.gap = gap == 0 ? TILE_DEFAULT_GAP : gap < most_gap ? gap : most_gap;
}

static bool is_native(const tile_source *source) {
    return source->info.parts && !source->info.indexed;
}

static tile_status needs_none(tile_status status, struct tile_error *error) {
    return tile_error_set(error, status, "needs no index: the file itself tells where its parts are");
}

tile_status tile_index_build(tile_index **out, tile_source *source, const struct tile_index_options *options,
                             struct tile_error *error) {
    struct tile_index_options o;
    struct tile_error why = {0};
    *out = NULL;
    if (!source)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "the source is NULL");
    tile_status status = tile_options_copy(&o, sizeof o, options, &why);
    if (status == TILE_OK && is_native(source))
        status = needs_none(TILE_UNSUPPORTED, &why);
    if (status == TILE_OK && source->info.no_index)
        status = tile_error_set(&why, TILE_UNSUPPORTED, "can have no index: it is %s", source->info.no_index);
    if (status == TILE_OK) {
        o.tile_width = o.tile_width ? o.tile_width : TILE_INDEX_TILE;
        o.tile_height = o.tile_height ? o.tile_height : TILE_INDEX_TILE;
        set_subject(source);
        status = tile_index_make(out, &source->subject, &o, &why);
    }
    return tile_source_named(source, status, &why, error);
}

void tile_access_close(tile_source *source) {
    if (source->access.codec)
        source->access.codec->close(&source->access);
    source->access = (struct tile_access){0};
    source->info.indexed = source->info.parts = false;
    source->info.part_width = source->part_width;
    source->info.part_height = source->part_height;
}

static tile_status open_access(tile_source *source, const struct tile_index_codec *codec, const tile_index *index,
                               struct tile_error *error) {
    struct tile_access *access = &source->access;
    struct tile_info *info = &source->info;
    *access = (struct tile_access){.index = index, .subject = &source->subject, .codec = codec};
    tile_status status = codec->open(access, error);
    if (status != TILE_OK) {
        tile_access_close(source);
        return status;
    }
    info->parts = true;
    info->indexed = index != NULL;
    info->part_width = access->part_width;
    info->part_height = access->part_height;
    return status;
}

tile_status tile_access_open_native(tile_source *source, struct tile_error *error) {
    const struct tile_index_codec *codec = tile_index_codec_of(source->info.codec);
    source->info.splices = codec && codec->splice;
    if (!codec && !source->info.no_index)
        source->info.no_index = "of a format that has none";
    if (!codec || !codec->native || source->info.no_index)
        return TILE_OK;
    set_subject(source);
    return open_access(source, codec, NULL, error);
}

bool tile_source_indexes_quickly(const tile_source *source) {
    const struct tile_info *info = &source->info;
    return !info->parts && !info->no_index && tile_index_codec_of(info->codec)->quick;
}

static tile_status use(tile_source *source, const tile_index *index, struct tile_error *error) {
    struct tile_watch watch = tile_source_watch(source);
    bool by_hash;
    set_subject(source);
    tile_status status = tile_index_compare(index, &source->subject, &by_hash, error);
    if (status != TILE_OK)
        return status;
    if (by_hash) {
        struct tile_hash hash;
        status = tile_source_read_hash(source, &hash, &watch, error);
        if (status != TILE_OK)
            return status;
        if (memcmp(hash.bytes, index->header.source_hash.bytes, sizeof hash.bytes) != 0)
            return tile_error_set(error, TILE_SOURCE_CHANGED, "changed: its bytes are not those that its index is of");
    }
    return open_access(source, tile_index_codec_of(index->header.codec), index, error);
}

tile_status tile_source_use_index(tile_source *source, const tile_index *index, struct tile_error *error) {
    struct tile_error why = {0};
    if (!source)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "the source is NULL");
    if (is_native(source))
        return index ? tile_source_named(source, needs_none(TILE_INVALID_ARGUMENT, &why), &why, error) : TILE_OK;
    tile_access_close(source);
    return index ? tile_source_named(source, use(source, index, &why), &why, error) : TILE_OK;
}
