/* SPDX-License-Identifier: MIT */
/* scalar.h's operations on 4 lanes. */
#ifndef TILE_SIMD_NEON_H
#define TILE_SIMD_NEON_H

#include <arm_neon.h>
#include <stdbool.h>
#include <stdint.h>

#define LANES 4
#define BLOCK 16

typedef float32x4_t floats;
typedef int32x4_t ints;
typedef uint32x4_t mask;

/* ---- Floats ---- */

static inline floats f_all(float x) {
    return vdupq_n_f32(x);
}
static inline floats f_load(const float *p) {
    return vld1q_f32(p);
}
static inline void f_store(float *p, floats a) {
    vst1q_f32(p, a);
}
static inline floats f_add(floats a, floats b) {
    return vaddq_f32(a, b);
}
static inline floats f_sub(floats a, floats b) {
    return vsubq_f32(a, b);
}
static inline floats f_mul(floats a, floats b) {
    return vmulq_f32(a, b);
}
static inline floats f_div(floats a, floats b) {
    return vdivq_f32(a, b);
}
static inline floats f_sqrt(floats a) {
    return vsqrtq_f32(a);
}
static inline floats f_fma(floats a, floats b, floats c) {
    return vfmaq_f32(c, a, b);
}
/* Compared, as vmaxq_f32 and vminq_f32 give NaN where either is, and order the zeros. */
static inline floats f_max(floats a, floats b) {
    return vbslq_f32(vcgtq_f32(a, b), a, b);
}
static inline floats f_min(floats a, floats b) {
    return vbslq_f32(vcltq_f32(a, b), a, b);
}
static inline mask f_less(floats a, floats b) {
    return vcltq_f32(a, b);
}
static inline mask f_at_least(floats a, floats b) {
    return vcgeq_f32(a, b);
}
static inline floats f_choose(mask m, floats yes, floats no) {
    return vbslq_f32(m, yes, no);
}

/* ---- Integers ---- */

static inline ints i_all(int32_t x) {
    return vdupq_n_s32(x);
}
static inline ints i_and(ints a, ints b) {
    return vandq_s32(a, b);
}
static inline ints i_or(ints a, ints b) {
    return vorrq_s32(a, b);
}
static inline ints i_add(ints a, ints b) {
    return vaddq_s32(a, b);
}
static inline ints i_sub(ints a, ints b) {
    return vsubq_s32(a, b);
}
static inline ints i_bits(floats a) {
    return vreinterpretq_s32_f32(a);
}
static inline floats f_bits(ints a) {
    return vreinterpretq_f32_s32(a);
}
static inline floats f_mantissa(floats a) {
    return f_bits(i_or(i_and(i_bits(a), i_all(0x007FFFFF)), i_all(0x3F800000)));
}
#define i_shift_right(a, n) vreinterpretq_s32_u32(vreinterpretq_u32_s32(a) >> (n))
static inline floats f_of_ints(ints a) {
    return vcvtq_f32_s32(a);
}
static inline ints i_truncated(floats a) {
    return vcvtq_s32_f32(a);
}

/* ---- Tables of 16 floats ---- */

typedef uint8x16x4_t table16;

static inline table16 table16_load(const float p[16]) {
    return vld1q_u8_x4((const uint8_t *)(const void *)p);
}
/* Of each float's four bytes: 4 k, 4 k + 1, 4 k + 2, 4 k + 3. */
typedef uint8x16_t index16;
static inline index16 index16_of_shifted(ints a) {
    uint32x4_t k = vreinterpretq_u32_s32(vandq_s32(a, vdupq_n_s32(15)));
    return vreinterpretq_u8_u32(vmlaq_u32(vdupq_n_u32(0x03020100), k, vdupq_n_u32(0x04040404)));
}
#define index16_of(a, n) index16_of_shifted(i_shift_right(a, n))
static inline floats f_look(table16 table, index16 index) {
    return vreinterpretq_f32_u8(vqtbl4q_u8(table, index));
}

/* ---- Codes ---- */

static inline void codes_load(ints out[4], const uint8_t *p) {
    uint8x16_t codes = vld1q_u8(p);
    uint16x8_t low = vmovl_u8(vget_low_u8(codes)), high = vmovl_high_u8(codes);
    out[0] = vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(low)));
    out[1] = vreinterpretq_s32_u32(vmovl_high_u16(low));
    out[2] = vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(high)));
    out[3] = vreinterpretq_s32_u32(vmovl_high_u16(high));
}
static inline void codes_store(uint8_t *p, const ints in[4]) {
    int16x8_t low = vqmovn_high_s32(vqmovn_s32(in[0]), in[1]);
    int16x8_t high = vqmovn_high_s32(vqmovn_s32(in[2]), in[3]);
    vst1q_u8(p, vqmovun_high_s16(vqmovun_s16(low), high));
}

