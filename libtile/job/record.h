/* SPDX-License-Identifier: MIT */
/* The manifest's text: a line for each tile, and the whole document. */
#ifndef TILE_JOB_RECORD_H
#define TILE_JOB_RECORD_H

#include "../base/hash.h"
#include "../tile.h"
#include "statistics.h"

/* The end of the first line, behind the head. */
extern const char tile_first_line_end[];

/* Ends the line of JSON that begins at `start`: appends its last member, a hash that tile_record_holds checks, and the
 * brace. */
tile_status tile_check_append(struct tile_buffer *text, size_t start, struct tile_error *error);

/* A tile's file and its pixels. */
struct tile_record {
    uint64_t bytes;
    struct tile_hash hash;             /* of the file's bytes */
    struct tile_statistics statistics; /* 0 channels: the pixels were not decoded */
};

/* Appends the line of a region's tile without its newline; the tile's name is the plan's. */
tile_status tile_record_line(struct tile_buffer *line, const tile_plan *plan, const struct tile_region *region,
                             const char *suffix, const struct tile_record *record, struct tile_error *error);

/* The damage that a lenient source let pass, as a line of the journal ("{") or at the manifest's end ("],"). */
tile_status tile_damage_line(struct tile_buffer *line, const char *beginning, const char *damage,
                             struct tile_error *error);

/* See tile_manifest_write. */
typedef tile_status tile_record_getter(void *user, uint64_t index, struct tile_buffer *out, struct tile_error *error);

tile_status tile_manifest_text(const struct tile_writer *writer, const char *head, uint64_t count,
                               tile_record_getter *record, void *user, const char *damage,
                               const struct tile_allocator *allocator, struct tile_error *error);

#endif
