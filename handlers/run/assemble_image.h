/* SPDX-License-Identifier: MIT */
/* The end of a run over an image: its manifest and, asked for, one new image. */
#ifndef HANDLERS_RUN_ASSEMBLE_IMAGE_H
#define HANDLERS_RUN_ASSEMBLE_IMAGE_H

#include "../handler.h"

/*
 * `json` is what `url`, a job.json, holds. Checks every tile (see check.h), makes the new image of the source, which
 * must still be the one that was planned, and writes manifest.json last. INCOMPLETE where a tile is missing or wrong:
 * nothing is written then. Done again it writes the same.
 */
bool assemble_image(struct call *call, const char *url, const json_t *json, struct response *response,
                    struct failure *failure);

#endif
