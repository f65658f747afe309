/* SPDX-License-Identifier: MIT */
/* A plan of an image while it is made: plan_image.c takes these steps, in this order. */
#ifndef HANDLERS_IMAGE_PLANNING_H
#define HANDLERS_IMAGE_PLANNING_H

#include "../storage/storage.h"
#include "../task/options.h"
#include "measure.h"
#include "run_job.h"

/* All that a plan holds while it is made. */
struct planning {
    struct call *call;
    const json_t *event;
    struct object *object; /* the source */
    struct task_options options;
    tile_source *source;
    tile_index *index;
    char no_index[600]; /* why there is none; "" there is one */
    tile_plan *plan;    /* of the region or the image */
    tile_job *job;
    struct waiting waiting;
    double open; /* seconds of a processor that opening the source took */
    struct run_job run;
    json_t *task_options;    /* of every task */
    struct tile_buffer head; /* of the manifest */
    char replaces[33];       /* what run.replaces points to */
    char job_url[STORAGE_URL_MOST], plan_url[STORAGE_URL_MOST], index_url[STORAGE_URL_MOST];
    char manifest_url[STORAGE_URL_MOST], records[STORAGE_URL_MOST];
};

/* A text of the event's; NULL: there is none of that name. */
static inline const char *planning_text(const struct planning *p, const char *name) {
    return json_string_value(json_object_get(p->event, name));
}

/* What is asked for: the event's members, and where all of it goes. */
bool planning_read(struct planning *p, struct failure *failure);
/*
 * What can be done: the source, its index, the plan, the job and what its file says of it. What cannot be done is
 * refused before the source is read, but for what wants an index first.
 */
bool planning_settle(struct planning *p, struct failure *failure);
/* What is there already is of this job, whose batch it then has, or is to be replaced. */
bool planning_check_output(struct planning *p, struct failure *failure);

#endif
