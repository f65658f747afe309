/* SPDX-License-Identifier: MIT */
/*
 * TIFF's predictors, forwards. The loops are plain: compilers make vectors of them, as nothing that is written is read.
 */
#include "kernels.h"

static void differ_8(uint8_t *restrict out, const uint8_t *restrict in, size_t count, size_t step) {
    for (size_t i = 0; i < count; i++)
        out[i] = (uint8_t)(in[step + i] - in[i]);
}

static void differ_16(uint16_t *restrict out, const uint16_t *restrict in, size_t count, size_t step) {
    for (size_t i = 0; i < count; i++)
        out[i] = (uint16_t)(in[step + i] - in[i]);
}

/* A byte borrows nothing from the next one: the highest bits are set and cleared for that. */
static inline uint32_t differ_bytes(uint32_t a, uint32_t b) {
    const uint32_t high = 0x80808080;
    return ((a | high) - (b & ~high)) ^ ((a ^ ~b) & high);
}

static void differ_planes(uint8_t *restrict out, size_t plane, const uint32_t *restrict in, size_t count, size_t step) {
    uint8_t *restrict second = out + plane, *restrict third = second + plane, *restrict fourth = third + plane;
    for (size_t i = 0; i < count; i++) {
        uint32_t difference = differ_bytes(in[step + i], in[i]);
        out[i] = (uint8_t)(difference >> 24);
        second[i] = (uint8_t)(difference >> 16);
        third[i] = (uint8_t)(difference >> 8);
        fourth[i] = (uint8_t)difference;
    }
}
