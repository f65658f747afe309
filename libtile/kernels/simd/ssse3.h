/* SPDX-License-Identifier: MIT */
/* scalar.h's operations on 4 lanes, for processors before AVX2. */
#ifndef TILE_SIMD_SSSE3_H
#define TILE_SIMD_SSSE3_H

#include "../bits.h"
#include "thirds.h"

#include <stdbool.h>
#include <stdint.h>
#include <tmmintrin.h>

#define LANES 4
#define BLOCK 16

typedef __m128 floats;
typedef __m128i ints;
typedef __m128 mask; /* all bits of a lane */

/* ---- Floats ---- */

static inline floats f_all(float x) {
    return _mm_set1_ps(x);
}
static inline floats f_load(const float *p) {
    return _mm_loadu_ps(p);
}
static inline void f_store(float *p, floats a) {
    _mm_storeu_ps(p, a);
}
static inline floats f_add(floats a, floats b) {
    return _mm_add_ps(a, b);
}
static inline floats f_sub(floats a, floats b) {
    return _mm_sub_ps(a, b);
}
static inline floats f_mul(floats a, floats b) {
    return _mm_mul_ps(a, b);
}
static inline floats f_div(floats a, floats b) {
    return _mm_div_ps(a, b);
}
static inline floats f_sqrt(floats a) {
    return _mm_sqrt_ps(a);
}
/* fma_of of each lane, where their sums in double precision cannot just be rounded. */
static inline floats fma_of_each(floats a, floats b, floats c) {
    float x[4], y[4], z[4];
    f_store(x, a);
    f_store(y, b);
    f_store(z, c);
    for (int i = 0; i < 4; i++)
        z[i] = fma_of(x[i], y[i], z[i]);
    return f_load(z);
}
static inline __m128d upper_doubles(floats a) {
    return _mm_cvtps_pd(_mm_movehl_ps(a, a));
}
/* As fma_of. */
static inline floats f_fma(floats a, floats b, floats c) {
    __m128d low = _mm_add_pd(_mm_mul_pd(_mm_cvtps_pd(a), _mm_cvtps_pd(b)), _mm_cvtps_pd(c));
    __m128d high = _mm_add_pd(_mm_mul_pd(upper_doubles(a), upper_doubles(b)), upper_doubles(c));
    const __m128 x = _mm_castpd_ps(low), y = _mm_castpd_ps(high);
    __m128i lower = _mm_castps_si128(_mm_shuffle_ps(x, y, 0x88)), upper = _mm_castps_si128(_mm_shuffle_ps(x, y, 0xDD));
    __m128i half = _mm_cmpeq_epi32(_mm_and_si128(lower, _mm_set1_epi32(0x1FFFFFFF)), _mm_set1_epi32(0x10000000));
    __m128i exponent = _mm_and_si128(upper, _mm_set1_epi32(0x7FF00000));
    __m128i subnormal = _mm_and_si128(_mm_cmpgt_epi32(exponent, _mm_setzero_si128()),
                                      _mm_cmplt_epi32(exponent, _mm_set1_epi32((1023 - 126) << 20)));
    if (_mm_movemask_epi8(_mm_or_si128(half, subnormal)))
        return fma_of_each(a, b, c);
    return _mm_movelh_ps(_mm_cvtpd_ps(low), _mm_cvtpd_ps(high));
}
static inline floats f_max(floats a, floats b) {
    return _mm_max_ps(a, b);
}
static inline floats f_min(floats a, floats b) {
    return _mm_min_ps(a, b);
}
static inline mask f_less(floats a, floats b) {
    return _mm_cmplt_ps(a, b);
}
static inline mask f_at_least(floats a, floats b) {
    return _mm_cmpge_ps(a, b);
}
static inline floats f_choose(mask m, floats yes, floats no) {
    return _mm_or_ps(_mm_and_ps(m, yes), _mm_andnot_ps(m, no));
}

/* ---- Integers ---- */

