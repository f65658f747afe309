/* SPDX-License-Identifier: MIT */
/*
 * Files by their descriptors. Where a call fails, errno says why; those that a signal interrupts are made again, and
 * none waits for another process.
 */
#ifndef TILE_BASE_FILE_H
#define TILE_BASE_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* As often a name is taken again that other processes take away between two calls; they do not do so for long. */
enum { TILE_LOCK_TRIES = 100 };

/* As openat(), and closed on exec. */
int tile_openat(int at, const char *path, int flags, mode_t mode);

/* Makes a new file for reading and writing, and locks it. -1 with errno, EWOULDBLOCK where another process took it
 * away at once. Nothing is left behind by a failure. */
int tile_create_locked(const char *path);
/*
 * Opens and locks a file that a process of ours may have left behind. -1 with errno, EWOULDBLOCK where another process
 * has it or has just renamed or removed it, and `*why` in words: what is a link, no regular file or another user's is
 * not written to.
 */
int tile_open_ours(int at, const char *path, const char **why);
/* Either of both. */
int tile_open_locked(const char *path, const char **why);

/* A regular file to read, and the same as a stream. -1 or NULL with errno, and `*why` in words. */
int tile_open_regular(const char *path, const char **why);
FILE *tile_open_stream(const char *path, const char **why);

/* Writes all of `data` at `offset`. */
bool tile_write_all(int descriptor, const void *data, size_t size, uint64_t offset);

bool tile_cut(int descriptor, uint64_t size);

/* A file's bytes, all of its file system, or a folder's names, are on the disk. `within`: a file in the folder; where
 * that may be written to but not read, and so not be opened, all of the file system is synced. */
bool tile_sync_data(int descriptor);
bool tile_sync_all(int descriptor);
bool tile_sync_folder(const char *folder, int within);

/* The folder of a path; "." of a name alone. */
void tile_folder_of(const char *path, char folder[PATH_MAX]);

#endif
