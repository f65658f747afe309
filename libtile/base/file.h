/* SPDX-License-Identifier: MIT */
#ifndef TILE_BASE_FILE_H
#define TILE_BASE_FILE_H

/*
 * Opens or makes a file for reading and writing, locked. -1 with errno, EWOULDBLOCK where another process has it: also
 * where that has just renamed or removed it, as what was opened then is no longer what the name says.
 */
int tile_open_locked(const char *path);

#endif
