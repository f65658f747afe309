/* SPDX-License-Identifier: MIT */
/* The end of a run over an image: its manifest and, asked for, one new image. */
#ifndef HANDLERS_IMAGE_ASSEMBLE_IMAGE_H
#define HANDLERS_IMAGE_ASSEMBLE_IMAGE_H

#include "run_job.h"

/*
 * Checks that all tiles are there, each of them with `verify` or where the job says so (see check.h), makes the new
 * image of the source, which must still be the one that was planned, and writes manifest.json last. INCOMPLETE where a
 * tile is missing or wrong: neither is written then. Done again it writes the same.
 */
bool assemble_image(struct call *call, const struct run_file *file, bool verify, struct response *response,
                    struct failure *failure);

/* Whether the new image that `job` wants can be made of `source`, by what is known before a pixel is read. */
bool assemble_can_make(struct call *call, const struct run_job *job, tile_source *source, struct failure *failure);

#endif
