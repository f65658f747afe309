/* SPDX-License-Identifier: MIT */
/* Finding what was there before. */
#include "kernels.h"

#include <string.h>

static inline uint32_t match_load(const uint8_t *p) {
    uint32_t four;
    memcpy(&four, p, sizeof four);
    return four;
}

static inline size_t match_length(const uint8_t *a, const uint8_t *b, size_t most) {
    size_t length = 0;
    while (length < most && a[length] == b[length])
        length++;
    return length;
}

static size_t match(struct tile_sequence *out, struct tile_matcher *matcher, const uint8_t *data, size_t begin,
                    size_t end, const uint8_t cost[256]) {
    size_t count = 0, anchor = begin;
    for (size_t i = begin; i + 4 <= end;) {
        uint32_t hash = match_load(data + i) * 0x9E3779B1U >> (32 - TILE_MATCH_HASH);
        size_t distance = (uint16_t)(i - matcher->place[hash]);
        matcher->place[hash] = (uint16_t)i;
        size_t most = end - i < TILE_LONGEST_MATCH ? end - i : TILE_LONGEST_MATCH;
        size_t length = 0;
        if (distance - 1 < TILE_WINDOW && distance <= i)
            length = match_length(data + i, data + i - distance, most);
        unsigned saved = 0;
        for (size_t k = 0; k < length && saved < 64; k++)
            saved += cost[data[i + k]];
        if (length < TILE_SHORTEST_MATCH || saved < 12 + tile_symbol_of_distance((unsigned)distance).extra) {
            i++;
            continue;
        }
        out[count++] = (struct tile_sequence){(uint32_t)(i - anchor), (uint16_t)length, (uint16_t)distance};
        i += length;
        anchor = i;
    }
    if (anchor < end)
        out[count++] = (struct tile_sequence){(uint32_t)(end - anchor), 0, 0};
    return count;
}
