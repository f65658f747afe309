/* SPDX-License-Identifier: MIT */
/*
 * The manifest of a folder of tiles, and the journal that takes its place while the job runs.
 *
 * Both are lines of JSON: a head that describes the job, then one line for each tile, which ends with its own check.
 * The journal ("manifest.part") has the tiles in the order in which they were stored and gets one write for each tile,
 * so that it lists the stored tiles however a run ends. The manifest ("manifest.json") has them in the plan's order and
 * is a whole JSON document; it is written when all tiles are there. Memory holds only each tile's place in the journal.
 *
 * Crashes of the machine: the job does not wait for the disk while it runs, so tiles and lines of the journal may be
 * lost, truncated or full of NULs. But the disk has the journal's beginning before the first tile gets its name, and
 * all tiles before the manifest gets its name; the journal is removed last. So the next run makes anew what was lost.
 *
 * Only files that an earlier run of this job may have made are replaced. When a journal begins, there are none. A run
 * that ends in good order marks its last line; the folder then has no other tiles than those listed.
 */
#ifndef TILE_JOB_MANIFEST_H
#define TILE_JOB_MANIFEST_H

#include "../base/watch.h"
#include "../tile.h"
#include "record.h"

struct tile_manifest;

/* The job of a manifest. `plan` and the texts stay valid as long as the manifest is used. */
struct tile_manifest_job {
    const char *folder;
    const char *head; /* the first line: a JSON object, not closed, without a newline */
    const tile_plan *plan;
    const char *suffix; /* of the tiles' files */
    bool overwrite;
    bool no_sync;             /* do not wait for the disk */
    uint64_t memory;          /* limit for the tiles' places */
    struct tile_watch *watch; /* called while the tiles of earlier runs are hashed */
    const struct tile_allocator *allocator;
};

/*
 * Opens the folder's journal; makes folder and journal if needed. If the folder holds the manifest or journal of this
 * job (the same head), the tiles that are there with the right size and hash count as stored. Unless `overwrite`,
 * WRITE_FAILED if the folder holds another job's manifest or journal, or tiles that none lists. WRITE_FAILED also if
 * the journal's name is taken by a file of another kind.
 */
tile_status tile_manifest_open(struct tile_manifest **out, const struct tile_manifest_job *job,
                               struct tile_error *error);
/* Marks the journal: this run ended in good order. Removes a journal that adds nothing to the manifest, and folders
 * that were made and stayed empty. */
void tile_manifest_close(struct tile_manifest *manifest);

/* Whether the tile is stored; the number of stored tiles. */
bool tile_manifest_has(const struct tile_manifest *manifest, uint64_t index);
uint64_t tile_manifest_stored(const struct tile_manifest *manifest);
/* The name of a tile's file: "r0_c0.png". */
void tile_manifest_name(const struct tile_manifest *manifest, uint64_t index, char name[TILE_NAME_SIZE]);
/* Called before a tile gets its name. *replace: a file of this name may be there and be replaced, because an earlier
 * run of this job may have made it, or the job overwrites. The first call removes manifest.json. */
tile_status tile_manifest_expect(struct tile_manifest *manifest, uint64_t index, bool *replace,
                                 struct tile_error *error);
/* Adds a stored tile, or the damage that a lenient source let pass, to the journal. */
tile_status tile_manifest_add(struct tile_manifest *manifest, uint64_t index, const struct tile_record *record,
                              struct tile_error *error);
tile_status tile_manifest_add_damage(struct tile_manifest *manifest, const char *damage, struct tile_error *error);

/* All tiles are there: writes manifest.json, and removes the other tiles of the jobs that this one replaced. */
tile_status tile_manifest_finish(struct tile_manifest *manifest, struct tile_error *error);
/* The source is damaged: removes the tiles that this run made. False: they stay, because the files that they replaced
 * are gone. */
bool tile_manifest_refuse(struct tile_manifest *manifest);

#endif
