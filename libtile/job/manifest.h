/* SPDX-License-Identifier: MIT */
/*
 * The manifest of a folder of tiles, and the journal that it is while the job runs.
 *
 * Both are JSON with a line a record: a head that says which job this is, then a line a tile, which ends with a check
 * of its own. The journal ("manifest.part") has the tiles in the order in which they were stored, and grows by one
 * write a tile, so that whatever ends a run, what was stored is known. The manifest ("manifest.json") has them in the
 * plan's order and is a whole JSON document; it comes to be when all tiles are there. No tile is held in memory but for
 * its place in the journal.
 *
 * What a crash of the machine may take: nothing is waited for while the job runs, so tiles and lines of the journal may
 * be lost, cut or full of NULs. But the disk has the journal's beginning before the first tile gets its name, and the
 * tiles before the manifest gets its own; the journal goes last. Whatever is lost is thus made anew.
 *
 * Which files may be replaced: those of whose name an earlier run may have made them. When a journal begins, there are
 * none. A run that ends in good order says so in its last line; then no other tiles are there than those that it lists.
 */
#ifndef TILE_JOB_MANIFEST_H
#define TILE_JOB_MANIFEST_H

#include "../base/watch.h"
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
    bool no_sync;             /* do not wait for the disk */
    uint64_t memory;          /* that the plan may take */
    struct tile_watch *watch; /* asked while the tiles of earlier runs are hashed */
    const struct tile_allocator *allocator;
};

/*
 * Opens the folder's journal, making both if need be. Where the folder holds the manifest or journal of this job (the
 * same head), the tiles that are there with their size and hash are known as stored. WRITE_FAILED where it holds those
 * of another job, or tiles of whose making nothing tells, unless `overwrite`; and where the journal's name is taken by
 * a file of another kind.
 */
tile_status tile_manifest_open(struct tile_manifest **out, const struct tile_manifest_job *job,
                               struct tile_error *error);
/* Marks the journal as of a run that ended in good order; removes one that tells nothing that is not told elsewhere,
 * and folders that were made and stayed empty. */
void tile_manifest_close(struct tile_manifest *manifest);

/* Whether the tile is stored; how many are. */
bool tile_manifest_has(const struct tile_manifest *manifest, uint64_t index);
uint64_t tile_manifest_stored(const struct tile_manifest *manifest);
/* The name of a tile's file: "r0_c0.png". */
void tile_manifest_name(const struct tile_manifest *manifest, uint64_t index, char name[TILE_NAME_SIZE]);
/* Before a tile gets its name. *replace: a file may be there that an earlier run of this job made, or any if the job
 * overwrites. Before the first one, manifest.json goes. */
tile_status tile_manifest_expect(struct tile_manifest *manifest, uint64_t index, bool *replace,
                                 struct tile_error *error);
/* Notes a stored tile, or what a lenient source let pass. */
tile_status tile_manifest_add(struct tile_manifest *manifest, uint64_t index, const struct tile_record *record,
                              struct tile_error *error);
tile_status tile_manifest_add_damage(struct tile_manifest *manifest, const char *damage, struct tile_error *error);

/* All are there: writes manifest.json, and removes the tiles of jobs that this one replaced, beside its own. */
tile_status tile_manifest_finish(struct tile_manifest *manifest, struct tile_error *error);
/* The source is no good: removes the tiles that this run made. False: they stay, for what they replaced is gone. */
bool tile_manifest_refuse(struct tile_manifest *manifest);

#endif
