/* SPDX-License-Identifier: MIT */
/*
 * ICC profiles by LittleCMS: small ones written, for what a file's gamma says and for output files to embed; and what
 * one that was read is worth.
 */
#ifndef TILE_BASE_PROFILE_H
#define TILE_BASE_PROFILE_H

#include "../tile.h"

/*
 * Appends to `out` the ICC profile of `space`: an RGB space, gray (of sRGB's curve) or luminance. UNSUPPORTED for the
 * others.
 */
tile_status tile_profile_of_space(struct tile_buffer *out, tile_space space, struct tile_error *error);

/* PNG's gAMA and cHRM: CIE xy of white, red, green, blue, and the exponent that makes light of samples. */
struct tile_chromaticities {
    double white[2], red[2], green[2], blue[2];
};

/* BAD_DATA for chromaticities that cannot be. */
tile_status tile_profile_of_gamma(struct tile_buffer *out, const struct tile_chromaticities *chromaticities,
                                  double gamma, struct tile_error *error);
tile_status tile_profile_of_gray_gamma(struct tile_buffer *out, double gamma, struct tile_error *error);

/* ---- The header's bytes ---- */

/*
 * Bytes of a profile of `size` bytes that are its own: up to what its header says. 0 where it is no ICC profile.
 */
size_t tile_profile_size(const void *profile, size_t size);
/* The space whose samples such a profile describes: srgb, gray or cmyk, as names of models. UNSET for others. */
tile_space tile_profile_model(const void *profile, size_t size);
/* Why a profile (of a size above 0 by tile_profile_size) cannot describe a picture's samples: its class. NULL: it can.
 */
const char *tile_profile_speaks_of_others(const void *profile);

/* ---- With LittleCMS ---- */

/* The first message that LittleCMS gave; later ones are mostly consequences. */
struct tile_complaint {
    char text[200];
};

/* A context (cmsContext) that notes its complaint in `first`, which must outlive its use; NULL without memory. */
void *tile_profile_context(struct tile_complaint *first);

/* Whether an opened profile (cmsHPROFILE) converts by tables, which have the last word over all else. */
bool tile_profile_has_tables(void *profile);
/* Whether an opened profile says just what `space` says: treating it as that rounds nothing twice. Tables: never. */
bool tile_profile_is_of(void *profile, tile_space space);
/* The space of which a profile is in that sense; UNSET if there is none, or the profile cannot be opened. */
tile_space tile_profile_space(const void *profile, size_t size);
/* What a profile that came with a picture is good for. */
enum tile_profile_use {
    TILE_PROFILE_NONE,    /* nothing: LittleCMS cannot open it */
    TILE_PROFILE_CARRIED, /* to go along with the picture: LittleCMS cannot convert from it, under each intent */
    TILE_PROFILE_USED,
    TILE_PROFILE_PLAIN, /* it can be used, and says just what srgb or gray say */
};
/* Of the first two, `why`. */
enum tile_profile_use tile_profile_judge(const void *profile, size_t size, struct tile_complaint *why);

#endif
