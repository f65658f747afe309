/* SPDX-License-Identifier: MIT */
/*
 * Files by their descriptors. When a call fails, errno has the cause. Calls interrupted by a signal are repeated, and
 * no call waits for another process.
 */
#ifndef TILE_BASE_FILE_H
#define TILE_BASE_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* Tries to take a name that other processes take away between two calls, which they do not do for long. */
enum { TILE_LOCK_TRIES = 100 };

/* As openat(), and closed on exec. */
int tile_openat(int at, const char *path, int flags, mode_t mode);

/* Makes a new file for reading and writing, and locks it. -1 with errno, EWOULDBLOCK if another process took it away at
 * once. A failure leaves nothing behind. */
int tile_create_locked(const char *path);
/*
 * Opens and locks a file that another libtile process may have left behind. -1 with errno, and `*why` in words;
 * EWOULDBLOCK if another process has it open or has just renamed or removed it. Links, files that are not regular and
 * files of other users are refused.
 */
int tile_open_ours(int at, const char *path, const char **why);
/* Makes the file if there is none, else opens it, as above. */
int tile_open_locked(const char *path, const char **why);

/* Opens a regular file for reading, as a descriptor or a stream. -1 or NULL with errno, and `*why` in words. */
int tile_open_regular(const char *path, const char **why);
FILE *tile_open_stream(const char *path, const char **why);

/* Writes all of `data` at `offset`. */
bool tile_write_all(int descriptor, const void *data, size_t size, uint64_t offset);

bool tile_cut(int descriptor, uint64_t size);

/* Wait until the disk has a file's bytes, its whole file system, or a folder's names. `within`: a file in the folder;
 * if the folder cannot be opened, because it may be written to but not read, the whole file system is synced. */
bool tile_sync_data(int descriptor);
bool tile_sync_all(int descriptor);
bool tile_sync_folder(const char *folder, int within);

/* The folder of a path; "." for a name alone. */
void tile_folder_of(const char *path, char folder[PATH_MAX]);

#endif
