/* SPDX-License-Identifier: MIT */
/* scalar.h's operations on 8 lanes. Most instructions work within lanes of 128 bits: codes lie so that this does. */
#ifndef TILE_SIMD_AVX2_H
#define TILE_SIMD_AVX2_H

#include "thirds.h"

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define LANES 8
#define BLOCK 32

typedef __m256 floats;
typedef __m256i ints;
typedef __m256 mask; /* a lane's sign */

/* ---- Floats ---- */

static inline floats f_all(float x) {
    return _mm256_set1_ps(x);
}
static inline floats f_load(const float *p) {
    return _mm256_loadu_ps(p);
}
static inline void f_store(float *p, floats a) {
    _mm256_storeu_ps(p, a);
}
static inline floats f_add(floats a, floats b) {
    return _mm256_add_ps(a, b);
}
static inline floats f_sub(floats a, floats b) {
    return _mm256_sub_ps(a, b);
}
static inline floats f_mul(floats a, floats b) {
    return _mm256_mul_ps(a, b);
}
static inline floats f_div(floats a, floats b) {
    return _mm256_div_ps(a, b);
}
static inline floats f_sqrt(floats a) {
    return _mm256_sqrt_ps(a);
}
static inline floats f_fma(floats a, floats b, floats c) {
    return _mm256_fmadd_ps(a, b, c);
}
static inline floats f_max(floats a, floats b) {
    return _mm256_max_ps(a, b);
}
static inline floats f_min(floats a, floats b) {
    return _mm256_min_ps(a, b);
}
static inline mask f_less(floats a, floats b) {
    return _mm256_cmp_ps(a, b, _CMP_LT_OQ);
}
static inline mask f_at_least(floats a, floats b) {
    return _mm256_cmp_ps(a, b, _CMP_GE_OQ);
}
static inline floats f_choose(mask m, floats yes, floats no) {
    return _mm256_blendv_ps(no, yes, m);
}

/* ---- Integers ---- */

static inline ints i_all(int32_t x) {
    return _mm256_set1_epi32(x);
}
static inline ints i_and(ints a, ints b) {
    return _mm256_and_si256(a, b);
}
static inline ints i_or(ints a, ints b) {
    return _mm256_or_si256(a, b);
}
static inline ints i_add(ints a, ints b) {
    return _mm256_add_epi32(a, b);
}
static inline ints i_sub(ints a, ints b) {
    return _mm256_sub_epi32(a, b);
}
static inline ints i_bits(floats a) {
    return _mm256_castps_si256(a);
}
static inline floats f_bits(ints a) {
    return _mm256_castsi256_ps(a);
}
static inline floats f_mantissa(floats a) {
    return f_bits(i_or(i_and(i_bits(a), i_all(0x007FFFFF)), i_all(0x3F800000)));
}
#define i_shift_right(a, n) _mm256_srli_epi32(a, n)
static inline floats f_of_ints(ints a) {
    return _mm256_cvtepi32_ps(a);
}
static inline ints i_truncated(floats a) {
    return _mm256_cvttps_epi32(a);
}

/* ---- Tables of 16 floats ---- */

typedef struct {
    __m256 low, high;
} table16;

static inline table16 table16_load(const float p[16]) {
    return (table16){_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)};
}
/* The index's lower three bits, and its fourth as a sign. */
typedef struct {
    __m256i lane;
    __m256 upper;
} index16;

#define index16_of(a, n) ((index16){_mm256_srli_epi32(a, n), _mm256_castsi256_ps(_mm256_slli_epi32(a, 28 - (n)))})

static inline floats f_look(table16 table, index16 index) {
    return _mm256_blendv_ps(_mm256_permutevar8x32_ps(table.low, index.lane),
                            _mm256_permutevar8x32_ps(table.high, index.lane), index.upper);
}

/* ---- Codes ---- */

