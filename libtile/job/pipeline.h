/* SPDX-License-Identifier: MIT */
/*
 * Reading ahead while regions are worked on.
 *
 * The regions of a plan fall into bands: those that need the same rows of the file, or some of these. The calling
 * thread reads one band after the other, in the order in which the file decodes; the other threads (and the calling
 * one, when it is ahead) work on the regions of the bands that are there. Of a source with an index, the others read as
 * well, when they find no region to work on.
 */
#ifndef TILE_JOB_PIPELINE_H
#define TILE_JOB_PIPELINE_H

#include "../base/watch.h"
#include "../tile.h"

struct tile_pipeline {
    tile_source *source;
    const tile_plan *plan;
    struct tile_format format; /* to read in */
    bool unread;               /* nothing is read: `work` gets no pixels */
    int threads;               /* the calling one included; at least 1 */
    bool in_order;             /* regions must come in the plan's order (each is begun in it) */
    uint64_t memory;           /* what bands and scratch may take */
    uint64_t scratch;          /* what `work` takes on each thread, to be counted */
    const struct tile_allocator *allocator;
    void *user;
    /* Whether the region is to be done. */
    bool (*wanted)(void *user, uint64_t index);
    /*
     * Works on one region, on any thread: `pixels` are those of region->source, or NULL. `thread`: 0 to threads - 1.
     * `watch` is the thread's.
     */
    tile_status (*work)(void *user, int thread, uint64_t index, const struct tile_region *region,
                        const struct tile_image *pixels, struct tile_watch *watch, struct tile_error *error);
    /* On the calling thread, every 50 ms at least; false: stop with TILE_CANCELLED, on all threads. */
    bool (*go_on)(void *user);
    /* Called once, under a failure: threads that wait for something in `work` are to give up. */
    void (*give_up)(void *user);
};

/* Until all is done, or the first failure. No thread is left behind. */
tile_status tile_pipeline_run(const struct tile_pipeline *pipeline, struct tile_error *error);

#endif
