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
/* Removes those that were made and stayed empty, also those in it, `depth` deep. */
void tile_folder_free(struct tile_folder *folder, int depth);

/* A name of a file in it may have folders in it. Makes those that are not there; they are on the disk when all of its
 * file system is. Thread-safe. */
tile_status tile_folder_make_within(const char *folder, const char *name, const struct tile_allocator *allocator,
                                    struct tile_error *error);
/* Removes a file in it; true where it is not there. */
bool tile_folder_remove(const struct tile_folder *folder, const char *name);
/* Removes the folders that a name has in it, as far as they are empty. */
void tile_folder_prune(const struct tile_folder *folder, const char *name);

/* Waits until the disk has the names in it, and those of the folders that were made. `descriptor`: of a file in it. */
tile_status tile_folder_sync(const struct tile_folder *folder, int descriptor, struct tile_error *error);

/* What is in a folder, or in one in that. */
struct tile_entry {
    int at;           /* the folder that it is in */
    const char *own;  /* its name there */
    const char *name; /* and from the outermost one on: "a/b" */
};

/* Calls `visit` for each entry of a folder and of those in it, `depth` deep, each after what is in it, until that
 * returns false. What cannot be listed counts as empty. */
void tile_folder_walk(const char *path, int depth, bool (*visit)(void *user, const struct tile_entry *entry),
                      void *user);
/* A name in the folder for which `is_one` returns true, or "". */
void tile_folder_find(const struct tile_folder *folder, int depth, bool (*is_one)(void *user, const char *name),
                      void *user, char name[TILE_NAME_SIZE]);
/* tile_folder_clean, there and in the folders in it, `depth` deep. */
void tile_folder_clean_within(const char *path, int depth);

#endif