static inline void codes_load(ints out[4], const uint8_t *p) {
    for (int i = 0; i < 4; i++)
        out[i] = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)(p + 8 * i)));
}
/* The last permutation puts the quarters of both lanes in order. */
static inline void codes_store(uint8_t *p, const ints in[4]) {
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    __m256i codes = _mm256_packus_epi16(_mm256_packs_epi32(in[0], in[1]), _mm256_packs_epi32(in[2], in[3]));
    _mm256_storeu_si256((__m256i *)(void *)p, _mm256_permutevar8x32_epi32(codes, order));
}

typedef __m256i bytes;

static inline __m256i bytes_load(const uint8_t *p) {
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}
static inline void bytes_store(uint8_t *p, __m256i a) {
    _mm256_storeu_si256((__m256i *)(void *)p, a);
}
/* 16 bytes each for the two lanes, and back. */
static inline __m256i halves_load(const uint8_t *low, const uint8_t *high) {
    return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)low)),
                                   _mm_loadu_si128((const __m128i *)(const void *)high), 1);
}
static inline void halves_store(uint8_t *low, uint8_t *high, __m256i a) {
    _mm_storeu_si128((__m128i *)(void *)low, _mm256_castsi256_si128(a));
    _mm_storeu_si128((__m128i *)(void *)high, _mm256_extracti128_si256(a, 1));
}

static inline __m256i in_both(__m128i a) {
    return _mm256_broadcastsi128_si256(a);
}

/* Of a the bytes 0, 3, 6 ..., of b the bytes 1, 4, 7 ..., of c the bytes 2, 5, 8 ...; see thirds.h. */
static inline __m256i thirds(__m256i a, __m256i b, __m256i c) {
    return _mm256_blendv_epi8(_mm256_blendv_epi8(a, b, in_both(THIRDS_FROM_1)), c, in_both(THIRDS_FROM_2));
}

static inline void b_split3(bytes out[3], const uint8_t *in) {
    __m256i a = halves_load(in, in + 48), b = halves_load(in + 16, in + 64), c = halves_load(in + 32, in + 80);
    out[0] = _mm256_shuffle_epi8(thirds(a, c, b), in_both(THIRDS_SPLIT_0));
    out[1] = _mm256_shuffle_epi8(thirds(b, a, c), in_both(THIRDS_SPLIT_1));
    out[2] = _mm256_shuffle_epi8(thirds(c, b, a), in_both(THIRDS_SPLIT_2));
}

static inline void b_join3(uint8_t *out, const bytes in[3]) {
    __m256i r = _mm256_shuffle_epi8(in[0], in_both(THIRDS_JOIN_0));
    __m256i g = _mm256_shuffle_epi8(in[1], in_both(THIRDS_JOIN_1));
    __m256i b = _mm256_shuffle_epi8(in[2], in_both(THIRDS_JOIN_2));
    halves_store(out, out + 48, thirds(r, g, b));
    halves_store(out + 16, out + 64, thirds(g, b, r));
    halves_store(out + 32, out + 80, thirds(b, r, g));
}

/* A transposition of 4 x 4 within each lane. */
static inline void transpose_ints(__m256i v[4]) {
    __m256i a = _mm256_unpacklo_epi32(v[0], v[1]), b = _mm256_unpackhi_epi32(v[0], v[1]);
    __m256i c = _mm256_unpacklo_epi32(v[2], v[3]), d = _mm256_unpackhi_epi32(v[2], v[3]);
    v[0] = _mm256_unpacklo_epi64(a, c);
    v[1] = _mm256_unpackhi_epi64(a, c);
    v[2] = _mm256_unpacklo_epi64(b, d);
    v[3] = _mm256_unpackhi_epi64(b, d);
}

static inline void b_split4(bytes out[4], const uint8_t *in) {
    __m256i v[4];
    for (int i = 0; i < 4; i++)
        v[i] = _mm256_shuffle_epi8(halves_load(in + 16 * i, in + 64 + 16 * i), in_both(QUARTERS_SPLIT));
    transpose_ints(v);
    for (int j = 0; j < 4; j++)
        out[j] = v[j];
}

