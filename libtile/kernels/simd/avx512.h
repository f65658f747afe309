/* SPDX-License-Identifier: MIT */
/* scalar.h's operations on 16 lanes, with VBMI's permutations of bytes. */
#ifndef TILE_SIMD_AVX512_H
#define TILE_SIMD_AVX512_H

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

#define LANES 16
#define BLOCK 64

typedef __m512 floats;
typedef __m512i ints;
typedef __mmask16 mask;

/* ---- Floats ---- */

static inline floats f_all(float x) {
    return _mm512_set1_ps(x);
}
static inline floats f_load(const float *p) {
    return _mm512_loadu_ps(p);
}
static inline void f_store(float *p, floats a) {
    _mm512_storeu_ps(p, a);
}
static inline floats f_add(floats a, floats b) {
    return _mm512_add_ps(a, b);
}
static inline floats f_sub(floats a, floats b) {
    return _mm512_sub_ps(a, b);
}
static inline floats f_mul(floats a, floats b) {
    return _mm512_mul_ps(a, b);
}
static inline floats f_div(floats a, floats b) {
    return _mm512_div_ps(a, b);
}
static inline floats f_sqrt(floats a) {
    return _mm512_sqrt_ps(a);
}
static inline floats f_fma(floats a, floats b, floats c) {
    return _mm512_fmadd_ps(a, b, c);
}
static inline floats f_max(floats a, floats b) {
    return _mm512_max_ps(a, b);
}
static inline floats f_min(floats a, floats b) {
    return _mm512_min_ps(a, b);
}
static inline mask f_less(floats a, floats b) {
    return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ);
}
static inline mask f_at_least(floats a, floats b) {
    return _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ);
}
static inline floats f_choose(mask m, floats yes, floats no) {
    return _mm512_mask_blend_ps(m, no, yes);
}

/* ---- Integers ---- */

static inline ints i_all(int32_t x) {
    return _mm512_set1_epi32(x);
}
static inline ints i_and(ints a, ints b) {
    return _mm512_and_si512(a, b);
}
static inline ints i_or(ints a, ints b) {
    return _mm512_or_si512(a, b);
}
static inline ints i_add(ints a, ints b) {
    return _mm512_add_epi32(a, b);
}
static inline ints i_sub(ints a, ints b) {
    return _mm512_sub_epi32(a, b);
}
static inline ints i_bits(floats a) {
    return _mm512_castps_si512(a);
}
static inline floats f_bits(ints a) {
    return _mm512_castsi512_ps(a);
}
static inline floats f_mantissa(floats a) { /* (bits of a and the first) or the second, in one table of bits */
    return f_bits(
        _mm512_ternarylogic_epi32(i_bits(a), _mm512_set1_epi32(0x007FFFFF), _mm512_set1_epi32(0x3F800000), 0xEA));
}
#define i_shift_right(a, n) _mm512_srli_epi32(a, n)
static inline floats f_of_ints(ints a) {
    return _mm512_cvtepi32_ps(a);
}
static inline ints i_truncated(floats a) {
    return _mm512_cvttps_epi32(a);
}

/* ---- Tables of 16 floats ---- */

typedef __m512 table16;

static inline table16 table16_load(const float p[16]) {
    return _mm512_loadu_ps(p);
}
typedef ints index16;
#define index16_of(a, n) _mm512_srli_epi32(a, n)
static inline floats f_look(table16 table, index16 index) {
    return _mm512_permutexvar_ps(index, table);
}

/* ---- Codes ---- */

static inline void codes_load(ints out[4], const uint8_t *p) {
    for (int i = 0; i < 4; i++)
        out[i] = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i)));
}
/* Packing works within lanes of 128 bits: the last permutation puts their quarters in order. */
static inline __m512i codes_pack(const ints in[4]) {
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    __m512i codes = _mm512_packus_epi16(_mm512_packs_epi32(in[0], in[1]), _mm512_packs_epi32(in[2], in[3]));
    return _mm512_permutexvar_epi32(order, codes);
}
static inline void codes_store(uint8_t *p, const ints in[4]) {
    _mm512_storeu_si512(p, codes_pack(in));
}

