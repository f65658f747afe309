/* SPDX-License-Identifier: MIT */
#include "../base/deadline.h"
#include "assemble_image.h"
#include "planning.h"

#include <inttypes.h>
#include <stdio.h>

static bool make_job(struct planning *p, struct failure *failure) {
    struct tile_job_options *o = &p->options.job;
    struct tile_error error;
    tile_job_free(p->job);
    p->job = NULL;
    o->plan = p->plan;
    return tile_job_new(&p->job, p->source, o, &error) == TILE_OK || failure_from(failure, &error);
}

static bool make_plan(struct planning *p, struct failure *failure) {
    const struct tile_grid *grid = &p->options.grid;
    const struct tile_info *info = tile_source_info(p->source);
    bool part = p->options.has_region;
    struct tile_rect area = part ? p->options.region : (struct tile_rect){0, 0, info->width, info->height};
    struct tile_error error;
    tile_status status = part ? tile_plan_new_regions(&p->plan, &area, 1, grid, NULL, &error)
                              : tile_plan_new_grid(&p->plan, area, grid, NULL, &error);
    if (status == TILE_OK)
        return true;
    failure_from(failure, &error);
    return failure_set(failure, failure->kind, "%s: %s", part ? "region" : info->name, failure->message);
}

static bool check_count(const struct planning *p, struct failure *failure) {
    uint64_t count = tile_plan_count(tile_job_plan(p->job));
    return count <= RUN_TILES_MOST ||
           failure_set(failure, FAILURE_LIMIT_EXCEEDED,
                       "%s: makes %" PRIu64 " tiles; a run has at most %d: take larger tiles, such as [1024,1024]",
                       tile_source_info(p->source)->name, count, RUN_TILES_MOST);
}

static uint32_t max_u32(uint32_t a, uint32_t b) {
    return a > b ? a : b;
}

/* The index tells where tiles begin: more often than every 64 pixels (in a PNG: 256 rows) costs more than it gives. */
static bool build_index(struct planning *p, struct failure *failure) {
    const struct tile_info *info = tile_source_info(p->source);
    const struct tile_grid *grid = tile_plan_grid(p->plan);
    struct tile_index_options o = TILE_OPTIONS(struct tile_index_options);
    bool turned = info->orientation >= 5;
    if (grid) {
        o.tile_width = max_u32(turned ? grid->tile_height : grid->tile_width, 64);
        o.tile_height = max_u32(turned ? grid->tile_width : grid->tile_height, 256);
    }
    o.progress = deadline_ask;
    o.user = &p->call->deadline;
    struct tile_error error;
    if (info->no_index) {
        snprintf(p->no_index, sizeof p->no_index, "none: %s", info->no_index);
        return true;
    }
    tile_status status = tile_index_build(&p->index, p->source, &o, &error);
    if (status == TILE_OK)
        status = tile_source_use_index(p->source, p->index, &error);
    if (status == TILE_OK)
        return true;
    /* Decoding may still give what is wanted of it, as the library's own jobs find. */
    bool bad = status == TILE_BAD_DATA || status == TILE_UNSUPPORTED || status == TILE_LIMIT_EXCEEDED;
    if (!bad || p->options.job.lossless)
        return storage_failure_from(p->object, &error, failure);
    snprintf(p->no_index, sizeof p->no_index, "none: %s", error.message);
    return true;
}

/* The options as every task and the job have them; what is there already is not theirs to say. All have one profile. */
static json_t *common_options(const struct planning *p) {
    json_t *options = task_options_json(p->event);
    json_object_del(options, "overwrite");
    json_t *format = json_string(tile_codec_name(tile_job_codec(p->job)));
    const struct profile *profile = p->options.to_profile;
    if (json_object_set_new(options, "format", format) == 0 &&
        (!profile || json_object_set_new(options, "to-profile-etag", json_string(profile->etag)) == 0))
        return options;
    json_decref(options);
    return NULL;
}

static bool open_source(struct planning *p, struct failure *failure) {
    struct tile_reader reader;
    struct tile_error error;
    p->waiting.reader = storage_reader(p->object);
    reader = measure_reader(&p->waiting);
    reader.modified = 0; /* the ETag says more, and an index holds the time only of what was written long ago */
    p->options.source.name = planning_text(p, "source");
    p->options.source.progress = p->options.job.progress = deadline_ask;
    p->options.source.user = p->options.job.user = &p->call->deadline;
    double begun = measure_processor();
    tile_status status = tile_source_open_reader(&p->source, &reader, &p->options.source, &error);
    p->open = measure_processor() - begun;
    return status == TILE_OK || storage_failure_from(p->object, &error, failure);
}

/* What the job is: what its file says of it, and what assemble makes of it. */
static bool describe(struct planning *p, struct failure *failure) {
    const tile_plan *plan = tile_job_plan(p->job);
    const struct storage_facts *facts = storage_object_facts(p->object);
    struct run_job *run = &p->run;
    json_decref(p->task_options);
    p->task_options = common_options(p);
    if (!p->task_options)
        return failure_set(failure, FAILURE_OUT_OF_MEMORY, "out of memory for the plan");
    run->source = planning_text(p, "source");
    run->etag = facts->etag;
    run->size = facts->size;
    run->output = planning_text(p, "output");
    run->tiles = tile_plan_count(plan);
    run->options = p->task_options;
    run->plan = plan;
    run->suffix = tile_codec_name(tile_job_codec(p->job));
    run->image = planning_text(p, "image");
    return !run->image || assemble_can_make(p->call, run, p->source, failure);
}

bool planning_settle(struct planning *p, struct failure *failure) {
    if (!open_source(p, failure))
        return false;
    bool early = !p->options.job.lossless || tile_source_info(p->source)->no_index;
    return make_plan(p, failure) &&
           (!early || (make_job(p, failure) && check_count(p, failure) && describe(p, failure))) &&
           build_index(p, failure) && make_job(p, failure) && check_count(p, failure) && describe(p, failure);
}
