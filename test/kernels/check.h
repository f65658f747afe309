/* SPDX-License-Identifier: MIT */
/* What the parts of the program share: its options, and the counting of what was checked. */
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

/* Whole conversions by tile_convert. */
void check_conversions(const struct options *options, struct tallies *tallies);
/* The functions of struct tile_color_kernels. */
void check_table(const struct options *options, struct tallies *tallies);

/* A line for each conversion: its name, and a hash of what it makes of the same input everywhere. */
void print_digest(const struct options *options);

/* Speeds. */
void run_bench(const struct options *options);

#endif