static inline ints words_load(const uint16_t *p) {
    return _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(const void *)p));
}
static inline void words_store(uint16_t *p, ints a) {
    _mm256_storeu_si256((__m256i *)(void *)p, _mm512_cvtepi32_epi16(a));
}

typedef __m512i bytes;

static inline void bytes_store(uint8_t *p, __m512i a) {
    _mm512_storeu_si512(p, a);
}
static inline __m512i bytes_load(const uint8_t *p) {
    return _mm512_loadu_si512(p);
}

/*
 * Where byte i of an output is in its inputs. Of three inputs two permutations see two each: the first gets all bytes
 * that lie in a and b, the second puts those of c (64 and up) among them.
 */
#define TILE_2(f, i) (uint8_t) f(i), (uint8_t)f(i + 1)
#define TILE_8(f, i) TILE_2(f, i), TILE_2(f, i + 2), TILE_2(f, i + 4), TILE_2(f, i + 6)
#define TILE_64_FROM(f, i)                                                                                             \
    TILE_8(f, i), TILE_8(f, i + 8), TILE_8(f, i + 16), TILE_8(f, i + 24), TILE_8(f, i + 32), TILE_8(f, i + 40),        \
        TILE_8(f, i + 48), TILE_8(f, i + 56)
#define TILE_64(f)                                                                                                     \
    { TILE_64_FROM(f, 0) }

/* Pixel i's channel j lies at 3 i + j. */
#define AB(at)     ((at) < 128 ? (at) : 0)
#define R_AB(i)    AB(3 * (i))
#define G_AB(i)    AB(3 * (i) + 1)
#define B_AB(i)    AB(3 * (i) + 2)
#define ABC(at, i) ((at) < 128 ? (i) : (at)-64)
#define R_ABC(i)   ABC(3 * (i), i)
#define G_ABC(i)   ABC(3 * (i) + 1, i)
#define B_ABC(i)   ABC(3 * (i) + 2, i)

static inline void b_split3(bytes out[3], const uint8_t *in) {
    static const uint8_t first[3][64] = {TILE_64(R_AB), TILE_64(G_AB), TILE_64(B_AB)};
    static const uint8_t second[3][64] = {TILE_64(R_ABC), TILE_64(G_ABC), TILE_64(B_ABC)};
    __m512i a = bytes_load(in), b = bytes_load(in + 64), c = bytes_load(in + 128);
    for (int j = 0; j < 3; j++) {
        __m512i ab = _mm512_permutex2var_epi8(a, bytes_load(first[j]), b);
        out[j] = _mm512_permutex2var_epi8(ab, bytes_load(second[j]), c);
    }
}

/* Byte i of the n-th output is channel i % 3 of pixel i / 3, counted from 64 n. */
#define FROM_RG(at)   ((at) % 3 == 2 ? 0 : (at) / 3 + 64 * ((at) % 3))
#define RG_0(i)       FROM_RG(i)
#define RG_1(i)       FROM_RG((i) + 64)
#define RG_2(i)       FROM_RG((i) + 128)
#define FROM_B(at, i) ((at) % 3 == 2 ? 64 + (at) / 3 : (i))
#define RGB_0(i)      FROM_B(i, i)
#define RGB_1(i)      FROM_B((i) + 64, i)
#define RGB_2(i)      FROM_B((i) + 128, i)

static inline void b_join3(uint8_t *out, const bytes in[3]) {
    static const uint8_t first[3][64] = {TILE_64(RG_0), TILE_64(RG_1), TILE_64(RG_2)};
    static const uint8_t second[3][64] = {TILE_64(RGB_0), TILE_64(RGB_1), TILE_64(RGB_2)};
    for (int n = 0; n < 3; n++) {
        __m512i rg = _mm512_permutex2var_epi8(in[0], bytes_load(first[n]), in[1]);
        bytes_store(out + 64 * n, _mm512_permutex2var_epi8(rg, bytes_load(second[n]), in[2]));
    }
}