static inline void b_join4(uint8_t *out, const bytes in[4]) {
    __m256i r = in[0], g = in[1], b = in[2], a = in[3];
    __m256i rg0 = _mm256_unpacklo_epi8(r, g), rg1 = _mm256_unpackhi_epi8(r, g);
    __m256i ba0 = _mm256_unpacklo_epi8(b, a), ba1 = _mm256_unpackhi_epi8(b, a);
    halves_store(out, out + 64, _mm256_unpacklo_epi16(rg0, ba0));
    halves_store(out + 16, out + 80, _mm256_unpackhi_epi16(rg0, ba0));
    halves_store(out + 32, out + 96, _mm256_unpacklo_epi16(rg1, ba1));
    halves_store(out + 48, out + 112, _mm256_unpackhi_epi16(rg1, ba1));
}

/* ---- Blocks of codes, as bytes and as words ---- */

/* Widening works within lanes of 128 bits: of each one its lower 8 bytes, then its upper 8. */
typedef struct {
    __m256i half[2];
} words;
typedef __m256i flags;

static inline bytes b_all(uint8_t x) {
    return _mm256_set1_epi8((char)x);
}
static inline bytes b_load(const uint8_t *p) {
    return bytes_load(p);
}
static inline void b_store(uint8_t *p, bytes a) {
    bytes_store(p, a);
}
static inline bytes b_min(bytes a, bytes b) {
    return _mm256_min_epu8(a, b);
}
static inline bytes b_max(bytes a, bytes b) {
    return _mm256_max_epu8(a, b);
}
static inline bytes b_add(bytes a, bytes b) {
    return _mm256_adds_epu8(a, b);
}
static inline bytes b_sub(bytes a, bytes b) {
    return _mm256_subs_epu8(a, b);
}
static inline bytes b_average(bytes a, bytes b) {
    return _mm256_avg_epu8(a, b);
}
static inline flags b_equal(bytes a, bytes b) {
    return _mm256_cmpeq_epi8(a, b);
}
static inline flags b_at_most(bytes a, bytes b) {
    return _mm256_cmpeq_epi8(_mm256_min_epu8(a, b), a);
}
static inline bytes b_choose(flags m, bytes yes, bytes no) {
    return _mm256_blendv_epi8(no, yes, m);
}

/* Words with the bytes of `low` and `high`. */
static inline words w_joined(bytes low, bytes high) {
    return (words){{_mm256_unpacklo_epi8(low, high), _mm256_unpackhi_epi8(low, high)}};
}
static inline words w_all(uint16_t x) {
    __m256i all = _mm256_set1_epi16((short)x);
    return (words){{all, all}};
}
static inline words w_add(words a, words b) {
    return (words){{_mm256_add_epi16(a.half[0], b.half[0]), _mm256_add_epi16(a.half[1], b.half[1])}};
}
static inline words w_half(words a) {
    return (words){{_mm256_srli_epi16(a.half[0], 1), _mm256_srli_epi16(a.half[1], 1)}};
}
#define w_shift_right(a, n) ((words){{_mm256_srli_epi16((a).half[0], n), _mm256_srli_epi16((a).half[1], n)}})
static inline words w_mul(words a, words b) {
    return (words){{_mm256_mullo_epi16(a.half[0], b.half[0]), _mm256_mullo_epi16(a.half[1], b.half[1])}};
}
static inline words w_mul_high(words a, words b) {
    return (words){{_mm256_mulhi_epu16(a.half[0], b.half[0]), _mm256_mulhi_epu16(a.half[1], b.half[1])}};
}
static inline words w_product(bytes a, bytes b) {
    words x = w_joined(a, _mm256_setzero_si256()), y = w_joined(b, _mm256_setzero_si256());
    return (words){{_mm256_mullo_epi16(x.half[0], y.half[0]), _mm256_mullo_epi16(x.half[1], y.half[1])}};
}
/* Pairs of bytes are multiplied by signed bytes and summed: a large factor is 256 minus a small one. */
static inline words w_scaled(bytes a, uint8_t by, bytes b) {
    words ba = w_joined(b, a);
    const __m256i pair = _mm256_set1_epi16((short)(by < 128 ? by << 8 | 1 : (256 - by) << 8));
    words c = {{_mm256_maddubs_epi16(ba.half[0], pair), _mm256_maddubs_epi16(ba.half[1], pair)}};
    if (by < 128)
        return c;
    return (words){{_mm256_sub_epi16(ba.half[0], c.half[0]), _mm256_sub_epi16(ba.half[1], c.half[1])}};
}
static inline bytes w_bytes(words a) {
    return _mm256_packus_epi16(a.half[0], a.half[1]);
}
static inline void w_floats(floats out[4], words a) {
    for (int i = 0; i < 2; i++) {
        out[2 * i] = _mm256_cvtepi32_ps(_mm256_unpacklo_epi16(a.half[i], _mm256_setzero_si256()));
        out[2 * i + 1] = _mm256_cvtepi32_ps(_mm256_unpackhi_epi16(a.half[i], _mm256_setzero_si256()));
    }
}
static inline words w_truncated(const floats a[4]) {
    return (words){{_mm256_packus_epi32(_mm256_cvttps_epi32(a[0]), _mm256_cvttps_epi32(a[1])),
                    _mm256_packus_epi32(_mm256_cvttps_epi32(a[2]), _mm256_cvttps_epi32(a[3]))}};
}

