/* SPDX-License-Identifier: MIT */
/* Writing a JPEG by libjpeg, from pixels (jpeg.c) or from coefficients (jpeg_rewrite.c). */
#ifndef TILE_ENCODE_JPEG_H
#define TILE_ENCODE_JPEG_H

#include "encoder.h"

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

/* libjpeg's errors are noted in the encoder and jump to `failed`; its output goes through the encoder's buffer. */
struct tile_jpeg {
    struct jpeg_compress_struct compress;
    struct jpeg_error_mgr errors; /* also a decompressor's, whose client_data is this struct */
    struct jpeg_destination_mgr destination;
    struct jpeg_progress_mgr progress; /* for passes over all coefficients; also a decompressor's */
    tile_encoder *encoder;
    tile_status blame; /* the status for libjpeg's errors */
    jmp_buf failed;
};

/* Sets the hooks; cannot fail. `jpeg` is cleared before. */
void tile_jpeg_hooks(struct tile_jpeg *jpeg, tile_encoder *encoder, tile_status blame);
/* Makes the compressor. From here on errors jump to `failed`, which must be set. */
void tile_jpeg_create(struct tile_jpeg *jpeg);
/*
 * Jumps with LIMIT_EXCEEDED unless all coefficients of the image fit in the encoder's max_memory; libjpeg then holds
 * them in memory only. `holder` is the libjpeg object that holds them, `components` its components. `must`: it takes
 * them even without optimized tables.
 */
void tile_jpeg_hold_coefficients(struct tile_jpeg *jpeg, j_common_ptr holder, const jpeg_component_info *components,
                                 int count, uint32_t width, uint32_t height, bool must);

#endif
