/* SPDX-License-Identifier: MIT */
/* Who is faster: each in turn by short batches, so that a noisy machine is as noisy for all of them. */
#ifndef KERNELS_RACE_H
#define KERNELS_RACE_H

#include <stddef.h>

enum { MOST_ROUNDS = 31 };

struct entrant {
    void *state;
    void (*run)(void *state);
    double times[MOST_ROUNDS], spent; /* seconds of a run, of all runs */
    size_t count;
    int batch;
};

/* Adds a time to each entrant's, round after round, until there are enough or those of a slow one took long enough. */
void run_race(struct entrant *entrants, size_t count);

/* The yardstick: a copy of `size` bytes. Ends the program where there is no memory. */
struct copy {
    size_t size;
    unsigned char *from, *to; /* by malloc */
};
struct copy copy_new(size_t size);
void run_copy(void *state);

#endif