/* Loops from codes to pixels are worth their size. */
#define FUSE

static inline void codes_join3(uint8_t *out, const ints in[3][4]) {
    const bytes codes[3] = {codes_pack(in[0]), codes_pack(in[1]), codes_pack(in[2])};
    b_join3(out, codes);
}

/* Two channels of two inputs, then both halves. */
#define PAIR_RG(i) ((i) < 32 ? 4 * (i) : 4 * ((i)-32) + 1)
#define PAIR_BA(i) (PAIR_RG(i) + 2)

static inline void b_split4(bytes out[4], const uint8_t *in) {
    static const uint8_t order[2][64] = {TILE_64(PAIR_RG), TILE_64(PAIR_BA)};
    __m512i a = bytes_load(in), b = bytes_load(in + 64), c = bytes_load(in + 128), d = bytes_load(in + 192);
    for (int j = 0; j < 2; j++) {
        __m512i low = _mm512_permutex2var_epi8(a, bytes_load(order[j]), b);
        __m512i high = _mm512_permutex2var_epi8(c, bytes_load(order[j]), d);
        out[2 * j] = _mm512_shuffle_i64x2(low, high, 0x44);
        out[2 * j + 1] = _mm512_shuffle_i64x2(low, high, 0xEE);
    }
}

static inline void b_join4(uint8_t *out, const bytes in[4]) {
    /* Unpacking works within lanes of 128 bits, which then are shuffled into order. */
    __m512i r = in[0], g = in[1], b = in[2], a = in[3];
    __m512i rg0 = _mm512_unpacklo_epi8(r, g), rg1 = _mm512_unpackhi_epi8(r, g);
    __m512i ba0 = _mm512_unpacklo_epi8(b, a), ba1 = _mm512_unpackhi_epi8(b, a);
    __m512i p0 = _mm512_unpacklo_epi16(rg0, ba0), p1 = _mm512_unpackhi_epi16(rg0, ba0);
    __m512i p2 = _mm512_unpacklo_epi16(rg1, ba1), p3 = _mm512_unpackhi_epi16(rg1, ba1);
    __m512i q0 = _mm512_shuffle_i64x2(p0, p1, 0x44), q1 = _mm512_shuffle_i64x2(p2, p3, 0x44);
    __m512i q2 = _mm512_shuffle_i64x2(p0, p1, 0xEE), q3 = _mm512_shuffle_i64x2(p2, p3, 0xEE);
    bytes_store(out, _mm512_shuffle_i64x2(q0, q1, 0x88));
    bytes_store(out + 64, _mm512_shuffle_i64x2(q0, q1, 0xDD));
    bytes_store(out + 128, _mm512_shuffle_i64x2(q2, q3, 0x88));
    bytes_store(out + 192, _mm512_shuffle_i64x2(q2, q3, 0xDD));
}

/* ---- Blocks of codes, as bytes and as words ---- */

/* Widening works within lanes of 128 bits: of each one its lower 8 bytes, then its upper 8. */
typedef struct {
    __m512i half[2];
} words;
typedef __mmask64 flags;

static inline bytes b_all(uint8_t x) {
    return _mm512_set1_epi8((char)x);
}
static inline bytes b_load(const uint8_t *p) {
    return bytes_load(p);
}
static inline void b_store(uint8_t *p, bytes a) {
    bytes_store(p, a);
}
static inline bytes b_min(bytes a, bytes b) {
    return _mm512_min_epu8(a, b);
}
static inline bytes b_max(bytes a, bytes b) {
    return _mm512_max_epu8(a, b);
}
static inline bytes b_add(bytes a, bytes b) {
    return _mm512_adds_epu8(a, b);
}
static inline bytes b_sub(bytes a, bytes b) {
    return _mm512_subs_epu8(a, b);
}
static inline bytes b_average(bytes a, bytes b) {
    return _mm512_avg_epu8(a, b);
}
static inline flags b_equal(bytes a, bytes b) {
    return _mm512_cmpeq_epi8_mask(a, b);
}
static inline flags b_at_most(bytes a, bytes b) {
    return _mm512_cmple_epu8_mask(a, b);
}
static inline bytes b_choose(flags m, bytes yes, bytes no) {
    return _mm512_mask_blend_epi8(m, no, yes);
}

