/* SPDX-License-Identifier: MIT */
/* What the library's remedies are called on the command line. */
#ifndef TILE_CONVERT_REMEDIES_H
#define TILE_CONVERT_REMEDIES_H

#include "arguments.h"

/* Prints " (--this does that; --other does another thing)" behind a message; nothing where `remedies` is empty. */
void remedies_print(const struct arguments *arguments, unsigned remedies);

#endif
