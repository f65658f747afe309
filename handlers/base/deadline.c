/* SPDX-License-Identifier: MIT */
#include "deadline.h"

#include <time.h>

int64_t deadline_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool deadline_over(int64_t deadline) {
    return deadline != INT64_MAX && deadline_now() >= deadline;
}

bool deadline_ask(void *deadline, const struct tile_progress *progress) {
    (void)progress;
    return !deadline_over(*(const int64_t *)deadline);
}
