/* SPDX-License-Identifier: MIT */
/*
 * Spaces form a tree with xyz-d65 as its root; a conversion goes up from one to the nearest common ancestor and down to
 * the other. Matrices are derived here from what the standards give (primaries, white points, luma weights) in double
 * precision; reference.c has the published matrices.
 */
#include "compile.h"

#include "encoding.h"
#include "kernels/functions.h"

#include <math.h>

static const tile_space parents[TILE_SPACE_COUNT] = {
    [TILE_SRGB] = TILE_SRGB_LINEAR,
    [TILE_SRGB_LINEAR] = TILE_XYZ_D65,
    [TILE_DISPLAY_P3] = TILE_XYZ_D65,
    [TILE_A98_RGB] = TILE_XYZ_D65,
    [TILE_PROPHOTO_RGB] = TILE_XYZ_D50,
    [TILE_REC2020] = TILE_XYZ_D65,
    [TILE_REC2100_PQ] = TILE_XYZ_D65,
    [TILE_REC2100_HLG] = TILE_XYZ_D65,
    [TILE_GRAY] = TILE_SRGB,
    [TILE_GRAY709] = TILE_SRGB,
    [TILE_LUMINANCE] = TILE_SRGB_LINEAR,
    [TILE_YCBCR] = TILE_SRGB,
    [TILE_YCBCR601] = TILE_SRGB,
    [TILE_YCBCR709] = TILE_SRGB,
    [TILE_YCBCR709_FULL] = TILE_SRGB,
    [TILE_YCBCR2020] = TILE_REC2020,
    [TILE_YCBCR2020_FULL] = TILE_REC2020,
    [TILE_XYZ_D50] = TILE_XYZ_D65,
    [TILE_LAB] = TILE_XYZ_D50,
    [TILE_LAB_D65] = TILE_XYZ_D65,
    [TILE_LCH] = TILE_LAB,
    [TILE_LCH_D65] = TILE_LAB_D65,
    [TILE_LUV] = TILE_XYZ_D65,
    [TILE_OKLAB] = TILE_XYZ_D65,
    [TILE_OKLCH] = TILE_OKLAB,
    [TILE_HSV] = TILE_SRGB,
    [TILE_HSV_180] = TILE_HSV,
    [TILE_HSL] = TILE_SRGB,
    [TILE_HWB] = TILE_SRGB,
    [TILE_CMYK] = TILE_SRGB,
    [TILE_ICTCP] = TILE_XYZ_D65,
    [TILE_ICTCP_HLG] = TILE_XYZ_D65,
    [TILE_JZAZBZ] = TILE_XYZ_D65,
    [TILE_YCOCG_R] = TILE_SRGB,
};

/* ---- Matrices: three rows of three and an offset ---- */

struct matrix {
    double p[12];
};

/* `second` after `first`. */
static struct matrix product(const double second[12], const double first[12]) {
    struct matrix m;
    for (int j = 0; j < 3; j++)
        for (int k = 0; k < 4; k++) {
            m.p[4 * j + k] = k == 3 ? second[4 * j + 3] : 0;
            for (int i = 0; i < 3; i++)
                m.p[4 * j + k] += second[4 * j + i] * first[4 * i + k];
            /* What rounding leaves where an inverse undoes a matrix: a curve that is steep at 0 would show it. */
            if (fabs(m.p[4 * j + k]) < 1e-15)
                m.p[4 * j + k] = 0;
        }
    return m;
}

/* Of a matrix without offset, by cofactors. */
static struct matrix inverse(struct matrix m) {
    struct matrix r = {{0}};
    double determinant = 0;
    for (int j = 0; j < 3; j++)
        for (int k = 0; k < 3; k++) {
            int a = (j + 1) % 3, b = (j + 2) % 3, c = (k + 1) % 3, d = (k + 2) % 3;
            r.p[4 * k + j] = m.p[4 * a + c] * m.p[4 * b + d] - m.p[4 * a + d] * m.p[4 * b + c];
            if (j == 0)
                determinant += m.p[k] * r.p[4 * k];
        }
    for (int i = 0; i < 12; i++)
        r.p[i] /= determinant;
    return r;
}

static struct matrix diagonal(double x, double y, double z) {
    return (struct matrix){{x, 0, 0, 0, 0, y, 0, 0, 0, 0, z, 0}};
}

