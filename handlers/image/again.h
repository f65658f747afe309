/* SPDX-License-Identifier: MIT */
/* A second run of a job, for the missing tiles only. */
#ifndef HANDLERS_IMAGE_AGAIN_H
#define HANDLERS_IMAGE_AGAIN_H

#include "../base/call.h"

/*
 * Answers as plan_image does, with assemble's list of missing tiles (missing.h) in the plan's place. `url` is the URL
 * of job.json. SOURCE_NOT_FOUND if there is no such list.
 */
bool plan_again(struct call *call, const char *url, struct response *response, struct failure *failure);

#endif
