/* SPDX-License-Identifier: MIT */
/*
 * Waiting for the sockets of curl's transfers. The kernel reports the ready sockets, so that an event costs the same
 * with one transfer or thirty; curl_multi_perform and curl_multi_poll look at each transfer each time.
 */
#ifndef HANDLERS_STORAGE_SOCKETS_H
#define HANDLERS_STORAGE_SOCKETS_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

struct sockets {
    CURLM *multi; /* the caller's */
    int epoll, wake;
    int64_t due; /* time to call curl without an event, monotonic milliseconds; INT64_MAX: none */
};

/* False: the system has no descriptors or memory left; there is nothing to close. */
bool sockets_open(struct sockets *sockets, CURLM *multi);
/* To be called after the transfers, and before curl_multi_cleanup. */
void sockets_close(struct sockets *sockets);

/* Waits until `until`, sockets_wake, or an event, and lets curl handle the events. */
void sockets_wait(struct sockets *sockets, int64_t until);
/* From any thread: ends the running sockets_wait, or the next one. */
void sockets_wake(struct sockets *sockets);
/* Monotonic milliseconds. */
int64_t sockets_now(void);

#endif
