/* SPDX-License-Identifier: MIT */
/* 8-bit codes of coded RGB to those of naive cmyk (CSS Color 5, 10.2), and back, exactly rounded. */
#ifndef TILE_COLOR_CMYK_H
#define TILE_COLOR_CMYK_H

#include "hue.h"

static void cmyk_codes(uint8_t *const *plane, size_t count, const void *numbers) {
    (void)numbers;
    for (size_t i = 0; i < count; i += BLOCK) {
        struct ranked c = ranked_load(plane, i);
        const bytes rgb[3] = {c.r, c.g, c.b};
        bytes half = b_half(c.high);
        divisor by = divisor_of(b_max(c.high, b_all(1)));
        for (int j = 0; j < 3; j++)
            b_store(plane[j] + i, w_bytes(w_quotient(w_scaled(b_sub(c.high, rgb[j]), 255, half), &by)));
        b_store(plane[3] + i, b_not(c.high));
    }
}

static void cmyk_codes_inverse(uint8_t *const *plane, size_t count, const void *numbers) {
    (void)numbers;
    for (size_t i = 0; i < count; i += BLOCK) {
        bytes light = b_not(b_load(plane[3] + i));
        for (int j = 0; j < 3; j++)
            b_store(plane[j] + i, w_by_255(w_product(b_not(b_load(plane[j] + i)), light)));
    }
}

#endif
