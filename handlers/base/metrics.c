/* SPDX-License-Identifier: MIT */
#include "metrics.h"

#include "line.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct {
    const char *name, *unit;
} metrics_by_number[METRIC_COUNT] = {
    [METRIC_TILES] = {"Tiles", "Count"},           [METRIC_PIXELS] = {"Pixels", "Count"},
    [METRIC_BYTES_IN] = {"BytesIn", "Bytes"},      [METRIC_BYTES_OUT] = {"BytesOut", "Bytes"},
    [METRIC_OPEN_MS] = {"Open", "Milliseconds"},   [METRIC_CONVERT_MS] = {"Convert", "Milliseconds"},
    [METRIC_STORE_MS] = {"Store", "Milliseconds"}, [METRIC_TOTAL_MS] = {"Total", "Milliseconds"},
};

void metrics_begin(struct metrics *metrics) {
    *metrics = (struct metrics){.lock = PTHREAD_MUTEX_INITIALIZER};
}

void metrics_add(struct metrics *metrics, enum metric metric, double value) {
    if (!metrics)
        return;
    pthread_mutex_lock(&metrics->lock);
    metrics->values[metric] += value;
    pthread_mutex_unlock(&metrics->lock);
}

static double milliseconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

double metrics_now(void) {
    return milliseconds(CLOCK_MONOTONIC);
}

/*
 * CloudWatch's Embedded Metric Format: "_aws" says which of the other members are metrics, which are dimensions (always
 * text), and when it was; the rest are properties to search by.
 */
void metrics_end(struct metrics *metrics, const char *function, const char *id) {
    char name[128], quoted_name[2 * sizeof name], request[200], quoted_request[2 * sizeof request];
    char line[2048]; /* eight metrics of some 60 bytes each, and what is around them */
    size_t at = 0;
    snprintf(name, sizeof name - 2, "%s", function);
    snprintf(request, sizeof request - 2, "%s", id);
    line_clean(name);
    line_clean(request);
    line_quote(quoted_name, name);
    line_quote(quoted_request, request);
    at += (size_t)sprintf(line,
                          "{\"_aws\":{\"Timestamp\":%.0f,\"CloudWatchMetrics\":[{\"Namespace\":\"libtile\","
                          "\"Dimensions\":[[\"Function\"]],\"Metrics\":[",
                          milliseconds(CLOCK_REALTIME));
    for (int i = 0; i < METRIC_COUNT; i++)
        at += (size_t)sprintf(line + at, "%s{\"Name\":\"%s\",\"Unit\":\"%s\"}", i ? "," : "", metrics_by_number[i].name,
                              metrics_by_number[i].unit);
    at += (size_t)sprintf(line + at, "]}]},\"Function\":%s,\"requestId\":%s", quoted_name, quoted_request);
    for (int i = 0; i < METRIC_COUNT; i++) /* thousandths of a byte are none */
        at += (size_t)sprintf(line + at, ",\"%s\":%.*f", metrics_by_number[i].name, i < METRIC_OPEN_MS ? 0 : 3,
                              metrics->values[i]);
    at += (size_t)sprintf(line + at, "}\n");
    ssize_t written = write(STDOUT_FILENO, line, at);
    (void)written;
    pthread_mutex_destroy(&metrics->lock);
}
