/* SPDX-License-Identifier: MIT */
/*
 * What Linux has and not every POSIX system: whoever ports libtile begins here. Each has something that does instead;
 * that is compiled on Linux, too, where TILE_PORTABLE is defined, so that it can be tried.
 */
#ifndef TILE_BASE_SYSTEM_H
#define TILE_BASE_SYSTEM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* Those that this process may run on. */
int tile_processors(void);

/* A number that nobody can guess. False with errno. */
bool tile_random(uint64_t *number);

/* Renames a file if nothing has the new name. False with errno, EEXIST where something has. */
bool tile_rename_new(const char *from, const char *to);

/* A file's bytes, and all of its file system, to the disk. As fsync(). */
int tile_fdatasync(int descriptor);
int tile_syncfs(int descriptor);

/* When a file's bytes were last changed, and when anything of it was; in nanoseconds since 1970. */
uint64_t tile_modified_at(const struct stat *facts);
uint64_t tile_changed_at(const struct stat *facts);

#endif
