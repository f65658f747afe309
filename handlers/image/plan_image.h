/* SPDX-License-Identifier: MIT */
/* Planning an image: its index, its tasks and its job. */
#ifndef HANDLERS_IMAGE_PLAN_IMAGE_H
#define HANDLERS_IMAGE_PLAN_IMAGE_H

#include "../base/call.h"

struct object;

/*
 * `event`: "source", "output" (prefix), "image" (URL of one new image), "function" (see needs.h) and options.
 *
 * Reads the source once, for the index. If the source can have no index, the response has the reason, and each tile
 * decodes the source from the top. Writes to the output plan.jsonl (one task a line), index.tix if the tasks do not
 * carry their parts of the index, and job.json last: if it exists, all of them do. A second plan writes the same bytes.
 *
 * OUTPUT_DENIED if another plan's job.json is there, or, without a job.json, a manifest or the new image ("overwrite":
 * true replaces them); LIMIT_EXCEEDED if there are more tiles than a run can have or a tile does not fit the function;
 * and the failures of the job itself.
 */
bool plan_image(struct call *call, const json_t *event, struct object *object, struct response *response,
                struct failure *failure);

#endif
