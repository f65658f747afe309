/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <stdio.h>
#include <string.h>

static double seconds(struct timespec from, struct timespec to) {
    return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

static struct timespec now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time;
}

void progress_begin(struct progress *p, const char *name, bool shown) {
    const char *slash = strrchr(name, '/');
    *p = (struct progress){.shown = shown, .name = slash ? slash + 1 : name, .begun = now()};
}

void progress_show(struct progress *p, const struct tile_progress *state) {
    enum { WIDTH = 30 };
    struct timespec time = now();
    if (!p->shown || state->total == 0)
        return;
    if (!p->any)
        p->at_begin = state->done;
    else if (state->done < state->total && seconds(p->drawn, time) < 0.1)
        return; /* ten times a second is enough for an eye */
    p->any = true;
    p->drawn = time;
    double part = (double)state->done / (double)state->total;
    int filled = (int)(part * WIDTH);
    fprintf(stderr, "\r%.30s [%.*s%*s] %3d%%  %llu/%llu", p->name, filled, "##############################",
            WIDTH - filled, "", (int)(part * 100), (unsigned long long)state->done, (unsigned long long)state->total);
    uint64_t done_now = state->done - p->at_begin;
    double left = done_now ? seconds(p->begun, time) / (double)done_now * (double)(state->total - state->done) : 0;
    if (left >= 1)
        fprintf(stderr, "  %d:%02d left", (int)left / 60, (int)left % 60);
    fputs("\033[K", stderr); /* erases the rest of a longer line */
    fflush(stderr);
}

double progress_end(struct progress *p) {
    if (p->any)
        fputs("\r\033[K", stderr);
    return seconds(p->begun, now());
}