static inline ints i_all(int32_t x) {
    return _mm_set1_epi32(x);
}
static inline ints i_and(ints a, ints b) {
    return _mm_and_si128(a, b);
}
static inline ints i_or(ints a, ints b) {
    return _mm_or_si128(a, b);
}
static inline ints i_add(ints a, ints b) {
    return _mm_add_epi32(a, b);
}
static inline ints i_sub(ints a, ints b) {
    return _mm_sub_epi32(a, b);
}
static inline ints i_bits(floats a) {
    return _mm_castps_si128(a);
}
static inline floats f_bits(ints a) {
    return _mm_castsi128_ps(a);
}
static inline floats f_mantissa(floats a) {
    return f_bits(i_or(i_and(i_bits(a), i_all(0x007FFFFF)), i_all(0x3F800000)));
}
#define i_shift_right(a, n) _mm_srli_epi32(a, n)
static inline floats f_of_ints(ints a) {
    return _mm_cvtepi32_ps(a);
}
static inline ints i_truncated(floats a) {
    return _mm_cvttps_epi32(a);
}

/* ---- Tables, in memory ---- */

typedef const float *table16;

static inline table16 table16_load(const float p[16]) {
    return p;
}
typedef ints index16;
#define index16_of(a, n) _mm_and_si128(_mm_srli_epi32(a, n), _mm_set1_epi32(15))
static inline floats f_look(table16 table, index16 index) { /* indices are in the lower halves of 32 bits */
    return _mm_setr_ps(table[_mm_extract_epi16(index, 0)], table[_mm_extract_epi16(index, 2)],
                       table[_mm_extract_epi16(index, 4)], table[_mm_extract_epi16(index, 6)]);
}

typedef struct {
    const float *of;
} table256;

static inline table256 table256_load(const float p[256]) {
    return (table256){p};
}
#define LANES_LOOK
static inline floats lanes_look(const float *table, const uint8_t *codes) {
    return _mm_setr_ps(table[codes[0]], table[codes[1]], table[codes[2]], table[codes[3]]);
}
static inline void block_look(floats out[4], const table256 *table, const uint8_t *codes) {
    for (int i = 0; i < 4; i++)
        out[i] = lanes_look(table->of, codes + 4 * i);
}

/* ---- Codes ---- */

typedef __m128i bytes;

static inline __m128i bytes_load(const uint8_t *p) {
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}
static inline void bytes_store(uint8_t *p, __m128i a) {
    _mm_storeu_si128((__m128i *)(void *)p, a);
}

static inline void codes_load(ints out[4], const uint8_t *p) {
    const __m128i zero = _mm_setzero_si128();
    __m128i low = _mm_unpacklo_epi8(bytes_load(p), zero), high = _mm_unpackhi_epi8(bytes_load(p), zero);
    out[0] = _mm_unpacklo_epi16(low, zero);
    out[1] = _mm_unpackhi_epi16(low, zero);
    out[2] = _mm_unpacklo_epi16(high, zero);
    out[3] = _mm_unpackhi_epi16(high, zero);
}
static inline void codes_store(uint8_t *p, const ints in[4]) {
    bytes_store(p, _mm_packus_epi16(_mm_packs_epi32(in[0], in[1]), _mm_packs_epi32(in[2], in[3])));
}

/* The words from which `order` takes two bytes each, of both. */
static inline __m128i words_picked(ints a, ints b, __m128i order) {
    return _mm_unpacklo_epi64(_mm_shuffle_epi8(a, order), _mm_shuffle_epi8(b, order));
}
static inline __m128i words_low(ints a, ints b) {
    return words_picked(a, b, _mm_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, -1, -1, -1, -1, -1, -1, -1, -1));
}
static inline __m128i words_high(ints a, ints b) {
    return words_picked(a, b, _mm_setr_epi8(2, 3, 6, 7, 10, 11, 14, 15, -1, -1, -1, -1, -1, -1, -1, -1));
}

static inline ints words_load(const uint16_t *p) {
    return _mm_unpacklo_epi16(_mm_loadl_epi64((const __m128i *)(const void *)p), _mm_setzero_si128());
}
static inline void words_store(uint16_t *p, ints a) {
    _mm_storel_epi64((__m128i *)(void *)p, words_low(a, a));
}

/* Of a the bytes 0, 3, 6 ..., of b the bytes 1, 4, 7 ..., of c the bytes 2, 5, 8 ...; see thirds.h. */
static inline __m128i thirds(__m128i a, __m128i b, __m128i c) {
    const __m128i from_1 = THIRDS_FROM_1, from_2 = THIRDS_FROM_2;
    a = _mm_andnot_si128(_mm_or_si128(from_1, from_2), a);
    return _mm_or_si128(a, _mm_or_si128(_mm_and_si128(b, from_1), _mm_and_si128(c, from_2)));
}

