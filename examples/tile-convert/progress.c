/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static double seconds(struct timespec from, struct timespec to) {
    return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

static struct timespec now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time;
}

void progress_begin(struct progress *p, const char *name, int number, int inputs, bool shown) {
    const char *slash = strrchr(name, '/');
    *p = (struct progress){.shown = shown, .name = slash ? slash + 1 : name, .begun = now()};
    if (inputs > 1)
        snprintf(p->which, sizeof p->which, "[%d/%d] ", number + 1, inputs);
}

/* Columns of the terminal; as many as a line ever takes where it is none. */
static int terminal_width(void) {
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 200;
}

/*
 * Bytes of UTF-8 text that fit in so many columns, and the columns that they take. Characters of three bytes and more
 * are counted as two columns, which the wide ones take.
 */
static int fit(const char *text, int columns, int *taken) {
    int bytes = 0;
    *taken = 0;
    while (text[bytes]) {
        unsigned char first = (unsigned char)text[bytes];
        int length = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4, wide = length > 2 ? 2 : 1;
        if (*taken + wide > columns || (int)strnlen(text + bytes, 4) < length)
            break;
        bytes += length;
        *taken += wide;
    }
    return bytes;
}

/* "[3/20] name [######    ]  45%  12/70  1:05 left", as much of it as the terminal has room for: the bar goes first. */
static void draw(const struct progress *p, double part, const char *numbers) {
    enum { NAME = 30, BAR = 30, LEAST_BAR = 4 };
    int width = terminal_width() - 1, which = (int)strlen(p->which), taken;
    int room = width - which - (int)strlen(numbers) - 1; /* of the name, and a space behind it */
    int bytes = fit(p->name, room > NAME ? NAME : room, &taken);
    int bar = room - taken - (int)strlen("[] ");
    fprintf(stderr, "\r%.*s%.*s%s", width, p->which, bytes, p->name, bytes ? " " : "");
    if (bar >= LEAST_BAR) {
        bar = bar < BAR ? bar : BAR;
        int filled = (int)(part * bar);
        fprintf(stderr, "[%.*s%*s] ", filled, "##############################", bar - filled, "");
    }
    /* The escape erases the rest of a longer line. */
    fprintf(stderr, "%.*s\033[K", width > which ? width - which : 0, numbers);
    fflush(stderr);
}

void progress_show(struct progress *p, const struct tile_progress *state) {
    struct timespec time = now();
    if (!p->shown || state->total == 0)
        return;
    if (!p->any)
        p->at_begin = state->done;
    else if (state->done < state->total && seconds(p->drawn, time) < 0.1)
        return; /* ten times a second is enough for an eye */
    p->any = true;
    p->drawn = time;
    char numbers[100];
    double part = (double)state->done / (double)state->total;
    int length = snprintf(numbers, sizeof numbers, "%3d%%  %llu/%llu", (int)(part * 100),
                          (unsigned long long)state->done, (unsigned long long)state->total);
    uint64_t done_now = state->done - p->at_begin;
    double left = done_now ? seconds(p->begun, time) / (double)done_now * (double)(state->total - state->done) : 0;
    if (left >= 1 && left < 1e6)
        snprintf(numbers + length, sizeof numbers - (size_t)length, "  %d:%02d left", (int)left / 60, (int)left % 60);
    draw(p, part, numbers);
}

double progress_end(struct progress *p) {
    if (p->any)
        fputs("\r\033[K", stderr);
    return seconds(p->begun, now());
}
