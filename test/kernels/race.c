/* SPDX-License-Identifier: MIT */
#include "race.h"

#include "measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void run_race(struct entrant *entrants, size_t count) {
    enum { LEAST_ROUNDS = 3 };
    const double short_batch = 1e-3, long_enough = .15;
    for (size_t i = 0; i < count; i++) {
        struct entrant *e = &entrants[i];
        e->run(e->state); /* touches memory for the first time */
        double begin = now();
        e->run(e->state);
        double once = now() - begin;
        e->batch = once < short_batch ? (int)(short_batch / (once + 1e-6)) + 1 : 1;
    }
    for (int round = 0; round < MOST_ROUNDS; round++)
        for (size_t i = 0; i < count; i++) {
            struct entrant *e = &entrants[i];
            if (e->count >= LEAST_ROUNDS && e->spent > long_enough)
                continue;
            if (e->batch > 1)
                e->run(e->state); /* what fits a cache is in it again */
            double begin = now();
            for (int k = 0; k < e->batch; k++)
                e->run(e->state);
            double time = now() - begin;
            e->spent += time;
            e->times[e->count++] = time / e->batch;
        }
}

void run_copy(void *state) {
    struct copy *c = state;
    memcpy(c->to, c->from, c->size);
    __asm__ volatile("" : : "r"(c->to) : "memory"); /* the copy is not to be left out */
}

struct copy copy_new(size_t size) {
    struct copy copy = {size, malloc(size), malloc(size)};
    if (!copy.from || !copy.to) {
        fprintf(stderr, "kernels: no memory\n");
        exit(1);
    }
    memset(copy.from, 1, size);
    return copy;
}
