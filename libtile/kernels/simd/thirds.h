/* SPDX-License-Identifier: MIT */
/*
 * 16 interleaved pixels of three channels as three times 16 bytes. Of the first, a channel has every third byte; of the
 * next two as well, counted from others on, so that what it has of all three does not meet in one register: they are
 * blended, and one shuffle puts them in order. And back.
 */
#ifndef TILE_SIMD_THIRDS_H
#define TILE_SIMD_THIRDS_H

#include <tmmintrin.h>

/* The bytes 1, 4, 7 ... and the bytes 2, 5, 8 ... */
#define THIRDS_FROM_1 _mm_setr_epi8(0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0)
#define THIRDS_FROM_2 _mm_setr_epi8(0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0)

/* Where each pixel's byte is in the blend: at 3 i + its channel, modulo 16. */
#define THIRDS_SPLIT_0 _mm_setr_epi8(0, 3, 6, 9, 12, 15, 2, 5, 8, 11, 14, 1, 4, 7, 10, 13)
#define THIRDS_SPLIT_1 _mm_setr_epi8(1, 4, 7, 10, 13, 0, 3, 6, 9, 12, 15, 2, 5, 8, 11, 14)
#define THIRDS_SPLIT_2 _mm_setr_epi8(2, 5, 8, 11, 14, 1, 4, 7, 10, 13, 0, 3, 6, 9, 12, 15)

/* Which pixel's byte is there. */
#define THIRDS_JOIN_0 _mm_setr_epi8(0, 11, 6, 1, 12, 7, 2, 13, 8, 3, 14, 9, 4, 15, 10, 5)
#define THIRDS_JOIN_1 _mm_setr_epi8(5, 0, 11, 6, 1, 12, 7, 2, 13, 8, 3, 14, 9, 4, 15, 10)
#define THIRDS_JOIN_2 _mm_setr_epi8(10, 5, 0, 11, 6, 1, 12, 7, 2, 13, 8, 3, 14, 9, 4, 15)

/* Of four channels: all bytes of the first, of the second ... */
#define QUARTERS_SPLIT _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)

#endif
