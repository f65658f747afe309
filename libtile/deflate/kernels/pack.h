/* SPDX-License-Identifier: MIT */
/* Writing a block's literals and matches. */
#include "bits.h"

/* Four codes of 14 bits fit a buffer that has 7 already. */
static inline void pack_literals(struct tile_bits *bits, const struct tile_codes *codes, const uint8_t *data,
                                 size_t size) {
    for (size_t i = 0; i + 4 <= size; i += 4) {
        for (size_t k = 0; k < 4; k++) {
            uint32_t code = codes->literal[data[i + k]];
            tile_bits_add(bits, code & 0xFFFF, code >> 16);
        }
        tile_bits_flush(bits);
    }
    /* Up to three are left: without a branch, as nothing tells how many. What is not there has no bits. */
    static const uint8_t nothing[1] = {0};
    size_t left = size & 3;
    const uint8_t *tail = left ? data + size - left : nothing;
    for (size_t k = 0; k < 3; k++) {
        uint32_t code = codes->literal[tail[k < left ? k : 0]] & (k < left ? UINT32_MAX : 0);
        tile_bits_add(bits, code & 0xFFFF, code >> 16);
    }
    tile_bits_flush(bits);
}

static void pack(struct tile_bits *to, const struct tile_codes *codes, const uint8_t *literals,
                 const struct tile_sequence *sequences, size_t count) {
    struct tile_bits bits = *to;
    for (size_t i = 0; i < count; i++) {
        const struct tile_sequence *s = &sequences[i];
        pack_literals(&bits, codes, literals, s->literals);
        literals += s->literals;
        if (!s->length)
            continue;
        struct tile_symbol distance = tile_symbol_of_distance(s->distance);
        uint32_t length = codes->length[s->length], code = codes->distance[distance.symbol];
        tile_bits_add(&bits, length & 0xFFFFFF, length >> 24);
        tile_bits_add(&bits, (code & 0xFFFF) | (uint64_t)distance.value << (code >> 16), (code >> 16) + distance.extra);
        tile_bits_flush(&bits);
    }
    *to = bits;
}
