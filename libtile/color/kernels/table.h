/* SPDX-License-Identifier: MIT */
/*
 * All kernels of one ISA, in one table: the only name that its object gives away. The file that includes this, in
 * libtile/kernels/, defines TILE_TABLE and includes the ISA's vector header.
 */
#include "blocks.h"
#include "cmyk.h"
#include "fuse.h"
#include "hue.h"
#include "luma.h"
#include "rows.h"
#include "samples.h"

const struct tile_color_kernels TILE_TABLE(color) = {
    .split = split,
    .join = join,
    .head = head,
    .tail = tail,
    .fused = fused,
    .unpack_u8 = unpack_u8,
    .unpack_u16 = unpack_u16,
    .pack_u8 = pack_u8,
    .pack_u16 = pack_u16,
    .copy = copy,
    .affine_codes = affine_codes,
    .hsv_codes = hsv_codes,
    .hsv_codes_inverse = hsv_codes_inverse,
    .hsv_180_codes = hsv_180_codes,
    .hsv_180_codes_inverse = hsv_180_codes_inverse,
    .hsl_codes = hsl_codes,
    .hsl_codes_inverse = hsl_codes_inverse,
    .hwb_codes = hwb_codes,
    .hwb_codes_inverse = hwb_codes_inverse,
    .cmyk_codes = cmyk_codes,
    .cmyk_codes_inverse = cmyk_codes_inverse,
    .luma_codes = luma_codes,
    .chroma_codes = chroma_codes,
    .luma_pixels = luma_pixels,
    .chroma_pixels = chroma_pixels,
    .reverse_pixels = reverse_pixels,
    .matrix = row_matrix,
    .matrix1 = row_matrix1,
    .affine = row_affine,
    .curve = row_curve,
    .curve_matrix = row_curve_matrix,
    .pq = row_pq,
    .pq_inverse = row_pq_inverse,
    .hlg = row_hlg,
    .hlg_inverse = row_hlg_inverse,
    .cube_root = row_cube_root,
    .cube = row_cube,
    .lab = row_lab,
    .lab_inverse = row_lab_inverse,
    .luv = row_luv,
    .luv_inverse = row_luv_inverse,
    .polar = row_polar,
    .polar_inverse = row_polar_inverse,
    .jz = row_jz,
    .jz_inverse = row_jz_inverse,
    .hsv = row_hsv,
    .hsv_inverse = row_hsv_inverse,
    .hsl = row_hsl,
    .hsl_inverse = row_hsl_inverse,
    .hwb = row_hwb,
    .hwb_inverse = row_hwb_inverse,
    .cmyk = row_cmyk,
    .cmyk_inverse = row_cmyk_inverse,
    .clip = row_clip,
    .ycocg = row_ycocg,
    .ycocg_inverse = row_ycocg_inverse,
    .wrap_hue = row_wrap_hue,
    .unpremultiply = row_unpremultiply,
    .premultiply = row_premultiply,
    .over = row_over,
};