/* Words with the bytes of `low` and `high`. */
static inline words w_joined(bytes low, bytes high) {
    return (words){{_mm512_unpacklo_epi8(low, high), _mm512_unpackhi_epi8(low, high)}};
}
static inline words w_all(uint16_t x) {
    __m512i all = _mm512_set1_epi16((short)x);
    return (words){{all, all}};
}
static inline words w_add(words a, words b) {
    return (words){{_mm512_add_epi16(a.half[0], b.half[0]), _mm512_add_epi16(a.half[1], b.half[1])}};
}
static inline words w_half(words a) {
    return (words){{_mm512_srli_epi16(a.half[0], 1), _mm512_srli_epi16(a.half[1], 1)}};
}
#define w_shift_right(a, n) ((words){{_mm512_srli_epi16((a).half[0], n), _mm512_srli_epi16((a).half[1], n)}})
static inline words w_mul(words a, words b) {
    return (words){{_mm512_mullo_epi16(a.half[0], b.half[0]), _mm512_mullo_epi16(a.half[1], b.half[1])}};
}
static inline words w_mul_high(words a, words b) {
    return (words){{_mm512_mulhi_epu16(a.half[0], b.half[0]), _mm512_mulhi_epu16(a.half[1], b.half[1])}};
}
static inline words w_product(bytes a, bytes b) {
    words x = w_joined(a, _mm512_setzero_si512()), y = w_joined(b, _mm512_setzero_si512());
    return (words){{_mm512_mullo_epi16(x.half[0], y.half[0]), _mm512_mullo_epi16(x.half[1], y.half[1])}};
}
/* Pairs of bytes are multiplied by signed bytes and summed: a large factor is 256 minus a small one. */
static inline words w_scaled(bytes a, uint8_t by, bytes b) {
    words ba = w_joined(b, a);
    const __m512i pair = _mm512_set1_epi16((short)(by < 128 ? by << 8 | 1 : (256 - by) << 8));
    words c = {{_mm512_maddubs_epi16(ba.half[0], pair), _mm512_maddubs_epi16(ba.half[1], pair)}};
    if (by < 128)
        return c;
    return (words){{_mm512_sub_epi16(ba.half[0], c.half[0]), _mm512_sub_epi16(ba.half[1], c.half[1])}};
}
static inline bytes w_bytes(words a) {
    return _mm512_packus_epi16(a.half[0], a.half[1]);
}
static inline void w_floats(floats out[4], words a) {
    for (int i = 0; i < 2; i++) {
        out[2 * i] = _mm512_cvtepi32_ps(_mm512_unpacklo_epi16(a.half[i], _mm512_setzero_si512()));
        out[2 * i + 1] = _mm512_cvtepi32_ps(_mm512_unpackhi_epi16(a.half[i], _mm512_setzero_si512()));
    }
}
static inline words w_truncated(const floats a[4]) {
    return (words){{_mm512_packus_epi32(_mm512_cvttps_epi32(a[0]), _mm512_cvttps_epi32(a[1])),
                    _mm512_packus_epi32(_mm512_cvttps_epi32(a[2]), _mm512_cvttps_epi32(a[3]))}};
}

static inline __m512i look_bytes(const __m512i table[4], __m512i codes, __mmask64 upper) {
    __m512i low = _mm512_permutex2var_epi8(table[0], codes, table[1]);
    __m512i high = _mm512_permutex2var_epi8(table[2], codes, table[3]);
    return _mm512_mask_blend_epi8(upper, low, high);
}

/*
 * n / d by a multiplication with f = 2^16 + factor = (2^(17 + s) - e) / d, 1 <= e <= d, of 17 bits; 2^s is the largest
 * power of two that is not above d. The mean of n and the product's upper half, rounded up, is n f / 2^17 + 1/2 rounded
 * down; shifted by s, it is n / d + 2^-(s+1) - (n / d) (e / 2^(17+s)) rounded down. What is added to n / d is not
 * negative, as n < 2^16 and e <= d, and below 1 / d, as d < 2^(s+1).
 */
