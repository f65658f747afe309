/* SPDX-License-Identifier: MIT */
/*
 * ICC profiles by LittleCMS: small ones written, for what a file's gamma says and for output files to embed; and
 * whether one that was read says anything that srgb does not.
 */
#ifndef TILE_BASE_PROFILE_H
#define TILE_BASE_PROFILE_H

#include "../tile.h"

/*
 * Appends to `out` the ICC profile of `space`: an RGB space other than srgb, or luminance. UNSUPPORTED for the others.
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

/* Whether an opened profile (LittleCMS's cmsHPROFILE) converts by tables, which have the last word over all else. */
bool tile_profile_has_tables(void *profile);
/* Whether it says just what `srgb` or `gray` say: treating it as these rounds nothing twice. Tables: never. */
bool tile_profile_is_plain(void *profile, tile_space space);
/* The same of a profile that is not open; false if it cannot be opened. */
bool tile_profile_bytes_are_plain(const void *profile, size_t size, tile_space space);

#endif
