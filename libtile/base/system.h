/* SPDX-License-Identifier: MIT */
/*
 * Calls that Linux has and some POSIX systems lack: a port of libtile begins here. Each call has a portable fallback,
 * which can be tried on Linux by defining TILE_PORTABLE.
 */
#ifndef TILE_BASE_SYSTEM_H
#define TILE_BASE_SYSTEM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* Number of processors that this process may run on. */
int tile_processors(void);

/* A number that nobody can guess. False with errno. */
bool tile_random(uint64_t *number);

/* Renames a file if the new name does not exist. False with errno, EEXIST if it does. */
bool tile_rename_new(const char *from, const char *to);

/* As fsync(), for a file's bytes, and for its whole file system. */
int tile_fdatasync(int descriptor);
int tile_syncfs(int descriptor);

/* The times of the last change of a file's bytes, and of its status; in nanoseconds since 1970. */
uint64_t tile_modified_at(const struct stat *facts);
uint64_t tile_changed_at(const struct stat *facts);

#endif
