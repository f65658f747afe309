/* SPDX-License-Identifier: MIT */
/*
 * Vectors of one lane: what each operation of a vector header means. The other headers define the same names for their
 * ISA, with the same bits as result.
 *
 * floats, ints and mask hold LANES lanes of 32 bits; a block is BLOCK = 4 LANES pixels.
 */
#ifndef TILE_SIMD_SCALAR_H
#define TILE_SIMD_SCALAR_H

#include "../bits.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define LANES 1
#define BLOCK 4

typedef float floats;
typedef int32_t ints;
typedef bool mask;

/* ---- Floats ---- */

static inline floats f_all(float x) {
    return x;
}
static inline floats f_load(const float *p) {
    return *p;
}
static inline void f_store(float *p, floats a) {
    *p = a;
}
static inline floats f_add(floats a, floats b) {
    return a + b;
}
static inline floats f_sub(floats a, floats b) {
    return a - b;
}
static inline floats f_mul(floats a, floats b) {
    return a * b;
}
static inline floats f_div(floats a, floats b) {
    return a / b;
}
static inline floats f_sqrt(floats a) {
    return __builtin_sqrtf(a); /* correctly rounded everywhere */
}
/* a * b + c, rounded once. */
static inline floats f_fma(floats a, floats b, floats c) {
    return fma_of(a, b, c);
}
/* The second where either is NaN. */
static inline floats f_max(floats a, floats b) {
    return a > b ? a : b;
}
static inline floats f_min(floats a, floats b) {
    return a < b ? a : b;
}
static inline mask f_less(floats a, floats b) {
    return a < b;
}
static inline mask f_at_least(floats a, floats b) {
    return a >= b;
}
static inline floats f_choose(mask m, floats yes, floats no) {
    return m ? yes : no;
}

/* ---- Integers ---- */

static inline ints i_all(int32_t x) {
    return x;
}
static inline ints i_and(ints a, ints b) {
    return a & b;
}
static inline ints i_or(ints a, ints b) {
    return a | b;
}
static inline ints i_add(ints a, ints b) {
    return (ints)((uint32_t)a + (uint32_t)b);
}
static inline ints i_sub(ints a, ints b) {
    return (ints)((uint32_t)a - (uint32_t)b);
}
/* The bits of a float, and back. */
static inline ints i_bits(floats a) {
    return (ints)bits_of_float(a);
}
static inline floats f_bits(ints a) {
    return float_of_bits((uint32_t)a);
}
/* 1 <= m < 2 of a positive m 2^e. */
static inline floats f_mantissa(floats a) {
    return f_bits((i_bits(a) & 0x007FFFFF) | 0x3F800000);
}
/* Without the sign. */
#define i_shift_right(a, n) ((ints)((uint32_t)(a) >> (n)))
static inline floats f_of_ints(ints a) {
    return (floats)a;
}
/* Towards zero, below 2^31; of NaN and of less than -2^31 something that is not positive. */
static inline ints i_truncated(floats a) {
    return a >= -0x1p31f ? (ints)a : INT32_MIN;
}

/* ---- Tables of 16 floats, looked up by the low 4 bits ---- */

typedef const float *table16;

static inline table16 table16_load(const float p[16]) {
    return p;
}
/* What several lookups by the same index share. */
typedef ints index16;
/* Bits n to n + 3 of a. */
#define index16_of(a, n) i_shift_right(a, n)
static inline floats f_look(table16 table, index16 index) {
    return table[index & 15];
}

/* ---- Codes ---- */

/* A block of codes as BLOCK ints. */
static inline void codes_load(ints out[4], const uint8_t *p) {
    for (int i = 0; i < 4; i++)
        out[i] = p[i];
}
/* A block of ints as codes; below 0 is 0, above 255 is 255. */
static inline void codes_store(uint8_t *p, const ints in[4]) {
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(in[i] < 0 ? 0 : in[i] > 255 ? 255 : in[i]);
}

/* LANES codes of 16 bits. */
static inline ints words_load(const uint16_t *p) {
    return *p;
}
static inline void words_store(uint16_t *p, ints a) {
    *p = (uint16_t)a;
}

/* ---- Blocks of codes, as bytes and as words of 16 bits, which are in an order of their own ---- */