static inline void b_split3(bytes out[3], const uint8_t *in) {
    __m128i a = bytes_load(in), b = bytes_load(in + 16), c = bytes_load(in + 32);
    out[0] = _mm_shuffle_epi8(thirds(a, c, b), THIRDS_SPLIT_0);
    out[1] = _mm_shuffle_epi8(thirds(b, a, c), THIRDS_SPLIT_1);
    out[2] = _mm_shuffle_epi8(thirds(c, b, a), THIRDS_SPLIT_2);
}

static inline void b_join3(uint8_t *out, const bytes in[3]) {
    __m128i r = _mm_shuffle_epi8(in[0], THIRDS_JOIN_0);
    __m128i g = _mm_shuffle_epi8(in[1], THIRDS_JOIN_1);
    __m128i b = _mm_shuffle_epi8(in[2], THIRDS_JOIN_2);
    bytes_store(out, thirds(r, g, b));
    bytes_store(out + 16, thirds(g, b, r));
    bytes_store(out + 32, thirds(b, r, g));
}

static inline void b_split4(bytes out[4], const uint8_t *in) {
    __m128i v[4];
    for (int i = 0; i < 4; i++)
        v[i] = _mm_shuffle_epi8(bytes_load(in + 16 * i), QUARTERS_SPLIT);
    __m128i a = _mm_unpacklo_epi32(v[0], v[1]), b = _mm_unpackhi_epi32(v[0], v[1]);
    __m128i c = _mm_unpacklo_epi32(v[2], v[3]), d = _mm_unpackhi_epi32(v[2], v[3]);
    out[0] = _mm_unpacklo_epi64(a, c);
    out[1] = _mm_unpackhi_epi64(a, c);
    out[2] = _mm_unpacklo_epi64(b, d);
    out[3] = _mm_unpackhi_epi64(b, d);
}

static inline void b_join4(uint8_t *out, const bytes in[4]) {
    __m128i r = in[0], g = in[1], b = in[2], a = in[3];
    __m128i rg0 = _mm_unpacklo_epi8(r, g), rg1 = _mm_unpackhi_epi8(r, g);
    __m128i ba0 = _mm_unpacklo_epi8(b, a), ba1 = _mm_unpackhi_epi8(b, a);
    bytes_store(out, _mm_unpacklo_epi16(rg0, ba0));
    bytes_store(out + 16, _mm_unpackhi_epi16(rg0, ba0));
    bytes_store(out + 32, _mm_unpacklo_epi16(rg1, ba1));
    bytes_store(out + 48, _mm_unpackhi_epi16(rg1, ba1));
}

/* ---- Blocks of codes, as bytes and as words ---- */

typedef struct {
    __m128i half[2];
} words;
typedef __m128i flags;

static inline bytes b_all(uint8_t x) {
    return _mm_set1_epi8((char)x);
}
static inline bytes b_load(const uint8_t *p) {
    return bytes_load(p);
}
static inline void b_store(uint8_t *p, bytes a) {
    bytes_store(p, a);
}
static inline bytes b_min(bytes a, bytes b) {
    return _mm_min_epu8(a, b);
}
static inline bytes b_max(bytes a, bytes b) {
    return _mm_max_epu8(a, b);
}
static inline bytes b_add(bytes a, bytes b) {
    return _mm_adds_epu8(a, b);
}
static inline bytes b_sub(bytes a, bytes b) {
    return _mm_subs_epu8(a, b);
}
static inline bytes b_average(bytes a, bytes b) {
    return _mm_avg_epu8(a, b);
}
static inline flags b_equal(bytes a, bytes b) {
    return _mm_cmpeq_epi8(a, b);
}
static inline flags b_at_most(bytes a, bytes b) {
    return _mm_cmpeq_epi8(_mm_min_epu8(a, b), a);
}
static inline bytes b_choose(flags m, bytes yes, bytes no) {
    return _mm_or_si128(_mm_and_si128(m, yes), _mm_andnot_si128(m, no));
}