static inline ints words_load(const uint16_t *p) {
    return vreinterpretq_s32_u32(vmovl_u16(vld1_u16(p)));
}
static inline void words_store(uint16_t *p, ints a) {
    vst1_u16(p, vmovn_u32(vreinterpretq_u32_s32(a)));
}

typedef uint8x16_t bytes;

static inline void b_split3(bytes out[3], const uint8_t *in) {
    uint8x16x3_t pixels = vld3q_u8(in);
    for (int j = 0; j < 3; j++)
        out[j] = pixels.val[j];
}
static inline void b_join3(uint8_t *out, const bytes in[3]) {
    const uint8x16x3_t pixels = {{in[0], in[1], in[2]}};
    vst3q_u8(out, pixels);
}
static inline void b_split4(bytes out[4], const uint8_t *in) {
    uint8x16x4_t pixels = vld4q_u8(in);
    for (int j = 0; j < 4; j++)
        out[j] = pixels.val[j];
}
static inline void b_join4(uint8_t *out, const bytes in[4]) {
    const uint8x16x4_t pixels = {{in[0], in[1], in[2], in[3]}};
    vst4q_u8(out, pixels);
}

/* ---- Blocks of codes, as bytes and as words ---- */

typedef struct {
    uint16x8_t half[2];
} words;
typedef uint8x16_t flags;

static inline bytes b_all(uint8_t x) {
    return vdupq_n_u8(x);
}
static inline bytes b_load(const uint8_t *p) {
    return vld1q_u8(p);
}
static inline void b_store(uint8_t *p, bytes a) {
    vst1q_u8(p, a);
}
static inline bytes b_min(bytes a, bytes b) {
    return vminq_u8(a, b);
}
static inline bytes b_max(bytes a, bytes b) {
    return vmaxq_u8(a, b);
}
static inline bytes b_add(bytes a, bytes b) {
    return vqaddq_u8(a, b);
}
static inline bytes b_sub(bytes a, bytes b) {
    return vqsubq_u8(a, b);
}
static inline bytes b_average(bytes a, bytes b) {
    return vrhaddq_u8(a, b);
}
static inline flags b_equal(bytes a, bytes b) {
    return vceqq_u8(a, b);
}
static inline flags b_at_most(bytes a, bytes b) {
    return vcleq_u8(a, b);
}
static inline bytes b_choose(flags m, bytes yes, bytes no) {
    return vbslq_u8(m, yes, no);
}

static inline words w_all(uint16_t x) {
    return (words){{vdupq_n_u16(x), vdupq_n_u16(x)}};
}
static inline words w_add(words a, words b) {
    return (words){{vaddq_u16(a.half[0], b.half[0]), vaddq_u16(a.half[1], b.half[1])}};
}
static inline words w_half(words a) {
    return (words){{vshrq_n_u16(a.half[0], 1), vshrq_n_u16(a.half[1], 1)}};
}
#define w_shift_right(a, n) ((words){{vshrq_n_u16((a).half[0], n), vshrq_n_u16((a).half[1], n)}})
static inline words w_mul(words a, words b) {
    return (words){{vmulq_u16(a.half[0], b.half[0]), vmulq_u16(a.half[1], b.half[1])}};
}
static inline words w_mul_high(words a, words b) {
    words high;
    for (int i = 0; i < 2; i++) {
        uint32x4_t low = vmull_u16(vget_low_u16(a.half[i]), vget_low_u16(b.half[i]));
        high.half[i] =
            vuzp2q_u16(vreinterpretq_u16_u32(low), vreinterpretq_u16_u32(vmull_high_u16(a.half[i], b.half[i])));
    }
    return high;
}
static inline words w_product(bytes a, bytes b) {
    return (words){{vmull_u8(vget_low_u8(a), vget_low_u8(b)), vmull_high_u8(a, b)}};
}
static inline words w_scaled(bytes a, uint8_t by, bytes b) {
    return (words){{vmlal_u8(vmovl_u8(vget_low_u8(b)), vget_low_u8(a), vdup_n_u8(by)),
                    vmlal_high_u8(vmovl_high_u8(b), a, vdupq_n_u8(by))}};
}
static inline bytes w_bytes(words a) {
    return vmovn_high_u16(vmovn_u16(a.half[0]), a.half[1]);
}
static inline void w_floats(floats out[4], words a) {
    for (int i = 0; i < 2; i++) {
        out[2 * i] = vcvtq_f32_u32(vmovl_u16(vget_low_u16(a.half[i])));
        out[2 * i + 1] = vcvtq_f32_u32(vmovl_high_u16(a.half[i]));
    }
}
static inline words w_truncated(const floats a[4]) {
    words w;
    for (int i = 0; i < 2; i++)
        w.half[i] = vmovn_high_u32(vmovn_u32(vcvtq_u32_f32(a[2 * i])), vcvtq_u32_f32(a[2 * i + 1]));
    return w;
}

