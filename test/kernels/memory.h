/* SPDX-License-Identifier: MIT */
/* Memory whose neighbors may not be touched. */
#ifndef KERNELS_MEMORY_H
#define KERNELS_MEMORY_H

#include "random.h"

#include <stddef.h>

/* Between two pages that can be neither read nor written. */
struct arena {
    unsigned char *memory;
    size_t size; /* whole pages */
};

/* At least `size` bytes, never given back. Ends the program where there is no memory. */
struct arena arena_new(size_t size);

/*
 * A place for `size` bytes: right at the upper page, right at the lower one, or anywhere at a multiple of `align` from
 * it. At the upper one it is aligned as far as `size` is.
 */
unsigned char *arena_place(const struct arena *arena, size_t size, size_t align, struct random *random);

/* What surrounds a place and must not change. */
struct margins {
    unsigned char *low, *high; /* from the first byte to behind the last, the place itself included */
};
/* A few bytes on either side of `size` bytes at `place`, as far as the arena has them. */
struct margins arena_margins(const struct arena *arena, unsigned char *place, size_t size);
void margins_fill(struct margins margins, unsigned char value);
/* Whether all bytes are `value`; what was written to the place itself must have been taken away. */
bool margins_hold(struct margins margins, unsigned char value);

#endif
