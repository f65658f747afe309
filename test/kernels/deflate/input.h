/* SPDX-License-Identifier: MIT */
#ifndef KERNELS_DEFLATE_INPUT_H
#define KERNELS_DEFLATE_INPUT_H

#include <stddef.h>
#include <stdint.h>

/* Bytes as filtered pixels are: small differences, some of them again a pixel later. The same ones everywhere. */
void deflate_input_fill(uint8_t *data, size_t size);

#endif
