/* SPDX-License-Identifier: MIT */
/* Our inflater held against zlib, for tests and fuzzers: what comes out, where it ends, and why. */
#ifndef TEST_SUPPORT_INFLATED_H
#define TEST_SUPPORT_INFLATED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Inflates a stream, zlib's or bare deflate, to `most` bytes at most: by zlib at once, by ours in pieces whose sizes
 * come from `seed`, in memory of just these sizes. NULL where both agree; else what they do not agree on.
 *
 * Two things that both refuse have other words or come a little sooner: a stream that takes a preset dictionary, whose
 * number zlib reads first; and a block without any code for lengths, where zlib reads on as if all lengths were 0.
 */
const char *inflated_differs(const uint8_t *stream, size_t size, bool is_zlib, size_t most, uint64_t seed);

#endif
