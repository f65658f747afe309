/* SPDX-License-Identifier: MIT */
/*
 * What curl's transfers wait for. The kernel tells which sockets are ready, so that an event costs the same beside one
 * transfer as beside thirty; curl_multi_perform and curl_multi_poll look at each transfer each time.
 */
#ifndef HANDLERS_STORAGE_SOCKETS_H
#define HANDLERS_STORAGE_SOCKETS_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

struct sockets {
    CURLM *multi; /* the caller's */
    int epoll, wake;
    int64_t due; /* when curl wants to be called without an event, monotonic milliseconds; INT64_MAX: it does not */
};

/* False: the system has no descriptors or memory left, and nothing is to be closed. */
bool sockets_open(struct sockets *sockets, CURLM *multi);
/* After its transfers, and before curl_multi_cleanup. */
void sockets_close(struct sockets *sockets);

/* Waits until `until`, sockets_wake, or an event, and lets curl go on with what has happened. */
void sockets_wait(struct sockets *sockets, int64_t until);
/* From any thread: ends sockets_wait, be it the next one. */
void sockets_wake(struct sockets *sockets);
/* Monotonic milliseconds. */
int64_t sockets_now(void);

#endif
