/* SPDX-License-Identifier: MIT */
#include "fused.h"

#include "kernels/functions.h"

#include <math.h>
#include <string.h>

/* Takes away the first or the last operation. */
static void drop_first(struct tile_program *program) {
    memmove(program->op, program->op + 1, (size_t)--program->count * sizeof *program->op);
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

static bool has_offset(const double *m) {
    return m[3] != 0 || m[7] != 0 || m[11] != 0;
}

void tile_head_take(struct tile_head *head, struct tile_program *program, const float table[3][256]) {
    const struct tile_kernels *k = program->kernels;
    const struct tile_op *first = program->op;
    if (program->count && first->run == k->matrix && !has_offset(first->p)) {
        head->kind = TILE_HEAD_LIGHT;
        memcpy(head->light.table, table, sizeof head->light.table);
        head->light.same =
            memcmp(table[0], table[1], sizeof table[0]) == 0 && memcmp(table[0], table[2], sizeof table[0]) == 0;
        for (int i = 0; i < 9; i++)
            head->light.m[i] = (float)first->p[i / 3 * 4 + i % 3];
        drop_first(program);
    }
}

void tile_head_run(const struct tile_head *head, const struct tile_kernels *k, float *const *out,
                   const uint8_t *const *in, size_t count) {
    k->light(out, in, count, &head->light);
}

/* ---- The end ---- */

/* Curves that encode light, whose power is below 1. Pure powers get a line where codes are below 2. */
static bool take_curve(struct tile_tail *tail, const struct tile_op *op) {
    const double knee = op->p[0], outer = op->p[2], power = op->p[5], lift = op->p[6];
    if (power >= 1 || op->p[3] != 1 || op->p[4] != 0)
        return false;
    const double low = 0x1p-16;
    fit_power(&tail->curve.power, power, -16, 255 * outer);
    tail->curve.knee = (float)(knee < low ? low : knee);
    tail->curve.slope = (float)(255 * (knee < low ? (outer * power_of(low, power) + lift) / low : op->p[1]));
    tail->curve.lift = (float)(255 * lift + .5);
    tail->kind = TILE_TAIL_CURVE;
    return true;
}

void tile_tail_take(struct tile_tail *tail, struct tile_program *program, bool bounded) {
    const struct tile_kernels *k = program->kernels;
    const struct tile_op *last = program->op + program->count - 1;
    if (!program->count)
        return;
    if (last->run == k->curve && take_curve(tail, last))
        program->count--;
    else if (last->run == k->lab && bounded) {
        fit_power(&tail->lab.root, 1 / 3., -12, 1);
        for (int i = 0; i < 16; i++) {
            tail->lab.scale_x[i] = 500 * tail->lab.root.scale[i];
            tail->lab.scale_z[i] = -200 * tail->lab.root.scale[i];
        }
        tail->kind = TILE_TAIL_LAB;
        program->count--;
    }
}

void tile_tail_run(const struct tile_tail *tail, const struct tile_kernels *k, uint8_t *const *out, float *const *in,
                   size_t count, int channels) {
    if (tail->kind == TILE_TAIL_CURVE)
        k->encode(out, in, count, channels, &tail->curve);
    else
        k->lab_codes(out, in, count, &tail->lab);
}
