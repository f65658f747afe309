/* SPDX-License-Identifier: MIT */
/* Settling what a job's options leave open: the plan, the formats on the way, the codec, whose profile goes where. */
#ifndef TILE_JOB_SETTLE_H
#define TILE_JOB_SETTLE_H

#include "../tile.h"

struct tile_job {
    struct tile_job_options o; /* as given, defaults filled in */
    struct tile_grid grid;     /* the options' */
    tile_source *source;
    const struct tile_info *info;
    const struct tile_allocator *allocator;

    const tile_plan *plan;                  /* of tiles, or of one image's strips */
    tile_plan *own_plan;                    /* where the options bring none */
    bool any;                               /* tiles may be of any region; `plan` is one tile, all of the source */
    struct tile_rect area;                  /* one image: what it shows */
    tile_edge edge;                         /* of tiles that are larger than their regions */
    uint32_t largest_width, largest_height; /* of the plan's regions, as they are written */
    uint64_t largest_pixels;                /* of one region, see tile_job_region_pixels */
    struct tile_format read;
    struct tile_format write;
    const void *to_profile; /* what the pixels are converted to; NULL: to write.space as it is */
    size_t to_profile_size;
    tile_converter *converter;                            /* NULL: the pixels are written as they are read */
    unsigned char pad[TILE_MAX_CHANNELS * sizeof(float)]; /* one pixel of the edge, as written */
    tile_codec codec;
    struct tile_encode_options encode;
    struct tile_buffer own_profile; /* to embed: the target space's, made once for all tiles */
};

/* Whether it makes one new image, be it a file or a writer's. */
static inline bool tile_job_is_image(const struct tile_job *job) {
    return job->o.image || job->o.writer;
}

/* Fills `job` for `source`; nothing is read or written yet. The options' `folder` is not looked at. `by_tile`: they
 * need bring no plan, as in tile_job_new. tile_job_release frees what it holds, also after a failure. */
tile_status tile_job_settle(struct tile_job *job, tile_source *source, const struct tile_job_options *options,
                            bool by_tile, struct tile_error *error);
void tile_job_release(struct tile_job *job);

/* The hook of calls that are made for the job as a whole, before it is known how many of its tiles are there. */
bool tile_job_ask(void *user, const struct tile_progress *progress);

/* The region lies within the source; else INVALID_ARGUMENT. */
tile_status tile_job_check_region(const struct tile_job *job, const struct tile_region *region,
                                  struct tile_error *error);
/* Pixels of a region as it is written, with what its coefficients have beyond its edges; at most UINT64_MAX. */
uint64_t tile_job_region_pixels(const struct tile_job *job, const struct tile_region *region);

/* Puts the source's name before a message that does not begin with it; those about the output name that. */
tile_status tile_job_name_error(const tile_source *source, tile_status status, struct tile_error *error);

#endif