typedef struct {
    floats reciprocal[4];
} divisor;

static inline divisor divisor_of(bytes d) {
    divisor r;
    w_floats(r.reciprocal, w_joined(d, _mm256_setzero_si256()));
    for (int i = 0; i < 4; i++)
        r.reciprocal[i] = f_div(f_all(1), r.reciprocal[i]);
    return r;
}
/* (n + 1 / 2) / d is 1 / 2 d or more away from an integer, and 2^-7 / d or less from what it is rounded to. */
static inline words w_quotient(words n, const divisor *d) {
    floats x[4];
    w_floats(x, n);
    for (int i = 0; i < 4; i++)
        x[i] = f_mul(f_add(x[i], f_all(.5f)), d->reciprocal[i]);
    return w_truncated(x);
}

/* ---- Ints as pairs of words ---- */

static inline void i_pairs(ints out[4], bytes low, bytes high) {
    words both = w_joined(low, high);
    for (int i = 0; i < 2; i++) {
        out[2 * i] = _mm256_unpacklo_epi8(both.half[i], _mm256_setzero_si256());
        out[2 * i + 1] = _mm256_unpackhi_epi8(both.half[i], _mm256_setzero_si256());
    }
}
static inline words i_words(bytes a) {
    return w_joined(a, _mm256_setzero_si256());
}
static inline bytes i_bytes(words a) {
    return w_bytes(a);
}
static inline words i_low(const ints a[4]) {
    const __m256i low = _mm256_set1_epi32(0xFFFF);
    return (words){{_mm256_packus_epi32(i_and(a[0], low), i_and(a[1], low)),
                    _mm256_packus_epi32(i_and(a[2], low), i_and(a[3], low))}};
}
static inline words i_high(const ints a[4]) {
    return (words){{_mm256_packus_epi32(_mm256_srli_epi32(a[0], 16), _mm256_srli_epi32(a[1], 16)),
                    _mm256_packus_epi32(_mm256_srli_epi32(a[2], 16), _mm256_srli_epi32(a[3], 16))}};
}
static inline ints i_dot(ints sum, ints a, ints b) {
    return i_add(sum, _mm256_madd_epi16(a, b));
}
static inline ints i_min_words(ints a, ints b) {
    return _mm256_min_epu16(a, b);
}
static inline bool i_any_low_zero(ints a) {
    return (_mm256_movemask_epi8(_mm256_cmpeq_epi16(a, _mm256_setzero_si256())) & 0x33333333) != 0;
}

/* Pixels of 3 codes straight to pairs: see luma.h. */
#define PIXELS_TO_INTS

