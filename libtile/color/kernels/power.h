/* SPDX-License-Identifier: MIT */
/*
 * Light to codes: powers, roots and what is made of them.
 *
 * x^p of x = m 2^e, 1 <= m < 2, is m^p 2^(e p): one of 16 parabolas by the upper bits of m, times one of 16 scales by
 * the lower bits of e. A parabola is within 4e-7 of the cube root or of an RGB's curve.
 */
#ifndef TILE_COLOR_POWER_H
#define TILE_COLOR_POWER_H

#include "kernels.h"

struct powers {
    table16 c0, c1, c2, scale;
};

static inline struct powers powers_load(const struct tile_power *p) {
    return (struct powers){table16_load(p->c[0]), table16_load(p->c[1]), table16_load(p->c[2]), table16_load(p->scale)};
}

/* m^p, and 2^(e p) in *scale. */
static inline floats power_parts(const struct powers *p, floats x, floats *scale) {
    ints bits = i_bits(x);
    index16 segment = index16_of(bits, 19), exponent = index16_of(bits, 23);
    floats m = f_mantissa(x);
    *scale = f_look(p->scale, exponent);
    return f_fma(f_fma(f_look(p->c2, segment), m, f_look(p->c1, segment)), m, f_look(p->c0, segment));
}

/* ---- RGB's curves ---- */

/* Below 1 all exponents have a scale. */
#define BELOW_ONE 0x1.fffffep-1f

static void encode(uint8_t *const *out, float *const *in, size_t count, int channels, const struct tile_curve *curve) {
    const struct powers power = powers_load(&curve->power);
    const floats knee = f_all(curve->knee), slope = f_all(curve->slope), lift = f_all(curve->lift), half = f_all(.5f),
                 one = f_all(BELOW_ONE), zero = f_all(0);
    for (int j = 0; j < channels; j++)
        for (size_t i = 0; i < count; i += BLOCK) {
            ints codes[4];
            for (size_t k = 0; k < 4; k++) {
                floats v = f_min(f_max(f_load(in[j] + i + k * LANES), zero), one), scale;
                floats high = power_parts(&power, v, &scale);
                codes[k] = i_truncated(f_choose(f_less(v, knee), f_fma(v, slope, half), f_fma(high, scale, lift)));
            }
            codes_store(out[j] + i, codes);
        }
}

/* ---- Roots ---- */

/*
 * `scale` f(x) + `lift`, of CIE's f as in rows.h; the root comes multiplied by `scale`, the light by 1 / white.
 */
static inline floats cie_f(const struct powers *root, floats x, float scale, float lift) {
    floats power, high = power_parts(root, x, &power);
    return f_choose(f_less(x, f_all(216 / 24389.f)),
                    f_fma(x, f_all(24389 / 27.f / 116 * scale), f_all(16 / 116.f * scale + lift)),
                    lift != 0 ? f_fma(high, power, f_all(lift)) : f_mul(high, power));
}

static void lab_codes(uint8_t *const *out, float *const *in, size_t count, const struct tile_lab *lab) {
    struct powers rx = powers_load(&lab->root), ry = rx, rz = rx;
    rx.scale = table16_load(lab->scale_x);
    rz.scale = table16_load(lab->scale_z);
    for (size_t i = 0; i < count; i += BLOCK) {
        ints l[4], a[4], b[4];
        for (size_t k = 0; k < 4; k++) {
            floats y = cie_f(&ry, f_load(in[1] + i + k * LANES), 1, 0);
            floats x = cie_f(&rx, f_load(in[0] + i + k * LANES), 500, 128.5f);
            floats z = cie_f(&rz, f_load(in[2] + i + k * LANES), -200, 128.5f);
            l[k] = i_truncated(f_fma(y, f_all(116 * 2.55f), f_all(.5f - 16 * 2.55f)));
            a[k] = i_truncated(f_fma(y, f_all(-500), x));
            b[k] = i_truncated(f_fma(y, f_all(200), z));
        }
        codes_store(out[0] + i, l);
        codes_store(out[1] + i, a);
        codes_store(out[2] + i, b);
    }
}

#endif
