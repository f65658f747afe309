/* SPDX-License-Identifier: MIT */
#include "sockets.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 64 };

int64_t sockets_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- What curl tells ---------------------------------------------------------------------------------------- */

/* `known`: NULL for a socket that is new. Where the kernel refuses it, the transfer's own time limits end that. */
static int on_socket(CURL *easy, curl_socket_t socket, int what, void *user, void *known) {
    struct sockets *sockets = user;
    struct epoll_event event = {.data.fd = socket};
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(sockets->epoll, EPOLL_CTL_DEL, socket, NULL);
        curl_multi_assign(sockets->multi, socket, NULL);
        return 0;
    }
    event.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
    epoll_ctl(sockets->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event);
    curl_multi_assign(sockets->multi, socket, sockets);
    return 0;
}

static int on_timer(CURLM *multi, long milliseconds, void *user) {
    struct sockets *sockets = user;
    (void)multi;
    sockets->due = milliseconds < 0 ? INT64_MAX : sockets_now() + milliseconds;
    return 0;
}

/* ---- What callers call -------------------------------------------------------------------------------------- */

bool sockets_open(struct sockets *sockets, CURLM *multi) {
    *sockets = (struct sockets){.multi = multi, .due = INT64_MAX};
    sockets->epoll = epoll_create1(EPOLL_CLOEXEC);
    sockets->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = sockets->wake};
    if (sockets->epoll < 0 || sockets->wake < 0 ||
        epoll_ctl(sockets->epoll, EPOLL_CTL_ADD, sockets->wake, &event) != 0) {
        sockets_close(sockets);
        return false;
    }
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, sockets);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, sockets);
    return true;
}

void sockets_close(struct sockets *sockets) {
    curl_multi_setopt(sockets->multi, CURLMOPT_SOCKETFUNCTION, NULL);
    curl_multi_setopt(sockets->multi, CURLMOPT_TIMERFUNCTION, NULL);
    if (sockets->wake >= 0)
        close(sockets->wake);
    if (sockets->epoll >= 0)
        close(sockets->epoll);
}

static void act(struct sockets *sockets, const struct epoll_event *event) {
    int running, what = (event->events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                        (event->events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                        (event->events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
    if (event->data.fd == sockets->wake) {
        uint64_t count;
        (void)!read(sockets->wake, &count, sizeof count); /* what matters is that it is not readable any more */
        return;
    }
    curl_multi_socket_action(sockets->multi, event->data.fd, what, &running);
}

void sockets_wait(struct sockets *sockets, int64_t until) {
    struct epoll_event events[EVENTS];
    int64_t now = sockets_now();
    int running;
    until = until < sockets->due ? until : sockets->due;
    int64_t left = until > now ? until - now : 0;
    int count = epoll_wait(sockets->epoll, events, EVENTS, left < 60000 ? (int)left : 60000);
    for (int i = 0; i < count; i++)
        act(sockets, &events[i]);
    if (sockets->due <= sockets_now()) {
        sockets->due = INT64_MAX; /* it tells another one meanwhile */
        curl_multi_socket_action(sockets->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
}

void sockets_wake(struct sockets *sockets) {
    const uint64_t one = 1;
    (void)!write(sockets->wake, &one, sizeof one); /* fails where it is awake already */
}