#define LOG2(d)        ((d) < 2 ? 0 : (d) < 4 ? 1 : (d) < 8 ? 2 : (d) < 16 ? 3 : (d) < 32 ? 4 : (d) < 64 ? 5 : 6 + ((d) > 127))
#define FACTOR(d)      (((1 << (17 + LOG2(d))) - 1) / ((d) + !(d)) - 65536)
#define FACTOR_LOW(d)  (FACTOR(d) & 255)
#define FACTOR_HIGH(d) (FACTOR(d) >> 8)
/* By d / 2. */
#define SHIFT(i)    LOG2(2 * (i))
#define TILE_256(f) TILE_64_FROM(f, 0), TILE_64_FROM(f, 64), TILE_64_FROM(f, 128), TILE_64_FROM(f, 192)

typedef struct {
    words factor, shift;
} divisor;

static inline divisor divisor_of(bytes d) {
    static const uint8_t low[256] = {TILE_256(FACTOR_LOW)}, high[256] = {TILE_256(FACTOR_HIGH)};
    static const uint8_t shift[128] = {TILE_64_FROM(SHIFT, 0), TILE_64_FROM(SHIFT, 64)};
    __m512i tables[2][4];
    for (int i = 0; i < 4; i++) {
        tables[0][i] = bytes_load(low + 64 * i);
        tables[1][i] = bytes_load(high + 64 * i);
    }
    __mmask64 upper = _mm512_movepi8_mask(d);
    /* The index has 7 bits: it does not matter what is shifted into the eighth. */
    __m512i s = _mm512_permutex2var_epi8(bytes_load(shift), _mm512_srli_epi16(d, 1), bytes_load(shift + 64));
    return (divisor){w_joined(look_bytes(tables[0], d, upper), look_bytes(tables[1], d, upper)),
                     w_joined(s, _mm512_setzero_si512())};
}
static inline words w_quotient(words n, const divisor *d) {
    words q = w_mul_high(n, d->factor);
    for (int i = 0; i < 2; i++)
        q.half[i] = _mm512_srlv_epi16(_mm512_avg_epu16(n.half[i], q.half[i]), d->shift.half[i]);
    return q;
}

/* ---- Ints as pairs of words: all in the pixels' order ---- */

static inline void i_pairs(ints out[4], bytes low, bytes high) {
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    words both = w_joined(_mm512_permutexvar_epi32(order, low), _mm512_permutexvar_epi32(order, high));
    for (int i = 0; i < 2; i++) {
        out[2 * i] = _mm512_unpacklo_epi8(both.half[i], _mm512_setzero_si512());
        out[2 * i + 1] = _mm512_unpackhi_epi8(both.half[i], _mm512_setzero_si512());
    }
}
static inline words i_words(bytes a) {
    return (words){
        {_mm512_cvtepu8_epi16(_mm512_castsi512_si256(a)), _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(a, 1))}};
}
static inline bytes i_bytes(words a) {
    return _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), w_bytes(a));
}

#define TILE_32(f)                                                                                                     \
    { TILE_8(f, 0), TILE_8(f, 8), TILE_8(f, 16), TILE_8(f, 24) }
#define LOW(i)  (2 * (i))
#define HIGH(i) (2 * (i) + 1)

static inline words words_picked(const ints a[4], const uint16_t order[32]) {
    __m512i at = _mm512_loadu_si512(order);
    return (words){{_mm512_permutex2var_epi16(a[0], at, a[1]), _mm512_permutex2var_epi16(a[2], at, a[3])}};
}
static inline words i_low(const ints a[4]) {
    static const uint16_t order[32] = TILE_32(LOW);
    return words_picked(a, order);
}
static inline words i_high(const ints a[4]) {
    static const uint16_t order[32] = TILE_32(HIGH);
    return words_picked(a, order);
}

