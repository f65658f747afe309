/* SPDX-License-Identifier: MIT */
/* Pictures that are no photographs: what is drawn, written or computed. The same ones everywhere. */
#ifndef BENCH_ART_H
#define BENCH_ART_H

#include <stdint.h>

enum { ART_SIDE = 1024 };

struct art {
    const char *name;
    void (*draw)(uint8_t *pixels); /* ART_SIDE x ART_SIDE of RGB */
};

enum { ARTS = 6 };
extern const struct art arts[ARTS];

#endif
