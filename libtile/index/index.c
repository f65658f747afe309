/* SPDX-License-Identifier: MIT */
/* The index file: its header, the binding to its source, and the reading of its parts. */
#include "index.h"

#include "../base/buffer.h"
#include "../base/bytes.h"
#include "../base/format.h"
#include "../base/input.h"
#include "../base/memory.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <xxhash.h>

/*
 * The header, little-endian:
 *
 *     0  8  magic                       144  4  codec: 1 JPEG, 2 PNG     168  4  first column
 *     8  4  version                     148  4  width                    172  4  columns
 *    12  4  bytes of the header         152  4  height                   176  4  first row
 *    16  8  bytes of the file           156  4  step                     180  4  rows
 *    24  8  bytes of the source         160  8  source's modification    184  8  data begin
 *    32 16  XXH3-128 of the source                                       192  8  data end
 *    48 96  ETag of the source, NUL padded                               200  8  XXH3-64 of all before
 */
enum { VERSION = 1, HEADER = 208, CHECKSUM = HEADER - 8 };
static const unsigned char magic[8] = {0x89, 'T', 'I', 'X', '\r', '\n', 0x1A, '\n'}; /* as PNG's: text modes break it */

/* A file that was written so shortly before may be written once more within the same tick of its file system's clock.
 */
#define SETTLED_NS 2000000000ull

const struct tile_index_codec *tile_index_codec_of(tile_codec codec) {
    static const struct tile_index_codec *const codecs[] = {
        [TILE_JPEG] = &tile_jpeg_index, [TILE_PNG] = &tile_png_index};
    return (size_t)codec < sizeof codecs / sizeof *codecs ? codecs[codec] : NULL;
}

static void put_header(unsigned char to[HEADER], const struct tile_index_header *h) {
    memset(to, 0, HEADER);
    memcpy(to, magic, sizeof magic);
    tile_put_le(to + 8, VERSION, 4);
    tile_put_le(to + 12, HEADER, 4);
    tile_put_le(to + 16, h->size, 8);
    tile_put_le(to + 24, h->source_size, 8);
    memcpy(to + 32, h->source_hash.bytes, 16);
    memcpy(to + 48, h->source_etag, strnlen(h->source_etag, sizeof h->source_etag - 1));
    const uint32_t words[] = {(uint32_t)h->codec, h->width, h->height, h->step};
    const uint32_t held[] = {h->first_column, h->columns, h->first_row, h->rows};
    for (int i = 0; i < 4; i++) {
        tile_put_le(to + 144 + 4 * i, words[i], 4);
        tile_put_le(to + 168 + 4 * i, held[i], 4);
    }
    tile_put_le(to + 160, h->source_modified, 8);
    tile_put_le(to + 184, h->data_begin, 8);
    tile_put_le(to + 192, h->data_end, 8);
    tile_put_le(to + CHECKSUM, XXH3_64bits(to, CHECKSUM), 8);
}

static tile_status get_header(struct tile_index_header *h, const unsigned char from[HEADER], uint64_t size,
                              struct tile_error *error) {
    uint64_t version = tile_get_le(from + 8, 4);
    if (memcmp(from, magic, sizeof magic) != 0)
        return tile_error_set(error, TILE_BAD_INDEX, "is not an index file");
    if (version > VERSION)
        return tile_error_set(error, TILE_UNSUPPORTED, "is an index file of version %ju, and %d is the latest known",
                              (uintmax_t)version, VERSION);
    if (version != VERSION || tile_get_le(from + 12, 4) != HEADER ||
        tile_get_le(from + CHECKSUM, 8) != XXH3_64bits(from, CHECKSUM))
        return tile_error_set(error, TILE_BAD_INDEX, "is a damaged index file: its header's checksum is wrong");
    *h = (struct tile_index_header){.size = tile_get_le(from + 16, 8),
                                    .source_size = tile_get_le(from + 24, 8),
                                    .source_modified = tile_get_le(from + 160, 8),
                                    .codec = (tile_codec)tile_get_le(from + 144, 4),
                                    .width = (uint32_t)tile_get_le(from + 148, 4),
                                    .height = (uint32_t)tile_get_le(from + 152, 4),
                                    .step = (uint32_t)tile_get_le(from + 156, 4),
                                    .first_column = (uint32_t)tile_get_le(from + 168, 4),
                                    .columns = (uint32_t)tile_get_le(from + 172, 4),
                                    .first_row = (uint32_t)tile_get_le(from + 176, 4),
                                    .rows = (uint32_t)tile_get_le(from + 180, 4),
                                    .data_begin = tile_get_le(from + 184, 8),
                                    .data_end = tile_get_le(from + 192, 8)};
    memcpy(h->source_hash.bytes, from + 32, 16);
    memcpy(h->source_etag, from + 48, sizeof h->source_etag - 1);
    if (h->size != size)
        return tile_error_set(error, TILE_BAD_INDEX, "is a damaged index file: it has %ju bytes instead of %ju",
                              (uintmax_t)size, (uintmax_t)h->size);
    /* Nobody but a forger gets past the checksum with these; sums of them must fit their types. */
    const struct tile_index_codec *codec = tile_index_codec_of(h->codec);
    if (!codec || codec->native || h->width == 0 || h->height == 0 || h->step == 0 || h->columns == 0 || h->rows == 0 ||
        h->columns > UINT32_MAX - h->first_column || h->rows > UINT32_MAX - h->first_row ||
        h->data_begin > h->data_end || h->data_end > h->source_size)
        return tile_index_damaged(error, "its header");
    return TILE_OK;
}

