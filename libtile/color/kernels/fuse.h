/* SPDX-License-Identifier: MIT */
/*
 * Heads (codes to light), tails (light to codes) and both at once. Each is written once, for lanes; here are the loops
 * around them: from planes to planes, and, where nothing comes between, from planes of codes to pixels.
 */
#ifndef TILE_COLOR_FUSE_H
#define TILE_COLOR_FUSE_H

#include "cube.h"
#include "light.h"
#include "polar.h"
#include "power.h"

#include <string.h>

#define HEAD(name)                                                                                                     \
    static void head_##name(float *const *out, const uint8_t *const *in, size_t count, const struct tile_head *head) { \
        const struct name##_vectors vectors = name##_load(head);                                                       \
        float *const x = out[0], *const y = out[1], *const z = out[2];                                                 \
        const uint8_t *const a = in[0], *const b = in[1], *const c = in[2];                                            \
        for (size_t i = 0; i < count; i += BLOCK) {                                                                    \
            floats v[4][3];                                                                                            \
            name##_block(v, a + i, b + i, c + i, &vectors);                                                            \
            for (size_t k = 0; k < 4; k++) {                                                                           \
                f_store(x + i + k * LANES, v[k][0]);                                                                   \
                f_store(y + i + k * LANES, v[k][1]);                                                                   \
                f_store(z + i + k * LANES, v[k][2]);                                                                   \
            }                                                                                                          \
        }                                                                                                              \
    }

#define TAIL(name)                                                                                                     \
    static void tail_##name(uint8_t *const *out, float *const *in, size_t count, const struct tile_tail *tail) {       \
        const struct name##_vectors vectors = name##_load(tail);                                                       \
        const float *const x = in[0], *const y = in[1], *const z = in[2];                                              \
        for (size_t i = 0; i < count; i += BLOCK) {                                                                    \
            ints codes[3][4];                                                                                          \
            for (size_t k = 0; k < 4; k++) {                                                                           \
                size_t at = i + k * LANES;                                                                             \
                const floats v[3] = {f_load(x + at), f_load(y + at), f_load(z + at)};                                  \
                ints lane[3];                                                                                          \
                name##_codes(lane, v, &vectors);                                                                       \
                for (int j = 0; j < 3; j++)                                                                            \
                    codes[j][k] = lane[j];                                                                             \
            }                                                                                                          \
            for (int j = 0; j < 3; j++)                                                                                \
                codes_store(out[j] + i, codes[j]);                                                                     \
        }                                                                                                              \
    }

#ifndef LANES_LOOK
HEAD(light)
#endif
HEAD(unlab)
HEAD(unluv)
HEAD(cubes)
HEAD(unlch)
HEAD(polar_cubes)
TAIL(curve)
TAIL(linear)
TAIL(lab)
TAIL(luv)
TAIL(roots)
TAIL(lch)
TAIL(polar_roots)

static void head(float *const *out, const uint8_t *const *in, size_t count, const struct tile_head *head) {
    switch (head->kind) {
    case TILE_HEAD_LIGHT:
#ifdef LANES_LOOK
        light_by_lanes(out, in, count, &head->light);
#else
        if (head->light.same)
            head_light(out, in, count, head);
        else
            light_by_channels(out, in, count, &head->light);
#endif
        break;
    case TILE_HEAD_LAB: head_unlab(out, in, count, head); break;
    case TILE_HEAD_LUV: head_unluv(out, in, count, head); break;
    case TILE_HEAD_CUBES: head_cubes(out, in, count, head); break;
    case TILE_HEAD_LCH: head_unlch(out, in, count, head); break;
    case TILE_HEAD_POLAR_CUBES: head_polar_cubes(out, in, count, head); break;
    case TILE_HEAD_NONE: break;
    }
}

static void tail(uint8_t *const *out, float *const *in, size_t count, const struct tile_tail *tail) {
    switch (tail->kind) {
    case TILE_TAIL_CURVE: tail_curve(out, in, count, tail); break;
    case TILE_TAIL_LINEAR: tail_linear(out, in, count, tail); break;
    case TILE_TAIL_LAB: tail_lab(out, in, count, tail); break;
    case TILE_TAIL_LUV: tail_luv(out, in, count, tail); break;
    case TILE_TAIL_ROOTS: tail_roots(out, in, count, tail); break;
    case TILE_TAIL_LCH: tail_lch(out, in, count, tail); break;
    case TILE_TAIL_POLAR_ROOTS: tail_polar_roots(out, in, count, tail); break;
    case TILE_TAIL_NONE: break;
    }
}

/* Light's lookups and what comes after them compete for the same units and registers: nothing is gained there. */
#ifdef FUSE

#define FUSED(begin, end)                                                                                              \
    static void begin##_##end(uint8_t *out, const uint8_t *const *in, size_t count, const struct tile_head *head,      \
                              const struct tile_tail *tail) {                                                          \
        const struct begin##_vectors h = begin##_load(head);                                                           \
        const struct end##_vectors t = end##_load(tail);                                                               \
        const uint8_t *const a = in[0], *const b = in[1], *const c = in[2];                                            \
        for (size_t i = 0; i < count; i += BLOCK) {                                                                    \
            floats v[4][3];                                                                                            \
            ints codes[3][4];                                                                                          \
            uint8_t rest[3 * BLOCK], *to = count - i < BLOCK ? rest : out + 3 * i;                                     \
            begin##_block(v, a + i, b + i, c + i, &h);                                                                 \
            for (int k = 0; k < 4; k++) {                                                                              \
                ints lane[3];                                                                                          \
                end##_codes(lane, v[k], &t);                                                                           \
                for (int j = 0; j < 3; j++)                                                                            \
                    codes[j][k] = lane[j];                                                                             \
            }                                                                                                          \
            codes_join3(to, codes);                                                                                    \
            if (to == rest)                                                                                            \
                memcpy(out + 3 * i, rest, 3 * (count - i));                                                            \
        }                                                                                                              \
    }

FUSED(unlab, curve)
FUSED(unluv, curve)
FUSED(cubes, curve)

static bool fused(uint8_t *out, const uint8_t *const *in, size_t count, const struct tile_head *head,
                  const struct tile_tail *tail) {
    if (tail->kind != TILE_TAIL_CURVE)
        return false;
    switch (head->kind) {
    case TILE_HEAD_LAB: unlab_curve(out, in, count, head, tail); return true;
    case TILE_HEAD_LUV: unluv_curve(out, in, count, head, tail); return true;
    case TILE_HEAD_CUBES: cubes_curve(out, in, count, head, tail); return true;
    default: return false;
    }
}

#else

static bool fused(uint8_t *out, const uint8_t *const *in, size_t count, const struct tile_head *head,
                  const struct tile_tail *tail) {
    (void)out, (void)in, (void)count, (void)head, (void)tail;
    return false;
}

#endif

#endif
