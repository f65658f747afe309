/* SPDX-License-Identifier: MIT */
/* The end of a run over an image: its manifest and, if wanted, one new image. */
#ifndef HANDLERS_IMAGE_ASSEMBLE_IMAGE_H
#define HANDLERS_IMAGE_ASSEMBLE_IMAGE_H

#include "run_job.h"

/*
 * Checks that all tiles are there (each single one with `verify` or the job's own, see check.h), makes the new image
 * from the source, which must be unchanged, and writes manifest.json last. INCOMPLETE if a tile is missing or wrong;
 * neither is then written. A second call writes the same bytes.
 */
bool assemble_image(struct call *call, const struct run_file *file, bool verify, struct response *response,
                    struct failure *failure);

/* Whether the new image of `job` can be made from `source`, as far as is known before a pixel is read. */
bool assemble_can_make(struct call *call, const struct run_job *job, tile_source *source, struct failure *failure);

#endif
