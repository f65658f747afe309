/* SPDX-License-Identifier: MIT */
/* The files that are read beside those that are to be written. */
#ifndef TILE_CONVERT_TARGETS_H
#define TILE_CONVERT_TARGETS_H

#include "arguments.h"

/* No file that is read may be replaced; false after a usage error. The outputs are settled. */
bool targets_check(const struct arguments *arguments);

/* Removes what killed runs left in the folders of the new files, once a folder: it takes reading the whole of it. */
void targets_clean(const struct arguments *arguments);

#endif
