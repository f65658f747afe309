/* SPDX-License-Identifier: MIT */
#include "fused.h"

#include "encoding.h"
#include "kernels/functions.h"

#include <math.h>
#include <string.h>

/* Takes away the first operation. */
static void drop_first(struct tile_program *program) {
    memmove(program->op, program->op + 1, (size_t)--program->count * sizeof *program->op);
}

void tile_curve_take(float table[3][256], struct tile_program *program, tile_sample to) {
    static const double as_it_is[TILE_NUMBERS] = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0};
    const struct tile_color_kernels *k = program->kernels;
    struct tile_op *first = program->op, curve = *first;
    if (program->count == 0)
        return;
    if (first->run == k->curve_matrix)
        curve.run = k->curve;
    else if (first->run == k->pq_inverse || first->run == k->hlg_inverse) {
        /*
         * Of u8 codes this is RGB: the matrix before the curve mixes no channels. Floats hold light of up to 49 times
         * the white's well enough for 8 bits of what is left of its differences, and not for more.
         */
        if (to != TILE_U8)
            return;
        memcpy(curve.p + TILE_THEN, as_it_is, sizeof as_it_is);
    } else if (first->run != k->curve)
        return;
    curve.run((float *const[]){table[0], table[1], table[2]}, 256, curve.p);
    if (first->run == k->curve)
        drop_first(program);
    else {
        first->run = k->matrix;
        memmove(first->p, first->p + TILE_THEN, TILE_NUMBERS * sizeof *first->p);
    }
}

/* ---- Powers ---- */

/*
 * x^p times `scale` for 2^first <= x < 2^(first + 16). Each parabola meets m^p at Chebyshev's three nodes, where the
 * largest error is close to the least that there can be.
 */
static void fit_power(struct tile_power *out, double p, int first, double scale) {
    for (int i = 0; i < 16; i++) {
        const double middle = 1 + (i + .5) / 16, reach = .86602540378443865 / 32; /* cos 30 degrees */
        const double x[3] = {middle - reach, middle, middle + reach};
        double y[3];
        for (int k = 0; k < 3; k++)
            y[k] = power_of(x[k], p);
        double slope = (y[1] - y[0]) / reach, bend = ((y[2] - y[1]) / reach - slope) / (2 * reach);
        out->c[0][i] = (float)(y[0] - slope * x[0] + bend * x[0] * x[1]);
        out->c[1][i] = (float)(slope - bend * (x[0] + x[1]));
        out->c[2][i] = (float)bend;
    }
    for (int e = first; e < first + 16; e++) /* a float's exponent field has a bias of 127 */
        out->scale[(e + 127) & 15] = (float)(scale * exp2_of(e * p));
}

/* ---- The begin ---- */

/* Rows of 3 of a matrix without offset. */
static bool take_rows(float out[9], const double *p) {
    for (int i = 0; i < 9; i++)
        out[i] = (float)p[i / 3 * 4 + i % 3];
    return p[3] == 0 && p[7] == 0 && p[11] == 0;
}

/* The encoding of a plane; of polar spaces' a and b it is that of their chroma. */
static struct tile_encoding encoding_of(tile_space space, int channel) {
    return tile_encoding_of(space, TILE_U8, channel == 2 && tile_space_hue(space) == 2 ? 1 : channel);
}

/* Codes to the values that `op`, a cube with a matrix before it, begins with. */
static void take_cubes(struct tile_cubes *cubes, tile_space from, const struct tile_op *op) {
    for (int j = 0; j < 3; j++) {
        double lift = 0;
        for (int i = 0; i < 3; i++) {
            struct tile_encoding encoding = encoding_of(from, i);
            double by = op->p[2 + 3 * j + i] / encoding.scale;
            cubes->first[4 * j + i] = (float)by;
            lift -= by * encoding.offset;
        }
        cubes->first[4 * j + 3] = (float)lift;
    }
}

static void fill_wheel(struct tile_wheel *wheel) {
    for (int code = 0; code < 256; code++) {
        double cosine, sine;
        cosine_sine_of(code * 360 / 255., &cosine, &sine);
        wheel->cosine[code] = (float)cosine;
        wheel->sine[code] = (float)sine;
    }
}

