/* SPDX-License-Identifier: MIT */
/* The folder that tiles go to. */
#ifndef TILE_JOB_FOLDER_H
#define TILE_JOB_FOLDER_H

#include "../tile.h"

struct tile_folder {
    const struct tile_allocator *allocator;
    char *path; /* without slashes at its end; NULL: nothing was made */
    int made;   /* it and those above it that were not there */
};

/* Makes it and those above it, as far as they are not there. tile_folder_free frees it also after a failure. */
tile_status tile_folder_make(struct tile_folder *folder, const char *path, const struct tile_allocator *allocator,
                             struct tile_error *error);
/* Removes those that were made and stayed empty. */
void tile_folder_free(struct tile_folder *folder);

/* Removes a file in it; true where it is not there. */
bool tile_folder_remove(const struct tile_folder *folder, const char *name);

/* Waits until the disk has the names in it, and those of the folders that were made. `descriptor`: of a file in it. */
tile_status tile_folder_sync(const struct tile_folder *folder, int descriptor, struct tile_error *error);

/* A name in the folder for which `is_one` returns true, or "". What cannot be listed counts as empty. */
void tile_folder_find(const struct tile_folder *folder, bool (*is_one)(void *user, const char *name), void *user,
                      char name[256]);

#endif
