/* SPDX-License-Identifier: MIT */
/* Which bytes a source is of: their hash, and whether they are still those that were opened. */
#include "source.h"

#include "../base/input.h"
#include "../base/memory.h"

#include <string.h>

tile_status tile_source_read_hash(const tile_source *source, struct tile_hash *hash, struct tile_watch *watch,
                                  struct tile_error *error) {
    const struct tile_reader *reader = &source->input.reader;
    enum { PIECE = 1 << 18 };
    struct tile_hasher hasher;
    unsigned char *piece = tile_alloc(source->allocator, PIECE);
    if (!piece)
        return tile_no_memory(error, PIECE);
    tile_status status = tile_hasher_begin(&hasher, error);
    if (status == TILE_OK) {
        for (uint64_t at = 0; at < reader->size && status == TILE_OK; at += PIECE) {
            size_t size = reader->size - at < PIECE ? (size_t)(reader->size - at) : PIECE;
            watch->at = (struct tile_progress){at, reader->size};
            status = tile_watch_ask(watch, error);
            if (status == TILE_OK)
                status = reader->read_at(reader->user, at, piece, size, error);
            if (status == TILE_OK)
                tile_hasher_add(&hasher, piece, size);
        }
        *hash = tile_hasher_end(&hasher);
    }
    tile_free(source->allocator, piece);
    return status;
}

tile_status tile_source_hash_watched(tile_source *source, unsigned char hash[16], struct tile_watch *watch,
                                     struct tile_error *error) {
    struct tile_hash value;
    struct tile_error why = {0};
    tile_status status = TILE_OK;
    if (source->info.indexed) /* the index is of these very bytes */
        value = source->access.index->header.source_hash;
    else
        status = tile_source_read_hash(source, &value, watch, &why);
    if (status != TILE_OK)
        return tile_source_named(source, status, &why, error);
    if (!source->info.indexed) {
        source->hash = value;
        source->hashed = true;
    }
    memcpy(hash, value.bytes, sizeof value.bytes);
    return TILE_OK;
}

tile_status tile_source_hash(tile_source *source, unsigned char hash[16], struct tile_error *error) {
    struct tile_watch watch = tile_source_watch(source);
    return tile_source_hash_watched(source, hash, &watch, error);
}

static tile_status check_hash(const tile_source *source, struct tile_watch *watch, struct tile_error *error) {
    struct tile_hash now, before = source->info.indexed ? source->access.index->header.source_hash : source->hash;
    bool known = source->info.indexed || source->hashed;
    tile_status status = known ? tile_source_read_hash(source, &now, watch, error) : TILE_OK;
    if (status == TILE_OK && (!known || memcmp(now.bytes, before.bytes, sizeof now.bytes) != 0))
        status = tile_error_set(error, TILE_SOURCE_CHANGED, "changed while it was read: its times are others");
    return status;
}

tile_status tile_source_unchanged(const tile_source *source, struct tile_watch *watch, struct tile_error *error) {
    struct tile_error why = {0};
    bool touched;
    tile_status status = tile_reader_unchanged(&source->input.reader, &touched, &why);
    if (status == TILE_OK && touched)
        status = check_hash(source, watch, &why);
    return tile_source_named(source, status, &why, error);
}

bool tile_source_is_file(const tile_source *source, const struct stat *file) {
    struct stat own;
    int descriptor = tile_reader_descriptor(&source->input.reader);
    return descriptor >= 0 && fstat(descriptor, &own) == 0 && own.st_dev == file->st_dev && own.st_ino == file->st_ino;
}