/* Pixels of 3 codes straight to pairs, and words to pixels: see luma.h. */
#define PIXELS_TO_INTS

/* 16 pixels; the bytes behind them are 0. */
#define NO_BYTE 63
static inline __m512i sixteen_load(const uint8_t *in) {
    return _mm512_maskz_loadu_epi32(0x0FFF, in);
}
#define PAIR_01(i) ((i) % 2 ? NO_BYTE : (i) / 4 * 3 + (i) % 4 / 2)
#define PAIR_12(i) ((i) % 2 ? NO_BYTE : (i) / 4 * 3 + (i) % 4 / 2 + 1)
#define PAIR_2(i)  ((i) % 4 ? NO_BYTE : (i) / 4 * 3 + 2)
#define WORD_0(i)  ((i) % 2 ? NO_BYTE : (i) < 32 ? (i) / 2 * 3 : 64 + ((i)-32) / 2 * 3)

static inline void i_split3(ints pairs[4], ints third[4], const uint8_t *in) {
    static const uint8_t pair[64] = TILE_64(PAIR_01), single[64] = TILE_64(PAIR_2);
    for (int k = 0; k < 4; k++) {
        __m512i pixels = sixteen_load(in + 48 * k);
        pairs[k] = _mm512_permutexvar_epi8(bytes_load(pair), pixels);
        third[k] = _mm512_permutexvar_epi8(bytes_load(single), pixels);
    }
}
static inline void i_split1(words *first, ints pairs[4], const uint8_t *in) {
    static const uint8_t pair[64] = TILE_64(PAIR_12), word[64] = TILE_64(WORD_0);
    for (int k = 0; k < 2; k++) {
        __m512i low = sixteen_load(in + 96 * k), high = sixteen_load(in + 96 * k + 48);
        pairs[2 * k] = _mm512_permutexvar_epi8(bytes_load(pair), low);
        pairs[2 * k + 1] = _mm512_permutexvar_epi8(bytes_load(pair), high);
        first->half[k] = _mm512_permutex2var_epi8(low, bytes_load(word), high);
    }
}

/*
 * Packing takes 8 words in turn of two vectors: a and b of the pixels' first half, of the second, and both halves of c.
 */
#define AB_AT(pixel, j)  ((pixel) % 32 / 8 * 16 + 8 * (j) + (pixel) % 8)
#define C_AT(pixel)      AB_AT(pixel, (pixel) / 32)
#define JOIN_0(i)        ((i) % 3 < 2 ? AB_AT((i) / 3, (i) % 3) : 64 + C_AT((i) / 3))
#define BOTH_AT(at)      ((at) % 3 < 2 ? AB_AT((at) / 3, (at) % 3) + ((at) < 96 ? 0 : 64) : 0)
#define BOTH(i)          BOTH_AT((i) + 64)
#define JOIN_1_AT(at, i) ((at) % 3 < 2 ? (i) : 64 + C_AT((at) / 3))
#define JOIN_1(i)        JOIN_1_AT((i) + 64, i)
#define JOIN_2_AT(at)    ((at) % 3 < 2 ? AB_AT((at) / 3, (at) % 3) : 64 + C_AT((at) / 3))
#define JOIN_2(i)        JOIN_2_AT((i) + 128)

static inline void i_join3(uint8_t *out, const words in[3]) {
    static const uint8_t order[3][64] = {TILE_64(JOIN_0), TILE_64(JOIN_1), TILE_64(JOIN_2)}, both[64] = TILE_64(BOTH);
    __m512i ab0 = _mm512_packus_epi16(in[0].half[0], in[1].half[0]);
    __m512i ab1 = _mm512_packus_epi16(in[0].half[1], in[1].half[1]);
    __m512i c = _mm512_packus_epi16(in[2].half[0], in[2].half[1]);
    __m512i ab = _mm512_permutex2var_epi8(ab0, bytes_load(both), ab1);
    bytes_store(out, _mm512_permutex2var_epi8(ab0, bytes_load(order[0]), c));
    bytes_store(out + 64, _mm512_permutex2var_epi8(ab, bytes_load(order[1]), c));
    bytes_store(out + 128, _mm512_permutex2var_epi8(ab1, bytes_load(order[2]), c));
}

