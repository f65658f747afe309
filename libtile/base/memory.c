/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include <stdlib.h>
#include <string.h>

void *tile_alloc(const struct tile_allocator *allocator, size_t size) {
    if (size > PTRDIFF_MAX)
        return NULL;
    if (size == 0)
        size = 1;
    return allocator ? allocator->alloc(allocator->user, size) : malloc(size);
}

void *tile_alloc_zero(const struct tile_allocator *allocator, size_t size) {
    void *memory = tile_alloc(allocator, size);
    if (memory)
        memset(memory, 0, size);
    return memory;
}

void tile_free(const struct tile_allocator *allocator, void *memory) {
    if (!memory)
        return;
    if (allocator)
        allocator->free(allocator->user, memory);
    else
        free(memory);
}

char *tile_copy_text(const struct tile_allocator *allocator, const char *text, size_t length) {
    char *copy = length < PTRDIFF_MAX ? tile_alloc(allocator, length + 1) : NULL;
    if (copy) {
        memcpy(copy, text, length);
        copy[length] = '\0';
    }
    return copy;
}

tile_status tile_no_memory(struct tile_error *error, size_t size) {
    return tile_error_set(error, TILE_NO_MEMORY, "out of memory: %zu bytes wanted", size);
}

struct tile_limits tile_limits_of(const struct tile_source_options *options) {
    return (struct tile_limits){
        .pixels = options->max_pixels ? options->max_pixels : UINT64_C(1) << 32,
        .memory = options->max_memory ? options->max_memory : TILE_DEFAULT_MEMORY,
        .metadata = options->max_metadata ? options->max_metadata : UINT64_C(64) << 20,
        .side = options->max_side ? options->max_side : UINT64_C(1) << 20,
    };
}

/* No struct will ever be larger: what says so was not made with TILE_OPTIONS, and is not read. */
enum { SIZE_MOST = 4096 };

tile_status tile_options_copy(void *to, size_t size, const void *options, struct tile_error *error) {
    memset(to, 0, size);
    size_t given = size;
    if (options) {
        memcpy(&given, options, sizeof given); /* every such struct begins with struct_size */
        if (given < sizeof given || given > SIZE_MOST)
            return tile_error_set(error, TILE_INVALID_ARGUMENT,
                                  "struct_size is %zu: structs that have it are made with TILE_OPTIONS()", given);
        memcpy(to, options, given < size ? given : size);
        for (size_t i = size; i < given; i++)
            if (((const unsigned char *)options)[i] != 0)
                return tile_error_set(error, TILE_INVALID_ARGUMENT, "a field is set that libtile %s does not know",
                                      tile_version());
    }
    memcpy(to, &size, sizeof size);
    return TILE_OK;
}

tile_status tile_result_check(const void *result, struct tile_error *error) {
    size_t given = SIZE_MOST;
    if (result)
        memcpy(&given, result, sizeof given);
    if (given < sizeof given || given > SIZE_MOST)
        return tile_error_set(error, TILE_INVALID_ARGUMENT,
                              "struct_size of the result is %zu: it is made with TILE_OPTIONS()", given);
    return TILE_OK;
}

void tile_result_copy(void *result, const void *from, size_t size) {
    size_t given = size;
    if (!result)
        return;
    memcpy(&given, result, sizeof given);
    memcpy((char *)result + sizeof given, (const char *)from + sizeof given,
           (given < size ? given : size) - sizeof given);
}
