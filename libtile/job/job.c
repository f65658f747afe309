/* SPDX-License-Identifier: MIT */
/*
 * Running a job: source -> plan -> read -> convert -> encode -> store -> manifest.
 *
 * settle.c fills in the options first. run.c has the pipeline read; run_tiles.c and run_image.c do the rest for each
 * region's pixels.
 */
#include "../base/memory.h"
#include "own_index.h"
#include "run.h"
#include "target.h"

tile_status tile_job_run(tile_source *source, const struct tile_job_options *options, struct tile_job_result *result,
                         struct tile_error *error) {
    struct tile_job job;
    struct tile_run run = {.job = &job, .lock = PTHREAD_MUTEX_INITIALIZER};
    tile_status status = tile_result_check(result, error);
    if (status != TILE_OK)
        return status;
    tile_result_copy(result, &run.result, sizeof run.result);
    if (!source)
        return tile_error_set(error, TILE_INVALID_ARGUMENT, "the source is NULL");
    tile_index *index = NULL;
    status = tile_job_settle(&job, source, options, false, error);
    if (status == TILE_OK && !!job.o.folder + !!job.o.image + !!job.o.writer != 1)
        status = tile_error_set(error, TILE_INVALID_ARGUMENT,
                                "a job writes a folder, an image or to a writer: name one of the three");
    if (status == TILE_OK)
        status = tile_job_check_targets(&job, error);
    if (status == TILE_OK) {
        run.result.tiles = tile_plan_count(job.plan);
        status = tile_job_own_index(&job, &index, error);
    }
    if (status == TILE_OK)
        status = tile_job_is_image(&job) ? tile_run_image(&run, error) : tile_run_tiles(&run, error);
    if (index)
        tile_source_use_index(source, NULL, NULL);
    tile_index_free(index);
    tile_job_release(&job);
    tile_result_copy(result, &run.result, sizeof run.result);
    return tile_job_name_error(source, status, error);
}
