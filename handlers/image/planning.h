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
    char no_index[600]; /* why there is no index; "": there is one */
    tile_plan *plan;    /* of the region or the image */
    tile_job *job;
    struct waiting waiting;
    double open; /* processor time of opening the source, in seconds */
    struct run_job run;
    json_t *task_options;    /* of every task */
    struct tile_buffer head; /* of the manifest */
    char replaces[33];       /* run.replaces points to this */
    char job_url[STORAGE_URL_MOST], plan_url[STORAGE_URL_MOST], index_url[STORAGE_URL_MOST];
    char manifest_url[STORAGE_URL_MOST], records[STORAGE_URL_MOST];
};

/* A text member of the event; NULL: none of that name. */
static inline const char *planning_text(const struct planning *p, const char *name) {
    return json_string_value(json_object_get(p->event, name));
}

/* Reads the event's members, and makes the URLs of all outputs. */
bool planning_read(struct planning *p, struct failure *failure);
/*
 * Makes the source, its index, the plan, the job and the content of job.json. A request that cannot be done fails
 * before the source is read, unless only the index shows it.
 */
bool planning_settle(struct planning *p, struct failure *failure);
/* Checks the existing output: it must be this job's, whose batch is then kept, or "overwrite" must be set. */
bool planning_check_output(struct planning *p, struct failure *failure);

#endif
