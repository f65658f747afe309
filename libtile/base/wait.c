/* SPDX-License-Identifier: MIT */
#include "wait.h"

#include <time.h>
#include <unistd.h>

/* One that nobody sets, where waiting by it can be chosen; POSIX leaves that open. By another, a wait may be longer. */
#if _POSIX_CLOCK_SELECTION > 0 && !defined TILE_PORTABLE
#define HAVE_CHOICE 1
static const clockid_t steady = CLOCK_MONOTONIC;
#else
static const clockid_t steady = CLOCK_REALTIME;
#endif

void tile_wait_init(pthread_cond_t *changed) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
#if HAVE_CHOICE
    pthread_condattr_setclock(&attributes, steady);
#endif
    pthread_cond_init(changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

void tile_wait_some(pthread_cond_t *changed, pthread_mutex_t *lock) {
    const long some = 20000000, second = 1000000000;
    struct timespec until;
    clock_gettime(steady, &until);
    until.tv_nsec += some;
    if (until.tv_nsec >= second) {
        until.tv_sec++;
        until.tv_nsec -= second;
    }
    pthread_cond_timedwait(changed, lock, &until);
}
