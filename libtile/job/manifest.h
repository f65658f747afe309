/* SPDX-License-Identifier: MIT */
/*
 * The manifest of a folder of tiles, and the journal that it is while the job runs.
 *
 * Both are JSON with a line a record: a head that says which job this is, then a line a tile. The journal
 * ("manifest.part") has the tiles in the order in which they were stored, and grows by one write a tile, so that
 * whatever ends a run, what was stored is known. The manifest ("manifest.json") has them in the plan's order and is a
 * whole JSON document; it comes to be when all tiles are there. No tile is held in memory but for its place in the
 * journal.
 */
#ifndef TILE_JOB_MANIFEST_H
#define TILE_JOB_MANIFEST_H

#include "../tile.h"
#include "facts.h"

struct tile_manifest;

/* A tile that was stored. `file` is relative to the folder. */
struct tile_record {
    struct tile_region region;
    const char *file;
    uint64_t bytes;
    struct tile_hash hash; /* of the file's bytes */
    struct tile_facts facts;
};

/*
 * Opens the folder's journal, making both if need be. `head` is the first line, a JSON object without its end and with
 * no newline. Where the folder holds the manifest or journal of a job with the same head, the tiles that are there with
 * their size and hash are known as stored; of another job: WRITE_FAILED, unless `overwrite`. One process at a time: the
 * journal is locked.
 */
tile_status tile_manifest_open(struct tile_manifest **out, const char *folder, const char *head, const tile_plan *plan,
                               bool overwrite, const struct tile_allocator *allocator, struct tile_error *error);
/* Whether the tile is stored; how many are. */
bool tile_manifest_has(const struct tile_manifest *manifest, uint64_t index);
uint64_t tile_manifest_stored(const struct tile_manifest *manifest);
/* Whether files of this very job may be there that the journal does not know (a run was killed between the two). */
bool tile_manifest_resumes(const struct tile_manifest *manifest);
/* Notes a stored tile. */
tile_status tile_manifest_add(struct tile_manifest *manifest, uint64_t index, const struct tile_record *record,
                              struct tile_error *error);
/* All are there: writes manifest.json (`damage`: what a lenient source let pass, or NULL) and removes the journal. */
tile_status tile_manifest_finish(struct tile_manifest *manifest, const char *damage, struct tile_error *error);
/* The job is refused for good: removes the tiles that the journal knows, the journal, and the folder if it is empty
 * then. */
void tile_manifest_remove_all(struct tile_manifest *manifest);
/* Removes a journal that knows no tile, and a folder that was made for it. */
void tile_manifest_close(struct tile_manifest *manifest);

#endif
