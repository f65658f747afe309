/* SPDX-License-Identifier: MIT */
/* tile.h stands alone, and its option macro makes defaults. */
#include "tile.h"

int main(void) {
    struct tile_job_options options = TILE_OPTIONS(struct tile_job_options);
    return options.struct_size != sizeof options || options.threads != 0;
}
