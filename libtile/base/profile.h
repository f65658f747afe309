/* SPDX-License-Identifier: MIT */
/* Small ICC profiles, written with LittleCMS: what a file's gamma says, and what an output file embeds. */
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

#endif
