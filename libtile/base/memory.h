/* SPDX-License-Identifier: MIT */
/* Memory through a caller's allocator, and sizes that are checked before they are multiplied. */
#ifndef TILE_BASE_MEMORY_H
#define TILE_BASE_MEMORY_H

#include "../tile.h"

/* NULL when there is none, or when `size` is more than an object can be (PTRDIFF_MAX). `size` 0 gives 1 byte. */
void *tile_alloc(const struct tile_allocator *allocator, size_t size);
/* The same, cleared. */
void *tile_alloc_zero(const struct tile_allocator *allocator, size_t size);
void tile_free(const struct tile_allocator *allocator, void *memory);
/* A copy of `length` bytes of `text` with a NUL behind it. */
char *tile_copy_text(const struct tile_allocator *allocator, const char *text, size_t length);

/* TILE_NO_MEMORY with a message that says how much was wanted. */
tile_status tile_no_memory(struct tile_error *error, size_t size);

/* *out = a * b; false where it does not fit. */
static inline bool tile_mul(size_t *out, size_t a, size_t b) {
    return !__builtin_mul_overflow(a, b, out);
}

static inline bool tile_add(size_t *out, size_t a, size_t b) {
    return !__builtin_add_overflow(a, b, out);
}

/* Of sizes that are only compared: what does not fit is UINT64_MAX. */
static inline uint64_t tile_u64_add(uint64_t a, uint64_t b) {
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static inline uint64_t tile_u64_mul(uint64_t a, uint64_t b) {
    uint64_t product;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

#define TILE_DEFAULT_MEMORY (UINT64_C(1) << 30) /* the bytes of every max_memory */

/* What a hostile input may cost: the options' max_ fields. */
struct tile_limits {
    uint64_t pixels, memory, metadata, side;
};

/* Those of the options, with the defaults of tile.h filled in. */
struct tile_limits tile_limits_of(const struct tile_source_options *options);

/*
 * Copies a struct with struct_size of a caller that may be older or newer than the library: what the caller's does not
 * have stays zero, what it has beyond ours must be zero. `options` may be NULL. INVALID_ARGUMENT also where struct_size
 * cannot be: `to` is all zero then.
 */
tile_status tile_options_copy(void *to, size_t size, const void *options, struct tile_error *error);
/* The other way, to a caller's `result`, which may be NULL: whether its struct_size can be, and what both know. */
tile_status tile_result_check(const void *result, struct tile_error *error);
void tile_result_copy(void *result, const void *from, size_t size);

#endif
