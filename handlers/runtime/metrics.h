/* SPDX-License-Identifier: MIT */
/* What an invocation did, in numbers: one CloudWatch EMF line at its end. All functions are thread-safe. */
#ifndef HANDLERS_METRICS_H
#define HANDLERS_METRICS_H

#include <stdint.h>

struct metrics;

enum metric {
    METRIC_TILES,
    METRIC_PIXELS,
    METRIC_BYTES_IN,
    METRIC_BYTES_OUT,
    METRIC_OPEN_MS,    /* opening the source, its index and what it needs fetched */
    METRIC_CONVERT_MS, /* reading, converting and encoding */
    METRIC_STORE_MS,
    METRIC_COUNT
};

/* Adds to what this invocation did. */
void metrics_add(struct metrics *metrics, enum metric metric, double value);
/* Milliseconds of a clock that only goes forward. */
double metrics_now(void);

#endif
