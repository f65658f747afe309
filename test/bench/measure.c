/* SPDX-License-Identifier: MIT */
#include "measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double median(double *times, size_t count) {
    qsort(times, count, sizeof *times, compare);
    return times[count / 2];
}

double measure(void (*call)(void *), void *context) {
    double times[99], begin = now();
    call(context); /* touches memory for the first time; not counted */
    double first = now() - begin;
    int batch = first < 1e-3 ? (int)(1e-3 / (first + 1e-6)) + 1 : 1;
    size_t count = 0;
    begin = now();
    while (count < 5 || (count < 99 && now() - begin < 0.33)) {
        double start = now();
        for (int i = 0; i < batch; i++)
            call(context);
        times[count++] = (now() - start) / batch;
    }
    return median(times, count);
}

struct copy {
    void *to, *from;
    size_t size;
};

static void run_copy(void *context) {
    struct copy *copy = context;
    memcpy(copy->to, copy->from, copy->size);
    __asm__ volatile("" : : "r"(copy->to) : "memory"); /* the copy is not to be left out */
}

double time_of_memcpy(size_t size) {
    struct copy copy = {malloc(size), calloc(1, size), size};
    if (!copy.to || !copy.from) {
        fprintf(stderr, "bench: no memory\n");
        exit(1);
    }
    memset(copy.from, 1, size);
    double time = measure(run_copy, &copy);
    free(copy.to);
    free(copy.from);
    return time;
}