/* Of two lanes the k-th 4 pixels; the last ones begin 4 bytes into what is loaded, as no more can be read. */
static inline __m256i four_load(const uint8_t *in, int k) {
    int at = k < 3 ? 12 * k : 32;
    return halves_load(in + at, in + 48 + at);
}
/* The bytes `first` and `second` of each pixel as pairs of words; 128: 0. */
static inline ints pair_picked(__m256i four, int k, int first, int second) {
    int at = k < 3 ? 0 : 4;
    char f = (char)(first + at), s = (char)(second + at), zero = (char)128;
    return _mm256_shuffle_epi8(
        four, in_both(_mm_setr_epi8(f, zero, s, zero, (char)(f + 3), zero, (char)(s + 3), zero, (char)(f + 6), zero,
                                    (char)(s + 6), zero, (char)(f + 9), zero, (char)(s + 9), zero)));
}
static inline void i_split3(ints pairs[4], ints third[4], const uint8_t *in) {
    for (int k = 0; k < 4; k++) {
        __m256i four = four_load(in, k);
        pairs[k] = pair_picked(four, k, 0, 1);
        third[k] = pair_picked(four, k, 2, 128);
    }
}
static inline void i_split1(words *first, ints pairs[4], const uint8_t *in) {
    ints y[4];
    for (int k = 0; k < 4; k++) {
        __m256i four = four_load(in, k);
        y[k] = pair_picked(four, k, 0, 128);
        pairs[k] = pair_picked(four, k, 1, 2);
    }
    for (int k = 0; k < 2; k++)
        first->half[k] = _mm256_packus_epi32(y[2 * k], y[2 * k + 1]);
}
static inline void i_join3(uint8_t *out, const words in[3]) {
    const bytes codes[3] = {i_bytes(in[0]), i_bytes(in[1]), i_bytes(in[2])};
    b_join3(out, codes);
}

/* ---- Tables of 256 floats: they do not fit the registers ---- */

typedef struct {
    const float *of;
} table256;

static inline table256 table256_load(const float p[256]) {
    return (table256){p};
}

static inline int bits_at(const float *table, uint32_t code) {
    int bits;
    memcpy(&bits, table + code, sizeof bits);
    return bits;
}
/* Four codes come by one load: loads are what these lookups wait for. */
static inline __m128i four_look(const float *table, const uint8_t *codes) {
    uint32_t c;
    memcpy(&c, codes, 4);
    __m128i v = _mm_cvtsi32_si128(bits_at(table, c & 255));
    v = _mm_insert_epi32(v, bits_at(table, c >> 8 & 255), 1);
    v = _mm_insert_epi32(v, bits_at(table, c >> 16 & 255), 2);
    return _mm_insert_epi32(v, bits_at(table, c >> 24), 3);
}
/* The floats of LANES codes. */
#define LANES_LOOK
static inline floats lanes_look(const float *table, const uint8_t *codes) {
    return _mm256_castsi256_ps(_mm256_set_m128i(four_look(table, codes + 4), four_look(table, codes)));
}
static inline void block_look(floats out[4], const table256 *table, const uint8_t *codes) {
    for (int i = 0; i < 4; i++)
        out[i] = lanes_look(table->of, codes + 8 * i);
}

/* ---- Codes of 16 bits ---- */

static inline ints words_load(const uint16_t *p) {
    return _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)p));
}
static inline void words_store(uint16_t *p, ints a) {
    __m256i low = _mm256_permute4x64_epi64(_mm256_packus_epi32(a, a), 0x08);
    _mm_storeu_si128((__m128i *)(void *)p, _mm256_castsi256_si128(low));
}

/* ---- Bytes that wrap, and what they cost ---- */

static inline bytes b_minus(bytes a, bytes b) {
    return _mm256_sub_epi8(a, b);
}
static inline bytes b_from_0(bytes a) {
    return _mm256_abs_epi8(a);
}

typedef __m256i bytes16;

static inline bytes16 bytes16_load(const uint8_t p[16]) {
    return in_both(_mm_loadu_si128((const __m128i *)(const void *)p));
}
static inline bytes b_look(bytes16 table, bytes index) {
    return _mm256_shuffle_epi8(table, index);
}
static inline ints i_add_costs(ints sum, bytes costs, bytes of) {
    bytes counted = _mm256_andnot_si256(_mm256_cmpeq_epi32(of, _mm256_setzero_si256()), costs);
    return i_add(sum, _mm256_sad_epu8(counted, _mm256_setzero_si256()));
}

#endif
