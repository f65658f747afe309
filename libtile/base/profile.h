/* SPDX-License-Identifier: MIT */
/*
 * ICC profiles by LittleCMS: making small ones, from a file's gamma or for output files to embed, and judging profiles
 * from files.
 */
#ifndef TILE_BASE_PROFILE_H
#define TILE_BASE_PROFILE_H

#include "../tile.h"

/*
 * Appends to `out` the ICC profile of `space`: an RGB space, gray (with sRGB's curve) or luminance. UNSUPPORTED for the
 * others.
 */
tile_status tile_profile_of_space(struct tile_buffer *out, tile_space space, struct tile_error *error);

/* PNG's gAMA and cHRM: CIE xy of white, red, green, blue; `gamma` below is the exponent from samples to light. */
struct tile_chromaticities {
    double white[2], red[2], green[2], blue[2];
};

/* BAD_DATA for invalid chromaticities. */
tile_status tile_profile_of_gamma(struct tile_buffer *out, const struct tile_chromaticities *chromaticities,
                                  double gamma, struct tile_error *error);
tile_status tile_profile_of_gray_gamma(struct tile_buffer *out, double gamma, struct tile_error *error);

/* ---- The header's bytes ---- */

/*
 * The size in a profile's header, at most `size`. 0 if it is not an ICC profile.
 */
size_t tile_profile_size(const void *profile, size_t size);
/* The color model of the profile: srgb, gray or cmyk. UNSET for others. */
tile_space tile_profile_model(const void *profile, size_t size);
/* Why a profile (tile_profile_size above 0) cannot describe a picture's samples: its class. NULL: it can. */
const char *tile_profile_speaks_of_others(const void *profile);

/* ---- With LittleCMS ---- */

/* LittleCMS's first message; later ones mostly follow from it. */
struct tile_complaint {
    char text[200];
};

/* A context (cmsContext) that notes its complaint in `first`, which must outlive its use; NULL without memory. */
void *tile_profile_context(struct tile_complaint *first);

/* Whether an opened profile (cmsHPROFILE) converts by tables, which take precedence over matrix and curves. */
bool tile_profile_has_tables(void *profile);
/* Whether an opened profile means exactly `space`, which then replaces it, so that nothing is rounded twice. Never for
 * a profile with tables. */
bool tile_profile_is_of(void *profile, tile_space space);
/* The space that a profile exactly means; UNSET if there is none, or the profile cannot be opened. */
tile_space tile_profile_space(const void *profile, size_t size);
/* The use of a picture's profile. */
enum tile_profile_use {
    TILE_PROFILE_NONE,    /* none: LittleCMS cannot open it */
    TILE_PROFILE_CARRIED, /* to be embedded again only: LittleCMS cannot convert from it under some intent */
    TILE_PROFILE_USED,    /* conversion */
    TILE_PROFILE_PLAIN,   /* conversion, but it means exactly srgb or gray */
};
/* `why`: the reason for the first two. */
enum tile_profile_use tile_profile_judge(const void *profile, size_t size, struct tile_complaint *why);

#endif
