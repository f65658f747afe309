/* SPDX-License-Identifier: MIT */
/* What the parts of the program share: its options, the counting of what was checked, and the steps. */
#ifndef KERNELS_CHECK_H
#define KERNELS_CHECK_H

#include "tile.h"

#define ALL_SHAPES 4

struct options {
    uint64_t seed;
    unsigned rounds;    /* ALL_SHAPES of them try each shape of an image once */
    tile_cpu cpu;       /* TILE_CPU_BEST: all that this machine has */
    const char *filter; /* a part of the names of what to run; "" for all */
};

/* What the kernels of one instruction set were found to do. */
struct tally {
    tile_cpu cpu;
    unsigned long conversions, kernels; /* runs */
    unsigned faults;
};

/* Kernels that have as many are not run any more. */
#define MOST_FAULTS 10

/*
 * The first tally is the scalar kernels': they are the yardstick, and are only held to keep to the memory that they are
 * given, and to make of an image what they make of its pieces.
 */
struct tallies {
    struct tally tally[TILE_CPU_COUNT];
    size_t count;
};

/* Counts a fault and prints what is wrong, of the first MOST_FAULTS. */
void tally_fault(struct tally *tally, const char *format, ...) TILE_PRINTF(2, 3);

/* What is printed if a kernel dies. */
void now_running(tile_cpu cpu, const char *what);

/* What the program does for a step of libtile that has kernels: see libtile/kernels/README.md. */
struct step {
    void (*check)(const struct options *options, struct tallies *tallies);
    /* Prints lines of a name and a hash that is the same on all machines. */
    void (*digest)(const struct options *options);
    void (*bench)(const struct options *options);
};

extern const struct step color_step, deflate_step;

#endif