/* ICC.1:2022, 7.2.16. */
const double tile_white_pcs[3] = {.9642, 1, .8249};
static const double white_d50[3] = {.3457 / .3585, 1, (1 - .3457 - .3585) / .3585};
static const double white_d65[3] = {.3127 / .3290, 1, (1 - .3127 - .3290) / .3290};

/* Linear RGB to XYZ: columns along the primaries, scaled so that 1, 1, 1 is the white. */
static struct matrix of_primaries(tile_space space) {
    static const double srgb[6] = {.64, .33, .30, .60, .15, .06};
    static const double p3[6] = {.680, .320, .265, .690, .150, .060};
    static const double a98[6] = {.64, .33, .21, .71, .15, .06};
    static const double rec2020[6] = {.708, .292, .170, .797, .131, .046};
    static const double prophoto[6] = {.734699, .265301, .159597, .840403, .036598, .000105};
    const double *xy = space == TILE_DISPLAY_P3     ? p3
                       : space == TILE_A98_RGB      ? a98
                       : space == TILE_REC2020      ? rec2020
                       : space == TILE_PROPHOTO_RGB ? prophoto
                                                    : srgb;
    const double *white = space == TILE_PROPHOTO_RGB ? white_d50 : white_d65;
    struct matrix m = {{0}};
    for (int i = 0; i < 3; i++) {
        double x = xy[2 * i], y = xy[2 * i + 1];
        m.p[i] = x / y;
        m.p[4 + i] = 1;
        m.p[8 + i] = (1 - x - y) / y;
    }
    struct matrix shares = inverse(m);
    double s[3];
    for (int i = 0; i < 3; i++)
        s[i] = shares.p[4 * i] * white[0] + shares.p[4 * i + 1] * white[1] + shares.p[4 * i + 2] * white[2];
    return product(m.p, diagonal(s[0], s[1], s[2]).p);
}

/* XYZ under a white to XYZ under another: Bradford's cone responses, scaled from white to white. */
static struct matrix adaptation(const double from[3], const double to[3]) {
    static const struct matrix cones = {{.8951, .2664, -.1614, 0, -.7502, 1.7135, .0367, 0, .0389, -.0685, 1.0296, 0}};
    double s[3];
    for (int i = 0; i < 3; i++) {
        const double *c = cones.p + 4 * i;
        s[i] = (c[0] * to[0] + c[1] * to[1] + c[2] * to[2]) / (c[0] * from[0] + c[1] * from[1] + c[2] * from[2]);
    }
    return product(inverse(cones).p, product(diagonal(s[0], s[1], s[2]).p, cones.p).p);
}

/* The luma weights kr and kb of a YCbCr space. */
struct luma {
    double kr, kb;
};

static struct luma luma_of(tile_space space) {
    switch (space) {
    case TILE_YCBCR709:
    case TILE_YCBCR709_FULL: return (struct luma){.2126, .0722};
    case TILE_YCBCR2020:
    case TILE_YCBCR2020_FULL: return (struct luma){.2627, .0593};
    default: return (struct luma){.299, .114};
    }
}

/* RGB to y, cb, cr (H.273, equations 38 to 40). */
static struct matrix to_ycbcr(struct luma l) {
    double kg = 1 - l.kr - l.kb, b = 2 * (1 - l.kb), r = 2 * (1 - l.kr);
    return (struct matrix){{l.kr, kg, l.kb, 0, -l.kr / b, -kg / b, .5, 0, .5, -kg / r, -l.kb / r, 0}};
}

/* Its inverse, solved by hand: 1 and 0 stay what they are. */
static struct matrix from_ycbcr(struct luma l) {
    double kg = 1 - l.kr - l.kb, b = 2 * (1 - l.kb), r = 2 * (1 - l.kr);
    return (struct matrix){{1, 0, r, 0, 1, -l.kb * b / kg, -l.kr * r / kg, 0, 1, b, 0, 0}};
}

/* CSS Color 4. */
static const struct matrix xyz_to_oklms = {{.8190224379967030, .3619062600528904, -.1288737815209879, 0,
                                            .0329836539323885, .9292868615863434, .0361446663506424, 0,
                                            .0481771893596242, .2642395317527308, .6335478284694309, 0}};
