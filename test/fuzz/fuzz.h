/* SPDX-License-Identifier: MIT */
/* What the targets share. A target is called with one input after the other, by libFuzzer or by main.c. */
#ifndef TEST_FUZZ_FUZZ_H
#define TEST_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process, which is how a fuzzer learns that an input is one to keep. */
#define require(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s is false\n", __FILE__, __LINE__, #condition);                                   \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

/* A failed call tells why. */
static inline void require_message(tile_status status, const struct tile_error *error) {
    require(status == TILE_OK || (error->status == status && error->message[0] && !strchr(error->message, '\n')));
}

/* Little enough to be tried often. */
static inline struct tile_source_options small_limits(void) {
    struct tile_source_options options = TILE_OPTIONS(struct tile_source_options);
    options.max_pixels = 1 << 20;
    options.max_memory = 64 << 20;
    return options;
}

/* Number `i` of rectangles within width x height that `seed` stands for. */
static inline struct tile_rect rect_of(uint64_t seed, int i, uint32_t width, uint32_t height) {
    seed = (seed + (uint64_t)i + 1) * 0x9E3779B97F4A7C15u;
    struct tile_rect rect = {(uint32_t)(seed >> 48) % width, (uint32_t)(seed >> 32) % width % height, 0, 0};
    rect.width = 1 + (uint32_t)(seed >> 16) % (width - rect.x);
    rect.height = 1 + (uint32_t)(seed >> 24) % (height - rect.y);
    return rect;
}

#endif