tile_status tile_index_damaged(struct tile_error *error, const char *what) {
    return tile_error_set(error, TILE_BAD_INDEX, "has a damaged index: %s cannot be", what);
}

uint64_t tile_index_checksum(const struct tile_index_header *header, uint64_t number, const void *data, size_t size) {
    return XXH3_64bits_withSeed(data, size, tile_get_le(header->source_hash.bytes, 8) + number);
}

tile_status tile_index_read(const tile_index *index, uint64_t offset, void *to, size_t size, struct tile_error *error) {
    uint64_t payload = index->header.size - HEADER;
    if (offset > payload || size > payload - offset)
        return tile_index_damaged(error, "a place in it");
    struct tile_error why = {0};
    pthread_mutex_lock((pthread_mutex_t *)&index->lock);
    tile_status status = index->reader.read_at(index->reader.user, HEADER + offset, to, size, &why);
    pthread_mutex_unlock((pthread_mutex_t *)&index->lock);
    return status == TILE_OK ? status : tile_error_set(error, status, "its index: %s", why.message);
}

/* ---- Making ------------------------------------------------------------------------------------------------ */

static tile_index *new_index(const struct tile_allocator *allocator) {
    tile_index *index = tile_alloc_zero(allocator, sizeof *index);
    if (!index)
        return NULL;
    index->allocator = index->memory.allocator = allocator;
    pthread_mutex_init(&index->lock, NULL);
    return index;
}

tile_status tile_index_assemble(tile_index **out, struct tile_index_header header, const struct tile_buffer *payload,
                                const struct tile_allocator *allocator, struct tile_error *error) {
    unsigned char first[HEADER];
    *out = NULL;
    tile_index *index = new_index(allocator);
    if (!index)
        return tile_no_memory(error, sizeof *index);
    header.size = HEADER + (uint64_t)payload->size;
    index->header = header;
    put_header(first, &header);
    tile_status status = tile_buffer_reserve(&index->memory, HEADER + payload->size, error);
    if (status == TILE_OK)
        status = tile_buffer_append(&index->memory, first, HEADER, error);
    if (status == TILE_OK)
        status = tile_buffer_append(&index->memory, payload->data, payload->size, error);
    if (status == TILE_OK)
        status = tile_reader_open_memory(&index->reader, index->memory.data, index->memory.size, allocator, error);
    if (status == TILE_OK)
        *out = index;
    else
        tile_index_free(index);
    return status;
}

tile_status tile_pass_read(struct tile_pass *pass, void *to, size_t most, size_t *size, struct tile_error *error) {
    const struct tile_reader *reader = &pass->subject->reader;
    uint64_t left = reader->size - pass->offset;
    *size = left < most ? (size_t)left : most;
    if (*size == 0)
        return TILE_OK;
    pass->watch.at = (struct tile_progress){pass->offset, reader->size};
    tile_status status = tile_watch_ask(&pass->watch, error);
    if (status == TILE_OK)
        status = reader->read_at(reader->user, pass->offset, to, *size, error);
    if (status != TILE_OK)
        return status;
    tile_hasher_add(&pass->hasher, to, *size);
    pass->offset += *size;
    return TILE_OK;
}

