/* SPDX-License-Identifier: MIT */
/*
 * The operations that a converter is made of. They know arrays and nothing else, cannot fail, and take at most
 * TILE_STRIP pixels. Planes have room for TILE_PLANE: those kernels that say so ("blocks") read and write beyond
 * `count` up to the end of a block of pixels.
 *
 * Each kernel is written once and compiled once per ISA into that ISA's table. All tables give the same bits.
 */
#ifndef TILE_COLOR_KERNELS_H
#define TILE_COLOR_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Pixels in a strip: three or four float planes and their codes stay inside of a first-level cache. */
#define TILE_STRIP  1024
#define TILE_PLANE  (TILE_STRIP + 64) /* the largest ISA's block */
#define TILE_PLANES 5
/* The plane that holds alpha; the others hold up to four color channels. */
#define TILE_ALPHA_PLANE 4

/*
 * An operation on planar strips, in place. `p` are its numbers, as said at each; there are at most TILE_NUMBERS. Where
 * "then a matrix" is said, its numbers follow from p[TILE_THEN] on. Matrices multiply in double where p[TILE_IN_DOUBLE]
 * is not 0.
 */
#define TILE_NUMBERS   12
#define TILE_THEN      TILE_NUMBERS
#define TILE_IN_DOUBLE (2 * TILE_NUMBERS)
typedef void tile_row_op(float *const *plane, size_t count, const double *p);

/* Codes of RGB to light: each channel's table, then a matrix by rows. */
struct tile_light {
    float table[3][256];
    float m[9];
    bool same; /* the three tables are one */
};

/* x^p of x = m 2^e: (c[0] + c[1] m + c[2] m^2) scale, with m's upper 4 bits and e's lower 4 bits as indices. */
struct tile_power {
    float c[3][16];
    float scale[16];
};

/* Light to codes, before the rounding: below the knee slope x + 1/2, else the power + lift. */
struct tile_curve {
    struct tile_power power;
    float knee, slope, lift;
};

/*
 * Polynomials of light between 2^-8 and 1, by the upper bit of the mantissa and the lower 3 of the exponent: for Lab
 * 500 f(x) + 128.5, 500 f(y) and -200 f(z) + 128.5; for Luv 13 L and the white's u' and v'.
 */
struct tile_lab {
    float x[5][16], y[5][16], z[5][16];
    float gray; /* of LCH: the chroma up to which a color has no hue; a and b get no 128.5 */
};
struct tile_luv {
    float l[5][16];
    float u, v;
};

/* Cube roots (0 of what is below `least`), then rows of 3 + 1 that give codes before the rounding. */
struct tile_roots {
    struct tile_power root;
    float least;
    float m[12];
    float gray; /* of POLAR_ROOTS: as in tile_lab, in codes */
};

/* Cosine and sine of hue's codes. */
struct tile_wheel {
    float cosine[256], sine[256];
};

/* Rows of 3 + 1 of codes, cubes, and rows of 3. */
struct tile_cubes {
    float first[12], second[9];
};

/* The white's u' and v', and the matrix of X, Y, Z. */
struct tile_unluv {
    float u, v, m[9];
};

/* scale x + lift gives codes, before the rounding. */
struct tile_linear {
    float scale[3], lift[3];
};

/* From planes of codes to planes of light. */
enum tile_head_kind {
    TILE_HEAD_NONE,
    TILE_HEAD_LIGHT,
    TILE_HEAD_LAB,
    TILE_HEAD_LUV,
    TILE_HEAD_CUBES,
    TILE_HEAD_LCH,
    TILE_HEAD_POLAR_CUBES,
};
#define TILE_HEADS 7
struct tile_head {
    enum tile_head_kind kind;
    struct tile_light light; /* of LAB and LCH: the matrix of X, Y, Z of a white of 1, 1, 1 */
    struct tile_unluv luv;
    struct tile_cubes cubes;
    struct tile_wheel wheel; /* of LCH and POLAR_CUBES, whose a and b are in units of chroma's codes */
};

/* From planes of light to planes of codes. */
enum tile_tail_kind {
    TILE_TAIL_NONE,
    TILE_TAIL_CURVE,
    TILE_TAIL_LINEAR,
    TILE_TAIL_LAB,
    TILE_TAIL_LUV,
    TILE_TAIL_ROOTS,
    TILE_TAIL_LCH,
    TILE_TAIL_POLAR_ROOTS,
};
#define TILE_TAILS 8
struct tile_tail {
    enum tile_tail_kind kind;
    struct tile_curve curve;
    struct tile_linear linear;
    struct tile_lab lab;
    struct tile_luv luv;
    struct tile_roots roots;
};

/* Rows of 3 + 1, for so many channels. */
struct tile_affine {
    double p[TILE_NUMBERS];
    int channels;
};

/* n, an integer, to `by` times the float of 1.5 x 2^23 + bias + n, plus lift, rounded once. */
struct tile_ratio {
    int32_t bias;
    float by, lift;
};

/* The luma weights are in units of 1 / 10000. */
#define TILE_LUMA_UNIT 10000

/* RGB to luma, n = kr r + kg g + kb b, and to color differences, n = 10000 b - that and n = 10000 r - that. */
struct tile_luma {
    struct tile_affine affine; /* the same in double precision */
    int32_t rg, b;             /* the weights as pairs of 16 bits, the lower first */
    struct tile_ratio ratio[3];
    bool limited;
    bool reversed; /* the second color difference first, as when b and r have changed places */
};

