/* SPDX-License-Identifier: MIT */
/* The figures of an invocation: one CloudWatch EMF line at its end. All functions are thread-safe. */
#ifndef HANDLERS_BASE_METRICS_H
#define HANDLERS_BASE_METRICS_H

#include <pthread.h>
#include <stdint.h>

enum metric {
    METRIC_TILES,
    METRIC_PIXELS,
    METRIC_BYTES_IN, /* from and to the store; main adds both from storage_count, no handler does */
    METRIC_BYTES_OUT,
    METRIC_OPEN_MS,    /* opening the source and its index, and fetching */
    METRIC_CONVERT_MS, /* reading, converting and encoding */
    METRIC_STORE_MS,
    METRIC_TOTAL_MS, /* added by the runtime: from the event's arrival until its response is made, not posted */
    METRIC_COUNT
};

struct metrics {
    pthread_mutex_t lock;
    double values[METRIC_COUNT];
};

void metrics_begin(struct metrics *metrics);
/* Adds `value` to a figure. `metrics` may be NULL. */
void metrics_add(struct metrics *metrics, enum metric metric, double value);
/* Writes the line to standard output. `function` is the dimension, `id` the request's. Ends `metrics`. */
void metrics_end(struct metrics *metrics, const char *function, const char *id);
/* Milliseconds of a clock that only goes forward. */
double metrics_now(void);

#endif