typedef struct {
    uint8_t lane[BLOCK];
} bytes;
typedef struct {
    uint16_t lane[BLOCK];
} words;
typedef struct {
    bool lane[BLOCK];
} flags;

#define EACH_LANE(type, value)                                                                                         \
    type result;                                                                                                       \
    for (int i = 0; i < BLOCK; i++)                                                                                    \
        result.lane[i] = value;                                                                                        \
    return result

static inline bytes b_all(uint8_t x) {
    EACH_LANE(bytes, x);
}
static inline bytes b_load(const uint8_t *p) {
    EACH_LANE(bytes, p[i]);
}
static inline void b_store(uint8_t *p, bytes a) {
    memcpy(p, a.lane, BLOCK);
}
/* A block of interleaved pixels to its channels, and back. */
static inline void b_split3(bytes out[3], const uint8_t *in) {
    for (int i = 0; i < BLOCK; i++)
        for (int j = 0; j < 3; j++)
            out[j].lane[i] = in[3 * i + j];
}
static inline void b_join3(uint8_t *out, const bytes in[3]) {
    for (int i = 0; i < BLOCK; i++)
        for (int j = 0; j < 3; j++)
            out[3 * i + j] = in[j].lane[i];
}
static inline void b_split4(bytes out[4], const uint8_t *in) {
    for (int i = 0; i < BLOCK; i++)
        for (int j = 0; j < 4; j++)
            out[j].lane[i] = in[4 * i + j];
}
static inline void b_join4(uint8_t *out, const bytes in[4]) {
    for (int i = 0; i < BLOCK; i++)
        for (int j = 0; j < 4; j++)
            out[4 * i + j] = in[j].lane[i];
}

static inline bytes b_min(bytes a, bytes b) {
    EACH_LANE(bytes, a.lane[i] < b.lane[i] ? a.lane[i] : b.lane[i]);
}
static inline bytes b_max(bytes a, bytes b) {
    EACH_LANE(bytes, a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i]);
}
/* At most 255. */
static inline bytes b_add(bytes a, bytes b) {
    EACH_LANE(bytes, (uint8_t)(a.lane[i] + b.lane[i] > 255 ? 255 : a.lane[i] + b.lane[i]));
}
/* At least 0. */
static inline bytes b_sub(bytes a, bytes b) {
    EACH_LANE(bytes, (uint8_t)(a.lane[i] > b.lane[i] ? a.lane[i] - b.lane[i] : 0));
}
/* (a + b) / 2, a half upwards. */
static inline bytes b_average(bytes a, bytes b) {
    EACH_LANE(bytes, (uint8_t)((a.lane[i] + b.lane[i] + 1) >> 1));
}
static inline flags b_equal(bytes a, bytes b) {
    EACH_LANE(flags, a.lane[i] == b.lane[i]);
}
static inline flags b_at_most(bytes a, bytes b) {
    EACH_LANE(flags, a.lane[i] <= b.lane[i]);
}
static inline bytes b_choose(flags m, bytes yes, bytes no) {
    EACH_LANE(bytes, m.lane[i] ? yes.lane[i] : no.lane[i]);
}

static inline words w_all(uint16_t x) {
    EACH_LANE(words, x);
}
static inline words w_add(words a, words b) {
    EACH_LANE(words, (uint16_t)(a.lane[i] + b.lane[i]));
}
static inline words w_half(words a) {
    EACH_LANE(words, a.lane[i] >> 1);
}
static inline words w_shift_right(words a, int n) {
    EACH_LANE(words, (uint16_t)(a.lane[i] >> n));
}
/* The lower and the upper 16 bits of a * b. */
static inline words w_mul(words a, words b) {
    EACH_LANE(words, (uint16_t)((uint32_t)a.lane[i] * b.lane[i]));
}
static inline words w_mul_high(words a, words b) {
    EACH_LANE(words, (uint16_t)((uint32_t)a.lane[i] * b.lane[i] >> 16));
}
/* a * b */
static inline words w_product(bytes a, bytes b) {
    EACH_LANE(words, (uint16_t)(a.lane[i] * b.lane[i]));
}
/* a * by + b; `by` is a constant and not 128. */
static inline words w_scaled(bytes a, uint8_t by, bytes b) {
    EACH_LANE(words, (uint16_t)(a.lane[i] * by + b.lane[i]));
}
/* Of words up to 255. */
static inline bytes w_bytes(words a) {
    EACH_LANE(bytes, (uint8_t)a.lane[i]);
}
/* Four times LANES floats, in an order of their own too, and back: towards zero, of 0 to 65535. */
static inline void w_floats(floats out[4], words a) {
    for (int i = 0; i < 4; i++)
        out[i] = a.lane[i];
}
static inline words w_truncated(const floats a[4]) {
    EACH_LANE(words, (uint16_t)a[i]);
}