static inline words w_joined(bytes low, bytes high) {
    return (words){{_mm_unpacklo_epi8(low, high), _mm_unpackhi_epi8(low, high)}};
}
static inline words w_all(uint16_t x) {
    __m128i all = _mm_set1_epi16((short)x);
    return (words){{all, all}};
}
static inline words w_add(words a, words b) {
    return (words){{_mm_add_epi16(a.half[0], b.half[0]), _mm_add_epi16(a.half[1], b.half[1])}};
}
static inline words w_half(words a) {
    return (words){{_mm_srli_epi16(a.half[0], 1), _mm_srli_epi16(a.half[1], 1)}};
}
static inline words w_mul(words a, words b) {
    return (words){{_mm_mullo_epi16(a.half[0], b.half[0]), _mm_mullo_epi16(a.half[1], b.half[1])}};
}
static inline words w_mul_high(words a, words b) {
    return (words){{_mm_mulhi_epu16(a.half[0], b.half[0]), _mm_mulhi_epu16(a.half[1], b.half[1])}};
}
static inline words w_product(bytes a, bytes b) {
    return w_mul(w_joined(a, _mm_setzero_si128()), w_joined(b, _mm_setzero_si128()));
}
static inline words w_scaled(bytes a, uint8_t by, bytes b) {
    return w_add(w_product(a, b_all(by)), w_joined(b, _mm_setzero_si128()));
}
#define w_shift_right(a, n) ((words){{_mm_srli_epi16((a).half[0], n), _mm_srli_epi16((a).half[1], n)}})
static inline bytes w_bytes(words a) {
    return _mm_packus_epi16(a.half[0], a.half[1]);
}
static inline void w_floats(floats out[4], words a) {
    for (int i = 0; i < 2; i++) {
        out[2 * i] = _mm_cvtepi32_ps(_mm_unpacklo_epi16(a.half[i], _mm_setzero_si128()));
        out[2 * i + 1] = _mm_cvtepi32_ps(_mm_unpackhi_epi16(a.half[i], _mm_setzero_si128()));
    }
}
static inline words w_truncated(const floats a[4]) {
    return (words){{words_low(_mm_cvttps_epi32(a[0]), _mm_cvttps_epi32(a[1])),
                    words_low(_mm_cvttps_epi32(a[2]), _mm_cvttps_epi32(a[3]))}};
}

typedef struct {
    floats of[4];
} divisor;

static inline divisor divisor_of(bytes d) {
    divisor r;
    w_floats(r.of, w_joined(d, _mm_setzero_si128()));
    return r;
}
/* A quotient that is not an integer is 2^-8 or more away from one, and from what it is rounded to 2^-9 or less. */
static inline words w_quotient(words n, const divisor *d) {
    floats x[4];
    w_floats(x, n);
    for (int i = 0; i < 4; i++)
        x[i] = f_div(x[i], d->of[i]);
    return w_truncated(x);
}

/* ---- Ints as pairs of words ---- */

static inline void i_pairs(ints out[4], bytes low, bytes high) {
    words both = w_joined(low, high);
    for (int i = 0; i < 2; i++) {
        out[2 * i] = _mm_unpacklo_epi8(both.half[i], _mm_setzero_si128());
        out[2 * i + 1] = _mm_unpackhi_epi8(both.half[i], _mm_setzero_si128());
    }
}
static inline words i_words(bytes a) {
    return w_joined(a, _mm_setzero_si128());
}
static inline bytes i_bytes(words a) {
    return w_bytes(a);
}
static inline words i_low(const ints a[4]) {
    return (words){{words_low(a[0], a[1]), words_low(a[2], a[3])}};
}
static inline words i_high(const ints a[4]) {
    return (words){{words_high(a[0], a[1]), words_high(a[2], a[3])}};
}
static inline ints i_dot(ints sum, ints a, ints b) {
    return i_add(sum, _mm_madd_epi16(a, b));
}
static inline ints i_min_words(ints a, ints b) {
    return _mm_sub_epi16(a, _mm_subs_epu16(a, b));
}
static inline bool i_any_low_zero(ints a) {
    return (_mm_movemask_epi8(_mm_cmpeq_epi16(a, _mm_setzero_si128())) & 0x3333) != 0;
}

/* ---- Bytes that wrap, and what they cost ---- */

static inline bytes b_minus(bytes a, bytes b) {
    return _mm_sub_epi8(a, b);
}
static inline bytes b_from_0(bytes a) {
    return _mm_abs_epi8(a);
}

typedef __m128i bytes16;

static inline bytes16 bytes16_load(const uint8_t p[16]) {
    return bytes_load(p);
}
static inline bytes b_look(bytes16 table, bytes index) {
    return _mm_shuffle_epi8(table, index);
}
static inline ints i_add_costs(ints sum, bytes costs, bytes of) {
    bytes counted = _mm_andnot_si128(_mm_cmpeq_epi32(of, _mm_setzero_si128()), costs);
    return i_add(sum, _mm_sad_epu8(counted, _mm_setzero_si128()));
}

#endif
