/* SPDX-License-Identifier: MIT */
/* Writing a block's literals and matches. */
#include "bits.h"

/* Four codes of 14 bits fit a buffer that has 7 already. */
static void pack_literals(struct tile_bits *bits, const struct tile_codes *codes, const uint8_t *data, size_t size) {
    size_t i = 0;
    for (; i + 4 <= size; i += 4) {
        for (size_t k = 0; k < 4; k++)
            tile_bits_add(bits, codes->literal[data[i + k]], codes->literal_bits[data[i + k]]);
        tile_bits_flush(bits);
    }
    for (; i < size; i++)
        tile_bits_add(bits, codes->literal[data[i]], codes->literal_bits[data[i]]);
    tile_bits_flush(bits);
}

static void pack(struct tile_bits *to, const struct tile_codes *codes, const uint8_t *data,
                 const struct tile_sequence *sequences, size_t count) {
    struct tile_bits bits = *to;
    for (size_t i = 0; i < count; i++) {
        const struct tile_sequence *s = &sequences[i];
        pack_literals(&bits, codes, data, s->literals);
        data += s->literals + s->length;
        if (!s->length)
            continue;
        struct tile_symbol distance = tile_symbol_of_distance(s->distance);
        unsigned code_bits = codes->distance_bits[distance.symbol];
        tile_bits_add(&bits, codes->length[s->length], codes->length_bits[s->length]);
        tile_bits_add(&bits, codes->distance[distance.symbol] | (uint64_t)distance.value << code_bits,
                      code_bits + distance.extra);
        tile_bits_flush(&bits);
    }
    *to = bits;
}
