/* SPDX-License-Identifier: MIT */
/*
 * A manifest's state, and the lines of its journal, for earlier.c, which takes over earlier runs, and manifest.c, which
 * notes this run.
 */
#ifndef TILE_JOB_MANIFEST_STATE_H
#define TILE_JOB_MANIFEST_STATE_H

#include "folder.h"
#include "journal.h"
#include "manifest.h"

/* A value of tile_manifest.place: the tile is listed, but its file does not match the line. No line begins there. */
#define TILE_LISTED ((uint64_t)1)

struct tile_manifest {
    struct tile_manifest_job job;
    struct tile_folder folder;
    char *path;               /* of manifest.json */
    struct tile_buffer first; /* the first line of manifest.json and the journal, with the newline */
    uint64_t count;

    struct tile_journal journal;
    bool was_there; /* the journal existed before this run */
    bool others;    /* the journal has lines of another job, which this one replaces; they stay until that is done */
    bool begun;     /* the journal has this job's head... */
    uint64_t head;  /* ...at this offset; the lines before are those of replaced jobs */
    bool marked;    /* the journal's last line says that the run before ended in good order */
    bool behind;    /* there may be tiles of this plan that the journal does not list */
    bool taken;     /* all tiles of earlier runs are known */

    uint64_t own;  /* offset of this run's first line in the journal; 0: this run has changed nothing yet */
    bool naming;   /* tiles may get their names, on any thread */
    bool complete; /* manifest.json is whole and of this job, and this run has added no tile */
    uint64_t stored;
    uint64_t *place; /* offset of each tile's line in the journal; 0: none; or TILE_LISTED */
    char damage[300];
};

/* Writes this job's head into the journal, behind the lines of other jobs if those stay. */
tile_status tile_manifest_begin(struct tile_manifest *m, struct tile_error *error);
/* Appends a line to the journal; `text` gets its newline. */
tile_status tile_manifest_note(struct tile_manifest *m, struct tile_buffer *text, struct tile_error *error);
/* Says how the run stands: {"begun":true}, or as the last line {"ended":true}. */
tile_status tile_manifest_mark(struct tile_manifest *m, const char *what, struct tile_error *error);
/* The beginning of every job's head, in all versions; and whether a line is a head, the first line of some manifest. */
extern const char tile_any_head[];
bool tile_manifest_is_head(const struct tile_buffer *line);

/*
 * Replaces the content of `line` by the line at `place` of the journal or a manifest.json. Only the beginning of a line
 * that is longer than any tile's; but a head, which has all rectangles of a job, is whole if memory allows.
 */
tile_status tile_manifest_line(const struct tile_manifest *m, struct tile_journal *file, uint64_t place,
                               struct tile_buffer *line, uint64_t *next, struct tile_error *error);

/*
 * Takes over the tiles of earlier runs: this job's lines in the journal and, unless the job overwrites, in
 * manifest.json. Lines with a wrong check are skipped. WRITE_FAILED if another job's tiles would be replaced without
 * `overwrite`, or the journal is a foreign file.
 */
tile_status tile_manifest_take(struct tile_manifest *m, struct tile_error *error);

#endif
