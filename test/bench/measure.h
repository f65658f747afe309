/* SPDX-License-Identifier: MIT */
/* Times, in seconds. */
#ifndef MEASURE_H
#define MEASURE_H

#include <stddef.h>

double now(void);

/* Sorts `times`. */
double median(double *times, size_t count);

/* The median time of at least 5 calls, or of up to 99 within a third of a second; short ones in batches. */
double measure(void (*call)(void *), void *context);

/* Of a copy of `size` bytes, measured as a call is. */
double time_of_memcpy(size_t size);

#endif
