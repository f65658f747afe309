/* SPDX-License-Identifier: MIT */
/* Writing a block's literals and matches. */
#include "bits.h"

#ifdef __AVX512VBMI__

/*
 * 64 literals at once. Their codes are looked up in tables of bytes, and neighbors are joined to words of 32 and of 64
 * bits, which four codes of 14 bits fit. Sums of the lengths tell where each of these begins; what is left to be done
 * one behind the other is to add the bits of a byte that two of them share.
 */
struct wide_codes {
    __m512i low[4], high[4], bits[4]; /* the codes' lower and upper bytes, and their lengths */
};

static inline void wide_prepare(struct wide_codes *wide, const struct tile_codes *codes) {
    uint8_t low[256], high[256], bits[256];
    for (int s = 0; s < 256; s += 16) {
        __m512i sixteen = _mm512_loadu_si512(codes->literal + s);
        _mm_storeu_si128((__m128i *)(void *)(low + s), _mm512_cvtepi32_epi8(sixteen));
        _mm_storeu_si128((__m128i *)(void *)(high + s), _mm512_cvtepi32_epi8(_mm512_srli_epi32(sixteen, 8)));
        _mm_storeu_si128((__m128i *)(void *)(bits + s), _mm512_cvtepi32_epi8(_mm512_srli_epi32(sixteen, 16)));
    }
    for (int k = 0; k < 4; k++) {
        wide->low[k] = _mm512_loadu_si512(low + 64 * k);
        wide->high[k] = _mm512_loadu_si512(high + 64 * k);
        wide->bits[k] = _mm512_loadu_si512(bits + 64 * k);
    }
}

static inline __m512i wide_look(const __m512i table[4], __m512i index) {
    return _mm512_mask_blend_epi8(_mm512_movepi8_mask(index), _mm512_permutex2var_epi8(table[0], index, table[1]),
                                  _mm512_permutex2var_epi8(table[2], index, table[3]));
}

/* Each four words of 16 bits and their lengths become one of 64. */
static inline void wide_join(__m512i *codes, __m512i *bits) {
    const __m512i low_words = _mm512_set1_epi32(0xFFFF), low_halves = _mm512_set1_epi64(0xFFFFFFFF);
    __m512i first = _mm512_and_si512(*bits, low_words);
    *codes =
        _mm512_or_si512(_mm512_and_si512(*codes, low_words), _mm512_sllv_epi32(_mm512_srli_epi32(*codes, 16), first));
    *bits = _mm512_add_epi32(first, _mm512_srli_epi32(*bits, 16));
    first = _mm512_and_si512(*bits, low_halves);
    *codes =
        _mm512_or_si512(_mm512_and_si512(*codes, low_halves), _mm512_sllv_epi64(_mm512_srli_epi64(*codes, 32), first));
    *bits = _mm512_add_epi64(first, _mm512_srli_epi64(*bits, 32));
}

static inline void wide_write(struct tile_bits *to, __m512i codes, __m512i bits) {
    const __m512i zero = _mm512_setzero_si512();
    uint64_t code[8], at[8], whole[8];
    __m512i end = _mm512_add_epi64(bits, _mm512_alignr_epi64(bits, zero, 7));
    end = _mm512_add_epi64(end, _mm512_alignr_epi64(end, zero, 6));
    end = _mm512_add_epi64(end, _mm512_alignr_epi64(end, zero, 4));
    end = _mm512_add_epi64(end, _mm512_set1_epi64(to->count));
    __m512i begin = _mm512_sub_epi64(end, bits), byte = _mm512_srli_epi64(begin, 3);
    _mm512_storeu_si512(code, _mm512_sllv_epi64(codes, _mm512_and_si512(begin, _mm512_set1_epi64(7))));
    _mm512_storeu_si512(at, byte);
    _mm512_storeu_si512(whole, _mm512_slli_epi64(_mm512_sub_epi64(_mm512_srli_epi64(end, 3), byte), 3));
    uint64_t shared = to->buffer;
    for (int k = 0; k < 8; k++) {
        shared |= code[k];
        memcpy(to->out + at[k], &shared, sizeof shared);
        shared >>= whole[k];
    }
    uint64_t count = (uint64_t)_mm_extract_epi64(_mm512_extracti64x2_epi64(end, 3), 1);
    to->out += count >> 3;
    to->buffer = shared;
    to->count = count & 7;
}

static inline void wide_literals(struct tile_bits *to, const struct wide_codes *wide, const uint8_t *data) {
    const __m512i zero = _mm512_setzero_si512();
    __m512i index = _mm512_loadu_si512(data);
    __m512i low = wide_look(wide->low, index), high = wide_look(wide->high, index);
    __m512i lengths = wide_look(wide->bits, index);
    __m512i codes[2] = {_mm512_unpacklo_epi8(low, high), _mm512_unpackhi_epi8(low, high)};
    __m512i bits[2] = {_mm512_unpacklo_epi8(lengths, zero), _mm512_unpackhi_epi8(lengths, zero)};
    wide_join(&codes[0], &bits[0]);
    wide_join(&codes[1], &bits[1]);
    /* Of each 16 bytes the first one has 8, the other one the others. */
    const __m512i first = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
    const __m512i second = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
    wide_write(to, _mm512_permutex2var_epi64(codes[0], first, codes[1]),
               _mm512_permutex2var_epi64(bits[0], first, bits[1]));
    wide_write(to, _mm512_permutex2var_epi64(codes[0], second, codes[1]),
               _mm512_permutex2var_epi64(bits[0], second, bits[1]));
}

#endif

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
#ifdef __AVX512VBMI__
    struct wide_codes wide;
    wide_prepare(&wide, codes);
#endif
    for (size_t i = 0; i < count; i++) {
        const struct tile_sequence *s = &sequences[i];
        size_t size = s->literals;
#ifdef __AVX512VBMI__
        for (; size >= 64; size -= 64, literals += 64)
            wide_literals(&bits, &wide, literals);
#endif
        pack_literals(&bits, codes, literals, size);
        literals += size;
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
