/* SPDX-License-Identifier: MIT */
/* Other libraries' way of doing what the benchmark does, of those that were there when this was built. */
#ifndef KERNELS_PEERS_H
#define KERNELS_PEERS_H

#include "tile.h"

#ifdef __cplusplus
extern "C" {
#endif

enum peer_library { OPENCV, LITTLECMS, LIBYUV, PEERS };

struct peer {
    void *state;
    void (*run)(void *state);
    void (*free)(void *state);
};

/* With its version, as "OpenCV 4.6.0"; NULL where it was not there. */
const char *peer_version(enum peer_library library);

/*
 * Prepares what the benchmark calls `row`, from `source`, which must stay; the result goes elsewhere. False where the
 * library has no such conversion.
 */
bool peer_new(struct peer *out, enum peer_library library, const char *row, const struct tile_image *source);

/* An ICC profile of Adobe RGB (1998), to be freed, and its size; NULL without LittleCMS. */
void *peer_adobe_profile(size_t *size);

/* OpenCV's, which has no C interface left. */
const char *opencv_version(void);
bool opencv_new(struct peer *out, const char *row, const struct tile_image *source);

#ifdef __cplusplus
}
#endif

#endif