static const struct matrix oklms_to_oklab = {{.2104542683093140, .7936177747023054, -.0040720430116193, 0,
                                              1.9779985324311684, -2.4285922420485799, .4505937096174110, 0,
                                              .0259040424655478, .7827717124575296, -.8086757549230774, 0}};

/* BT.2100, table 7. */
static const struct matrix rec2020_to_lms = {{1688 / 4096., 2146 / 4096., 262 / 4096., 0, 683 / 4096., 2951 / 4096.,
                                              462 / 4096., 0, 99 / 4096., 309 / 4096., 3688 / 4096., 0}};
static const struct matrix pq_lms_to_ictcp = {
    {.5, .5, 0, 0, 6610 / 4096., -13613 / 4096., 7003 / 4096., 0, 17933 / 4096., -17390 / 4096., -543 / 4096., 0}};
static const struct matrix hlg_lms_to_ictcp = {
    {.5, .5, 0, 0, 3625 / 4096., -7465 / 4096., 3840 / 4096., 0, 9500 / 4096., -9212 / 4096., -288 / 4096., 0}};

/* Safdar 2017, equations 8 and 9 in one: X' = 1.15 X - .15 Z, Y' = .66 Y + .34 X; then the cones. */
static struct matrix xyz_to_jz_lms(void) {
    static const struct matrix prime = {{1.15, 0, -.15, 0, .34, .66, 0, 0, 0, 0, 1, 0}};
    static const struct matrix cones = {
        {.41478972, .579999, .0146480, 0, -.2015100, 1.120649, .0531008, 0, -.0166008, .264800, .6684799, 0}};
    return product(cones.p, prime.p);
}

static const struct matrix jz_lms_to_izazbz = {
    {.5, .5, 0, 0, 3.524000, -4.066708, .542708, 0, .199076, 1.096799, -1.295875, 0}};

/* ---- Curves ---- */

/* v <= knee: v / slope, else ((v + alpha - 1) / alpha)^gamma; back from light <= light_knee. */
struct transfer {
    double knee, light_knee, slope, alpha, gamma;
};

static struct transfer transfer_of(tile_space space) {
    switch (space) {
    case TILE_A98_RGB: return (struct transfer){-1, -1, 1, 1, 563 / 256.};
    case TILE_PROPHOTO_RGB: return (struct transfer){16 / 512., 1 / 512., 16, 1, 1.8};
    case TILE_REC2020:
        return (struct transfer){4.5 * .018053968510807, .018053968510807, 4.5, 1.09929682680944, 1 / .45};
    default: return (struct transfer){.04045, .0031308, 12.92, 1.055, 2.4};
    }
}

static void add_to_light(struct tile_program *program, tile_space space) {
    struct transfer t = transfer_of(space);
    tile_program_add(
        program, program->kernels->curve,
        (const double[TILE_NUMBERS]){t.knee, 1 / t.slope, 1, 1 / t.alpha, (t.alpha - 1) / t.alpha, t.gamma, 0});
}

static void add_from_light(struct tile_program *program, tile_space space) {
    struct transfer t = transfer_of(space);
    tile_program_add(program, program->kernels->curve,
                     (const double[TILE_NUMBERS]){t.light_knee, t.slope, t.alpha, 1, 0, 1 / t.gamma, 1 - t.alpha});
}

/* What is 1 in xyz-d65, of PQ's 10 000 cd/m2: BT.2408's reference white. */
static const double pq_numbers[TILE_NUMBERS] = {203 / 10000., 2523 / 32.};
static const double jz_numbers[TILE_NUMBERS] = {203 / 10000., 1.7 * 2523 / 32.};
/* The light of 75 % HLG signal: (exp((.75 - c) / a) + b) / 12. */
static const double hlg_numbers[TILE_NUMBERS] = {.26496256042100718};

/* ---- Programs ---- */

/* The matrix that `op` is or ends with; NULL if none. */
static double *matrix_of(const struct tile_color_kernels *k, struct tile_op *op) {
    tile_row_op *const ending[] = {k->curve_matrix, k->pq_inverse,  k->hlg_inverse, k->jz_inverse,
                                   k->cube,         k->lab_inverse, k->luv_inverse};
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++)
        if (op->run == ending[i])
            return op->p + TILE_THEN;
    return op->run == k->matrix ? op->p : NULL;
}

