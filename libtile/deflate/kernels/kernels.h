/* SPDX-License-Identifier: MIT */
/*
 * The operations that deflating, inflating and filtering are made of. They know arrays and nothing else, cannot fail,
 * and touch no byte but those that they are told of.
 *
 * Each kernel is written once and compiled once per ISA into that ISA's table. All tables give the same bits.
 */
#ifndef TILE_DEFLATE_KERNELS_H
#define TILE_DEFLATE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

struct tile_deflate_kernels {
    /* Adds to counts[b] how often b is among the bytes. */
    void (*count)(uint32_t counts[256], const uint8_t *data, size_t size);
};

#endif