/* Back: what is added to luma for R, G and B, n being weights of cb and cr; in limited range with `whole` added. */
struct tile_chroma {
    int32_t weights[3], whole[3];
    struct tile_ratio ratio[3];
    int luma; /* what its codes are multiplied by, in limited range */
    bool limited;
};
/* By how much it all is too large in limited range, so that it is positive. */
#define TILE_CHROMA_BASE 294

/* An operation on planes of codes, in place; `numbers` as said at each. */
typedef void tile_codes_op(uint8_t *const *plane, size_t count, const void *numbers);
/* An operation on interleaved pixels of 3 codes, of any number, to pixels of 3 codes or 1; in place too. */
typedef void tile_pixels_op(uint8_t *out, const uint8_t *in, size_t count, const void *numbers);

struct tile_color_kernels {
    /* ---- In blocks ---- */

    /*
     * Interleaved pixels of 3 or 4 samples of `size` bytes to planes, and back; `in` and `out` have `count` pixels and
     * no more.
     */
    void (*split)(uint8_t *const *plane, const uint8_t *in, size_t count, int channels, size_t size);
    void (*join)(uint8_t *out, const uint8_t *const *plane, size_t count, int channels, size_t size);

    /* Codes to light, and light to codes, of three channels. */
    void (*head)(float *const *out, const uint8_t *const *in, size_t count, const struct tile_head *head);
    void (*tail)(uint8_t *const *out, float *const *in, size_t count, const struct tile_tail *tail);
    /* Both, to `count` interleaved pixels of three codes and no more; false where these two are not fused. */
    bool (*fused)(uint8_t *out, const uint8_t *const *in, size_t count, const struct tile_head *head,
                  const struct tile_tail *tail);

    void (*unpack_u8)(float *out, const uint8_t *in, size_t count, const float table[256]);
    /*
     * One plane to codes: scale v + offset, rounded to nearest, ties away from zero, and clipped; NaN is 0. `wrap` is
     * the code that is 0 again (a hue's full turn), or one that does not occur.
     */
    void (*pack_u8)(uint8_t *out, const float *in, size_t count, float scale, float offset, int wrap);

    /* The same of codes of 16 bits. */
    void (*unpack_u16)(float *out, const uint16_t *in, size_t count, float scale, float offset);
    void (*pack_u16)(uint16_t *out, const float *in, size_t count, float scale, float offset);

    /*
     * Plane j becomes floor(p[4j] x + p[4j+1] y + p[4j+2] z + p[4j+3]), clipped, of struct tile_affine. In double
     * precision, which makes it exact for the weights of luma (see compile.c).
     */
    tile_codes_op *affine_codes;
    /* Of coded RGB, and back; without numbers. */
    tile_codes_op *hsv_codes, *hsv_codes_inverse, *hsv_180_codes, *hsv_180_codes_inverse;
    tile_codes_op *hsl_codes, *hsl_codes_inverse, *hwb_codes, *hwb_codes_inverse, *cmyk_codes, *cmyk_codes_inverse;
    /* RGB to gray or YCbCr of struct tile_luma, and back of struct tile_chroma: exact, as affine_codes. */
    tile_codes_op *luma_codes, *chroma_codes;
    tile_pixels_op *luma_pixels, *chroma_pixels;
    tile_pixels_op *reverse_pixels; /* r, g, b to b, g, r; without numbers */

    /* ---- One by one ---- */

    /* Samples of `size` bytes from one spacing to another. */
    void (*copy)(unsigned char *out, size_t out_step, const unsigned char *in, size_t in_step, size_t count,
                 size_t size);

    tile_row_op *matrix;  /* rows of 3 + 1: p[4j] x + p[4j+1] y + p[4j+2] z + p[4j+3] */
    tile_row_op *matrix1; /* its first row only */
    tile_row_op *affine;  /* affine_codes of codes that floats hold; clipped at 0 only */
    /* v <= p0: p1 v, else p2 (p3 v + p4)^p5 + p6; odd for negative v; then a matrix */
    tile_row_op *curve, *curve_matrix;
    /*
     * The inverses of these four first multiply by the 3 x 3 matrix p2..p10, in double: rounding signals to float
     * between the two would be amplified by what follows.
     */
    /* ST 2084 of p0 v, with the outer exponent p1; back, then a matrix */
    tile_row_op *pq, *pq_inverse;
    /* BT.2100 HLG's OETF of p0 v; back, then a matrix */
    tile_row_op *hlg, *hlg_inverse;
    tile_row_op *cube_root, *cube; /* cube: then a matrix */
    tile_row_op *jz, *jz_inverse;  /* Iz to Jz; back and pq_inverse */
    /* X, Y, Z of a white of 1, 1, 1 to L, a, b; back, then a matrix */
    tile_row_op *lab, *lab_inverse;
    /* X, Y, Z to L, u, v for the white of chromaticity u' = p0, v' = p1; back, then a matrix */
    tile_row_op *luv, *luv_inverse;
    /* L, a, b to L, C, h in degrees; h is 0 where C <= p0; back */
    tile_row_op *polar, *polar_inverse;
    /* p0..p3: what stands for 1 (in a hue: for 360 degrees) in each plane of the input; p4..p7: of the output */
    tile_row_op *hsv, *hsv_inverse, *hsl, *hsl_inverse, *hwb, *hwb_inverse, *cmyk, *cmyk_inverse;
    tile_row_op *clip; /* the first three planes to 0..1; NaN is 0 */
    tile_row_op *ycocg, *ycocg_inverse;
    tile_row_op *wrap_hue;                    /* plane p0 to 0..360; 360 stays */
    tile_row_op *unpremultiply, *premultiply; /* the color planes whose bit is set in p0 by the alpha plane */
    tile_row_op *over;                        /* lays the color planes on the values p0 to p3 by the alpha plane */
};

#endif