void tile_head_take(struct tile_head *head, struct tile_program *program, tile_space from, const float table[3][256]) {
    const struct tile_color_kernels *k = program->kernels;
    const struct tile_op *op = program->op;
    if (program->count == 0)
        return;
    bool polar = op->run == k->polar_inverse && program->count > 1;
    if (polar)
        op++;
    if (op->run == k->matrix && !polar && take_rows(head->light.m, op->p)) {
        head->kind = TILE_HEAD_LIGHT;
        memcpy(head->light.table, table, sizeof head->light.table);
        head->light.same =
            memcmp(table[0], table[1], sizeof table[0]) == 0 && memcmp(table[0], table[2], sizeof table[0]) == 0;
    } else if (op->run == k->lab_inverse && (polar || from == TILE_LAB || from == TILE_LAB_D65) &&
               take_rows(head->light.m, op->p + TILE_THEN))
        head->kind = polar ? TILE_HEAD_LCH : TILE_HEAD_LAB;
    else if (op->run == k->luv_inverse && take_rows(head->luv.m, op->p + TILE_THEN)) {
        head->luv.u = (float)op->p[0];
        head->luv.v = (float)op->p[1];
        head->kind = TILE_HEAD_LUV;
    } else if (op->run == k->cube && (polar || from == TILE_OKLAB) &&
               take_rows(head->cubes.second, op->p + TILE_THEN)) {
        take_cubes(&head->cubes, from, op);
        head->kind = polar ? TILE_HEAD_POLAR_CUBES : TILE_HEAD_CUBES;
    } else
        return;
    drop_first(program);
    if (polar) {
        fill_wheel(&head->wheel);
        drop_first(program);
    }
}

/* ---- The end ---- */

/* Curves that encode light, whose power is below 1. Pure powers get a line where codes are below 2. */
static bool take_curve(struct tile_curve *curve, const struct tile_op *op) {
    const double knee = op->p[0], outer = op->p[2], power = op->p[5], lift = op->p[6], low = 0x1p-16;
    if (power >= 1 || op->p[3] != 1 || op->p[4] != 0)
        return false;
    fit_power(&curve->power, power, -16, 255 * outer);
    curve->knee = (float)(knee < low ? low : knee);
    curve->slope = (float)(255 * (knee < low ? (outer * power_of(low, power) + lift) / low : op->p[1]));
    curve->lift = (float)(255 * lift + .5);
    return true;
}

/* What light is at least, where it is not 0, and at most; false where it can be below 0. */
static bool light_range(const struct tile_light *light, float *least, float *most) {
    *least = INFINITY;
    *most = 0;
    for (int j = 0; j < 3; j++) {
        float sum = 0;
        for (int i = 0; i < 3; i++) {
            float low = INFINITY, high = 0;
            for (int code = 0; code < 256; code++) {
                float v = light->table[i][code] * light->m[3 * j + i];
                if (!(v >= 0))
                    return false;
                low = v > 0 && v < low ? v : low;
                high = v > high ? v : high;
            }
            *least = low < *least ? low : *least;
            sum += high;
        }
        *most = sum > *most ? sum : *most;
    }
    return true;
}

/* Of all light between the least and the most, which is brought below 1. */
static bool take_roots(struct tile_roots *roots, struct tile_light *light, tile_space to, const struct tile_op *last) {
    const float by = 1 - 0x1p-9f;
    float least, most;
    if (!light_range(light, &least, &most) || most * by >= 1 || least * by < 0x1.01p-16f)
        return false;
    for (int i = 0; i < 9; i++)
        light->m[i] *= by;
    fit_power(&roots->root, 1 / 3., -16, 1 / power_of((double)by, 1 / 3.));
    roots->least = 0x1p-16f;
    for (int j = 0; j < 3; j++) {
        struct tile_encoding encoding = encoding_of(to, j);
        double lift = encoding.offset + (j > 0 && to == TILE_OKLCH ? 0 : .5); /* a and b are not rounded */
        for (int i = 0; i < 4; i++)
            roots->m[4 * j + i] = (float)(encoding.scale * last->p[4 * j + i] + (i == 3 ? lift : 0));
    }
    return true;
}

/* f's line ends at 2^-7 times this. */
static const double cie_scale = 216 / 24389. * 128;