void tile_program_add(struct tile_program *program, tile_row_op *run, const double p[TILE_NUMBERS]) {
    const struct tile_color_kernels *k = program->kernels;
    struct tile_op *last = program->count ? &program->op[program->count - 1] : NULL;
    if (run == k->matrix && last && last->run == k->curve)
        last->run = k->curve_matrix;
    double *before = run == k->matrix && last ? matrix_of(k, last) : NULL;
    if (before) {
        struct matrix m = product(p, before);
        memcpy(before, m.p, sizeof m.p);
        return;
    }
    struct tile_op *op = &program->op[program->count++];
    *op = (struct tile_op){.run = run, .p = {[TILE_THEN] = 1, [TILE_THEN + 5] = 1, [TILE_THEN + 10] = 1}};
    op->p[TILE_IN_DOUBLE] = program->in_double;
    if (p)
        memcpy(op->p, p, TILE_NUMBERS * sizeof *p);
}

void tile_program_add_first(struct tile_program *program, tile_row_op *run, const double p[TILE_NUMBERS]) {
    memmove(program->op + 1, program->op, (size_t)program->count++ * sizeof *program->op);
    program->op[0] = (struct tile_op){.run = run};
    memcpy(program->op[0].p, p, TILE_NUMBERS * sizeof *p);
}

static void add(struct tile_program *program, tile_row_op *run) {
    tile_program_add(program, run, NULL);
}

static void add_matrix(struct tile_program *program, struct matrix m) {
    tile_program_add(program, program->kernels->matrix, m.p);
}

static void add_scales(struct tile_program *program, const double p[3]) {
    add_matrix(program, diagonal(p[0], p[1], p[2]));
}

void tile_program_add_from_pcs(struct tile_program *program) {
    add_matrix(program, adaptation(tile_white_pcs, white_d50));
}

void tile_program_add_to_pcs(struct tile_program *program) {
    add_matrix(program, adaptation(white_d50, tile_white_pcs));
}

/* An operation with the numbers p0 and p1 that multiplies by a matrix first. */
static void add_after_matrix(struct tile_program *program, tile_row_op *run, struct matrix m, const double p[2]) {
    double all[TILE_NUMBERS] = {p[0], p[1]};
    for (int i = 0; i < 9; i++)
        all[2 + i] = m.p[i / 3 * 4 + i % 3];
    tile_program_add(program, run, all);
}

/* h, s, v and the like as they are in f32. */
static const double hue_first[TILE_NUMBERS] = {1, 1, 1, 1, 360, 1, 1, 1};
static const double from_hue_first[TILE_NUMBERS] = {360, 1, 1, 1, 1, 1, 1, 1};
static const double units[TILE_NUMBERS] = {1, 1, 1, 1, 1, 1, 1, 1};

static const double *luv_white(double p[TILE_NUMBERS]) {
    double sum = white_d65[0] + 15 * white_d65[1] + 3 * white_d65[2];
    p[0] = 4 * white_d65[0] / sum;
    p[1] = 9 * white_d65[1] / sum;
    return p;
}

/* CSS Color 4's: below these chromas a color has no hue. */
static const double lab_gray[TILE_NUMBERS] = {.0015}, oklab_gray[TILE_NUMBERS] = {.000004};

