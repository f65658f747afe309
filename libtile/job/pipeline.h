/* SPDX-License-Identifier: MIT */
/*
 * Reads ahead while regions are worked on.
 *
 * The regions of a plan fall into bands; the regions of a band need the same rows of the file, or some of them. The
 * calling thread reads one band after the other, in the order in which the file decodes. The other threads (and the
 * calling one, when it is ahead) work on the regions of the bands that are there. If the source has parts, the other
 * threads read, too, when they find no region to work on.
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
    bool in_order;             /* regions are begun in the plan's order */
    uint64_t memory;           /* limit for bands and scratch together */
    uint64_t scratch;          /* bytes that `work` takes on each thread */
    const struct tile_allocator *allocator;
    void *user;
    /* Whether the region is needed. */
    bool (*wanted)(void *user, uint64_t index);
    /*
     * Works on one region, on any thread: `pixels` are the pixels of region->source, or NULL. `thread`: 0 to
     * threads - 1. `watch` is the thread's.
     */
    tile_status (*work)(void *user, int thread, uint64_t index, const struct tile_region *region,
                        const struct tile_image *pixels, struct tile_watch *watch, struct tile_error *error);
    /* Called on the calling thread, at least every 50 ms; false: stop with TILE_CANCELLED, on all threads. */
    bool (*go_on)(void *user);
    /* Called once after a failure: threads that wait in `work` must give up. */
    void (*give_up)(void *user);
};

/* Returns when all regions are done, or after the first failure. No thread is left behind. */
tile_status tile_pipeline_run(const struct tile_pipeline *pipeline, struct tile_error *error);

#endif
