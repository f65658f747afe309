/* SPDX-License-Identifier: MIT */
/*
 * A manifest's own state, and the lines that a journal gets: for what is taken from earlier runs (earlier.c), and for
 * what this one does (manifest.c).
 */
#ifndef TILE_JOB_MANIFEST_STATE_H
#define TILE_JOB_MANIFEST_STATE_H

#include "folder.h"
#include "journal.h"
#include "manifest.h"

/* In place of a line's place: the tile is listed, but its file is not what the line says. No line begins there. */
#define TILE_LISTED ((uint64_t)1)

struct tile_manifest {
    struct tile_manifest_job job;
    struct tile_folder folder;
    char *path;               /* of manifest.json */
    struct tile_buffer first; /* its first line and the journal's, with the newline */
    uint64_t count;

    struct tile_journal journal;
    bool was_there; /* the journal, before this run */
    bool others;    /* it tells of another job, which this one replaces; its lines stay until that is done */
    bool begun;     /* it has this job's head... */
    uint64_t head;  /* ...there; what is before that is of jobs that are replaced */
    bool marked;    /* its last line says that the run before ended in good order */
    bool behind;    /* there may be tiles of this plan of which it does not tell */
    bool taken;     /* all that earlier runs left is known */

    uint64_t own;  /* 0: nothing was done to what was there; else where the lines of this run begin */
    bool naming;   /* tiles may get their names, on any thread */
    bool complete; /* manifest.json is whole and of this job, and no tile was added to what it says */
    uint64_t stored;
    uint64_t *place; /* of each tile's line in the journal; 0: there is none; TILE_LISTED */
    char damage[300];
};

/* Writes this job's head into the journal, behind what others wrote if that is to stay. */
tile_status tile_manifest_begin(struct tile_manifest *m, struct tile_error *error);
/* Appends a line to the journal; `text` gets its newline. */
tile_status tile_manifest_note(struct tile_manifest *m, struct tile_buffer *text, struct tile_error *error);
/* Says how the run stands: {"begun":true}, or as the last line {"ended":true}. */
tile_status tile_manifest_mark(struct tile_manifest *m, const char *what, struct tile_error *error);
/* How the head of every job begins, of whatever version; and whether a line is one, that is some manifest's first. */
extern const char tile_any_head[];
bool tile_manifest_is_head(const struct tile_buffer *line);

/*
 * The line at `place` of the journal or a manifest.json, in place of what `line` has. Of one that is longer than any
 * tile's, only the beginning; but a head, which has all rectangles of a job, is whole where memory allows that.
 */
tile_status tile_manifest_line(const struct tile_manifest *m, struct tile_journal *file, uint64_t place,
                               struct tile_buffer *line, uint64_t *next, struct tile_error *error);

/*
 * Takes what earlier runs left: the journal's lines of this job and, unless it overwrites, manifest.json's. What does
 * not hold is passed over. WRITE_FAILED where another job's tiles are to stay, or where the journal is a file of
 * somebody else's.
 */
tile_status tile_manifest_take(struct tile_manifest *m, struct tile_error *error);

#endif
