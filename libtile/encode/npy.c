/* SPDX-License-Identifier: MIT */
/* NPY 1.0, the format of numpy.save: an ASCII header of one Python dictionary, then the samples. */
#include "encoder.h"

#include "../base/pixels.h"

#include <stdio.h>
#include <string.h>

static bool carries_any(struct tile_format format) {
    (void)format;
    return true;
}

/* The header ends at a multiple of 64 bytes, with a newline. The longest one, of shape (4294967295, 4294967295, 5),
 * needs 90. */
static void start(tile_encoder *encoder) {
    enum { PREFIX = 10, SIZE = 128 };
    const uint16_t one = 1;
    const char *type = encoder->format.sample == TILE_U8 ? "|u1" : encoder->format.sample == TILE_U16 ? "u2" : "f4";
    const char *order = encoder->format.sample == TILE_U8 ? "" : *(const uint8_t *)&one ? "<" : ">";
    char header[SIZE + 1];
    int length =
        snprintf(header + PREFIX, SIZE - PREFIX, "{'descr': '%s%s', 'fortran_order': False, 'shape': (%u, %u, %d), }",
                 order, type, encoder->height, encoder->width, encoder->channels);
    memset(header + PREFIX + length, ' ', (size_t)(SIZE - PREFIX - length));
    header[SIZE - 1] = '\n';
    memcpy(header, "\x93NUMPY\x01\x00", 8);
    header[8] = SIZE - PREFIX; /* 16 bits, little-endian */
    header[9] = 0;
    tile_encoder_put(encoder, header, SIZE);
}

static void rows(tile_encoder *encoder, const struct tile_image *image) {
    for (uint32_t y = 0; y < image->height; y++)
        if (!tile_encoder_put(encoder, tile_image_row(image, 0, y), encoder->row_size))
            return;
}

static void finish(tile_encoder *encoder) {
    (void)encoder;
}

const struct tile_codec_ops tile_npy_ops = {
    .codec = TILE_NPY,
    .holds = "all samples",
    .samples = TILE_U8 | TILE_U16 | TILE_F32,
    .straight = true,
    .premultiplied = true,
    .carries = carries_any,
    .traits = TILE_SAYS_NOTHING,
    .max_side = UINT32_MAX,
    .start = start,
    .rows = rows,
    .finish = finish,
};
