/* SPDX-License-Identifier: MIT */
/*
 * The row operations that a converter is made of. They know arrays and nothing else, cannot fail, and take at most
 * TILE_STRIP pixels.
 *
 * Each kernel is written once and compiled once per ISA into that ISA's table. All tables give the same bits.
 */
#ifndef TILE_COLOR_KERNELS_H
#define TILE_COLOR_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/* Pixels in a strip: five float planes stay well inside of a first-level cache. */
#define TILE_STRIP  256
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

/*
 * Codes of light by comparing instead of computing a power: code k begins at threshold[k]. The first guess is looked up
 * by the top bits of the float; a bucket is so narrow that it holds one threshold at most.
 */
#define TILE_BUCKET_SHIFT                                                                                              \
    15 /* leaves 8 bits of mantissa: a bucket spans 0.4 %, the closest two codes of ProPhoto lie 0.7 % apart */
#define TILE_BUCKETS (24 << 8)
struct tile_thresholds {
    uint32_t first; /* bits of the float at which bucket 0 begins */
    uint32_t last;  /* the bucket of 1.0 */
    float threshold[257];
    uint8_t guess[TILE_BUCKETS];
};

struct tile_kernels {
    /* Samples, `step` bytes apart, to one plane. */
    void (*unpack_u8)(float *out, const unsigned char *in, size_t step, size_t count, const float table[256]);
    void (*unpack_u16)(float *out, const unsigned char *in, size_t step, size_t count, double scale, double offset);
    void (*unpack_f32)(float *out, const unsigned char *in, size_t step, size_t count);

    /*
     * One plane to samples: scale v + offset, rounded to nearest, ties away from zero; NaN is 0. `wrap` is the code
     * that is 0 again (a hue's full turn), or one that does not occur.
     */
    void (*pack_u8)(unsigned char *out, size_t step, const float *in, size_t count, float scale, float offset,
                    int wrap);
    void (*pack_u16)(unsigned char *out, size_t step, const float *in, size_t count, double scale, double offset);
    void (*pack_f32)(unsigned char *out, size_t step, const float *in, size_t count);
    void (*pack_thresholds)(unsigned char *out, size_t step, const float *in, size_t count,
                            const struct tile_thresholds *t);

    /* Samples of `size` bytes from one spacing to another. */
    void (*copy)(unsigned char *out, size_t out_step, const unsigned char *in, size_t in_step, size_t count,
                 size_t size);

    /*
     * Codes to codes, in place: plane j becomes floor(p[4j] x + p[4j+1] y + p[4j+2] z + p[4j+3]), clipped, for
     * `channels` planes. In double precision, which makes it exact for the weights of luma (see compile.c).
     */
    void (*affine_u8)(unsigned char *x, unsigned char *y, unsigned char *z, int channels, size_t count,
                      const double *p);

    tile_row_op *matrix;  /* rows of 3 + 1: p[4j] x + p[4j+1] y + p[4j+2] z + p[4j+3] */
    tile_row_op *matrix1; /* its first row only */
    tile_row_op *affine;  /* affine_u8 of codes that floats hold; clipped at 0 only */
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
};

extern const struct tile_kernels tile_kernels_scalar;
#ifdef TILE_HAVE_X86
extern const struct tile_kernels tile_kernels_avx2, tile_kernels_avx512;
#endif

#endif