/* What divisions by the same 1 to 255 share. */
typedef bytes divisor;

static inline divisor divisor_of(bytes d) {
    return d;
}
/* n / d, rounded down. */
static inline words w_quotient(words n, const divisor *d) {
    EACH_LANE(words, (uint16_t)(n.lane[i] / d->lane[i]));
}

/* ---- Ints as pairs of words; in these operations words and blocks of ints have another order of their own ---- */

/* Of each pixel the code of `low` and that of `high`. */
static inline void i_pairs(ints out[4], bytes low, bytes high) {
    for (int i = 0; i < 4; i++)
        out[i] = low.lane[i] | high.lane[i] << 16;
}
static inline words i_words(bytes a) {
    EACH_LANE(words, a.lane[i]);
}
/* Of words with a sign: below 0 is 0, above 255 is 255. */
static inline bytes i_bytes(words a) {
    EACH_LANE(bytes, (uint8_t)((int16_t)a.lane[i] < 0 ? 0 : a.lane[i] > 255 ? 255 : a.lane[i]));
}
/* The lower words, and the upper ones. */
static inline words i_low(const ints a[4]) {
    EACH_LANE(words, (uint16_t)a[i]);
}
static inline words i_high(const ints a[4]) {
    EACH_LANE(words, (uint16_t)((uint32_t)a[i] >> 16));
}
/* sum + the products of both words, which have a sign. */
static inline ints i_dot(ints sum, ints a, ints b) {
    return i_add(sum, i_add((int16_t)a * (int16_t)b, (a >> 16) * (b >> 16)));
}
/* Of each word, without a sign, the lower. */
static inline ints i_min_words(ints a, ints b) {
    uint32_t x = (uint32_t)a, y = (uint32_t)b, low = 0xFFFF, high = ~low;
    return (ints)(((x & low) < (y & low) ? x & low : y & low) | ((x & high) < (y & high) ? x & high : y & high));
}
/* Whether a lower word is 0. */
static inline bool i_any_low_zero(ints a) {
    return (a & 0xFFFF) == 0;
}

/* ---- Tables of 256 floats, looked up by codes ---- */

typedef struct {
    const float *of;
} table256;

static inline table256 table256_load(const float p[256]) {
    return (table256){p};
}
/* The floats of LANES codes, where that takes no more than their address. */
#define LANES_LOOK
static inline floats lanes_look(const float *table, const uint8_t *codes) {
    return table[*codes];
}
/* The floats of a block of codes. */
static inline void block_look(floats out[4], const table256 *table, const uint8_t *codes) {
    for (int i = 0; i < 4; i++)
        out[i] = lanes_look(table->of, codes + i);
}

/* ---- Bytes that wrap, and what they cost ---- */

/* a - b of 256 values. */
static inline bytes b_minus(bytes a, bytes b) {
    EACH_LANE(bytes, (uint8_t)(a.lane[i] - b.lane[i]));
}
/* How far a byte is from 0 of 256 values: at most 128. */
static inline bytes b_from_0(bytes a) {
    EACH_LANE(bytes, (uint8_t)(a.lane[i] < 128 ? a.lane[i] : 256 - a.lane[i]));
}

/* 16 bytes, looked up by indices below 16. */
typedef const uint8_t *bytes16;

static inline bytes16 bytes16_load(const uint8_t p[16]) {
    return p;
}
static inline bytes b_look(bytes16 table, bytes index) {
    EACH_LANE(bytes, table[index.lane[i]]);
}
/* To lanes, it does not matter which, the sum of each four costs, unless their four bytes are 0. */
static inline ints i_add_costs(ints sum, bytes costs, bytes of) {
    ints four = 0;
    uint8_t any = 0;
    for (int i = 0; i < BLOCK; i++) {
        four += costs.lane[i];
        any |= of.lane[i];
    }
    return i_add(sum, any ? four : 0);
}

#endif
