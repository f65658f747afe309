/* SPDX-License-Identifier: MIT */
/* The folder of a job's tiles. */
#ifndef TILE_JOB_FOLDER_H
#define TILE_JOB_FOLDER_H

#include "../tile.h"

struct tile_folder {
    const struct tile_allocator *allocator;
    char *path; /* without slashes at its end; NULL: nothing was made */
    int made;   /* folders that were made: this one and missing ones above */
};

/* Makes the folder and missing folders above. tile_folder_free is due, also after a failure. */
tile_status tile_folder_make(struct tile_folder *folder, const char *path, const struct tile_allocator *allocator,
                             struct tile_error *error);
/* Removes the folders that were made and stayed empty, and empty ones within, `depth` deep. */
void tile_folder_free(struct tile_folder *folder, int depth);

/* Makes the missing folders of a file's name ("0/3/2.png"). Only a sync of the whole file system brings them to the
 * disk. Thread-safe. */
tile_status tile_folder_make_within(const char *folder, const char *name, const struct tile_allocator *allocator,
                                    struct tile_error *error);
/* Removes a file in the folder; true if there is none, too. */
bool tile_folder_remove(const struct tile_folder *folder, const char *name);
/* Removes the empty ones of the folders in a file's name. */
void tile_folder_prune(const struct tile_folder *folder, const char *name);

/* Waits until the disk has the names in the folder, and the names of folders that were made. `descriptor`: any open
 * file in the folder. */
tile_status tile_folder_sync(const struct tile_folder *folder, int descriptor, struct tile_error *error);

/* An entry of a folder, or of a folder within. */
struct tile_entry {
    int at;           /* descriptor of the innermost folder */
    const char *own;  /* the name there */
    const char *name; /* the name from the outermost folder on: "a/b" */
};

/* Calls `visit` for each entry of a folder and of folders within, `depth` deep, until `visit` returns false. A folder
 * comes after its entries. A folder that cannot be listed counts as empty. */
void tile_folder_walk(const char *path, int depth, bool (*visit)(void *user, const struct tile_entry *entry),
                      void *user);
/* The name of an entry for which `is_one` returns true, or "". */
void tile_folder_find(const struct tile_folder *folder, int depth, bool (*is_one)(void *user, const char *name),
                      void *user, char name[TILE_NAME_SIZE]);
/* tile_folder_clean for a folder and the folders within, `depth` deep. */
void tile_folder_clean_within(const char *path, int depth);

#endif
