/* SPDX-License-Identifier: MIT */
/* Waiting for another thread without becoming deaf: the caller's hook is to be asked meanwhile. */
#ifndef TILE_BASE_WAIT_H
#define TILE_BASE_WAIT_H

#include <pthread.h>

/* For tile_wait_some. By default, a clock that somebody sets would decide how long it waits. */
void tile_wait_init(pthread_cond_t *changed);
/* As pthread_cond_wait, for at most 20 ms. */
void tile_wait_some(pthread_cond_t *changed, pthread_mutex_t *lock);

#endif
