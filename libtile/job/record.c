/* SPDX-License-Identifier: MIT */
#include "record.h"

#include "../base/buffer.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

const char tile_first_line_end[] = ",\"tiles\":[";

/* ---- Each line's check: XXH3-64 of the line's bytes before it ---- */

#define CHECK_FORMAT ",\"xxh3\":\"%016" PRIx64 "\"}"
enum { CHECK_SIZE = sizeof ",\"xxh3\":\"0123456789abcdef\"}" - 1 };

tile_status tile_check_append(struct tile_buffer *text, size_t start, struct tile_error *error) {
    uint64_t hash = XXH3_64bits(text->data + start, text->size - start);
    return tile_buffer_printf(text, error, CHECK_FORMAT, hash);
}

bool tile_record_holds(const char *record, size_t size) {
    char check[CHECK_SIZE + 1];
    if (size <= CHECK_SIZE)
        return false;
    snprintf(check, sizeof check, CHECK_FORMAT, XXH3_64bits(record, size - CHECK_SIZE));
    return memcmp(record + size - CHECK_SIZE, check, CHECK_SIZE) == 0;
}

/* ---- Lines ---- */

/* "name":[a,b,c], with enough digits to read the same numbers back; JSON has no infinities. */
static tile_status numbers(struct tile_buffer *line, const char *name, const double *values, int count,
                           struct tile_error *error) {
    tile_status status = tile_buffer_printf(line, error, ",\"%s\":[", name);
    for (int i = 0; i < count && status == TILE_OK; i++) {
        status = i ? tile_buffer_append(line, ",", 1, error) : TILE_OK;
        if (status == TILE_OK)
            status = isfinite(values[i]) ? tile_buffer_number(line, values[i], error)
                                         : tile_buffer_append(line, "null", 4, error);
    }
    return status == TILE_OK ? tile_buffer_append(line, "]", 1, error) : status;
}

static tile_status figures(struct tile_buffer *line, const struct tile_statistics *statistics,
                           struct tile_error *error) {
    if (statistics->channels == 0)
        return TILE_OK;
    tile_status status = numbers(line, "mean", statistics->mean, statistics->channels, error);
    if (status == TILE_OK)
        status = numbers(line, "min", statistics->min, statistics->channels, error);
    return status == TILE_OK ? numbers(line, "max", statistics->max, statistics->channels, error) : status;
}

tile_status tile_record_line(struct tile_buffer *line, const tile_plan *plan, const struct tile_region *region,
                             const char *suffix, const struct tile_record *r, struct tile_error *error) {
    struct tile_rect source = region->source;
    size_t start = line->size;
    char name[TILE_NAME_SIZE];
    tile_plan_name(plan, region, suffix, name);
    tile_status status = tile_buffer_printf(
        line, error,
        "{\"row\":%u,\"column\":%u,\"rect\":[%u,%u,%u,%u],\"size\":[%u,%u],\"file\":\"%s\",\"bytes\":%" PRIu64,
        region->row, region->column, source.x, source.y, source.width, source.height, region->width, region->height,
        name, r->bytes);
    if (status == TILE_OK && r->statistics.channels)
        status = tile_buffer_printf(line, error, ",\"xxh3_pixels\":\"%s\"", tile_hash_text(r->statistics.pixels).hex);
    if (status == TILE_OK)
        status = tile_buffer_printf(line, error, ",\"xxh3_file\":\"%s\"", tile_hash_text(r->hash).hex);
    if (status == TILE_OK)
        status = figures(line, &r->statistics, error);
    return status == TILE_OK ? tile_check_append(line, start, error) : status;
}

tile_status tile_damage_line(struct tile_buffer *line, const char *beginning, const char *damage,
                             struct tile_error *error) {
    size_t start = line->size;
    tile_status status = tile_buffer_printf(line, error, "%s\"damage\":", beginning);
    if (status == TILE_OK)
        status = tile_buffer_json_text(line, damage, error);
    return status == TILE_OK ? tile_check_append(line, start, error) : status;
}

/* ---- The document ---- */

static tile_status write_end(struct tile_buffer *text, const char *damage, struct tile_error *error) {
    tile_status status = tile_buffer_append(text, "\n", 1, error);
    if (status == TILE_OK)
        status = damage ? tile_damage_line(text, "],", damage, error) : tile_buffer_append(text, "]}", 2, error);
    return status == TILE_OK ? tile_buffer_append(text, "\n", 1, error) : status;
}

tile_status tile_manifest_text(const struct tile_writer *writer, const char *head, uint64_t count,
                               tile_record_getter *record, void *user, const char *damage,
                               const struct tile_allocator *allocator, struct tile_error *error) {
    enum { PIECE = 65536 };
    struct tile_buffer text = {.allocator = allocator};
    uint64_t written = 0;
    tile_status status = tile_buffer_printf(&text, error, "%s%s", head, tile_first_line_end);
    for (uint64_t i = 0; i < count && status == TILE_OK; i++) {
        status = tile_buffer_append(&text, i ? ",\n" : "\n", i ? 2 : 1, error);
        if (status == TILE_OK)
            status = record(user, i, &text, error);
        if (status == TILE_OK && text.size >= PIECE) {
            status = writer->write_at(writer->user, written, text.data, text.size, error);
            written += text.size;
            text.size = 0;
        }
    }
    if (status == TILE_OK)
        status = write_end(&text, damage, error);
    if (status == TILE_OK)
        status = writer->write_at(writer->user, written, text.data, text.size, error);
    tile_buffer_free(&text);
    return status;
}

tile_status tile_manifest_write(const struct tile_writer *writer, const char *head, uint64_t count,
                                tile_record_getter *record, void *user, const char *damage, struct tile_error *error) {
    return tile_manifest_text(writer, head, count, record, user, damage, NULL, error);
}