typedef struct {
    floats reciprocal[4];
} divisor;

static inline divisor divisor_of(bytes d) {
    divisor r;
    w_floats(r.reciprocal, (words){{vmovl_u8(vget_low_u8(d)), vmovl_high_u8(d)}});
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
    const bytes both[2] = {vzip1q_u8(low, high), vzip2q_u8(low, high)};
    for (int i = 0; i < 2; i++) {
        out[2 * i] = vreinterpretq_s32_u16(vmovl_u8(vget_low_u8(both[i])));
        out[2 * i + 1] = vreinterpretq_s32_u16(vmovl_high_u8(both[i]));
    }
}
static inline words i_words(bytes a) {
    return (words){{vmovl_u8(vget_low_u8(a)), vmovl_high_u8(a)}};
}
static inline bytes i_bytes(words a) {
    return vqmovun_high_s16(vqmovun_s16(vreinterpretq_s16_u16(a.half[0])), vreinterpretq_s16_u16(a.half[1]));
}
static inline words i_low(const ints a[4]) {
    return (words){{vuzp1q_u16(vreinterpretq_u16_s32(a[0]), vreinterpretq_u16_s32(a[1])),
                    vuzp1q_u16(vreinterpretq_u16_s32(a[2]), vreinterpretq_u16_s32(a[3]))}};
}
static inline words i_high(const ints a[4]) {
    return (words){{vuzp2q_u16(vreinterpretq_u16_s32(a[0]), vreinterpretq_u16_s32(a[1])),
                    vuzp2q_u16(vreinterpretq_u16_s32(a[2]), vreinterpretq_u16_s32(a[3]))}};
}
static inline ints i_dot(ints sum, ints a, ints b) {
    int16x8_t x = vreinterpretq_s16_s32(a), y = vreinterpretq_s16_s32(b);
    return vaddq_s32(sum, vpaddq_s32(vmull_s16(vget_low_s16(x), vget_low_s16(y)), vmull_high_s16(x, y)));
}
static inline ints i_min_words(ints a, ints b) {
    return vreinterpretq_s32_u16(vminq_u16(vreinterpretq_u16_s32(a), vreinterpretq_u16_s32(b)));
}
static inline bool i_any_low_zero(ints a) {
    return vminvq_u32(vandq_u32(vreinterpretq_u32_s32(a), vdupq_n_u32(0xFFFF))) == 0;
}

/* ---- Tables of 256 floats: they do not fit the registers ---- */

typedef struct {
    const float *of;
} table256;

static inline table256 table256_load(const float p[256]) {
    return (table256){p};
}
/* The floats of LANES codes. */
#define LANES_LOOK
static inline floats lanes_look(const float *table, const uint8_t *codes) {
    floats v = vld1q_dup_f32(&table[codes[0]]);
    v = vld1q_lane_f32(&table[codes[1]], v, 1);
    v = vld1q_lane_f32(&table[codes[2]], v, 2);
    return vld1q_lane_f32(&table[codes[3]], v, 3);
}
static inline void block_look(floats out[4], const table256 *table, const uint8_t *codes) {
    for (int i = 0; i < 4; i++)
        out[i] = lanes_look(table->of, codes + 4 * i);
}

/* ---- Bytes that wrap, and what they cost ---- */

static inline bytes b_minus(bytes a, bytes b) {
    return vsubq_u8(a, b);
}
static inline bytes b_from_0(bytes a) {
    return vreinterpretq_u8_s8(vabsq_s8(vreinterpretq_s8_u8(a)));
}

typedef uint8x16_t bytes16;

static inline bytes16 bytes16_load(const uint8_t p[16]) {
    return vld1q_u8(p);
}
static inline bytes b_look(bytes16 table, bytes index) {
    return vqtbl1q_u8(table, index);
}
static inline ints i_add_costs(ints sum, bytes costs, bytes of) {
    uint32x4_t fours = vreinterpretq_u32_u8(of);
    uint32x4_t four = vandq_u32(vpaddlq_u16(vpaddlq_u8(costs)), vtstq_u32(fours, fours));
    return vaddq_s32(sum, vreinterpretq_s32_u32(four));
}

#endif
