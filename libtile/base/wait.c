/* SPDX-License-Identifier: MIT */
#include "wait.h"

#include <time.h>

void tile_wait_init(pthread_cond_t *changed) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

void tile_wait_some(pthread_cond_t *changed, pthread_mutex_t *lock) {
    const long some = 20000000, second = 1000000000;
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += some;
    if (until.tv_nsec >= second) {
        until.tv_sec++;
        until.tv_nsec -= second;
    }
    pthread_cond_timedwait(changed, lock, &until);
}
