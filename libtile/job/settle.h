/* SPDX-License-Identifier: MIT */
/* Fills in what a job's options leave open: plan, formats, codec and profiles. */
#ifndef TILE_JOB_SETTLE_H
#define TILE_JOB_SETTLE_H

#include "../tile.h"

struct tile_job {
    struct tile_job_options o; /* the caller's, with defaults filled in */
    struct tile_grid grid;     /* the options' grid */
    tile_source *source;
    const struct tile_info *info;
    const struct tile_allocator *allocator;

    const tile_plan *plan;                  /* the tiles, or the strips of one image */
    tile_plan *own_plan;                    /* the plan if the options have none */
    bool any;                               /* tiles may have any region; `plan` is one tile of the whole source */
    struct tile_rect area;                  /* one image: its part of the source */
    bool pieces;                            /* one image: each strip is a piece of it, see encode/for_job.h */
    tile_edge edge;                         /* of tiles that are larger than their regions */
    uint32_t largest_width, largest_height; /* of the plan's tiles, as they are written */
    uint64_t largest_pixels;                /* of one tile, see tile_job_region_pixels */
    struct tile_format read;
    struct tile_format write;
    bool luma_only;         /* a lossless job whose tiles keep Y of YCbCr and leave out the chroma */
    const void *to_profile; /* the target's profile; NULL: write.space alone defines the target */
    size_t to_profile_size;
    tile_converter *converter;                            /* NULL: the pixels are written as they are read */
    unsigned char pad[TILE_MAX_CHANNELS * sizeof(float)]; /* one pixel of the edge, as written */
    tile_codec codec;
    struct tile_encode_options encode;
    struct tile_buffer own_profile; /* the target space's profile to embed, made once for all tiles */
};

/* Whether the job makes one new image, in a file or by a writer. */
static inline bool tile_job_is_image(const struct tile_job *job) {
    return job->o.image || job->o.writer;
}

/* Fills `job` for `source`; nothing is read or written yet, and the options' `folder` is ignored. `by_tile`: a plan is
 * not required, as in tile_job_new. tile_job_release is due, also after a failure. */
tile_status tile_job_settle(struct tile_job *job, tile_source *source, const struct tile_job_options *options,
                            bool by_tile, struct tile_error *error);
void tile_job_release(struct tile_job *job);

/* The progress hook for passes over the whole source, before the number of tiles that can be resumed is known. */
bool tile_job_ask(void *user, const struct tile_progress *progress);

/* INVALID_ARGUMENT unless the region lies within the source. */
tile_status tile_job_check_region(const struct tile_job *job, const struct tile_region *region,
                                  struct tile_error *error);
/* Pixels of a region's tile, with those that a JPEG's MCUs add beyond its edges; at most UINT64_MAX. */
uint64_t tile_job_region_pixels(const struct tile_job *job, const struct tile_region *region);

/* Puts the source's name before a message that lacks it; messages of WRITE_FAILED name the output. */
tile_status tile_job_name_error(const tile_source *source, tile_status status, struct tile_error *error);

#endif