static void add_to_parent(struct tile_program *program, tile_space space) {
    const struct tile_color_kernels *k = program->kernels;
    switch (space) {
    case TILE_SRGB: add_to_light(program, space); break;
    case TILE_SRGB_LINEAR: add_matrix(program, of_primaries(space)); break;
    case TILE_DISPLAY_P3:
    case TILE_A98_RGB:
    case TILE_PROPHOTO_RGB:
    case TILE_REC2020:
        add_to_light(program, space);
        add_matrix(program, of_primaries(space));
        break;
    case TILE_REC2100_PQ:
    case TILE_REC2100_HLG:
        if (space == TILE_REC2100_PQ)
            add_after_matrix(program, k->pq_inverse, diagonal(1, 1, 1), pq_numbers);
        else
            add_after_matrix(program, k->hlg_inverse, diagonal(1, 1, 1), hlg_numbers);
        add_matrix(program, of_primaries(TILE_REC2020));
        break;
    case TILE_GRAY:
    case TILE_GRAY709:
    case TILE_LUMINANCE: add_matrix(program, (struct matrix){{1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0}}); break;
    case TILE_YCBCR:
    case TILE_YCBCR601:
    case TILE_YCBCR709:
    case TILE_YCBCR709_FULL:
    case TILE_YCBCR2020:
    case TILE_YCBCR2020_FULL: add_matrix(program, from_ycbcr(luma_of(space))); break;
    case TILE_XYZ_D50: add_matrix(program, adaptation(white_d50, white_d65)); break;
    case TILE_LAB:
        add(program, k->lab_inverse);
        add_scales(program, white_d50);
        break;
    case TILE_LAB_D65:
        add(program, k->lab_inverse);
        add_scales(program, white_d65);
        break;
    case TILE_LCH:
    case TILE_LCH_D65:
    case TILE_OKLCH: add(program, k->polar_inverse); break;
    case TILE_LUV: tile_program_add(program, k->luv_inverse, luv_white((double[TILE_NUMBERS]){0})); break;
    case TILE_OKLAB:
        add_after_matrix(program, k->cube, inverse(oklms_to_oklab), units);
        add_matrix(program, inverse(xyz_to_oklms));
        break;
    case TILE_HSV: tile_program_add(program, k->hsv_inverse, from_hue_first); break;
    case TILE_HSL: tile_program_add(program, k->hsl_inverse, from_hue_first); break;
    case TILE_HWB: tile_program_add(program, k->hwb_inverse, from_hue_first); break;
    case TILE_CMYK: tile_program_add(program, k->cmyk_inverse, units); break;
    case TILE_ICTCP:
    case TILE_ICTCP_HLG:
        if (space == TILE_ICTCP)
            add_after_matrix(program, k->pq_inverse, inverse(pq_lms_to_ictcp), pq_numbers);
        else
            add_after_matrix(program, k->hlg_inverse, inverse(hlg_lms_to_ictcp), hlg_numbers);
        add_matrix(program, inverse(rec2020_to_lms));
        add_matrix(program, of_primaries(TILE_REC2020));
        break;
    case TILE_JZAZBZ:
        add_after_matrix(program, k->jz_inverse, inverse(jz_lms_to_izazbz), jz_numbers);
        add_matrix(program, inverse(xyz_to_jz_lms()));
        break;
    case TILE_YCOCG_R: add(program, k->ycocg_inverse); break;
    default: break; /* hsv-180 has hsv's values */
    }
}