tile_status tile_index_make(tile_index **out, const struct tile_subject *subject,
                            const struct tile_index_options *options, struct tile_error *error) {
    const struct tile_reader *reader = &subject->reader;
    struct tile_index_header header = {
        .source_size = reader->size, .codec = subject->codec, .width = subject->width, .height = subject->height};
    struct tile_buffer payload = {.allocator = subject->allocator};
    struct tile_pass pass = {
        .subject = subject, .options = options, .watch = {.progress = options->progress, .user = options->user}};
    struct timespec now;
    *out = NULL;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t now_ns = (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
    if (reader->modified <= now_ns && now_ns - reader->modified >= SETTLED_NS)
        header.source_modified = reader->modified;
    if (reader->etag && strlen(reader->etag) < sizeof header.source_etag)
        snprintf(header.source_etag, sizeof header.source_etag, "%s", reader->etag);
    tile_status status = tile_hasher_begin(&pass.hasher, error);
    if (status == TILE_OK)
        status = tile_index_codec_of(subject->codec)->build(&pass, &header, &payload, error);
    if (pass.hasher.state) /* not ended by a build that failed */
        tile_hasher_end(&pass.hasher);
    if (status == TILE_OK)
        status = tile_index_assemble(out, header, &payload, options->allocator, error);
    if (status == TILE_OK && options->progress) /* too late to stop */
        options->progress(options->user, &(struct tile_progress){reader->size, reader->size});
    tile_buffer_free(&payload);
    return status;
}

tile_status tile_index_compare(const tile_index *index, const struct tile_subject *subject, bool *hash,
                               struct tile_error *error) {
    const struct tile_index_header *h = &index->header;
    const struct tile_reader *reader = &subject->reader;
    *hash = false;
    if (h->source_size != reader->size)
        return tile_error_set(error, TILE_SOURCE_CHANGED, "has %ju bytes, and its index is of a file of %ju",
                              (uintmax_t)reader->size, (uintmax_t)h->source_size);
    if (h->codec != subject->codec || h->width != subject->width || h->height != subject->height)
        return tile_error_set(error, TILE_SOURCE_CHANGED, "is %u x %u pixels, and its index is of a %s of %u x %u",
                              subject->width, subject->height, tile_codec_title(h->codec), h->width, h->height);
    if (h->source_etag[0] && reader->etag) {
        if (strcmp(h->source_etag, reader->etag) == 0)
            return TILE_OK;
        return tile_error_set(error, TILE_SOURCE_CHANGED, "changed: its ETag is not the one that its index is of");
    }
    *hash = h->source_modified == 0 || h->source_modified != reader->modified;
    return TILE_OK;
}

/* ---- The file ---------------------------------------------------------------------------------------------- */

tile_status tile_index_save(const tile_index *index, const struct tile_writer *writer, struct tile_error *error) {
    if (!index || !writer || !writer->write_at)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "saving an index takes an index and a writer");
    enum { PIECE = 1 << 16 };
    unsigned char *piece = tile_alloc(index->allocator, PIECE);
    tile_status status = piece ? TILE_OK : tile_no_memory(error, PIECE);
    unsigned char first[HEADER];
    put_header(first, &index->header);
    if (status == TILE_OK)
        status = writer->write_at(writer->user, 0, first, HEADER, error);
    for (uint64_t at = HEADER; status == TILE_OK && at < index->header.size;) {
        uint64_t left = index->header.size - at;
        size_t size = left < PIECE ? (size_t)left : PIECE;
        status = tile_index_read(index, at - HEADER, piece, size, error);
        if (status == TILE_OK)
            status = writer->write_at(writer->user, at, piece, size, error);
        at += size;
    }
    tile_free(index->allocator, piece);
    return status;
}

tile_status tile_index_save_file(const tile_index *index, const char *path, bool overwrite, struct tile_error *error) {
    tile_file *file;
    if (!index || !path)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "saving an index takes an index and a path");
    tile_status status = tile_file_create(&file, path, overwrite, index->allocator, error);
    if (status != TILE_OK)
        return status;
    struct tile_writer writer = tile_file_writer(file);
    return tile_file_end(file, tile_index_save(index, &writer, error), true, error);
}

tile_status tile_index_load(tile_index **out, const struct tile_reader *reader, const struct tile_allocator *allocator,
                            struct tile_error *error) {
    unsigned char first[HEADER];
    struct tile_reader own;
    *out = NULL;
    tile_status status = tile_reader_copy(&own, reader, "the index's reader", error);
    tile_index *index = status == TILE_OK ? new_index(allocator) : NULL;
    if (status == TILE_OK && !index)
        status = tile_no_memory(error, sizeof *index);
    if (status != TILE_OK) {
        tile_reader_close(&own);
        return status;
    }
    index->reader = own;
    reader = &index->reader;
    struct tile_error why = {0};
    if (reader->size < HEADER)
        status =
            tile_error_set(error, TILE_BAD_INDEX, "is not an index file: it has %ju bytes", (uintmax_t)reader->size);
    else if ((status = reader->read_at(reader->user, 0, first, HEADER, &why)) != TILE_OK)
        tile_error_set(error, status, "%s", why.message);
    if (status == TILE_OK)
        status = get_header(&index->header, first, reader->size, error);
    if (status == TILE_OK)
        *out = index;
    else
        tile_index_free(index);
    return status;
}

tile_status tile_index_load_file(tile_index **out, const char *path, const struct tile_allocator *allocator,
                                 struct tile_error *error) {
    struct tile_reader reader;
    struct tile_error why = {0};
    *out = NULL;
    if (!path)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "the index's path is NULL");
    tile_status status = tile_reader_open_file(&reader, path, allocator, &why);
    if (status == TILE_OK)
        status = tile_index_load(out, &reader, allocator, &why);
    return status == TILE_OK ? status : tile_error_set(error, status, "%s: %s", path, why.message);
}

tile_status tile_index_load_memory(tile_index **out, const void *data, size_t size,
                                   const struct tile_allocator *allocator, struct tile_error *error) {
    struct tile_reader reader;
    *out = NULL;
    if (!data && size != 0)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "the index's data is NULL");
    tile_status status = tile_reader_open_memory(&reader, data, size, allocator, error);
    return status == TILE_OK ? tile_index_load(out, &reader, allocator, error) : status;
}

void tile_index_free(tile_index *index) {
    if (!index)
        return;
    tile_reader_close(&index->reader);
    tile_buffer_free(&index->memory);
    pthread_mutex_destroy(&index->lock);
    tile_free(index->allocator, index);
}
