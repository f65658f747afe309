/* SPDX-License-Identifier: MIT */
/* What OUTPUT stands for: a folder or an image, one or one for each input. */
#ifndef TILE_CONVERT_OUTPUT_H
#define TILE_CONVERT_OUTPUT_H

#include "arguments.h"

/* Settles one_image and outputs of `arguments`, whose other fields are parsed. False: a usage error that was printed.
 */
bool output_settle(struct arguments *arguments);

#endif
