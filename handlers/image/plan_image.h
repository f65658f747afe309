/* SPDX-License-Identifier: MIT */
/* A plan of an image: its index, its tasks and its job. */
#ifndef HANDLERS_IMAGE_PLAN_IMAGE_H
#define HANDLERS_IMAGE_PLAN_IMAGE_H

#include "../base/call.h"

struct object;

/*
 * `event`: "source", "output" (prefix), "image" (URL of one new image), "function" (see needs.h) and options.
 *
 * Reads the source once, for the index; where it can have none, the response says why, and each tile decodes it from
 * the top. Writes to the output plan.jsonl (a task a line), index.tix where the tasks do not carry their part of it,
 * and job.json, which comes last: where it is, all is. A plan made twice writes the same bytes.
 *
 * OUTPUT_DENIED where another plan's job.json is there, or, without one, a manifest or the new image ("overwrite": true
 * takes their place), LIMIT_EXCEEDED where there are more tiles than a run can have or a tile does not fit the
 * function, and what the job itself is refused for.
 */
bool plan_image(struct call *call, const json_t *event, struct object *object, struct response *response,
                struct failure *failure);

#endif
