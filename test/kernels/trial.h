/* SPDX-License-Identifier: MIT */
/*
 * One call of one kernel: how often and on what a step's kernels are tried, and what they are given, at the edge of
 * what can be read.
 */
#ifndef KERNELS_TRIAL_H
#define KERNELS_TRIAL_H

#include "check.h"
#include "memory.h"

enum { MOST_BYTES = 20 << 10, MOST_PIECES = 10 }; /* of what a call is given */

struct trial {
    const struct entry *entry;
    const struct table *table;
    const void *kernels;  /* of an instruction set */
    struct random random; /* the same numbers for every instruction set */
    unsigned char around; /* what is in memory that has no values: another byte for every instruction set */
    uint32_t style;       /* of bytes */
    size_t count;         /* the length that the kernel is told: of pixels, say */
    size_t end;           /* up to which planes may be written; whole blocks at first */
    size_t begin;         /* of planes in larger planes */
    size_t pieces;        /* that were given */
};

/* A function of a step's struct of kernels, and how it is called. */
struct entry {
    const char *name;
    size_t offset; /* of its pointer in the struct */
    void (*run)(struct trial *);
    /* For `run` to make use of. */
    const void *numbers;
    int values;
};

/* A step's kernels. */
struct table {
    const struct entry *entries;
    size_t count;
    size_t size; /* of the struct, which has nothing but pointers to functions */
    const void *(*of)(tile_cpu cpu);
    size_t (*length)(struct random *random); /* of a trial, at random */
    size_t block;                            /* planes may be written up to the end of one, the largest ISA's */
    size_t plane;                            /* the length for which a plane has room, and no more */
};

/* Each function by each instruction set against the scalar one. */
void check_table(const struct table *table, const struct options *options, struct tallies *tallies);

enum use { READ = 1, WRITE = 2, CHANGE = READ | WRITE };

/*
 * Memory for a kernel. What is read has random bytes: some are 0 or 255, and some 0 to 3, so that many are equal. What
 * is written is compared, as far as it has values.
 */
unsigned char *give_bytes(struct trial *t, size_t size, enum use use);
/* t->count values of `sample` bytes, in a plane that ends where memory does. */
void *give_plane(struct trial *t, size_t sample, enum use use);
/* The same of floats, one NaN of which is as good as another. If they are read, these are their values. */
float *give_float_plane(struct trial *t, enum use use, const float *values);

bool coin(struct trial *t);
void random_floats(struct trial *t, float *out, size_t count, double low, double high);
#define RANDOM_FLOATS(t, array, low, high) random_floats(t, (float *)(array), sizeof(array) / sizeof(float), low, high)

#endif
