/* SPDX-License-Identifier: MIT */
/* A second run of a job: of the tiles alone that the first one left missing. */
#ifndef HANDLERS_IMAGE_AGAIN_H
#define HANDLERS_IMAGE_AGAIN_H

#include "../base/call.h"

/*
 * Answers as plan_image does, with the list of missing tiles that assemble wrote (missing.h) in the plan's place. `url`
 * is that of job.json. SOURCE_NOT_FOUND where there is no such list.
 */
bool plan_again(struct call *call, const char *url, struct response *response, struct failure *failure);

#endif
