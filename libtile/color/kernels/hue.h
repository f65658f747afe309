/* SPDX-License-Identifier: MIT */
/*
 * 8-bit codes of coded RGB to codes of hsv, hsl and hwb, and back, all exactly rounded. Codes are integers, and so are
 * the numerators and denominators of what is made of them.
 *
 * A turn of the hue is three thirds of `third` codes, 85, or 60 in hsv-180; its six sectors begin at `third` k / 2.
 * Where a sector begins, two formulas give the same.
 */
#ifndef TILE_COLOR_HUE_H
#define TILE_COLOR_HUE_H

#include "kernels.h"

static inline bytes b_not(bytes a) {
    return b_sub(b_all(255), a);
}

static inline bytes b_half(bytes a) {
    return b_sub(a, b_average(a, b_all(0)));
}

/* ---- From RGB ---- */

/* A block of colors by size. */
struct ranked {
    bytes r, g, b, high, low;
};

static inline struct ranked ranked_load(uint8_t *const *plane, size_t i) {
    bytes r = b_load(plane[0] + i), g = b_load(plane[1] + i), b = b_load(plane[2] + i);
    return (struct ranked){r, g, b, b_max(b_max(r, g), b), b_min(b_min(r, g), b)};
}

/* 255 a / b for 0 <= a <= b, rounded; 0 / 0 is 0. */
static inline bytes share_of(bytes a, bytes b) {
    divisor d = divisor_of(b_max(b, b_all(1)));
    return w_bytes(w_quotient(w_scaled(a, 255, b_half(b)), &d));
}

/*
 * The hue is third / 2 (k + u / d), where d is the largest channel less the smallest and u what the one between has of
 * it: from the smallest in even sectors k, to the largest in odd ones. Half a code is added for rounding: third u / 2 d
 * + 1 / 2, unless k third / 2 is a half, too.
 */
static inline bytes hue_of(const struct ranked *c, int third) {
    const bytes d = b_sub(c->high, c->low);
    const flags red = b_equal(c->high, c->r), green = b_equal(c->high, c->g);
    bytes next = b_choose(red, c->g, b_choose(green, c->b, c->r)),
          last = b_choose(red, c->b, b_choose(green, c->r, c->g));
    const flags even = b_at_most(last, next);
    bytes middle = b_max(next, last);
    bytes u = b_choose(even, b_sub(middle, c->low), b_sub(c->high, middle));
    bytes half = third % 2 ? b_choose(even, d, b_all(0)) : d;
#define BEGIN(k) b_all((uint8_t)((third * (k) + 1) / 2))
    bytes begin = b_choose(even, b_choose(red, BEGIN(0), b_choose(green, BEGIN(2), BEGIN(4))),
                           b_choose(red, BEGIN(5), b_choose(green, BEGIN(1), BEGIN(3))));
#undef BEGIN
    divisor by = divisor_of(b_max(d, b_all(1)));
    return b_add(begin, w_bytes(w_quotient(w_half(w_scaled(u, (uint8_t)third, half)), &by)));
}

static inline void hsv_of(uint8_t *const *plane, size_t count, int third) {
    for (size_t i = 0; i < count; i += BLOCK) {
        struct ranked c = ranked_load(plane, i);
        bytes hue = hue_of(&c, third), turn = b_all((uint8_t)(3 * third));
        b_store(plane[0] + i, third == 60 ? b_choose(b_equal(hue, turn), b_all(0), hue) : hue);
        b_store(plane[1] + i, share_of(b_sub(c.high, c.low), c.high));
        b_store(plane[2] + i, c.high);
    }
}

static void hsv_codes(uint8_t *const *plane, size_t count, const void *numbers) {
    (void)numbers;
    hsv_of(plane, count, 85);
}

static void hsv_180_codes(uint8_t *const *plane, size_t count, const void *numbers) {
    (void)numbers;
    hsv_of(plane, count, 60);
}

static void hsl_codes(uint8_t *const *plane, size_t count, const void *numbers) {
    (void)numbers;
    for (size_t i = 0; i < count; i += BLOCK) {
        struct ranked c = ranked_load(plane, i);
        /* The one that is not the smaller is 255 or more. */
        bytes room = b_min(b_add(c.high, c.low), b_add(b_not(c.high), b_not(c.low)));
        b_store(plane[0] + i, hue_of(&c, 85));
        b_store(plane[1] + i, share_of(b_sub(c.high, c.low), room));
        b_store(plane[2] + i, b_average(c.high, c.low));
    }
}

static void hwb_codes(uint8_t *const *plane, size_t count, const void *numbers) {
    (void)numbers;
    for (size_t i = 0; i < count; i += BLOCK) {
        struct ranked c = ranked_load(plane, i);
        b_store(plane[0] + i, hue_of(&c, 85));
        b_store(plane[1] + i, c.low);
        b_store(plane[2] + i, b_not(c.high));
    }
}

/* ---- To RGB ---- */

/* x / 255 of up to 255 * 255, rounded: (x + 127) / 255 rounded down. What 257 / 2^16 lacks is less than the 1 more. */
static inline bytes w_by_255(words x) {
    return w_bytes(w_mul_high(w_add(x, w_all(128)), w_all(257)));
}

/* Where a hue lies: at the end of which third or half of one, or before. */
struct sectors {
    flags end[6];
};

static inline struct sectors sectors_of(bytes hue, int third) {
    struct sectors s;
    for (int k = 1; k < 6; k++)
        s.end[k] = b_at_most(hue, b_all((uint8_t)(third * k / 2)));
    return s;
}

