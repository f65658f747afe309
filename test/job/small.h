/* SPDX-License-Identifier: MIT */
/* A job of twenty tiny tiles, and folders held in memory, so that hundreds of states can be tried. */
#ifndef TEST_JOB_SMALL_H
#define TEST_JOB_SMALL_H

#include "folder.h"

enum { SMALL_TILES = 5 * 4 };

/* A PNG of 40 x 30 pixels in memory, the same each time. */
tile_source *small_open(void);
void small_close(tile_source *source);
/* Tiles of 8 x 8 pixels, as PNG. */
struct tile_job_options small_job(const char *folder);
/* Runs it; `error` is filled on failure. */
tile_status small_run(const struct tile_job_options *options, struct tile_job_result *result, struct tile_error *error);

/* A folder's files. */
struct shot {
    size_t count;
    struct {
        char name[80];
        struct test_bytes bytes;
    } files[64];
};
struct shot shot_take(const char *folder);
void shot_free(struct shot *shot);
/* NULL without such a file. */
struct test_bytes *shot_file(struct shot *shot, const char *name);
/* Makes the folder new, with these files. */
void shot_put(const struct shot *shot, const char *folder);
/* Fails the test, telling which file differs and what state that was, unless the folder holds just these files. */
void shot_check(const struct shot *shot, const char *folder, const char *state);

#endif
