/* SPDX-License-Identifier: MIT */
/* A line on the terminal that shows how far the work is. */
#ifndef TILE_CONVERT_PROGRESS_H
#define TILE_CONVERT_PROGRESS_H

#include <tile.h>
#include <time.h>

struct progress {
    bool shown;       /* there is to be a line */
    const char *name; /* of the input */
    char which[32];   /* "[3/20] "; empty of a single input */
    struct timespec begun, drawn;
    uint64_t at_begin; /* what an earlier run had done */
    bool any;          /* a line is on the terminal */
};

/* `number` counts the inputs from 0. */
void progress_begin(struct progress *progress, const char *name, int number, int inputs, bool shown);
void progress_show(struct progress *progress, const struct tile_progress *now);
/* Takes the line away. Seconds since the beginning. */
double progress_end(struct progress *progress);

#endif