static void add_from_parent(struct tile_program *program, tile_space space) {
    const struct tile_color_kernels *k = program->kernels;
    switch (space) {
    case TILE_SRGB: add_from_light(program, space); break;
    case TILE_SRGB_LINEAR: add_matrix(program, inverse(of_primaries(space))); break;
    case TILE_DISPLAY_P3:
    case TILE_A98_RGB:
    case TILE_PROPHOTO_RGB:
    case TILE_REC2020:
        add_matrix(program, inverse(of_primaries(space)));
        add_from_light(program, space);
        break;
    case TILE_REC2100_PQ:
    case TILE_REC2100_HLG:
        add_matrix(program, inverse(of_primaries(TILE_REC2020)));
        if (space == TILE_REC2100_PQ)
            tile_program_add(program, k->pq, pq_numbers);
        else
            tile_program_add(program, k->hlg, hlg_numbers);
        break;
    case TILE_GRAY: add_matrix(program, (struct matrix){{.299, .587, .114, 0}}); break;
    case TILE_GRAY709: add_matrix(program, (struct matrix){{.2126, .7152, .0722, 0}}); break;
    case TILE_LUMINANCE: {
        struct matrix m = of_primaries(TILE_SRGB);
        add_matrix(program, (struct matrix){{m.p[4], m.p[5], m.p[6], 0}});
        break;
    }
    case TILE_YCBCR:
    case TILE_YCBCR601:
    case TILE_YCBCR709:
    case TILE_YCBCR709_FULL:
    case TILE_YCBCR2020:
    case TILE_YCBCR2020_FULL: add_matrix(program, to_ycbcr(luma_of(space))); break;
    case TILE_XYZ_D50: add_matrix(program, adaptation(white_d65, white_d50)); break;
    case TILE_LAB:
        add_matrix(program, inverse(diagonal(white_d50[0], white_d50[1], white_d50[2])));
        add(program, k->lab);
        break;
    case TILE_LAB_D65:
        add_matrix(program, inverse(diagonal(white_d65[0], white_d65[1], white_d65[2])));
        add(program, k->lab);
        break;
    case TILE_LCH:
    case TILE_LCH_D65: tile_program_add(program, k->polar, lab_gray); break;
    case TILE_OKLCH: tile_program_add(program, k->polar, oklab_gray); break;
    case TILE_LUV: tile_program_add(program, k->luv, luv_white((double[TILE_NUMBERS]){0})); break;
    case TILE_OKLAB:
        add_matrix(program, xyz_to_oklms);
        add(program, k->cube_root);
        add_matrix(program, oklms_to_oklab);
        break;
    case TILE_HSV: tile_program_add(program, k->hsv, hue_first); break;
    case TILE_HSL: tile_program_add(program, k->hsl, hue_first); break;
    case TILE_HWB: tile_program_add(program, k->hwb, hue_first); break;
    case TILE_CMYK: tile_program_add(program, k->cmyk, units); break;
    case TILE_ICTCP:
    case TILE_ICTCP_HLG:
        add_matrix(program, inverse(of_primaries(TILE_REC2020)));
        add_matrix(program, rec2020_to_lms);
        if (space == TILE_ICTCP)
            tile_program_add(program, k->pq, pq_numbers);
        else
            tile_program_add(program, k->hlg, hlg_numbers);
        add_matrix(program, space == TILE_ICTCP ? pq_lms_to_ictcp : hlg_lms_to_ictcp);
        break;
    case TILE_JZAZBZ:
        add_matrix(program, xyz_to_jz_lms());
        tile_program_add(program, k->pq, jz_numbers);
        add_matrix(program, jz_lms_to_izazbz);
        add(program, k->jz);
        break;
    case TILE_YCOCG_R: add(program, k->ycocg); break;
    default: break;
    }
}

static bool is_ancestor(tile_space above, tile_space space) {
    while (space != above && space != TILE_SPACE_UNSET)
        space = parents[space];
    return space == above;
}

static void add_down(struct tile_program *program, tile_space from, tile_space to) {
    if (from == to)
        return;
    add_down(program, from, parents[to]);
    add_from_parent(program, to);
}

void tile_program_path(struct tile_program *program, tile_space from, tile_space to) {
    for (; !is_ancestor(from, to); from = parents[from])
        add_to_parent(program, from);
    add_down(program, from, to);
}

/*
 * Luma, color differences and what is made of them are fractions. One with an even denominator d that is no tie lies at
 * least 1 / d from it. So it does no harm to add a margin that is larger than the rounding of double precision (below
 * 3e-13 for 8-bit results and 7.4e-11 for 16-bit ones, summed over all operations): ties then round up, which away from
 * zero is for codes, and nothing else changes.
 *
 * d is at most 1.2e9 for codes of RGB, 4.2e9 for red and blue of any codes, and 3.7e10 between 8-bit codes. Only the
 * green of limited range asks for more: also 3.7e10 for 16 bits of 8-bit codes, of which the test has tried all, and
 * 9.5e12 of 16-bit ones, with 73, 224 x 256 and all luma weights in it. There a green within the margin below a tie,
 * one of some 1e10, is rounded up.
 */
void tile_program_affine(double p[TILE_NUMBERS], const struct tile_program *program, struct tile_format from,
                         struct tile_format to) {
    int inputs = tile_space_channels(from.space), outputs = tile_space_channels(to.space);
    const double *m = program->op[0].p, margin = to.sample == TILE_U8 ? 2e-12 : 8e-11;
    double q[TILE_NUMBERS] = {0};
    for (int j = 0; j < outputs; j++) {
        struct tile_encoding out = tile_encoding_of(to.space, to.sample, j);
        q[4 * j + 3] = out.offset + out.scale * m[4 * j + 3] + .5 + margin;
        for (int i = 0; i < inputs; i++) {
            struct tile_encoding in = tile_encoding_of(from.space, from.sample, i);
            q[4 * j + i] = out.scale * m[4 * j + i] / in.scale;
            q[4 * j + 3] -= q[4 * j + i] * in.offset;
        }
    }
    memcpy(p, q, sizeof q);
}
