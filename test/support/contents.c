/* SPDX-License-Identifier: MIT */
#include "contents.h"

/* 16 random bits that belong to these numbers. */
static uint32_t noise(uint64_t seed, uint32_t x, uint32_t y, uint32_t c) {
    uint64_t n = seed + x * UINT64_C(0x9E3779B97F4A7C15) + y * UINT64_C(0xBF58476D1CE4E5B9) + c * UINT64_C(0x94D049BB);
    n = (n ^ n >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    n = (n ^ n >> 27) * UINT64_C(0x94D049BB133111EB);
    return (uint32_t)(n >> 48);
}

/* Glyphs of 7 x 11 pixels, twelve different ones, with their edges between black and white. */
static uint32_t text(uint64_t seed, uint32_t x, uint32_t y) {
    uint32_t glyph = noise(seed, x / 8, y / 14, 0) % 12, column = x % 8, row = y % 14;
    if (column == 7 || row > 10 || glyph == 0)
        return 65535;
    uint32_t ink = noise(glyph, column / 2, row / 3, 1) % 3;
    return ink == 0 ? 65535 : ink == 1 ? 0 : noise(glyph, column, row, 2) & 0xF000;
}

/* 0 to 65535, as a u16 sample. */
static uint32_t sample(enum content content, uint64_t seed, uint32_t x, uint32_t y, uint32_t c) {
    switch (content) {
    case CONTENT_FLAT: return noise(seed, 0, 0, c);
    case CONTENT_GRADIENT: return (x * 97 + y * 61 + c * 9001 + (noise(seed, x, y, c) & 255)) & 65535;
    case CONTENT_PHOTO:
        return (x * x / 8 + y * (130 + c * 20) + noise(seed, x / 16, y / 16, 0) % 4096 + noise(seed, x, y, c) % 900) &
               65535;
    case CONTENT_TEXT: return text(seed, x, y);
    case CONTENT_PALETTE: return noise(seed, noise(seed, x / 5, y / 3, 0) % 5, 0, c);
    case CONTENT_LINES: return x % 37 == 5 || y % 23 == 7 || (x + y) % 61 == 0 ? 65535 - c * 257 : 0;
    case CONTENT_REPEATED: return noise(seed, x % 43, y % 9, c);
    case CONTENT_MIXED: return sample((enum content)(noise(seed, x / 32, y / 24, 0) % CONTENT_MIXED), seed, x, y, c);
    default: return noise(seed, x, y, c);
    }
}

void content_fill(const struct tile_image *image, enum content content, uint64_t seed) {
    uint32_t channels = (uint32_t)tile_format_channels(image->format);
    for (uint32_t y = 0; y < image->height; y++) {
        void *row = (char *)image->plane[0] + (ptrdiff_t)y * image->stride;
        for (uint32_t x = 0; x < image->width; x++)
            for (uint32_t c = 0; c < channels; c++) {
                uint32_t value = sample(content, seed, x, y, c);
                size_t i = x * (size_t)channels + c;
                if (image->format.sample == TILE_U8)
                    ((uint8_t *)row)[i] = (uint8_t)(value >> 8);
                else if (image->format.sample == TILE_U16)
                    ((uint16_t *)row)[i] = (uint16_t)value;
                else
                    ((float *)row)[i] = (float)value / 65535;
            }
    }
}
