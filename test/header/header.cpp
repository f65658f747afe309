/* SPDX-License-Identifier: MIT */
/* tile.h stands alone, its option macro makes defaults, and constant pixels become an image without a cast. */
#include "tile.h"

int main(void) {
    struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
    static const unsigned char gray[] = {0, 255};
    struct tile_format format = {};
    format.space = TILE_GRAY;
    format.sample = TILE_U8;
    if (tile_image_of(format, 2, 1, gray, 0).plane[0] != gray)
        return 1;
    return options.struct_size != sizeof options || options.threads != 0;
}