static inline ints i_dot(ints sum, ints a, ints b) {
    return _mm512_dpwssd_epi32(sum, a, b);
}
static inline ints i_min_words(ints a, ints b) {
    return _mm512_min_epu16(a, b);
}
static inline bool i_any_low_zero(ints a) {
    return _mm512_testn_epi32_mask(a, _mm512_set1_epi32(0xFFFF)) != 0;
}

/* ---- Tables of 256 floats ---- */

/* Byte k of each float in four registers, of 64 codes each. */
typedef struct {
    __m512i byte[4][4];
} table256;

static inline table256 table256_load(const float p[256]) {
    table256 t;
    /* The bytes of 16 floats by their place, as four groups of 16. */
    const __m512i gather = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    for (int n = 0; n < 4; n++) {
        __m512i q[4];
        for (int i = 0; i < 4; i++)
            q[i] =
                _mm512_permutexvar_epi32(order, _mm512_shuffle_epi8(_mm512_loadu_si512(p + 64 * n + 16 * i), gather));
        __m512i a = _mm512_shuffle_i64x2(q[0], q[1], 0x44), b = _mm512_shuffle_i64x2(q[2], q[3], 0x44);
        __m512i c = _mm512_shuffle_i64x2(q[0], q[1], 0xEE), d = _mm512_shuffle_i64x2(q[2], q[3], 0xEE);
        t.byte[0][n] = _mm512_shuffle_i64x2(a, b, 0x88);
        t.byte[1][n] = _mm512_shuffle_i64x2(a, b, 0xDD);
        t.byte[2][n] = _mm512_shuffle_i64x2(c, d, 0x88);
        t.byte[3][n] = _mm512_shuffle_i64x2(c, d, 0xDD);
    }
    return t;
}

/*
 * The bytes of the floats are joined within lanes of 128 bits; so that they end in order, the codes first are put into
 * another: lane l's four quarters are codes 4 l of each 16.
 */
static inline void block_look(floats out[4], const table256 *table, const uint8_t *p) {
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    __m512i codes = _mm512_permutexvar_epi32(order, bytes_load(p));
    __mmask64 upper = _mm512_movepi8_mask(codes);
    __m512i b0 = look_bytes(table->byte[0], codes, upper), b1 = look_bytes(table->byte[1], codes, upper);
    __m512i b2 = look_bytes(table->byte[2], codes, upper), b3 = look_bytes(table->byte[3], codes, upper);
    __m512i low0 = _mm512_unpacklo_epi8(b0, b1), low1 = _mm512_unpackhi_epi8(b0, b1);
    __m512i high0 = _mm512_unpacklo_epi8(b2, b3), high1 = _mm512_unpackhi_epi8(b2, b3);
    out[0] = _mm512_castsi512_ps(_mm512_unpacklo_epi16(low0, high0));
    out[1] = _mm512_castsi512_ps(_mm512_unpackhi_epi16(low0, high0));
    out[2] = _mm512_castsi512_ps(_mm512_unpacklo_epi16(low1, high1));
    out[3] = _mm512_castsi512_ps(_mm512_unpackhi_epi16(low1, high1));
}

/* ---- Bytes that wrap, and what they cost ---- */

static inline bytes b_minus(bytes a, bytes b) {
    return _mm512_sub_epi8(a, b);
}
static inline bytes b_from_0(bytes a) {
    return _mm512_abs_epi8(a);
}

typedef __m512i bytes16;

static inline bytes16 bytes16_load(const uint8_t p[16]) {
    return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)p));
}
static inline bytes b_look(bytes16 table, bytes index) {
    return _mm512_shuffle_epi8(table, index);
}
static inline ints i_add_costs(ints sum, bytes costs, bytes of) {
    return _mm512_mask_dpbusd_epi32(sum, _mm512_test_epi32_mask(of, of), costs, b_all(1));
}

#endif
