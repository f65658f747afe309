/* SPDX-License-Identifier: MIT */
/* Waiting for another thread in short steps, so that the caller's hook can be called in between. */
#ifndef TILE_BASE_WAIT_H
#define TILE_BASE_WAIT_H

#include <pthread.h>

/* Initializes a condition for tile_wait_some, with a clock that cannot be set, unlike the default one. */
void tile_wait_init(pthread_cond_t *changed);
/* As pthread_cond_wait, for at most 20 ms. */
void tile_wait_some(pthread_cond_t *changed, pthread_mutex_t *lock);

#endif