/* False where light can be negative, or so much brighter than white that it is 1 when it is scaled. */
static bool scale_for_cie(struct tile_light *light) {
    const float by = (float)(1 / cie_scale);
    float least, most;
    if (!light_range(light, &least, &most) || most * by >= 1)
        return false;
    for (int i = 0; i < 9; i++)
        light->m[i] *= by;
    return true;
}

/* `by` f + `lift` for quartic_of. Each polynomial meets f at Chebyshev's five nodes: it is within 6e-7. */
static void fit_cie(float c[5][16], double by, double lift) {
    const double line[5] = {16 / 116. * by + lift, 24389 / 27. / 116 * cie_scale * by};
    for (int half = 0; half < 16; half++) {
        double low = (half % 2 ? 1.5 : 1) * exp2_of(half / 2 - 7), high = half % 2 ? low / .75 : low * 1.5;
        double x[5], y[5], sum[5] = {0};
        for (int i = 0; i < 5; i++) {
            x[i] = (low + high) / 2 + (high - low) / 2 * cos((2 * i + 1) * 3.14159265358979323846 / 10);
            y[i] = power_of(x[i] * cie_scale, 1 / 3.) * by + lift;
        }
        for (int order = 1; order < 5; order++) /* Newton's divided differences, then powers of x */
            for (int i = 4; i >= order; i--)
                y[i] = (y[i] - y[i - 1]) / (x[i] - x[i - order]);
        for (int i = 4; i >= 0; i--) {
            for (int k = 4; k > 0; k--)
                sum[k] = sum[k - 1] - x[i] * sum[k];
            sum[0] = y[i] - x[i] * sum[0];
        }
        for (int i = 0; i < 5; i++) /* the last two are of the binade below, whose exponent ends alike */
            c[i][half] = (float)(half < 14 ? sum[i] : line[i]);
    }
}

void tile_tail_take(struct tile_tail *tail, struct tile_program *program, tile_space to, struct tile_head *head) {
    const struct tile_color_kernels *k = program->kernels;
    const struct tile_op *last = program->op + program->count - 1, *polar = NULL;
    if (program->count == 0) {
        if (head->kind == TILE_HEAD_NONE || tile_space_channels(to) != 3 || to == TILE_HSV_180)
            return;
        for (int j = 0; j < 3; j++) {
            struct tile_encoding encoding = tile_encoding_of(to, TILE_U8, j);
            tail->linear.scale[j] = (float)encoding.scale;
            tail->linear.lift[j] = (float)encoding.offset + .5f;
        }
        tail->kind = TILE_TAIL_LINEAR;
        return;
    }
    if (last->run == k->polar && program->count > 1)
        polar = last--;
    bool light = head->kind == TILE_HEAD_LIGHT && last == program->op; /* there is no other operation between them */
    if (last->run == k->curve && !polar && take_curve(&tail->curve, last)) {
        tail->kind = TILE_TAIL_CURVE;
        program->count--;
    } else if (last->run == k->lab && light && scale_for_cie(&head->light)) {
        const double lift = polar ? 0 : 128.5;
        fit_cie(tail->lab.x, 500, lift);
        fit_cie(tail->lab.y, 500, 0);
        fit_cie(tail->lab.z, -200, lift);
        tail->lab.gray = polar ? (float)polar->p[0] : 0;
        tail->kind = polar ? TILE_TAIL_LCH : TILE_TAIL_LAB;
        program->count = 0;
    } else if (last->run == k->luv && light && scale_for_cie(&head->light)) {
        fit_cie(tail->luv.l, 13 * 116, -13 * 16);
        tail->luv.u = (float)last->p[0];
        tail->luv.v = (float)last->p[1];
        tail->kind = TILE_TAIL_LUV;
        program->count = 0;
    } else if ((to == TILE_OKLAB || polar) && last == program->op + 1 && head->kind == TILE_HEAD_LIGHT &&
               program->op[0].run == k->cube_root && take_roots(&tail->roots, &head->light, to, last)) {
        tail->roots.gray = polar ? (float)(polar->p[0] * tile_encoding_of(to, TILE_U8, 1).scale) : 0;
        tail->kind = polar ? TILE_TAIL_POLAR_ROOTS : TILE_TAIL_ROOTS;
        program->count = 0;
    }
}
