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
#include "record.h"

struct tile_manifest;

/* Which job it is. `plan` and the texts stay valid as long as the manifest is used. */
struct tile_manifest_job {
    const char *folder;
    const char *head; /* the first line: a JSON object without its end, with no newline */
    const tile_plan *plan;
    const char *suffix; /* of the tiles' files */
    bool overwrite;
    uint64_t memory; /* that the plan may take */
    const struct tile_allocator *allocator;
};

/*
 * Opens the folder's journal, making both if need be. Where the folder holds the manifest or journal of this job (the
 * same head), the tiles that are there with their size and hash are known as stored; of another job: WRITE_FAILED,
 * unless `overwrite`. manifest.json stays until it is replaced.
 */
tile_status tile_manifest_open(struct tile_manifest **out, const struct tile_manifest_job *job,
                               struct tile_error *error);
/* Removes a journal that tells nothing that is not told elsewhere, and folders that were made and stayed empty. */
void tile_manifest_close(struct tile_manifest *manifest);

/* Whether the tile is stored; how many are. */
bool tile_manifest_has(const struct tile_manifest *manifest, uint64_t index);
uint64_t tile_manifest_stored(const struct tile_manifest *manifest);
/* The name of a tile's file: "r0_c0.png". */
void tile_manifest_name(const struct tile_manifest *manifest, uint64_t index, char name[64]);
/* Whether files of these names may be there and be replaced: this job's own, which a run that was killed did not note.
 */
bool tile_manifest_replaces(const struct tile_manifest *manifest);

/* Notes a stored tile, or what a lenient source let pass. */
tile_status tile_manifest_add(struct tile_manifest *manifest, uint64_t index, const struct tile_record *record,
                              struct tile_error *error);
tile_status tile_manifest_add_damage(struct tile_manifest *manifest, const char *damage, struct tile_error *error);

/* All are there: writes manifest.json, removes the journal and what a manifest that is replaced knew beside these. */
tile_status tile_manifest_finish(struct tile_manifest *manifest, struct tile_error *error);
/* The job is refused for good: removes the tiles that the journal knows, and the journal. */
void tile_manifest_remove_all(struct tile_manifest *manifest);

#endif
