/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct arena arena_new(size_t size) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), inner = (size + page - 1) / page * page;
    unsigned char *mapping = mmap(NULL, inner + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED || mprotect(mapping + page, inner, PROT_READ | PROT_WRITE) != 0) {
        perror("kernels");
        exit(1);
    }
    return (struct arena){mapping + page, inner};
}

unsigned char *arena_place(const struct arena *arena, size_t size, size_t align, struct random *random) {
    size_t room = arena->size - size;
    switch (random_below(random, 4)) {
    case 0: return arena->memory;
    case 1: return arena->memory + room;
    default: return arena->memory + random_below(random, (uint32_t)(room < 512 ? room : 512) + 1) / align * align;
    }
}

struct margins arena_margins(const struct arena *arena, unsigned char *place, size_t size) {
    const size_t margin = 128;
    size_t below = (size_t)(place - arena->memory), above = arena->size - below - size;
    return (struct margins){place - (below < margin ? below : margin),
                            place + size + (above < margin ? above : margin)};
}

void margins_fill(struct margins margins, unsigned char value) {
    memset(margins.low, value, (size_t)(margins.high - margins.low));
}

bool margins_hold(struct margins margins, unsigned char value) {
    size_t size = (size_t)(margins.high - margins.low);
    return size == 0 || (margins.low[0] == value && memcmp(margins.low, margins.low + 1, size - 1) == 0);
}
