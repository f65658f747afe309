/* SPDX-License-Identifier: MIT */
/* Memory through a caller's allocator, and sizes that are checked before they are multiplied. */
#ifndef TILE_BASE_MEMORY_H
#define TILE_BASE_MEMORY_H

#include "../tile.h"

/* NULL if there is no memory, or `size` is more than an object can be (PTRDIFF_MAX). `size` 0 gives 1 byte. */
void *tile_alloc(const struct tile_allocator *allocator, size_t size);
/* Allocates cleared memory. */
void *tile_alloc_zero(const struct tile_allocator *allocator, size_t size);
void tile_free(const struct tile_allocator *allocator, void *memory);
/* A copy of `length` bytes of `text` with a NUL behind it. */
char *tile_copy_text(const struct tile_allocator *allocator, const char *text, size_t length);

/* Returns TILE_NO_MEMORY, with a message that has the size. */
tile_status tile_no_memory(struct tile_error *error, size_t size);

/* *out = a * b, or a + b; false if it does not fit. */
static inline bool tile_mul(size_t *out, size_t a, size_t b) {
    return !__builtin_mul_overflow(a, b, out);
}

static inline bool tile_add(size_t *out, size_t a, size_t b) {
    return !__builtin_add_overflow(a, b, out);
}

/* For sizes that are only compared: UINT64_MAX if the result does not fit. */
static inline uint64_t tile_u64_add(uint64_t a, uint64_t b) {
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static inline uint64_t tile_u64_mul(uint64_t a, uint64_t b) {
    uint64_t product;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

#define TILE_DEFAULT_MEMORY (UINT64_C(1) << 30) /* the bytes of every max_memory */

/* Limits on the cost of hostile input: the options' max_ fields. */
struct tile_limits {
    uint64_t pixels, memory, metadata, side;
};

/* The limits of the options, with the defaults of tile.h filled in. */
struct tile_limits tile_limits_of(const struct tile_source_options *options);

/*
 * Copies a struct with struct_size from a caller that may be older or newer than the library. Fields that the caller's
 * struct lacks become zero; fields that the library's lacks must be zero, else INVALID_ARGUMENT. `options` may be NULL.
 * INVALID_ARGUMENT also for an invalid struct_size; `to` is then all zero.
 */
tile_status tile_options_copy(void *to, size_t size, const void *options, struct tile_error *error);
/* The other way, to a caller's `result`, which may be NULL: check its struct_size; copy the fields that both have. */
tile_status tile_result_check(const void *result, struct tile_error *error);
void tile_result_copy(void *result, const void *from, size_t size);

#endif