/* What the channel between the others lies below the largest, in 1 / `third` of what the smallest does. */
static inline bytes fall_of(const struct sectors *s, bytes hue, int third) {
    bytes one = b_all((uint8_t)third), two = b_all((uint8_t)(2 * third));
    bytes x = b_sub(hue, b_choose(s->end[2], b_all(0), b_choose(s->end[4], one, two)));
    x = b_add(x, x);
    return b_max(b_sub(x, one), b_sub(one, x));
}

static inline void store_rgb(uint8_t *const *plane, size_t i, const struct sectors *s, bytes high, bytes middle,
                             bytes low) {
    const flags *end = s->end;
    bytes r = b_choose(end[1], high, b_choose(end[2], middle, b_choose(end[4], low, b_choose(end[5], middle, high))));
    bytes g = b_choose(end[1], middle, b_choose(end[3], high, b_choose(end[4], middle, low)));
    bytes b = b_choose(end[2], low, b_choose(end[3], middle, b_choose(end[5], high, middle)));
    b_store(plane[0] + i, r);
    b_store(plane[1] + i, g);
    b_store(plane[2] + i, b);
}

/*
 * p fall / (255 third), rounded, ties down: what is subtracted from a code for its tie to go up. The products are below
 * 2^24, so that only those by the reciprocal and their sums are rounded. That is off by less than 1.2e-5, and what is
 * no tie lies 1 / (510 third) or more beside one, 2.3e-5; an odd denominator has no ties.
 */
static inline bytes drop_of(words p, bytes fall, int third) {
    const float all = 255.f * (float)third, half = third % 2 ? .5f : .5f - .5f / all;
    floats x[4], f[4];
    w_floats(x, p);
    w_floats(f, w_scaled(fall, 1, b_all(0)));
    for (int k = 0; k < 4; k++)
        x[k] = f_fma(f_mul(x[k], f[k]), f_all(1 / all), f_all(half));
    return w_bytes(w_truncated(x));
}

static inline void hsv_back(uint8_t *const *plane, size_t count, int third) {
    for (size_t i = 0; i < count; i += BLOCK) {
        bytes h = b_load(plane[0] + i), s = b_load(plane[1] + i), v = b_load(plane[2] + i),
              turn = b_all((uint8_t)(3 * third));
        if (third == 60)
            h = b_choose(b_at_most(turn, h), b_sub(h, turn), h);
        struct sectors sectors = sectors_of(h, third);
        words p = w_product(s, v);
        store_rgb(plane, i, &sectors, v, b_sub(v, drop_of(p, fall_of(&sectors, h, third), third)),
                  b_sub(v, w_by_255(p)));
    }
}

static void hsv_codes_inverse(uint8_t *const *plane, size_t count, const void *numbers) {
    (void)numbers;
    hsv_back(plane, count, 85);
}

static void hsv_180_codes_inverse(uint8_t *const *plane, size_t count, const void *numbers) {
    (void)numbers;
    hsv_back(plane, count, 60);
}

/* l + a, l + a (85 - 2 fall) / 85 and l - a, where a = s min(l, 255 - l) / 255. */
static void hsl_codes_inverse(uint8_t *const *plane, size_t count, const void *numbers) {
    (void)numbers;
    const bytes middle = b_all(128);
    for (size_t i = 0; i < count; i += BLOCK) {
        bytes h = b_load(plane[0] + i), s = b_load(plane[1] + i), l = b_load(plane[2] + i);
        struct sectors sectors = sectors_of(h, 85);
        words p = w_product(s, b_min(l, b_not(l)));
        bytes a = w_by_255(p), fall = fall_of(&sectors, h, 85);
        floats x[4], f[4];
        w_floats(x, p);
        w_floats(f, w_scaled(fall, 1, b_all(0)));
        for (int k = 0; k < 4; k++) /* as in drop_of; from 128 on, to be a byte */
            x[k] = f_fma(f_mul(x[k], f_fma(f[k], f_all(-2), f_all(85))), f_all(1 / 21675.f), f_all(128.5f));
        bytes y = w_bytes(w_truncated(x));
        store_rgb(plane, i, &sectors, b_add(l, a), b_sub(b_add(l, b_sub(y, middle)), b_sub(middle, y)), b_sub(l, a));
    }
}

static void hwb_codes_inverse(uint8_t *const *plane, size_t count, const void *numbers) {
    (void)numbers;
    const bytes none = b_all(0);
    for (size_t i = 0; i < count; i += BLOCK) {
        bytes h = b_load(plane[0] + i), low = b_load(plane[1] + i), black = b_load(plane[2] + i), high = b_not(black);
        struct sectors sectors = sectors_of(h, 85);
        bytes drop = drop_of(w_scaled(b_sub(high, low), 255, none), fall_of(&sectors, h, 85), 85);
        /* White and black that are more than all make a gray, their ratio. A quotient of integers is exact at ties. */
        floats x[4], sum[4];
        w_floats(x, w_scaled(low, 255, none));
        w_floats(sum, w_scaled(low, 1, b_max(black, b_all(1))));
        for (int k = 0; k < 4; k++)
            x[k] = f_add(f_div(x[k], sum[k]), f_all(.5f));
        bytes gray = w_bytes(w_truncated(x));
        flags fits = b_at_most(low, high);
        store_rgb(plane, i, &sectors, b_choose(fits, high, gray), b_choose(fits, b_sub(high, drop), gray),
                  b_choose(fits, low, gray));
    }
}

#endif
