/* SPDX-License-Identifier: MIT */
/* The portable operations; kernels.h says what each does. */
#ifndef TILE_COLOR_SCALAR_H
#define TILE_COLOR_SCALAR_H

#include "kernels.h"

tile_row_op tile_scalar_matrix, tile_scalar_matrix1, tile_scalar_affine, tile_scalar_curve, tile_scalar_pq,
    tile_scalar_pq_inverse, tile_scalar_hlg, tile_scalar_hlg_inverse, tile_scalar_cube_root, tile_scalar_cube,
    tile_scalar_lab, tile_scalar_lab_inverse, tile_scalar_luv, tile_scalar_luv_inverse, tile_scalar_polar,
    tile_scalar_polar_inverse, tile_scalar_jz, tile_scalar_jz_inverse, tile_scalar_hsv, tile_scalar_hsv_inverse,
    tile_scalar_hsl, tile_scalar_hsl_inverse, tile_scalar_hwb, tile_scalar_hwb_inverse, tile_scalar_cmyk,
    tile_scalar_cmyk_inverse, tile_scalar_clip, tile_scalar_ycocg, tile_scalar_ycocg_inverse, tile_scalar_wrap_hue,
    tile_scalar_unpremultiply, tile_scalar_premultiply;

#endif
